// What a node does by the clock: deletes what is older or more than a topic keeps, and forgets
// producers that have been silent for long. One pass at a time; `stop` waits for it.
import type { Clock, Timer } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import { retentionStart } from '../log/retention.ts'
import type { Image } from '../metadata/image.ts'
import { type BrokerSettings, resolveBrokerSettings } from '../model/config/broker-settings.ts'

export class Upkeep {
  readonly counters = { retentionPasses: 0, deletedRecords: 0 }
  readonly #store: LogStore
  readonly #image: Image
  readonly #clock: Clock
  readonly #hooks: { failed(cause: unknown): void }
  readonly #timers = new Map<string, Timer>()
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(
    store: LogStore,
    image: Image,
    clock: Clock,
    hooks: { failed(cause: unknown): void },
  ) {
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
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers.values()) timer.cancel()
    await this.#running
  }

  #settings(): BrokerSettings {
    return resolveBrokerSettings(this.#image.brokerValues)
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
    if (this.#stopped) return
    const { cleaner, all } = this.#store
    await cleaner.clean([...all], this.#clock.now(), this.#settings().compactionMemoryBytes)
    if (!this.#stopped) await cleaner.merge([...all])
  }

  async #retain(): Promise<void> {
    const nowMs = this.#clock.now()
    const { producerIdExpirationMs } = this.#settings()
    for (const log of [...this.#store.all]) {
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
