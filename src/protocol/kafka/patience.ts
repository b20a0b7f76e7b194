// How long a client may take nothing of its answers while others wait for the memory that they lie
// in: the longer somebody waits without a break, the less. So one that is slow for a moment is
// spared, and many that never read cannot hold everybody up one after the other. The door asks at
// each sweep.

export class Patience {
  readonly #longestMs: number
  readonly #shortestMs: number
  /** Since when somebody waits; null: nobody does. */
  #since: number | null = null

  constructor(longestMs: number, shortestMs: number) {
    this.#longestMs = longestMs
    this.#shortestMs = shortestMs
  }

  /** In ms; null: as long as it likes. */
  at(now: number, othersWait: boolean): number | null {
    if (!othersWait) {
      this.#since = null
      return null
    }
    this.#since ??= now
    return Math.max(this.#shortestMs, this.#longestMs - (now - this.#since))
  }
}
