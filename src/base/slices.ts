// Shares the turns of the event loop among those who go through many things that one client has
// made: in one turn so many items are done, all users together, and the rest waits for the next, in
// order. By count and not by time, so that a simulation sees the same turns again. Whoever uses it
// finds the world changed after each wait. One for all vhosts of a node, and one for each door that
// settles much at once.

/** What it needs of a clock; see io/clock.ts. */
interface Clock {
  soon(action: () => void): void
}

export class Slices {
  readonly #clock: Clock
  readonly #itemsPerTurn: number
  #left: number
  #isTurnAsked = false
  #waiting: (() => void)[] = []

  constructor(clock: Clock, itemsPerTurn: number) {
    this.#clock = clock
    this.#itemsPerTurn = itemsPerTurn
    this.#left = itemsPerTurn
  }

  /** Counts one item, if there is room in this turn. False: `turn` has to be waited for first. */
  take(): boolean {
    if (this.#left === 0 || this.#waiting.length > 0) return false
    this.#left--
    this.#askForTurn()
    return true
  }

  /** Resolves in a turn that may have room, behind those who asked before. */
  turn(): Promise<void> {
    this.#askForTurn()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when one item is counted. */
  async next(): Promise<void> {
    while (!this.take()) await this.turn()
  }

  #askForTurn(): void {
    if (this.#isTurnAsked) return
    this.#isTurnAsked = true
    this.#clock.soon(() => {
      this.#isTurnAsked = false
      this.#left = this.#itemsPerTurn
      for (const resolve of this.#waiting.splice(0)) resolve()
    })
  }
}
