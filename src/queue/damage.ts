// Where lanes of one queue cannot be read: the queue stands still there until somebody deletes what
// is damaged. Its stock owns it.
import type { Lane } from './lane.ts'
import { Look } from './stock-parts.ts'

export class Damage {
  readonly #queue: string
  readonly #report: (line: string) => void
  readonly #offsets = new Map<Lane, number>()

  constructor(queue: string, report: (line: string) => void) {
    this.#queue = queue
    this.#report = report
  }

  found(lane: Lane, offset: number): number {
    this.#offsets.set(lane, offset)
    this.#report(
      `queue ${this.#queue}: the message at offset ${offset} cannot be read; restore a backup, ` +
        'or purge or delete the queue',
    )
    return Look.nothing
  }

  isAt(lane: Lane, offset: number): boolean {
    return this.#offsets.get(lane) === offset && lane.log.logStartOffset <= offset
  }
}
