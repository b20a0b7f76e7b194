// What a member has received and not handed out yet, and what of the handed out is not committed
// yet.
import type { Taken } from './commands.ts'

export class Inbox {
  readonly #taken: Taken[] = []
  readonly #next = new Map<number, number>()

  add(record: Taken): void {
    this.#taken.push(record)
  }

  handOut(): Taken[] {
    const out = this.#taken.splice(0)
    for (const { partition, offset } of out) this.#next.set(partition, offset + 1)
    return out
  }

  /** Partition and next offset of all that was handed out since the last call. */
  toCommit(): [partition: number, offset: number][] {
    const out = [...this.#next]
    this.#next.clear()
    return out
  }
}

/** Members by name; asking for one that is not there is an error, not `undefined`. */
export class Members<M> {
  readonly #members = new Map<string, M>()

  add(name: string, member: M): void {
    this.#members.set(name, member)
  }

  get(name: string): M {
    const member = this.#members.get(name)
    if (member === undefined) throw new Error(`no member ${name}`)
    return member
  }

  remove(name: string): M {
    const member = this.get(name)
    this.#members.delete(name)
    return member
  }

  all(): M[] {
    return [...this.#members.values()]
  }
}
