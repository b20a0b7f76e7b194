// What classic consumers tell each other through the group: opaque to the coordinator, which only
// returns it; administrators' tools look inside. A version in two bytes stands in front of each. A
// reader meets versions newer than its own: it reads the newest that it knows and leaves the rest.
import type { Message } from '../../../wire/message.ts'
import {
  array,
  bytes,
  int32,
  nullable,
  type Of,
  since,
  string,
  struct,
} from '../../../wire/schema.ts'

const topicPartitions = struct({ topic: string, partitions: array(int32) })

const subscriptionBody = struct({
  topics: array(string),
  userData: nullable(bytes),
  ownedPartitions: since(1, array(topicPartitions), []),
  generationId: since(2, int32, -1),
  rackId: since(3, nullable(string), null),
})
export type ConsumerProtocolSubscription = Of<typeof subscriptionBody>

export const consumerProtocolSubscription: Message<typeof subscriptionBody> = {
  name: 'ConsumerProtocolSubscription',
  versions: [0, 3],
  flexibleFrom: null,
  body: subscriptionBody,
}

const assignmentBody = struct({
  assignedPartitions: array(topicPartitions),
  userData: nullable(bytes),
})
export type ConsumerProtocolAssignment = Of<typeof assignmentBody>

export const consumerProtocolAssignment: Message<typeof assignmentBody> = {
  name: 'ConsumerProtocolAssignment',
  versions: [0, 3],
  flexibleFrom: null,
  body: assignmentBody,
}
