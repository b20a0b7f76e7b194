// Holds work on bytes below a rate, by letting it sleep when it is ahead of it. The rewriter spends
// what it reads and writes; upkeep sets the rate, and lets go at the end. Invariant: what is owed
// shrinks at the rate of the time, so that a new rate holds at once, for who sleeps too.

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
  /** Spent, and not yet paid for by time, */
  #owedBytes = 0
  /** as of then, by the monotonic clock. */
  #settledAt = 0
  #sleep: { readonly timer: Timer; readonly wake: () => void } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Infinity: as fast as it goes; 0 or less: not at all. Who sleeps is woken, to look again. */
  setRate(bytesPerSecond: number): void {
    const bytesPerMs = Math.max(0, bytesPerSecond) / 1000
    if (bytesPerMs === this.#bytesPerMs) return
    this.#settle()
    this.#bytesPerMs = bytesPerMs
    this.#sleep?.timer.cancel()
    this.#sleep?.wake()
  }

  /** Resolves when the work may go on. One at a time. */
  async spend(bytes: number): Promise<void> {
    this.#settle()
    this.#owedBytes += bytes
    for (;;) {
      const aheadMs = this.#owedBytes / this.#bytesPerMs
      // Nothing of nothing is no number.
      if (!(aheadMs > burstMs)) return
      await new Promise<void>((wake) => {
        this.#sleep = { timer: this.#clock.after(aheadMs, wake), wake }
      })
      this.#sleep = null
      this.#settle()
    }
  }

  #settle(): void {
    const now = this.#clock.monotonic()
    const isFree = this.#bytesPerMs === Number.POSITIVE_INFINITY
    const paid = isFree ? this.#owedBytes : (now - this.#settledAt) * this.#bytesPerMs
    this.#owedBytes = Math.max(0, this.#owedBytes - paid)
    this.#settledAt = now
  }
}
