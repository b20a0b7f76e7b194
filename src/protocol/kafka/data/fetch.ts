// Fetch, versions 4 to 18: record batches from the asked offsets on, waiting for them if there are
// none. From version 13 on topics are named by id. The records of an answer are views of the log's
// memory, released when they have been sent. As in Kafka, partitions that are not there do not make
// it return before the others have something. We have no followers, so a fetch that claims to be
// one is refused, and no reader is sent to another replica.
import type { FetchAnswer, FetchOutcome, FetchPartition } from '../../../broker/api.ts'
import type { ErrorName } from '../../../model/errors.ts'
import { partitionId } from '../../../model/ids.ts'
import type { Topic } from '../../../model/topic.ts'
import { type Draft, nilUuid } from '../../../wire/schema.ts'
import type { Call } from '../call.ts'
import { errorCode } from '../errors.ts'
import type { WantedPartition } from '../fetch-sessions.ts'
import { unwatchedMsMax } from '../fetch-waits.ts'
import { handler } from '../handler.ts'
import { type FetchRequest, type FetchResponse, fetch } from '../schema/fetch.ts'
import { partitionProblem, refusalBefore, topicById, topicByName } from '../topic-lookup.ts'
import { FetchScope } from './fetch-scope.ts'

type Response = Draft<typeof FetchResponse>
type TopicResponse = Response['responses'][number]
type PartitionResponse = TopicResponse['partitions'][number]

const topicIdsFrom = 13

export const fetchHandler = handler(fetch, (request, call) => {
  const usesTopicIds = call.version >= topicIdsFrom
  const scope = FetchScope.open(call.door.fetchSessions, request, usesTopicIds)
  if (typeof scope === 'number')
    call.reply({ throttleTimeMs: 0, errorCode: scope, sessionId: 0, responses: [] })
  else new Fetching(request, call, scope, usesTopicIds).begin()
})

/** One Fetch under way. */
class Fetching {
  private readonly request: FetchRequest
  private readonly call: Call<Response>
  private readonly scope: FetchScope
  private readonly usesTopicIds: boolean
  private readonly wanted: readonly WantedPartition[]
  /** For each wanted partition the error found here, or null when the log is asked. */
  private readonly problems: (ErrorName | null)[] = []
  private readonly asked: FetchPartition[] = []
  /** Partitions counted among those that wait. */
  private waitsFor = 0
  private lastName: string | null = null
  private lastFound: Topic | ErrorName = 'unknownTopic'

  constructor(
    request: FetchRequest,
    call: Call<Response>,
    scope: FetchScope,
    usesTopicIds: boolean,
  ) {
    this.request = request
    this.call = call
    this.scope = scope
    this.usesTopicIds = usesTopicIds
    this.wanted = scope.wanted
  }

  begin(): void {
    const { broker, limits, fetchWaits } = this.call.door
    this.resolve()
    const maxBytes = Math.min(Math.max(0, this.request.maxBytes), limits.fetchBytesMax)
    const watches = fetchWaits.hasRoom(this.asked.length)
    const request = {
      partitions: this.asked,
      minBytes: Math.min(Math.max(0, this.request.minBytes), maxBytes),
      maxWaitMs: Math.min(
        Math.max(0, this.request.maxWaitMs),
        watches ? limits.fetchWaitMsMax : unwatchedMsMax,
      ),
      watches,
      maxBytes,
      committedOnly: this.request.isolationLevel === 1,
    }
    const pending = broker.logs.fetch(request, (answer) => this.finish(answer))
    if (pending === null) return
    this.waitsFor = watches ? this.asked.length : 0
    fetchWaits.begin(this.waitsFor)
    this.call.waitsFor({
      answerNow: () => pending.answerNow(),
      cancel: () => {
        pending.cancel()
        fetchWaits.end(this.waitsFor)
      },
    })
  }

