// AlterPartitionReassignments 0 and 1, ListPartitionReassignments 0. A partition stays on its node,
// so that nothing is ever under way; each partition has its own answer. Both are for
// administrators; anyone else is told so above, and of each partition that was asked for.
import { type ErrorName, errors, type Refusal, type Result, refuse } from '../../../model/errors.ts'
import type { Call } from '../call.ts'
import { errorCode, errorMessage } from '../errors.ts'
import { answering } from '../handler.ts'
import {
  type AlterPartitionReassignmentsRequest,
  alterPartitionReassignments,
  listPartitionReassignments,
} from '../schema/partition-reassignments.ts'
import { hasPartition, topicByName } from '../topic-lookup.ts'

type AskedTopic = AlterPartitionReassignmentsRequest['topics'][number]
type AskedPartition = AskedTopic['partitions'][number]

export const alterPartitionReassignmentsHandler = answering(
  alterPartitionReassignments,
  ({ topics, allowReplicationFactorChange }, call) => ({
    throttleTimeMs: 0,
    allowReplicationFactorChange,
    ...verdict(call),
    responses: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((asked) => answer(asked, reassign(name, asked, call), call)),
    })),
  }),
)

const denial = ({ door }: Call<never>): ErrorName | null =>
  door.broker.rights.isAdministrator ? null : 'clusterNotAuthorized'

function verdict(call: Call<never>) {
  const denied = denial(call)
  return { errorCode: errorCode(denied), errorMessage: errorMessage(denied) }
}

function reassign(name: string, asked: AskedPartition, call: Call<never>): Result<null> {
  const { topics } = call.door.broker
  const { partitionIndex, replicas } = asked
  const denied = denial(call)
  if (denied !== null) return refuse(denied, errors[denied].text)
  const topic = topicByName(topics, name)
  if (typeof topic === 'string') return refuse(topic, `there is no topic '${name}'`)
  if (!hasPartition(topic, partitionIndex))
    return refuse('unknownTopic', `'${name}' has no partition ${partitionIndex}`)
  return topics.reassign(replicas)
}

function answer({ partitionIndex }: AskedPartition, done: Result<null>, call: Call<never>) {
  if (done.ok) return { partitionIndex, errorCode: 0, errorMessage: null }
  const { error, message }: Refusal = done
  call.refused(error, '', message)
  return { partitionIndex, errorCode: errorCode(error), errorMessage: errorMessage(error, message) }
}

/** Kafka too tells nothing of a partition that is not there. */
export const listPartitionReassignmentsHandler = answering(
  listPartitionReassignments,
  (_request, call) => ({ throttleTimeMs: 0, ...verdict(call), topics: [] }),
)
