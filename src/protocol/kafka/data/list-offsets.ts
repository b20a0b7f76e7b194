// ListOffsets, versions 1 to 11: offsets by time (the first record with at least the timestamp) or
// by meaning. The special timestamps exist from different versions on; below those, and for
// negative ones that mean nothing, the answer is UNSUPPORTED_VERSION, as in Kafka. There is no
// tiered storage: the log below decides what -4, -5 and -6 give.
import type { OffsetAnswer, OffsetSpec } from '../../../broker/api.ts'
import { type ErrorName, type Result, refuse } from '../../../model/errors.ts'
import { partitionId } from '../../../model/ids.ts'
import type { Topic } from '../../../model/topic.ts'
import type { Call } from '../call.ts'
import { errorCode } from '../errors.ts'
import { answering } from '../handler.ts'
import { type ListOffsetsRequest, listOffsets } from '../schema/list-offsets.ts'
import { partitionProblem, topicByName } from '../topic-lookup.ts'

type Asked = ListOffsetsRequest['topics'][number]['partitions'][number]

interface Special {
  readonly at: Exclude<OffsetSpec['at'], 'timestamp'>
  readonly sinceVersion: number
}

const specials = new Map<bigint, Special>([
  [-1n, { at: 'latest', sinceVersion: 1 }],
  [-2n, { at: 'earliest', sinceVersion: 1 }],
  [-3n, { at: 'maxTimestamp', sinceVersion: 7 }],
  [-4n, { at: 'earliestLocal', sinceVersion: 8 }],
  [-5n, { at: 'latestTiered', sinceVersion: 9 }],
  [-6n, { at: 'earliestPendingUpload', sinceVersion: 11 }],
])

/** No record is later than this. */
const lastTimestamp = BigInt(Number.MAX_SAFE_INTEGER)

export const listOffsetsHandler = answering(listOffsets, async (request, call) => {
  const topics = await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await answerTopic(name, partitions, request.isolationLevel === 1, call),
    })),
  )
  return { throttleTimeMs: 0, topics }
})

function answerTopic(
  name: string,
  partitions: readonly Asked[],
  committedOnly: boolean,
  call: Call<never>,
) {
  const topic = topicByName(call.door.broker.topics, name)
  const seen = new Set<number>()
  const twice = new Set<number>()
  for (const { partitionIndex } of partitions)
    (seen.has(partitionIndex) ? twice : seen).add(partitionIndex)
  return Promise.all(
    partitions.map(async (asked) => {
      const answer = twice.has(asked.partitionIndex)
        ? refuse('invalidRequest', 'the request names the partition more than once')
        : await answerPartition(topic, asked, committedOnly, call)
      const { partitionIndex } = asked
      if (!answer.ok) {
        call.refused(answer.error, `topic '${name}', partition ${partitionIndex}`, answer.message)
        return { partitionIndex, errorCode: errorCode(answer.error), timestamp: -1, offset: -1 }
      }
      const { timestampMs, offset, leaderEpoch } = answer.value
      return { partitionIndex, errorCode: 0, timestamp: timestampMs, offset, leaderEpoch }
    }),
  )
}

async function answerPartition(
  topic: Topic | ErrorName,
  { partitionIndex, currentLeaderEpoch, timestamp }: Asked,
  committedOnly: boolean,
  call: Call<never>,
): Promise<Result<OffsetAnswer>> {
  const problem = partitionProblem(topic, partitionIndex)
  if (problem !== null || typeof topic === 'string') return refuse(problem ?? 'unknownTopic')
  const spec = specOf(timestamp, call.version)
  if (spec === null)
    return refuse(
      'unsupportedVersion',
      `timestamp ${timestamp} has no meaning in version ${call.version}`,
    )
  const partition = partitionId(partitionIndex)
  return call.door.broker.logs.offsetFor(topic, partition, spec, committedOnly, currentLeaderEpoch)
}

function specOf(timestamp: bigint, version: number): OffsetSpec | null {
  if (timestamp >= 0n) {
    const bounded = timestamp > lastTimestamp ? lastTimestamp : timestamp
    return { at: 'timestamp', timestampMs: Number(bounded) }
  }
  const special = specials.get(timestamp)
  return special === undefined || version < special.sinceVersion ? null : { at: special.at }
}
