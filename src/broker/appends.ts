// Appends on their way into their partitions. Most are placed at once. What is left over when the
// journal has no room, or when a request has had its share of this turn of the event loop (opening
// compressed batches takes long), is copied and waits: for room all together, for turns one after
// the other, so that a large request holds up its sender, and others only when they are large too
// and the copies take much memory. NodeLogs owns it.
import type { Clock } from '../io/clock.ts'
import { type Appended, refusedAppend } from '../log/appended.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { AppendOutcome } from '../model/append-outcome.ts'
import { errors } from '../model/errors.ts'
import { BatchHeader } from '../model/record-batch.ts'
import type { Topic } from '../model/topic.ts'
import type { AppendRequest, RequiredAcks } from './api.ts'

type Reply = (outcomes: readonly AppendOutcome[]) => void

/** What is appended to a topic of kind `queue` is a message in its queue. */
export interface AppendedQueues {
  /** Makes the end of the queue's log certain, unless nothing can be appended now. */
  beforeAppend(topic: Topic): 'ready' | 'heldUp' | 'full'
  afterAppend(topic: Topic): void
  /** Its log, made when it is first needed. */
  logOf(topic: Topic): PartitionLog | undefined
}

/** A request; as many of its batches have been placed as there are outcomes. */
interface Placing {
  requests: readonly AppendRequest[]
  readonly acks: RequiredAcks
  readonly reply: Reply
  readonly outcomes: AppendOutcome[]
  lsn: number
  waitingBytes: number
}

/** Plain numbers that only grow. */
export interface AppendCounters {
  appendRequests: number
  appendedRecords: number
  appendedBytes: number
  refusedBatches: number
  heldBack: number
}

/**
 * What one request that waited may take of a turn, and all that did not wait together, besides the
 * batch that takes it beyond.
 */
const shareMs = 10
/** What takes less is not counted: plain batches. */
const shortMs = 1
/** Of copies of what waits for turns: beyond, no large request is begun, or none at all. */
const waitingBytesMax = { ofLarge: 64 << 20, ofAll: 128 << 20 }
/** Requests of so many bytes are large: those of clients at their defaults are smaller. */
const largeFrom = 1 << 20

const header = new BatchHeader()

/** A queue that nobody has used has none yet. */
export const logOf = (
  store: LogStore,
  queues: AppendedQueues,
  topic: Topic,
  partition: number,
): PartitionLog | undefined =>
  store.get(topic.id, partition) ?? (topic.kind === 'queue' ? queues.logOf(topic) : undefined)

export class Appends {
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #counters: AppendCounters
  readonly #queues: AppendedQueues
  readonly #waiting: Placing[] = []
  #waitingBytes = 0
  /** The first of those that wait does so for room in the journal, and all others behind it. */
  #isFull = false
  #whenTaken: (() => void)[] = []
  /** Of this turn, by requests that did not wait. */
  #spentMs = 0

  constructor(store: LogStore, clock: Clock, counters: AppendCounters, queues: AppendedQueues) {
    this.#store = store
    this.#queues = queues
    this.#clock = clock
    this.#counters = counters
  }

  /** As `Logs.append`. */
  append(requests: readonly AppendRequest[], acks: RequiredAcks, reply: Reply): boolean {
    this.#counters.appendRequests++
    const placing = { requests, acks, reply, outcomes: [], lsn: 0, waitingBytes: 0 }
    if (!this.#isFull && this.#spentMs < shareMs && this.#placeAtOnce(placing)) return true
    this.#counters.heldBack++
    this.#keep(placing)
    if (this.#waiting.push(placing) === 1) this.#goOnLater()
    return false
  }

  /** As `Logs.isHeldUp`. */
  isHeldUp(bytes: number): boolean {
    const { ofLarge, ofAll } = waitingBytesMax
    return this.#isFull || this.#waitingBytes > (bytes > largeFrom ? ofLarge : ofAll)
  }

  /** Nobody waits for an answer any more. */
  stop(): void {
    this.#waiting.length = 0
    this.#waitingBytes = 0
  }

  whenTaken(action: () => void): void {
    this.#whenTaken.push(action)
  }

  #placeAtOnce(placing: Placing): boolean {
    const begunAt = this.#clock.monotonic()
    const isPlaced = this.#place(placing)
    const tookMs = this.#clock.monotonic() - begunAt
    if (tookMs < shortMs) return isPlaced
    if (this.#spentMs === 0)
      this.#clock.soon(() => {
        this.#spentMs = 0
      })
    this.#spentMs += tookMs
    return isPlaced
  }

