// Fetches: reads what is there, and waits when it is less than asked for. A waiting fetch watches
// its partitions and looks again after each commit that touched one; it is answered when there is
// enough, when its time is up, or when something is to be said that waiting would not change. Reads
// in memory are answered in the same turn; what lies on a disk is read partition by partition.
import type { Clock, Timer } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { emptyRead, type ReadResult } from '../log/read-result.ts'
import type { ErrorName } from '../model/errors.ts'
import type {
  FetchAnswer,
  FetchOutcome,
  FetchPartition,
  FetchRequest,
  PendingFetch,
} from './api.ts'
import { type AppendedQueues, logOf } from './appends.ts'
import { checkEpoch, endOfEpoch } from './epoch-check.ts'

/** Before an answer of which nobody gets a record. */
const emptiedPauseMs = 100

type Reply = (answer: FetchAnswer) => void

/** One partition of a fetch: its log, or why there is none. */
interface Target {
  readonly wish: FetchPartition
  readonly log: PartitionLog | null
  readonly error: ErrorName | null
  readonly diverging: { readonly epoch: number; readonly endOffset: number } | null
}

/** Plain numbers that only grow. */
export interface FetchCounters {
  fetches: number
  fetchedBytes: number
}

export class Fetches {
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #counters: FetchCounters
  readonly #queues: AppendedQueues

  constructor(store: LogStore, clock: Clock, counters: FetchCounters, queues: AppendedQueues) {
    this.#store = store
    this.#queues = queues
    this.#clock = clock
    this.#counters = counters
  }

  fetch(request: FetchRequest, reply: Reply): PendingFetch | null {
    const targets = request.partitions.map((wish) => this.#target(wish))
    const mustSay =
      targets.length === 0 || targets.some((t) => t.error !== null || t.diverging !== null)
    if (mustSay || request.maxWaitMs <= 0 || this.#isEnough(targets, request.minBytes)) {
      void this.#answer(targets, request, reply)
      return null
    }
    return this.#wait(targets, request, reply)
  }

  #target(wish: FetchPartition): Target {
    const log = logOf(this.#store, this.#queues, wish.topic, wish.partition) ?? null
    const state = wish.topic.partitions[wish.partition]
    const none = { wish, log: null, diverging: null }
    if (log === null || state === undefined) return { ...none, error: 'unknownTopic' }
    const wrong = checkEpoch(state.leaderEpoch, wish.currentLeaderEpoch)
    if (wrong !== null) return { ...none, error: wrong }
    const diverging = divergence(log, state.leaderEpoch, wish)
    if (typeof diverging !== 'string') return { wish, log, error: null, diverging }
    const inside =
      diverging === 'none' && wish.offset >= log.logStartOffset && wish.offset <= log.highWatermark
    if (!inside) return { wish, log, diverging: null, error: 'offsetOutOfRange' }
    const damaged = log.damagedFrom !== null && wish.offset >= log.damagedFrom
    return { wish, log, diverging: null, error: damaged ? 'storageError' : null }
  }

  #isEnough(targets: readonly Target[], minBytes: number): boolean {
    let bytes = 0
    for (const { log, wish } of targets) {
      if (bytes >= minBytes) break
      if (log === null) continue
      const there = this.#store.reader.available(
        log,
        wish.offset,
        log.highWatermark,
        minBytes - bytes,
      )
      // The first batch comes whole; and where a partition's share is full, waiting adds nothing.
      bytes += bytes === 0 ? there : Math.min(there, wish.maxBytes)
    }
    return bytes >= minBytes
  }

  #wait(targets: readonly Target[], request: FetchRequest, reply: Reply): PendingFetch {
    let timer: Timer | null = null
    const look = (): void => {
      const gone = targets.some((t) => t.log?.deleted === true)
      if (gone || this.#isEnough(targets, request.minBytes)) finish()
    }
    const cancel = (): void => {
      timer?.cancel()
      for (const { log } of targets) log?.watchers.delete(look)
    }
    const finish = (): void => {
      cancel()
      // Looked up again: a topic may have been deleted, the log start may have moved.
      const fresh = request.partitions.map((wish) => this.#target(wish))
      void this.#answer(fresh, request, reply)
    }
    if (request.watches) for (const { log } of targets) log?.watchers.add(look)
    timer = this.#clock.after(request.maxWaitMs, finish)
    return { answerNow: finish, cancel }
  }

  /**
   * Reads and replies, in this turn if all is in memory. Never rejects: a bad disk is an outcome.
   */
  async #answer(targets: readonly Target[], request: FetchRequest, reply: Reply): Promise<void> {
    const reads: ReadResult[] = []
    let left = request.maxBytes
    let bytes = 0
    let lentBytes = 0
    for (const target of targets) {
      const read = emptyRead()
      reads.push(read)
      if (target.log === null || target.error !== null || target.diverging !== null) continue
      if (left <= 0 && bytes > 0) continue
      const { log, wish } = target
      const want = {
        offset: wish.offset,
        below: Math.min(log.highWatermark, log.damagedFrom ?? Number.POSITIVE_INFINITY),
        maxBytes: Math.min(wish.maxBytes, left),
        mustGive: bytes === 0,
        isPassedOn: true,
      }
      const { reader } = this.#store
      if (!reader.readFromMemory(log, want, read) && lentBytes < reader.shareBytes)
        await reader.readFromDisk(log, want, read)
      for (const buffer of read.buffers) lentBytes += buffer.lentBytes
      left -= read.bytes
      bytes += read.bytes
    }
    if (bytes > 0 && reads.every((read) => read.bytes === 0 || read.isEmptied))
      await this.#pause(request.maxWaitMs)
    this.#counters.fetches++
    this.#counters.fetchedBytes += bytes
    const outcomes = targets.map((target, i) => outcomeOf(target, reads[i] as ReadResult))
    let released = false
    reply({
      outcomes,
      release: () => {
        if (released) return
        released = true
        for (const read of reads) this.#store.reader.release(read)
      },
    })
  }

  /** Clients that do not get on by batches without records alone would ask again at once. */
  #pause(maxWaitMs: number): Promise<void> {
    const ms = Math.min(Math.max(0, maxWaitMs), emptiedPauseMs)
    return new Promise((over) => this.#clock.after(ms, over))
  }
}

