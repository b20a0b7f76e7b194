// Produce, versions 3 to 13 (0 to 2 are shown but refused): appends one record batch per partition.
// From version 13 on topics are named by id. acks=0 has no answer; an error then closes the
// connection, as in Kafka. A request with a transactional id is refused, since there are no
// transactions yet; zstd is refused below version 7, as clients of that age cannot read it. The
// batches are views into the received request: the log copies them before `append` returns.
import type { AppendRequest, RequiredAcks } from '../../../broker/api.ts'
import type { AppendOutcome } from '../../../model/append-outcome.ts'
import { type ErrorName, errors } from '../../../model/errors.ts'
import { partitionId } from '../../../model/ids.ts'
import type { Topic } from '../../../model/topic.ts'
import type { Draft } from '../../../wire/schema.ts'
import type { Call } from '../call.ts'
import { errorCode, errorMessage } from '../errors.ts'
import { handler } from '../handler.ts'
import { type ProduceRequest, type ProduceResponse, produce } from '../schema/produce.ts'
import {
  partitionProblem,
  refusalBefore,
  topicById,
  topicByName,
  topicWords,
} from '../topic-lookup.ts'

type Response = Draft<typeof ProduceResponse>
type PartitionResponse = Response['responses'][number]['partitionResponses'][number]
type ProduceTopic = ProduceRequest['topicData'][number]

const acksByCode = new Map<number, RequiredAcks>([
  [0, 'none'],
  [1, 'written'],
  [-1, 'all'],
])

const topicIdsFrom = 13
const zstdFrom = 7
const attributesAt = 22
const zstd = 4

export const produceHandler = handler(produce, (request, call) => {
  new Production(request, call).begin()
})

/** One Produce under way. Partitions are numbered in the order of the request. */
class Production {
  private readonly request: ProduceRequest
  private readonly call: Call<Response>
  private readonly appends: AppendRequest[] = []
  /** For each partition the error found here, or null when it goes to the log. */
  private readonly problems: (ErrorName | null)[] = []
  private readonly acks: RequiredAcks | null

  constructor(request: ProduceRequest, call: Call<Response>) {
    this.request = request
    this.call = call
    this.acks = acksByCode.get(request.acks) ?? null
  }

  begin(): void {
    const requestProblem = this.requestProblem()
    const { logs, rights } = this.call.door.broker
    for (const topicData of this.request.topicData) {
      const topic = this.find(topicData)
      for (const { index, records } of topicData.partitionData) {
        const fault = this.fault(topic, index, records)
        const problem = requestProblem ?? refusalBefore(fault, topic, 'write', rights)
        this.problems.push(problem)
        if (problem === null && typeof topic !== 'string' && records !== null)
          this.appends.push({ topic, partition: partitionId(index), batch: records })
      }
    }
    if (this.appends.length === 0) {
      this.finish([])
      return
    }
    const isPlaced = logs.append(this.appends, this.acks ?? 'all', (outcomes) =>
      this.finish(outcomes),
    )
    if (!isPlaced) this.call.holdLine()
  }

  private requestProblem(): ErrorName | null {
    if (this.acks === null) return 'invalidRequiredAcks'
    return this.request.transactionalId === null ? null : 'transactionsNotSupported'
  }

  private find({ name, topicId }: ProduceTopic): Topic | ErrorName {
    const { topics } = this.call.door.broker
    return this.call.version >= topicIdsFrom
      ? topicById(topics, topicId)
      : topicByName(topics, name)
  }

  private fault(
    topic: Topic | ErrorName,
    partition: number,
    records: Uint8Array | null,
  ): ErrorName | null {
    const problem = partitionProblem(topic, partition)
    if (problem !== null) return problem
    if (typeof topic !== 'string' && topic.internal) return 'internalTopic'
    if (records === null || records.length === 0) return 'invalidRecord'
    const isZstd = records.length > attributesAt && ((records[attributesAt] ?? 0) & 7) === zstd
    return isZstd && this.call.version < zstdFrom ? 'unsupportedCompression' : null
  }

  private finish(outcomes: readonly AppendOutcome[]): void {
    if (this.acks === 'none') {
      this.finishSilently(outcomes)
      return
    }
    let partitions = 0
    let appended = 0
    const next = (topic: ProduceTopic, index: number): PartitionResponse => {
      const problem = this.problems[partitions++] ?? null
      const outcome = problem === null ? outcomes[appended++] : undefined
      this.note(topic, index, problem, outcome)
      return outcome === undefined
        ? refusedPartition(topic, index, problem ?? 'unknownServerError')
        : answeredPartition(index, outcome)
    }
    const responses = this.request.topicData.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitionResponses: topic.partitionData.map(({ index }) => next(topic, index)),
    }))
    this.call.reply({ responses, throttleTimeMs: 0 })
  }

  private note(
    topic: ProduceTopic,
    index: number,
    problem: ErrorName | null,
    outcome: AppendOutcome | undefined,
  ): void {
    const error = problem ?? outcome?.error ?? null
    if (error === null) return
    const found = this.find(topic)
    const name = typeof found === 'string' ? topic.name : found.name
    this.call.refused(error, placeOf({ ...topic, name }, index), outcome?.message)
  }

  private finishSilently(outcomes: readonly AppendOutcome[]): void {
    const problem = this.problems.find((each) => each !== null) ?? null
    const refusal = outcomes.find((outcome) => outcome.error !== null)
    const words = errorMessage(problem ?? refusal?.error ?? null, refusal?.message)
    if (words === null) this.call.replyNothing()
    else this.call.abort(`a produce with acks=0 failed: ${words}`)
  }
}

const placeOf = ({ name, topicId }: ProduceTopic, partition: number): string =>
  `topic '${topicWords(name, topicId)}', partition ${partition}`

const refusedPartition = (
  topic: ProduceTopic,
  index: number,
  error: ErrorName,
): PartitionResponse => ({
  index,
  errorCode: errorCode(error),
  baseOffset: -1,
  logAppendTimeMs: -1,
  errorMessage: errorMessage(error, `${placeOf(topic, index)}: ${errors[error].text}`),
})

const answeredPartition = (index: number, outcome: AppendOutcome): PartitionResponse => ({
  index,
  errorCode: errorCode(outcome.error),
  baseOffset: outcome.baseOffset,
  logAppendTimeMs: outcome.appendTimeMs,
  logStartOffset: outcome.logStartOffset,
  recordErrors: outcome.recordErrors.map((record) => ({
    batchIndex: record.index,
    batchIndexErrorMessage: record.message,
  })),
  errorMessage: errorMessage(outcome.error, outcome.message),
})
