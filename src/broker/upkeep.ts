// What a node does by the clock: deletes what is older or more than a topic keeps, and forgets producers
// that have been silent for long. One pass at a time; `stop` waits for it.
import type { Clock, Timer } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import { retentionStart } from '../log/retention.ts'
import type { Image } from '../metadata/image.ts'
import { resolveBrokerSettings } from '../model/config/broker-settings.ts'

export class Upkeep {
  readonly counters = { retentionPasses: 0, deletedRecords: 0 }
  readonly #store: LogStore
  readonly #image: Image
  readonly #clock: Clock
  readonly #hooks: { failed(cause: unknown): void }
  #timer: Timer | null = null
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
    this.#later()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#running
  }

  #later(): void {
    if (this.#stopped) return
    const { retentionCheckIntervalMs } = resolveBrokerSettings(this.#image.brokerValues)
    this.#timer = this.#clock.after(retentionCheckIntervalMs, () => {
      this.#running = this.#pass().then(
        () => this.#later(),
        (cause: unknown) => this.#hooks.failed(cause),
      )
    })
  }

  async #pass(): Promise<void> {
    const nowMs = this.#clock.now()
    const { producerIdExpirationMs } = resolveBrokerSettings(this.#image.brokerValues)
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