  /** Finds the topics. */
  private resolve(): void {
    const { replicaId, replicaState } = this.request
    const isFollower = replicaId >= 0 || replicaState.replicaId >= 0
    for (const wanted of this.wanted) {
      const topic = this.find(wanted.topic)
      if (typeof topic !== 'string') wanted.topicName = topic.name
      const problem = isFollower ? 'notLeader' : this.problemOf(wanted, topic)
      this.problems.push(problem)
      if (problem === null && typeof topic !== 'string') this.asked.push(asked(topic, wanted))
    }
  }

  /** An id that a session knew by name: its topic is gone, or was made anew. As in Kafka. */
  private problemOf(wanted: WantedPartition, topic: Topic | ErrorName): ErrorName | null {
    const { rights, topics } = this.call.door.broker
    if (topic !== 'unknownTopicId' || wanted.topicName === undefined)
      return refusalBefore(partitionProblem(topic, wanted.partition), topic, 'read', rights)
    const hasSuccessor = topics.named(wanted.topicName) !== null
    return hasSuccessor ? 'inconsistentTopicId' : 'unknownTopic'
  }

  /** Partitions of one topic stand together, so the last one found is most often the one. */
  private find(topic: string): Topic | ErrorName {
    if (topic === this.lastName) return this.lastFound
    const { topics } = this.call.door.broker
    this.lastName = topic
    this.lastFound = this.usesTopicIds ? topicById(topics, topic) : topicByName(topics, topic)
    return this.lastFound
  }

  private finish(answer: FetchAnswer): void {
    this.call.door.fetchWaits.end(this.waitsFor)
    const responses: (TopicResponse & { partitions: PartitionResponse[] })[] = []
    let last: (typeof responses)[number] | undefined
    let lastTopic: string | null = null
    let answered = 0
    for (const [i, wanted] of this.wanted.entries()) {
      const problem = this.problems[i] ?? null
      const outcome = problem === null ? answer.outcomes[answered++] : undefined
      if (!this.scope.tells(wanted, outcome)) continue
      if (last === undefined || wanted.topic !== lastTopic) {
        last = this.topicResponse(wanted.topic)
        lastTopic = wanted.topic
        responses.push(last)
      }
      last.partitions.push(
        outcome === undefined
          ? refused(wanted.partition, problem ?? 'unknownServerError')
          : found(wanted.partition, outcome, this.request.isolationLevel === 1),
      )
    }
    const response = { throttleTimeMs: 0, sessionId: this.scope.sessionId, responses }
    this.call.reply(response, () => answer.release())
  }

  private topicResponse(topic: string) {
    return this.usesTopicIds
      ? { topic: '', topicId: topic, partitions: [] }
      : { topic, topicId: nilUuid, partitions: [] }
  }
}

const asked = (topic: Topic, wanted: WantedPartition): FetchPartition => ({
  topic,
  partition: partitionId(wanted.partition),
  offset: wanted.offset,
  maxBytes: Math.max(0, wanted.maxBytes),
  currentLeaderEpoch: wanted.currentLeaderEpoch,
  lastFetchedEpoch: wanted.lastFetchedEpoch,
})

const refused = (partitionIndex: number, error: ErrorName): PartitionResponse => ({
  partitionIndex,
  errorCode: errorCode(error),
  highWatermark: -1,
  lastStableOffset: -1,
  abortedTransactions: [],
  records: [],
})

const nothingDiverges = { epoch: -1, endOffset: -1 }

/** Null for `abortedTransactions`: they are of no interest. */
const found = (
  partitionIndex: number,
  outcome: FetchOutcome,
  committedOnly: boolean,
): PartitionResponse => ({
  partitionIndex,
  errorCode: errorCode(outcome.error),
  highWatermark: outcome.highWatermark,
  lastStableOffset: outcome.lastStableOffset,
  logStartOffset: outcome.logStartOffset,
  divergingEpoch: outcome.diverging ?? nothingDiverges,
  abortedTransactions: committedOnly && outcome.error === null ? [] : null,
  records: outcome.records,
})
