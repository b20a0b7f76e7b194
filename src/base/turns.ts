// Gives way to others while somebody goes through many things: after so many, the events that are
// due come first. By count and not by time, so that a simulation sees the same turns again. Whoever
// uses it finds the world changed after each pause. The flusher and the cleaner go through all
// partitions so, and the manifest through what it writes of them.

/** What it needs of a clock; see io/clock.ts. */
interface Clock {
  soon(action: () => void): void
}

export class Turns {
  readonly #clock: Clock
  readonly #itemsPerTurn: number
  #items = 0

  constructor(clock: Clock, itemsPerTurn: number) {
    this.#clock = clock
    this.#itemsPerTurn = itemsPerTurn
  }

  /** Counts one item. What to wait for before the next, or null: it has room in this turn. */
  next(): Promise<void> | null {
    if (++this.#items < this.#itemsPerTurn) return null
    this.#items = 0
    return new Promise((resolve) => this.#clock.soon(resolve))
  }
}
