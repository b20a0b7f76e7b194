// Holds work on bytes below a rate, by letting it sleep when it is ahead of it. The rewriter spends
// what it reads and writes; upkeep sets the rate, and lets go at the end.

/** What it needs of a clock; see io/clock.ts. */
interface Clock {
  monotonic(): number
  after(ms: number, action: () => void): Timer
}

interface Timer {
  cancel(): void
}

/** So much may always go at once, so that a sleep is worth its timer. */
const burstMs = 100

export class Pace {
  readonly #clock: Clock
  #bytesPerMs = Number.POSITIVE_INFINITY
  /** When, by the monotonic clock, what was spent so far is paid for. */
  #paidAt = 0
  #sleep: { readonly timer: Timer; readonly wake: () => void } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Infinity: as fast as it goes; who sleeps is woken. */
  setRate(bytesPerSecond: number): void {
    if (bytesPerSecond / 1000 === this.#bytesPerMs) return
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#sleep?.timer.cancel()
    this.#sleep?.wake()
  }

  /** Resolves when the work may go on. One at a time. */
  async spend(bytes: number): Promise<void> {
    const now = this.#clock.monotonic()
    this.#paidAt = Math.max(this.#paidAt, now) + bytes / this.#bytesPerMs
    const aheadMs = this.#paidAt - now
    if (aheadMs <= burstMs) return
    await new Promise<void>((wake) => {
      this.#sleep = { timer: this.#clock.after(aheadMs, wake), wake }
    })
    this.#sleep = null
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) this.#paidAt = 0
  }
}
