// OffsetCommit, versions 2 to 10: stores how far a group has read. From version 10 on topics are
// named by id. Offsets of topics or partitions that are not there are refused one by one; the rest
// is stored. Below version 9 a group that nobody knows is ILLEGAL_GENERATION.
import type { OffsetsAnswer, OffsetToCommit } from '../../../broker/api.ts'
import type { ErrorName } from '../../../model/errors.ts'
import type { Topic } from '../../../model/topic.ts'
import type { Draft } from '../../../wire/schema.ts'
import type { Call } from '../call.ts'
import { errorCode } from '../errors.ts'
import { handler } from '../handler.ts'
import {
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  offsetCommit,
} from '../schema/offset-commit.ts'
import { partitionProblem, refusalBefore, topicById, topicByName } from '../topic-lookup.ts'

type Response = Draft<typeof OffsetCommitResponse>
type RequestTopic = OffsetCommitRequest['topics'][number]
type RequestPartition = RequestTopic['partitions'][number]

const topicIdsFrom = 10
const groupNotFoundFrom = 9

export const offsetCommitHandler = handler(offsetCommit, (request, call) => {
  const topics = request.topics.map((asked) => resolve(asked, call))
  const commit = {
    groupId: request.groupId,
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationIdOrMemberEpoch,
    retentionMs: request.retentionTimeMs < 0 ? null : request.retentionTimeMs,
    topics: topics.filter((topic) => topic.partitions.length > 0),
  }
  call.door.broker.groups.commit(commit, (answer) => {
    const errors = errorsOf(answer, topics, call.version)
    const refusal = errors.find((error) => error !== null) ?? null
    call.refused(refusal, `group '${request.groupId}'`)
    const denied = answer.error === 'groupNotAuthorized' ? answer.error : null
    call.reply(responseTo(request, topics, errors, denied))
  })
})

interface ResolvedTopic {
  readonly topic: string
  readonly problems: readonly (ErrorName | null)[]
  /** Those without a problem, in the same order. */
  readonly partitions: readonly OffsetToCommit[]
}

function resolve(asked: RequestTopic, call: Call<Response>): ResolvedTopic {
  const found = find(asked, call)
  const { rights } = call.door.broker
  const problems = asked.partitions.map((each) =>
    refusalBefore(problemOf(found, each), found, 'read', rights),
  )
  const partitions = asked.partitions
    .filter((_, i) => problems[i] === null)
    .map((each) => ({
      partition: each.partitionIndex,
      offset: each.committedOffset,
      leaderEpoch: each.committedLeaderEpoch,
      metadata: each.committedMetadata ?? '',
    }))
  return { topic: typeof found === 'string' ? '' : found.name, problems, partitions }
}

/** No log has offsets beyond 2^53, and none could be kept for one exactly. */
function problemOf(found: Topic | ErrorName, asked: RequestPartition): ErrorName | null {
  const problem = partitionProblem(found, asked.partitionIndex)
  return problem ?? (Number.isSafeInteger(asked.committedOffset) ? null : 'offsetOutOfRange')
}

function find({ name, topicId }: RequestTopic, call: Call<Response>): Topic | ErrorName {
  const { topics } = call.door.broker
  return call.version >= topicIdsFrom ? topicById(topics, topicId) : topicByName(topics, name)
}

/** The errors of all committed partitions, in their order. */
function errorsOf(
  answer: OffsetsAnswer,
  topics: readonly ResolvedTopic[],
  version: number,
): readonly (ErrorName | null)[] {
  if (answer.error === null)
    return answer.topics.flatMap((topic) => topic.partitions.map((each) => each.error))
  const isOld = version < groupNotFoundFrom && answer.error === 'groupNotFound'
  const error = isOld ? 'illegalGeneration' : answer.error
  return topics.flatMap((topic) => topic.partitions.map(() => error))
}

/** `denied`: who may not use the group is told that, and nothing of topics. As in Kafka. */
function responseTo(
  request: OffsetCommitRequest,
  resolved: readonly ResolvedTopic[],
  errors: readonly (ErrorName | null)[],
  denied: ErrorName | null,
): Response {
  let committed = 0
  const topics = request.topics.map(({ name, topicId, partitions }, t) => ({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }, p) => {
      const problem = resolved[t]?.problems[p] ?? null
      const error = denied ?? problem ?? errors[committed++] ?? null
      return { partitionIndex, errorCode: errorCode(error) }
    }),
  }))
  return { throttleTimeMs: 0, topics }
}
