// Takes a change of policies to what is there already: vhost by vhost, each queue, stream and
// exchange once, giving way to other work, for a hundred thousand names and an expression take
// seconds to match. What is made meanwhile follows the new policies from its beginning. A vhost
// whose policies change again while its turn lasts comes once more. The node begins it when the
// metadata's watch tells of a change; the first steps are taken at once. Who changed a policy waits
// for `followed` before it answers.
import { TimedTurns, type TurnClock } from '../../base/timed-turns.ts'

interface Following {
  /** One step for each thing that may follow a policy; it must not throw. */
  policiesChanged(): Iterable<void>
}

export class PolicyPasses {
  readonly #clock: TurnClock
  /** Undefined: there is no such vhost any more. */
  readonly #vhostOf: (name: string) => Following | undefined
  readonly #waiting = new Set<string>()
  /** The vhost whose turn it is. */
  #current: string | null = null
  /** Of vhosts that wait or whose turn it is: who is to be told when they follow. */
  readonly #told = new Map<string, (() => void)[]>()
  #isUnderWay = false
  #isStopped = false

  constructor(clock: TurnClock, vhostOf: (name: string) => Following | undefined) {
    this.#clock = clock
    this.#vhostOf = vhostOf
  }

  begin(vhosts: Iterable<string>): void {
    for (const vhost of vhosts) this.#waiting.add(vhost)
    if (!this.#isUnderWay && !this.#isStopped) void this.#pass()
  }

  /** Resolves when all in the vhost follows the policies of now, or nothing will any more. */
  followed(vhost: string): Promise<void> {
    const follows = !this.#waiting.has(vhost) && this.#current !== vhost
    if (follows || this.#isStopped) return Promise.resolve()
    return new Promise((told) => {
      this.#told.set(vhost, [...(this.#told.get(vhost) ?? []), told])
    })
  }

  /** Nothing follows any more. */
  stop(): void {
    this.#isStopped = true
    for (const vhost of [...this.#told.keys()]) this.#tell(vhost)
  }

  #tell(vhost: string): void {
    for (const told of this.#told.get(vhost) ?? []) told()
    this.#told.delete(vhost)
  }

  async #pass(): Promise<void> {
    this.#isUnderWay = true
    const turns = new TimedTurns(this.#clock)
    for (const vhost of this.#waiting) {
      this.#waiting.delete(vhost)
      this.#current = vhost
      for (const _ of this.#vhostOf(vhost)?.policiesChanged() ?? []) {
        const pause = turns.next()
        if (pause !== null) await pause
        if (this.#isStopped) return
      }
      this.#current = null
      if (!this.#waiting.has(vhost)) this.#tell(vhost)
    }
    this.#isUnderWay = false
  }
}