  /** The views into a request end with its turn. */
  #keep(placing: Placing): void {
    const from = placing.outcomes.length
    placing.requests = placing.requests.map((request, i) => {
      if (i < from) return request
      placing.waitingBytes += request.batch.length
      return { ...request, batch: Uint8Array.from(request.batch) }
    })
    this.#waitingBytes += placing.waitingBytes
  }

  /** Goes on with the first that waits: when there is room for it, in another turn. */
  #goOnLater(): void {
    const [first] = this.#waiting
    const next = first?.requests[first.outcomes.length]
    if (next === undefined || this.#mayPlace(next)) {
      this.#clock.soon(() => this.#goOn())
      return
    }
    this.#isFull = true
    this.#store.journal.whenRoom(() => {
      this.#isFull = false
      this.#goOnLater()
    })
  }

  #goOn(): void {
    const first = this.#waiting.shift()
    if (first === undefined) return
    if (this.#place(first)) this.#waitingBytes -= first.waitingBytes
    else this.#waiting.push(first)
    if (this.#waiting.length > 0) this.#goOnLater()
    if (this.isHeldUp(0)) return
    const told = this.#whenTaken
    this.#whenTaken = []
    for (const action of told) action()
  }

  /** Places batches until all are, then true; or until there is no room or no time for the next. */
  #place(placing: Placing): boolean {
    const { requests, outcomes } = placing
    const until = requests.length > 1 ? this.#clock.monotonic() + shareMs : 0
    const nowMs = this.#clock.now()
    for (let placed = 0; outcomes.length < requests.length; placed++) {
      if (placed > 0 && this.#clock.monotonic() > until) return false
      const request = requests[outcomes.length] as AppendRequest
      if (!this.#mayPlace(request)) return false
      const outcome = this.#placeOne(request, nowMs)
      placing.lsn = Math.max(placing.lsn, outcome.lsn)
      outcomes.push(outcome)
    }
    const { acks, lsn, reply } = placing
    if (acks === 'none' || lsn === 0) reply(outcomes)
    else this.#store.journal.whenCommitted(lsn, () => reply(outcomes))
    return true
  }

  /** On a disk that is too full nobody waits for room: what needs the disk is refused. */
  #mayPlace({ batch }: AppendRequest): boolean {
    const { space, journal } = this.#store
    return space.isLow || journal.hasRoom(Math.min(batch.length, journal.maxBatchBytes))
  }

  #placeOne({ topic, partition, batch }: AppendRequest, nowMs: number): Appended {
    const log = logOf(this.#store, this.#queues, topic, partition)
    const state = topic.partitions[partition]
    if (log === undefined || state === undefined) return unknownTopic
    const isQueue = topic.kind === 'queue'
    const queueIs = isQueue ? this.#queues.beforeAppend(topic) : 'ready'
    if (queueIs !== 'ready') return queueRefuses[queueIs](log.logStartOffset)
    const outcome = log.append(this.#store.journal, batch, state.leaderEpoch, nowMs)
    if (isQueue) this.#queues.afterAppend(topic)
    if (outcome.error === null) {
      this.#counters.appendedBytes += batch.length
      this.#counters.appendedRecords += header.moveTo(batch).recordCount
    } else this.#counters.refusedBatches++
    return outcome
  }
}

const queueRefuses = {
  heldUp: (logStartOffset: number): Appended =>
    refusedAppend(logStartOffset, 'requestTimedOut', 'the queue takes nothing now; send again'),
  full: (logStartOffset: number): Appended =>
    refusedAppend(
      logStartOffset,
      'policyViolation',
      'the queue has reached its length limit, and rejects what is published (x-overflow)',
    ),
}

const unknownTopic: Appended = {
  error: 'unknownTopic',
  message: errors.unknownTopic.text,
  baseOffset: -1,
  appendTimeMs: -1,
  logStartOffset: -1,
  recordErrors: [],
  lsn: 0,
}
