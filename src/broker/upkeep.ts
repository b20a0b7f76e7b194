// What a node does by the clock: deletes what is older than a topic keeps, or more, forgets
// producers that have been silent for long, compacts, gives back the space of what is gone amid
// others, and watches the disk's space. Each of these goes on by itself, one pass at a time: what
// is compacted at a low rate, or for hours, holds up nothing that has to be deleted. Times and
// rates hold from the moment they are changed. `stop` waits for all.
import type { Clock, Timer } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { retentionStart } from '../log/retention.ts'
import type { Image } from '../metadata/image.ts'
import type { BrokerSettings } from '../model/config/broker-settings.ts'

/** Time between two looks at what is left of the disk, and at settings that may have changed. */
const lookMs = 1000

/** Compaction comes so soon after a start: a node that often ends early gets it done, too. */
const firstCleaningMs = lookMs

/** Between two looks at what queues have settled. */
const reclaimPauseMs = 2000

/** Retention comes so often at least while records are refused for want of space. */
const lowDiskPauseMs = 10_000

export interface UpkeepHooks {
  failed(cause: unknown): void
  /** Gives back what queues have settled. */
  reclaim(): Promise<void>
  lookedAtSpace(): void
}

export class Upkeep {
  readonly counters = { retentionPasses: 0, deletedRecords: 0 }
  readonly #store: LogStore
  readonly #image: Image
  readonly #clock: Clock
  readonly #hooks: UpkeepHooks
  readonly #timers = new Map<string, Timer>()
  readonly #running = new Map<string, Promise<void>>()
  #stopped = false
  #sweptMs = Number.NEGATIVE_INFINITY
  /** Passes of the flusher behind which sizes were looked at. */
  #passesSeen = 0

  constructor(store: LogStore, image: Image, clock: Clock, hooks: UpkeepHooks) {
    this.#store = store
    this.#image = image
    this.#clock = clock
    this.#hooks = hooks
    this.#every(
      'retention',
      () => this.#retentionPauseMs(),
      () => this.#retain(),
    )
    this.#every(
      'cleaning',
      () => this.#settings().compactionPauseMs,
      () => this.#clean(),
      firstCleaningMs,
    )
    this.#every(
      'reclaiming',
      () => reclaimPauseMs,
      () => this.#reclaim(),
    )
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#store.cleaner.stop()
    this.#store.reclaimer.stop()
    await Promise.all(this.#running.values())
  }

  #lookLater(): void {
    if (this.#stopped) return
    const look = (): void => {
      const { diskFreeBytesMin, compactionBytesPerSecondMax } = this.#settings()
      this.#store.cleaner.setRate(compactionBytesPerSecondMax)
      const looked = this.#store.lookAtSpace(diskFreeBytesMin).then(async () => {
        this.#hooks.lookedAtSpace()
        await this.#retainSizes()
        this.#lookLater()
      })
      this.#run('space', looked)
    }
    this.#timers.set('space', this.#clock.after(lookMs, look))
  }

  #retentionPauseMs(): number {
    const { retentionCheckIntervalMs: ms } = this.#settings()
    return this.#store.space.isLow ? Math.min(ms, lowDiskPauseMs) : ms
  }

  #settings(): BrokerSettings {
    return this.#image.settings
  }

  #run(name: string, work: Promise<void>): void {
    const failed = (cause: unknown): void => this.#hooks.failed(cause)
    this.#running.set(name, work.catch(failed))
  }

  /** Runs `work` again and again, `pauseMs` behind its end; at first `firstMs` from now. */
  #every(name: string, pauseMs: () => number, work: () => Promise<void>, firstMs?: number): void {
    let isFirst = firstMs !== undefined
    const again = (): void => {
      const endedMs = this.#clock.monotonic()
      const dueMs = isFirst ? () => Math.min(firstMs ?? 0, pauseMs()) : pauseMs
      const leftMs = (): number => endedMs + dueMs() - this.#clock.monotonic()
      isFirst = false
      const wait = (): void => {
        if (this.#stopped) return
        const next = (): void => (leftMs() > 0 ? wait() : this.#run(name, work().then(again)))
        this.#timers.set(name, this.#clock.after(Math.min(leftMs(), lookMs), next))
      }
      wait()
    }
    again()
  }

  async #clean(): Promise<void> {
    const { cleaner, all } = this.#store
    const { isCompacting, compactionMemoryBytes, compactionBytesPerSecondMax } = this.#settings()
    if (this.#stopped || !isCompacting) return
    cleaner.setRate(compactionBytesPerSecondMax)
    const nowMs = this.#clock.now()
    if (all.some((log) => isOverdue(log, nowMs))) await this.#store.flush()
    await cleaner.clean(all, nowMs, compactionMemoryBytes)
    if (!this.#stopped) await cleaner.merge(all)
  }

  async #reclaim(): Promise<void> {
    if (!this.#stopped) await this.#hooks.reclaim()
    const sinceMs = this.#clock.monotonic() - this.#sweptMs
    if (this.#stopped || sinceMs < this.#settings().compactionPauseMs) return
    const { reclaimer, cleaner, all } = this.#store
    await reclaimer.sweep(all, (log) => cleaner.isCleaning(log))
    this.#sweptMs = this.#clock.monotonic()
  }

  async #retain(): Promise<void> {
    const nowMs = this.#clock.now()
    const { producerIdExpirationMs } = this.#settings()
    for (const log of this.#store.all) {
      if (this.#stopped) return
      log.producers.expire(nowMs - producerIdExpirationMs)
      await this.#retainIn(log, nowMs)
    }
    this.counters.retentionPasses++
  }

  async #retainIn(log: PartitionLog, nowMs: number): Promise<void> {
    const start = retentionStart(log, nowMs)
    if (start <= log.logStartOffset) return
    this.counters.deletedRecords += start - log.logStartOffset
    await this.#store.raiseLogStart(log, start)
  }

  /** What may be much in a short time does not wait for the interval. */
  async #retainSizes(): Promise<void> {
    const { flusher, all } = this.#store
    const { passes } = flusher.counters
    if (passes === this.#passesSeen) return
    this.#passesSeen = passes
    const nowMs = this.#clock.now()
    for (const log of all)
      if (log.bytes > log.settings.retentionBytes && !this.#stopped)
        await this.#retainIn(log, nowMs)
  }
}

/**
 * Compaction sees segments only. What it must not leave alone any longer has to go there, and what
 * is as old or as large as a segment may be, where that makes the partition worth cleaning.
 */
function isOverdue(log: PartitionLog, nowMs: number): boolean {
  const { settings, tail } = log
  if (!settings.cleanup.compact || tail.count === 0) return false
  const ageMs = nowMs - tail.maxTimestamp(0)
  if (ageMs > settings.compactionLagMsMax) return true
  const isRolled = ageMs > settings.segmentMs || tail.bytes >= settings.segmentBytes
  return isRolled && tail.bytes / log.bytes > settings.dirtyRatioMin
}
