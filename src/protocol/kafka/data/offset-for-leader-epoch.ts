// OffsetForLeaderEpoch, versions 2 to 4: where the records of an epoch end, so that a consumer sees
// that the log it read was cut back.
import type { ErrorName } from '../../../model/errors.ts'
import { partitionId } from '../../../model/ids.ts'
import type { Topic } from '../../../model/topic.ts'
import type { Call } from '../call.ts'
import { errorCode } from '../errors.ts'
import { answering } from '../handler.ts'
import { type OffsetForLeaderEpochRequest, offsetForLeaderEpoch } from '../schema/list-offsets.ts'
import { partitionProblem, topicByName } from '../topic-lookup.ts'

type Asked = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number]

export const offsetForLeaderEpochHandler = answering(offsetForLeaderEpoch, (request, call) => ({
  throttleTimeMs: 0,
  topics: request.topics.map(({ topic, partitions }) => {
    const found = topicByName(call.door.broker.topics, topic)
    return { topic, partitions: partitions.map((asked) => answer(found, asked, call)) }
  }),
}))

function answer(topic: Topic | ErrorName, asked: Asked, call: Call<never>) {
  const { partition, leaderEpoch, currentLeaderEpoch } = asked
  const refused = (error: ErrorName) => ({
    errorCode: errorCode(error),
    partition,
    leaderEpoch: -1,
    endOffset: -1,
  })
  const problem = partitionProblem(topic, partition)
  if (problem !== null || typeof topic === 'string') return refused(problem ?? 'unknownTopic')
  const { logs } = call.door.broker
  const id = partitionId(partition)
  const end = logs.endOfEpoch(topic, id, leaderEpoch, currentLeaderEpoch)
  if (!end.ok) return refused(end.error)
  const { epoch, endOffset } = end.value
  return { errorCode: 0, partition, leaderEpoch: epoch, endOffset }
}
