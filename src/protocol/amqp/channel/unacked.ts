// The deliveries of one channel that are not settled yet, by delivery tag: a ring of the newest, so
// that settling in order costs no look-up and leaves nothing behind; and aside of it, by tag, those
// that have stayed while very many others came and went. Invariant: the entry where the ring
// begins, if the ring has any, is not settled; `count` is how many are not.
import { assert } from '../../../base/assert.ts'
import type { QueueHandle } from '../../../broker/messaging/api.ts'

/** Whom a delivery went to, and where it is settled. */
export interface Owner {
  readonly queue: QueueHandle
  /** Its deliveries went back by themselves: nothing is left to settle. */
  readonly isGone: boolean
  /** One of its deliveries is settled. */
  settled(): void
}

/** What all channels of a door have, each counting its own. */
export interface Together {
  unacked: number
}

interface Delivery {
  readonly owner: Owner
  readonly id: number
}

const slotsAtFirst = 16
/** A ring that would be larger than this, and holds fewer than one in so many, puts them aside. */
const asideFrom = 16_384
const asideOneIn = 8

export class Unacked {
  /** Tag of the next delivery. */
  next = 1
  count = 0
  /** Tag with which the ring begins: all before it is settled, or aside. */
  private begin = 1
  private owners: (Owner | null)[] = []
  private ids: number[] = []
  private mask = -1
  /** By tag, and their tags in order, of which some may be settled. */
  private readonly aside = new Map<number, Delivery>()
  private asideTags: number[] = []
  private readonly together: Together

  constructor(together: Together) {
    this.together = together
  }

  /** Tag of the oldest entry; `next` without one. */
  get first(): number {
    for (const tag of this.aside.keys()) return tag
    return this.begin
  }

  /** What it takes memory for: from the oldest to the newest of the ring, and those aside. */
  get span(): number {
    return this.next - this.begin + this.aside.size
  }

  /** A tag for a delivery that is settled when it is sent. */
  pass(): number {
    const tag = this.next++
    if (this.begin === tag) this.begin = this.next
    else this.put(tag, null, 0)
    return tag
  }

  add(owner: Owner, id: number): number {
    const tag = this.next++
    this.put(tag, owner, id)
    this.count++
    this.together.unacked++
    return tag
  }

  /** Null: there is no such delivery, or it is settled. */
  ownerOf(tag: number): Owner | null {
    if (tag >= this.next) return null
    if (tag < this.begin) return this.aside.get(tag)?.owner ?? null
    return this.owners[tag & this.mask] ?? null
  }

  /** Of one that is there. */
  idOf(tag: number): number {
    if (tag < this.begin) return this.aside.get(tag)?.id as number
    return this.ids[tag & this.mask] as number
  }

  /** The next tag at or behind `tag` that may be there: who goes through many skips what is not. */
  at(tag: number): number {
    if (tag >= this.begin) return tag
    let [low, high] = [0, this.asideTags.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.asideTags[middle] as number) < tag) low = middle + 1
      else high = middle
    }
    return this.asideTags[low] ?? this.begin
  }

  remove(tag: number): void {
    assert(this.ownerOf(tag) !== null, 'only what is there is removed')
    this.count--
    this.together.unacked--
    if (tag < this.begin) {
      this.aside.delete(tag)
      if (this.aside.size === 0) this.asideTags = []
      return
    }
    this.owners[tag & this.mask] = null
    if (tag === this.begin) this.advance()
  }

  /** The ring begins with what is there. */
  private advance(): void {
    if (this.count === this.aside.size) this.begin = this.next
    else while (this.owners[this.begin & this.mask] === null) this.begin++
  }

  private put(tag: number, owner: Owner | null, id: number): void {
    // `next` counts this tag already.
    if (this.next - this.begin > this.owners.length) this.makeRoom(tag)
    if (owner === null && tag === this.begin) {
      this.begin = this.next
      return
    }
    this.owners[tag & this.mask] = owner
    this.ids[tag & this.mask] = id
  }

  private makeRoom(newest: number): void {
    const slots = this.owners.length
    const isSparse = (this.count - this.aside.size) * asideOneIn < slots
    if (slots >= asideFrom && isSparse) this.putAside(newest)
    else this.grow(newest)
  }

  /** The older half of the ring. */
  private putAside(newest: number): void {
    const to = this.begin + this.owners.length / 2
    for (let tag = this.begin; tag < to; tag++) {
      const owner = this.owners[tag & this.mask] ?? null
      if (owner === null) continue
      this.aside.set(tag, { owner, id: this.ids[tag & this.mask] as number })
      this.asideTags.push(tag)
      this.owners[tag & this.mask] = null
    }
    this.begin = to
    while (this.begin < newest && this.owners[this.begin & this.mask] === null) this.begin++
    this.asideTags = this.asideTags.filter((tag) => this.aside.has(tag))
  }

  /** Tags are used with `&`, so they stay whole numbers below 2^53 whose low bits count. */
  private grow(newest: number): void {
    const { owners, ids, mask } = this
    const slots = Math.max(slotsAtFirst, owners.length * 2)
    this.mask = slots - 1
    this.owners = new Array<Owner | null>(slots).fill(null)
    this.ids = new Array<number>(slots).fill(0)
    for (let tag = this.begin; tag < newest; tag++) {
      this.owners[tag & this.mask] = owners[tag & mask] ?? null
      this.ids[tag & this.mask] = ids[tag & mask] ?? 0
    }
  }
}
