// The records of this node as doors see them: finds the partition, holds appends back while the
// journal has no room, and answers when what was appended is as durable as the topic promises. One
// for each node.
import type { Clock } from '../io/clock.ts'
import type { Appended } from '../log/appended.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { AppendOutcome } from '../model/append-outcome.ts'
import { type ErrorName, errors, ok, type Result, refuse } from '../model/errors.ts'
import type { PartitionId } from '../model/ids.ts'
import { BatchHeader } from '../model/record-batch.ts'
import type { Topic } from '../model/topic.ts'
import type {
  AppendRequest,
  FetchAnswer,
  FetchRequest,
  Logs,
  OffsetAnswer,
  OffsetSpec,
  PartitionSize,
  PendingFetch,
  RequiredAcks,
} from './api.ts'
import { checkEpoch, endOfEpoch as endOf } from './epoch-check.ts'
import { Fetches } from './fetches.ts'
import { OffsetLookup } from './offset-lookup.ts'

const header = new BatchHeader()

/** An append that waits for room in the journal. */
interface Waiting {
  readonly requests: readonly AppendRequest[]
  readonly acks: RequiredAcks
  readonly reply: (outcomes: readonly AppendOutcome[]) => void
}

export class NodeLogs implements Logs {
  readonly counters = {
    appendRequests: 0,
    appendedRecords: 0,
    appendedBytes: 0,
    refusedBatches: 0,
    heldBack: 0,
    fetches: 0,
    fetchedBytes: 0,
  }
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #fetches: Fetches
  readonly #offsets: OffsetLookup
  /** In the order of arrival; while it is not empty, whoever comes joins it. */
  #waiting: Waiting[] = []
  #whenTaken: (() => void)[] = []

  constructor(store: LogStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
    this.#fetches = new Fetches(store, clock, this.counters)
    this.#offsets = new OffsetLookup(store.reader)
  }

  // ---- Appending --------------------------------------------------------------------------------

  append(
    requests: readonly AppendRequest[],
    acks: RequiredAcks,
    reply: (outcomes: readonly AppendOutcome[]) => void,
  ): void {
    this.counters.appendRequests++
    if (this.#waiting.length === 0 && this.#mayGoOn(requests)) {
      this.#appendNow(requests, acks, reply)
      return
    }
    this.counters.heldBack++
    const copies = requests.map((r) => ({ ...r, batch: Uint8Array.from(r.batch) }))
    if (this.#waiting.length === 0) this.#store.journal.whenRoom(() => this.#resume())
    this.#waiting.push({ requests: copies, acks, reply })
  }

  get isHeldUp(): boolean {
    return this.#waiting.length > 0
  }

  whenTaken(action: () => void): void {
    this.#whenTaken.push(action)
  }

  /** On a disk that is too full nobody waits for room: what needs the disk is refused. */
  #mayGoOn(requests: readonly AppendRequest[]): boolean {
    return this.#store.space.isLow || this.#hasRoom(requests)
  }