/** KIP-320: is the client's last record of an epoch that ended before its offset here? */
function divergence(
  log: PartitionLog,
  leaderEpoch: number,
  wish: FetchPartition,
): { epoch: number; endOffset: number } | 'none' | 'unknownEpoch' {
  if (wish.lastFetchedEpoch < 0) return 'none'
  const end = endOfEpoch(log, leaderEpoch, wish.lastFetchedEpoch, log.logEndOffset)
  if (end.epoch < 0) return 'unknownEpoch'
  const isBehind = end.epoch < wish.lastFetchedEpoch || end.endOffset < wish.offset
  return isBehind ? end : 'none'
}

/** What may have happened while others were read comes before what was found. */
function problemOf({ log, wish, error, diverging }: Target, read: ReadResult): ErrorName | null {
  if (error !== null || log === null) return error
  if (log.deleted) return 'unknownTopic'
  if (diverging === null && wish.offset < log.logStartOffset) return 'offsetOutOfRange'
  if (!read.damaged) return null
  // Clients try again what the disk did not give, and tell their user of what is not right.
  return read.fault === null ? 'corruptBatch' : 'storageError'
}

function outcomeOf(target: Target, read: ReadResult): FetchOutcome {
  const { log, diverging } = target
  const problem = problemOf(target, read)
  const told = problem === null ? log : null
  return {
    error: problem,
    highWatermark: told?.highWatermark ?? -1,
    lastStableOffset: told?.highWatermark ?? -1,
    logStartOffset: told?.logStartOffset ?? -1,
    diverging,
    records: problem === null ? read.records : [],
    recordBytes: problem === null ? read.bytes : 0,
  }
}
