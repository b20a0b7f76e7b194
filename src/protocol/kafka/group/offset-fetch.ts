// OffsetFetch, versions 1 to 10: how far groups have read. One group up to version 7, several from
// 8 on; topics by id in version 10. Topics null asks for all that the group has. A partition
// without an offset is answered with -1 and no error. Without transactions nothing is ever
// unstable, so requireStable changes nothing.
import type { FetchedOffset, FetchOffsetsAnswer, TopicPartitions } from '../../../broker/api.ts'
import type { ErrorName } from '../../../model/errors.ts'
import { topicId } from '../../../model/ids.ts'
import type { Call } from '../call.ts'
import { errorCode } from '../errors.ts'
import { answering } from '../handler.ts'
import { firstOfEach } from '../repeated.ts'
import { type OffsetFetchRequest, offsetFetch } from '../schema/offset-fetch.ts'

type AskedGroup = OffsetFetchRequest['groups'][number]

const groupListFrom = 8
const topicIdsFrom = 10
const topLevelErrorFrom = 2

export const offsetFetchHandler = answering(offsetFetch, (request, call) => {
  if (call.version >= groupListFrom)
    return {
      throttleTimeMs: 0,
      groups: firstOfEach(request.groups, (group) => group.groupId).map((group) =>
        answerGroup(group, call),
      ),
    }
  const asked = request.topics?.map(({ name, partitionIndexes }) => ({
    topic: name,
    partitions: partitionIndexes,
  }))
  const { groups } = call.door.broker
  const answer = groups.fetchOffsets(request.groupId, asked ? onceEach(asked) : null)
  call.refused(answer.error, `group '${request.groupId}'`)
  // The first versions have no other place for an error than the partitions.
  const isInside = answer.error !== null && call.version < topLevelErrorFrom
  const topics = isInside ? refusedTopics(asked ?? [], answer.error) : answeredTopics(answer)
  return { throttleTimeMs: 0, topics, errorCode: errorCode(answer.error) }
})

function answerGroup(group: AskedGroup, call: Call<never>) {
  const usesIds = call.version >= topicIdsFrom
  const named = group.topics?.map((topic) => ({ ...topic, name: nameOf(topic, usesIds, call) }))
  const known = named?.filter((topic) => topic.name !== null)
  const asked = known?.map((topic) => ({
    topic: topic.name ?? '',
    partitions: topic.partitionIndexes,
  }))
  const { groups, topics } = call.door.broker
  const answer = groups.fetchOffsets(group.groupId, asked ? onceEach(asked) : null)
  call.refused(answer.error, `group '${group.groupId}'`)
  const answered = answeredTopics(answer).map((topic) => ({
    ...topic,
    topicId: topics.named(topic.name)?.id ?? '',
  }))
  const unknown = (named ?? [])
    .filter((topic) => topic.name === null)
    .map(({ topicId, partitionIndexes }) => ({
      name: '',
      topicId,
      partitions: partitionIndexes.map((partition) => noOffset(partition, 'unknownTopicId')),
    }))
  return {
    groupId: group.groupId,
    // By id only topics that still exist can be told.
    topics: usesIds
      ? [...answered.filter((topic) => topic.topicId !== ''), ...unknown]
      : answered.map(({ name, partitions }) => ({ name, partitions })),
    errorCode: errorCode(answer.error),
  }
}

function nameOf(
  asked: { readonly name: string; readonly topicId: string },
  usesIds: boolean,
  call: Call<never>,
): string | null {
  if (!usesIds) return asked.name
  return call.door.broker.topics.withId(topicId(asked.topicId))?.name ?? null
}

/** Each partition once, however often it is named. */
function onceEach(asked: readonly TopicPartitions[]): TopicPartitions[] {
  const byTopic = new Map<string, Set<number>>()
  for (const { topic, partitions } of asked) {
    const once = byTopic.get(topic) ?? new Set()
    for (const partition of partitions) once.add(partition)
    byTopic.set(topic, once)
  }
  return Array.from(byTopic, ([topic, once]) => ({ topic, partitions: [...once] }))
}

const answeredTopics = (answer: FetchOffsetsAnswer) =>
  answer.topics.map(({ topic, partitions }) => ({
    name: topic,
    partitions: partitions.map(offsetOf),
  }))

const offsetOf = ({ partition, offset, leaderEpoch, metadata, error }: FetchedOffset) => ({
  partitionIndex: partition,
  committedOffset: offset,
  committedLeaderEpoch: leaderEpoch,
  metadata,
  errorCode: errorCode(error ?? null),
})

const refusedTopics = (asked: readonly TopicPartitions[], error: ErrorName | null) =>
  asked.map(({ topic, partitions }) => ({
    name: topic,
    partitions: partitions.map((partition) => noOffset(partition, error)),
  }))

const noOffset = (partitionIndex: number, error: ErrorName | null) => ({
  partitionIndex,
  committedOffset: -1,
  committedLeaderEpoch: -1,
  metadata: '',
  errorCode: errorCode(error),
})