  #hasRoom(requests: readonly AppendRequest[]): boolean {
    let bytes = 0
    for (const r of requests) bytes += r.batch.length + 64
    const max = this.#store.journal.maxBatchBytes
    // A request that could never fit as a whole goes batch by batch.
    return this.#store.journal.hasRoom(Math.min(bytes, max))
  }

  #resume(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#mayGoOn(next.requests)) {
        this.#store.journal.whenRoom(() => this.#resume())
        return
      }
      this.#waiting.shift()
      this.#appendNow(next.requests, next.acks, next.reply)
    }
    const told = this.#whenTaken
    this.#whenTaken = []
    for (const action of told) action()
  }

  #appendNow(
    requests: readonly AppendRequest[],
    acks: RequiredAcks,
    reply: (outcomes: readonly AppendOutcome[]) => void,
  ): void {
    const nowMs = this.#clock.now()
    const outcomes: AppendOutcome[] = []
    let lsn = 0
    for (const request of requests) {
      const outcome = this.#appendOne(request, nowMs)
      if (outcome.lsn > lsn) lsn = outcome.lsn
      outcomes.push(outcome)
    }
    if (acks === 'none' || lsn === 0) reply(outcomes)
    else this.#store.journal.whenCommitted(lsn, () => reply(outcomes))
  }

  #appendOne(request: AppendRequest, nowMs: number): Appended {
    const { topic, partition, batch } = request
    const log = this.#store.get(topic.id, partition)
    const state = topic.partitions[partition]
    if (log === undefined || state === undefined) return refusedAppend('unknownTopic')
    const outcome = log.append(this.#store.journal, batch, state.leaderEpoch, nowMs)
    if (outcome.error === null) {
      this.counters.appendedBytes += batch.length
      this.counters.appendedRecords += header.moveTo(batch).recordCount
    } else this.counters.refusedBatches++
    return outcome
  }

  // ---- Reading ----------------------------------------------------------------------------------

  fetch(
    request: FetchRequest,
    atOnce: boolean,
    reply: (answer: FetchAnswer) => void,
  ): PendingFetch | null {
    return this.#fetches.fetch(request, atOnce, reply)
  }

  async offsetFor(
    topic: Topic,
    partition: PartitionId,
    spec: OffsetSpec,
    _committedOnly: boolean,
    currentLeaderEpoch: number,
  ): Promise<Result<OffsetAnswer>> {
    const found = this.#find(topic, partition, currentLeaderEpoch)
    return found.ok ? this.#offsets.find(found.value.log, spec) : found
  }

  endOfEpoch(
    topic: Topic,
    partition: PartitionId,
    epoch: number,
    currentLeaderEpoch: number,
  ): Result<{ epoch: number; endOffset: number }> {
    const found = this.#find(topic, partition, currentLeaderEpoch)
    if (!found.ok) return found
    const { log, leaderEpoch } = found.value
    return ok(endOf(log, leaderEpoch, epoch, log.highWatermark))
  }

  async deleteRecords(
    topic: Topic,
    partition: PartitionId,
    before: number,
  ): Promise<Result<{ logStartOffset: number }>> {
    const found = this.#find(topic, partition, -1)
    if (!found.ok) return found
    const { log } = found.value
    const to = before === -1 ? log.highWatermark : before
    if (to < 0 || to > log.highWatermark)
      return refuse(
        'offsetOutOfRange',
        `records can be deleted up to the high watermark ${log.highWatermark}, not ${to}`,
      )
    if (!log.settings.cleanup.delete)
      return refuse(
        'policyViolation',
        'records of a topic whose cleanup.policy is not delete cannot be deleted',
      )
    await this.#store.raiseLogStart(log, to)
    return ok({ logStartOffset: log.logStartOffset })
  }

  sizes(topic: Topic): readonly PartitionSize[] {
    return topic.partitions.flatMap((_, partition) => {
      const log = this.#store.get(topic.id, partition)
      if (log === undefined) return []
      const { bytes, logStartOffset, highWatermark } = log
      return [{ partition: partition as PartitionId, bytes, logStartOffset, highWatermark }]
    })
  }

  #find(
    topic: Topic,
    partition: PartitionId,
    currentLeaderEpoch: number,
  ): Result<{ log: PartitionLog; leaderEpoch: number }> {
    const log = this.#store.get(topic.id, partition)
    const state = topic.partitions[partition]
    if (log === undefined || state === undefined) return refuse('unknownTopic')
    const wrong = checkEpoch(state.leaderEpoch, currentLeaderEpoch)
    return wrong === null ? ok({ log, leaderEpoch: state.leaderEpoch }) : refuse(wrong)
  }
}

function refusedAppend(error: ErrorName, message: string = errors[error].text): Appended {
  return {
    error,
    message,
    baseOffset: -1,
    appendTimeMs: -1,
    logStartOffset: -1,
    recordErrors: [],
    lsn: 0,
  }
}
