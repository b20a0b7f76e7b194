// What a node does by the clock: deletes what is older or more than a topic keeps, forgets
// producers that have been silent for long, compacts, and watches the disk's space. One pass at a
// time, but for the look at the disk, which must not wait; `stop` waits for all.
import type { Clock, Timer } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { retentionStart } from '../log/retention.ts'
import type { Image } from '../metadata/image.ts'
import type { BrokerSettings } from '../model/config/broker-settings.ts'

/** Time between two looks at what is left of the disk. */
const lookMs = 1000

export interface UpkeepHooks {
  failed(cause: unknown): void
  lookedAtSpace(): void
}

export class Upkeep {
  readonly counters = { retentionPasses: 0, deletedRecords: 0 }
  readonly #store: LogStore
  readonly #image: Image
  readonly #clock: Clock
  readonly #hooks: UpkeepHooks
  readonly #timers = new Map<string, Timer>()
  #running: Promise<void> = Promise.resolve()
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(store: LogStore, image: Image, clock: Clock, hooks: UpkeepHooks) {
    this.#store = store
    this.#image = image
    this.#clock = clock
    this.#hooks = hooks
    this.#every(
      'retention',
      () => this.#settings().retentionCheckIntervalMs,
      () => this.#retain(),
    )
    this.#every(
      'cleaning',
      () => this.#settings().compactionPauseMs,
      () => this.#clean(),
    )
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#store.cleaner.setRate(Number.POSITIVE_INFINITY)
    await this.#looking
    await this.#running
  }

  #lookLater(): void {
    if (this.#stopped) return
    const look = (): void => {
      const looked = this.#store.lookAtSpace(this.#settings().diskFreeBytesMin)
      this.#looking = looked.then(
        () => {
          this.#hooks.lookedAtSpace()
          this.#lookLater()
        },
        (cause: unknown) => this.#hooks.failed(cause),
      )
    }
    this.#timers.set('space', this.#clock.after(lookMs, look))
  }

  #settings(): BrokerSettings {
    return this.#image.settings
  }

  /** Runs `work` again and again; works of all names wait for each other. */
  #every(name: string, pauseMs: () => number, work: () => Promise<void>): void {
    const again = (): void => {
      if (!this.#stopped) this.#timers.set(name, this.#clock.after(pauseMs(), go))
    }
    const go = (): void => {
      const before = this.#running
      this.#running = before.then(work).then(again, (cause: unknown) => this.#hooks.failed(cause))
    }
    again()
  }

  async #clean(): Promise<void> {
    const { cleaner, all, space } = this.#store
    // To write anew takes space before it gives some.
    if (this.#stopped || space.isLow) return
    const { compactionMemoryBytes, compactionBytesPerSecondMax } = this.#settings()
    cleaner.setRate(compactionBytesPerSecondMax)
    const nowMs = this.#clock.now()
    if (all.some((log) => isOverdue(log, nowMs))) await this.#store.flush()
    await cleaner.clean(all, nowMs, compactionMemoryBytes)
    if (!this.#stopped) await cleaner.merge(all)
  }

  async #retain(): Promise<void> {
    const nowMs = this.#clock.now()
    const { producerIdExpirationMs } = this.#settings()
    for (const log of this.#store.all) {
      if (this.#stopped) return
      log.producers.expire(nowMs - producerIdExpirationMs)
      const start = retentionStart(log, nowMs)
      if (start <= log.logStartOffset) continue
      this.counters.deletedRecords += start - log.logStartOffset
      await this.#store.raiseLogStart(log, start)
    }
    this.counters.retentionPasses++
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
