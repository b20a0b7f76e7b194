// Sends answers after the call that decided them has run to its end. So whoever is answered may
// call the coordinator at once, and never finds a group half-way between two states. Owned by
// GroupCoordinator.
import type { Clock } from '../io/clock.ts'

export class Outbox {
  private waiting: (() => void)[] = []
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** The same reply, but later; answers keep the order in which they were given. */
  later<T>(reply: (answer: T) => void): (answer: T) => void {
    return (answer) => {
      this.waiting.push(() => reply(answer))
      if (this.waiting.length === 1) this.clock.soon(() => this.send())
    }
  }

  private send(): void {
    const answers = this.waiting
    this.waiting = []
    for (const answer of answers) answer()
  }
}
