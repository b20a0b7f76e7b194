// Publishing what comes again only once: a place, and the keys of what it took lately. Queues and
// exchanges that ask for it have one each; their vhost makes it.
import type { Clock } from '../../io/clock.ts'
import type { MessageView } from '../../model/message/message.ts'
import { type KeyBudget, SeenKeys, type SeenKeysOptions } from '../../queue/memory/seen-keys.ts'
import { Published } from './api.ts'

interface Place {
  publish(message: MessageView): number
}

export class Once {
  readonly #seen: SeenKeys
  readonly #clock: Clock

  constructor(options: SeenKeysOptions, budget: KeyBudget, clock: Clock) {
    this.#seen = new SeenKeys(options, budget)
    this.#clock = clock
  }

  /**
   * What comes again counts as stored: its confirm waits until the first of them is durable, which
   * may not be so yet. `isBack`: it was taken before, and is no other one.
   */
  publish(message: MessageView, to: Place, isBack = false): number {
    const nowMs = this.#clock.now()
    if (!isBack && this.#seen.has(message, nowMs)) return Published.routed | Published.stored
    const flags = to.publish(message)
    const isTaken = flags > 0 && (flags & Published.rejected) === 0
    if (isTaken) this.#seen.note(message, nowMs)
    return flags
  }

  /** Whose it is is gone. */
  clear(): void {
    this.#seen.clear()
  }
}
