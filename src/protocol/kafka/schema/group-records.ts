// The records that Kafka keeps in __consumer_offsets, for tools and migrations that read or write
// them. A key is a two-byte type (1 offset, 2 group) and its fields; a value a two-byte version and
// its fields.
import type { Message } from '../../../wire/message.ts'
import {
  array,
  between,
  bytes,
  int32,
  int64,
  nilUuid,
  nullable,
  type Of,
  since,
  string,
  struct,
  tagged,
  uuid,
} from '../../../wire/schema.ts'

const offsetKeyBody = struct({ group: string, topic: string, partition: int32 })
export type OffsetCommitKey = Of<typeof offsetKeyBody>

export const offsetCommitKey: Message<typeof offsetKeyBody> = {
  name: 'OffsetCommitKey',
  versions: [0, 0],
  flexibleFrom: null,
  body: offsetKeyBody,
}

const offsetValueBody = struct({
  offset: int64,
  leaderEpoch: since(3, int32, -1),
  metadata: string,
  commitTimestamp: int64,
  expireTimestamp: between(1, 1, int64, -1),
  topicId: tagged(0, uuid, nilUuid),
})
export type OffsetCommitValue = Of<typeof offsetValueBody>

export const offsetCommitValue: Message<typeof offsetValueBody> = {
  name: 'OffsetCommitValue',
  versions: [0, 4],
  flexibleFrom: 4,
  body: offsetValueBody,
}

const groupKeyBody = struct({ group: string })
export type GroupMetadataKey = Of<typeof groupKeyBody>

export const groupMetadataKey: Message<typeof groupKeyBody> = {
  name: 'GroupMetadataKey',
  versions: [0, 0],
  flexibleFrom: null,
  body: groupKeyBody,
}

const groupValueBody = struct({
  protocolType: string,
  generation: int32,
  protocol: nullable(string),
  leader: nullable(string),
  currentStateTimestamp: since(2, int64, -1),
  members: array(
    struct({
      memberId: string,
      groupInstanceId: since(3, nullable(string), null),
      clientId: string,
      clientHost: string,
      rebalanceTimeout: since(1, int32, -1),
      sessionTimeout: int32,
      subscription: bytes,
      assignment: bytes,
    }),
  ),
})
export type GroupMetadataValue = Of<typeof groupValueBody>

export const groupMetadataValue: Message<typeof groupValueBody> = {
  name: 'GroupMetadataValue',
  versions: [0, 4],
  flexibleFrom: 4,
  body: groupValueBody,
}
