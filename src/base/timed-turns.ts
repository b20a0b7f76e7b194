// Gives way to others while somebody goes through things whose cost is not known beforehand: names
// matched with a client's expression, what a list shows. After so much time the events that are due
// come first; one thing is never interrupted. Where time stands still, as in a simulation, nobody
// gives way. Whoever uses it finds the world changed after each pause. Lists, metrics, and vhosts
// whose policies change; what is to be counted instead: turns.ts.

/** What it needs of a clock; see io/clock.ts. */
export interface TurnClock {
  monotonic(): number
  soon(action: () => void): void
}

/** Long enough to make progress, short enough that nobody who waits for the loop notices. */
const turnMs = 5

export class TimedTurns {
  readonly #clock: TurnClock
  #beganMs: number

  constructor(clock: TurnClock) {
    this.#clock = clock
    this.#beganMs = clock.monotonic()
  }

  /** Behind each thing. What to wait for before the next, or null: there is time left. */
  next(): Promise<void> | null {
    return this.#clock.monotonic() - this.#beganMs < turnMs ? null : this.#pause()
  }

  async #pause(): Promise<void> {
    await new Promise<void>((go) => this.#clock.soon(go))
    this.#beganMs = this.#clock.monotonic()
  }
}
