// The consumers of one queue, and whose turn it is: those of the highest priority that have room,
// one after the other. Who had no room is not asked again before it says that it has some, so that
// a crowd without room costs nothing. Invariants: groups are sorted by priority, none is empty;
// `awake` counts the members of a group that are not full; with a single active consumer, only that
// one is ever picked. The queue owns it.
import type { ConsumeOptions, Consumer, Subscription } from './consumer.ts'

/** How many consumers all queues of a node have, and its streams. */
export interface ConsumerTally {
  count: number
}

/** What a member asks of its queue. */
export interface MemberQueue {
  resume(member: Member): void
  leave(member: Member): void
}

export class Member implements Subscription {
  readonly consumer: Consumer
  readonly settled: boolean
  readonly exclusive: boolean
  readonly priority: number
  readonly timeoutMs: number | null
  isActive = true
  isGone = false
  /** It had no room when it was last asked. */
  isFull = false
  readonly #queue: MemberQueue

  constructor(consumer: Consumer, options: ConsumeOptions, queue: MemberQueue) {
    this.consumer = consumer
    this.settled = options.settled
    this.exclusive = options.exclusive
    this.priority = options.priority
    this.timeoutMs = options.timeoutMs ?? null
    this.#queue = queue
  }

  resume(): void {
    if (!this.isGone) this.#queue.resume(this)
  }

  cancel(): void {
    if (!this.isGone) this.#queue.leave(this)
  }
}

interface Group {
  readonly priority: number
  readonly members: Member[]
  awake: number
  /** Whose turn it is. */
  next: number
}

export class Consumers {
  readonly #groups: Group[] = []
  #active: Member | null = null
  #isSingle: boolean
  #exclusive = 0
  readonly #tally: ConsumerTally
  count = 0

  constructor(isSingle: boolean, tally: ConsumerTally) {
    this.#tally = tally
    this.#isSingle = isSingle
  }

  get isExclusive(): boolean {
    return this.#exclusive > 0
  }

  /** Exclusive: alone. */
  mayJoin(exclusive: boolean): boolean {
    return this.count === 0 || !(exclusive || this.isExclusive)
  }

  setSingle(isSingle: boolean): void {
    this.#isSingle = isSingle
    this.#choose()
  }

  add(member: Member): void {
    let at = 0
    while (at < this.#groups.length && (this.#groups[at] as Group).priority > member.priority) at++
    const group = this.#groups[at]
    if (group?.priority === member.priority) {
      group.members.push(member)
      group.awake++
    } else {
      const { priority } = member
      this.#groups.splice(at, 0, { priority, members: [member], awake: 1, next: 0 })
    }
    this.count++
    this.#tally.count++
    if (member.exclusive) this.#exclusive++
    if (this.#isSingle) this.#choose()
  }

  remove(member: Member): void {
    const at = this.#groups.findIndex((g) => g.priority === member.priority)
    const group = this.#groups[at]
    const index = group?.members.indexOf(member) ?? -1
    if (group === undefined || index < 0) return
    group.members.splice(index, 1)
    if (index < group.next) group.next--
    if (!member.isFull) group.awake--
    if (member.exclusive) this.#exclusive--
    if (group.members.length === 0) this.#groups.splice(at, 1)
    member.isGone = true
    this.count--
    this.#tally.count--
    if (this.#active === member) this.#active = null
    if (this.#isSingle) this.#choose()
  }

  /** It may have room again. */
  resumed(member: Member): void {
    if (!member.isFull) return
    member.isFull = false
    const group = this.#groups.find((g) => g.priority === member.priority)
    if (group !== undefined) group.awake++
  }

  /** Of all, in order of priority. */
  get all(): Member[] {
    return this.#groups.flatMap((g) => g.members)
  }

  #choose(): void {
    if (!this.#isSingle) this.#active = null
    else this.#active ??= this.#groups[0]?.members[0] ?? null
    for (const group of this.#groups)
      for (const member of group.members)
        member.isActive = !this.#isSingle || member === this.#active
  }

  /** Who gets the next message, or null while nobody has room. */
  pick(): Member | null {
    if (this.#isSingle) {
      const active = this.#active
      return active !== null && active.consumer.room > 0 ? active : null
    }
    for (let g = 0; g < this.#groups.length; g++) {
      const group = this.#groups[g] as Group
      const { members } = group
      const n = members.length
      if (group.next >= n) group.next = 0
      for (let i = 0, at = group.next; i < n; i++, at = at + 1 === n ? 0 : at + 1) {
        if (group.awake === 0) break
        const member = members[at] as Member
        if (member.isFull) continue
        if (member.consumer.room > 0) {
          group.next = at + 1
          return member
        }
        member.isFull = true
        group.awake--
      }
    }
    return null
  }
}
