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
  readonly left: (() => void) | null
  isActive = true
  isGone = false
  /** It had no room when it was last asked. */
  isFull = false
  /** Those of its priority, and where it stands among them. */
  group: Group | null = null
  place = 0
  readonly #queue: MemberQueue

  constructor(consumer: Consumer, options: ConsumeOptions, queue: MemberQueue) {
    this.consumer = consumer
    this.settled = options.settled
    this.exclusive = options.exclusive
    this.priority = options.priority
    this.timeoutMs = options.timeoutMs ?? null
    this.left = options.left ?? null
    this.#queue = queue
  }

  wake(): void {
    if (!this.isFull || this.group === null) return
    this.isFull = false
    this.group.awake++
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
  /** In the order of coming; null: one has left. No more than half are. */
  members: (Member | null)[]
  left: number
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
    if (isSingle === this.#isSingle) return
    this.#isSingle = isSingle
    this.#active = null
    for (const member of this.all) member.isActive = !isSingle
    this.#choose()
  }

  add(member: Member): void {
    let at = 0
    while (at < this.#groups.length && (this.#groups[at] as Group).priority > member.priority) at++
    const { priority } = member
    let group = this.#groups[at]
    if (group?.priority !== priority) {
      group = { priority, members: [], left: 0, awake: 0, next: 0 }
      this.#groups.splice(at, 0, group)
    }
    member.group = group
    member.place = group.members.push(member) - 1
    group.awake++
    this.count++
    this.#tally.count++
    if (member.exclusive) this.#exclusive++
    member.isActive = !this.#isSingle
    this.#choose()
  }

  remove(member: Member): void {
    const at = this.#groups.findIndex((g) => g.priority === member.priority)
    const group = this.#groups[at]
    if (group === undefined || group.members[member.place] !== member) return
    group.members[member.place] = null
    group.left++
    if (!member.isFull) group.awake--
    if (member.exclusive) this.#exclusive--
    if (group.left === group.members.length) this.#groups.splice(at, 1)
    else if (group.left > group.members.length / 2) closeUp(group)
    member.group = null
    member.isGone = true
    this.count--
    this.#tally.count--
    if (this.#active === member) this.#active = null
    this.#choose()
    member.left?.()
  }

  /** Of all, in order of priority. */
  get all(): Member[] {
    return this.#groups.flatMap((g) => g.members.filter((m) => m !== null))
  }

  /** Who is the single active one, if nobody is. */
  #choose(): void {
    if (!this.#isSingle || this.#active !== null) return
    this.#active = this.#groups[0]?.members.find((m) => m !== null) ?? null
    if (this.#active !== null) this.#active.isActive = true
  }

  /** Whether somebody has room; whose turn it is stays. */
  get hasRoom(): boolean {
    const member = this.pick()
    if (member !== null && member.group !== null && !this.#isSingle)
      member.group.next = member.place
    return member !== null
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
        const member = members[at] as Member | null
        if (member === null || member.isFull) continue
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

/** Those that are there stand side by side again; whose turn it is stays. */
function closeUp(group: Group): void {
  const members: Member[] = []
  let next = 0
  for (const [place, member] of group.members.entries()) {
    if (place === group.next) next = members.length
    if (member !== null) member.place = members.push(member) - 1
  }
  group.next = group.next >= group.members.length ? members.length : next
  group.members = members
  group.left = 0
}
