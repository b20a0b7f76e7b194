// AlterPartitionReassignments 0 and 1, ListPartitionReassignments 0. A partition stays on its node,
// so that nothing is ever under way; each partition has its own answer.
import { type Refusal, type Result, refuse } from '../../../model/errors.ts'
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
    errorCode: 0,
    errorMessage: null,
    responses: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((asked) => answer(asked, reassign(name, asked, call), call)),
    })),
  }),
)

function reassign(name: string, asked: AskedPartition, call: Call<never>): Result<null> {
  const { topics } = call.door.broker
  const { partitionIndex, replicas } = asked
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
export const listPartitionReassignmentsHandler = answering(listPartitionReassignments, () => ({
  throttleTimeMs: 0,
  errorCode: 0,
  errorMessage: null,
  topics: [],
}))
