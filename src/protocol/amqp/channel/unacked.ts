// The deliveries of one channel that are not settled yet, by delivery tag: a ring from the oldest
// tag on, so that settling in order costs no look-up and leaves nothing behind. Invariant: the
// entry of `first`, if there is any entry, is not settled; `count` is how many are not.
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

const slotsAtFirst = 16

export class Unacked {
  /** Tag of the oldest entry. */
  first = 1
  /** Tag of the next delivery. */
  next = 1
  count = 0
  private owners: (Owner | null)[] = []
  private ids: number[] = []
  private mask = -1
  private readonly together: Together

  constructor(together: Together) {
    this.together = together
  }

  /** From the oldest to the newest. */
  get span(): number {
    return this.next - this.first
  }

  /** A tag for a delivery that is settled when it is sent. */
  pass(): number {
    const tag = this.next++
    if (this.first === tag) this.first = this.next
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
    if (tag < this.first || tag >= this.next) return null
    return this.owners[tag & this.mask] ?? null
  }

  idOf(tag: number): number {
    return this.ids[tag & this.mask] as number
  }

  remove(tag: number): void {
    assert(this.ownerOf(tag) !== null, 'only what is there is removed')
    this.owners[tag & this.mask] = null
    this.count--
    this.together.unacked--
    if (tag !== this.first) return
    if (this.count === 0) this.first = this.next
    else while (this.owners[this.first & this.mask] === null) this.first++
  }

  private put(tag: number, owner: Owner | null, id: number): void {
    // `next` counts this tag already.
    if (this.next - this.first > this.owners.length) this.grow(tag)
    this.owners[tag & this.mask] = owner
    this.ids[tag & this.mask] = id
  }

  /** Tags are used with `&`, so they stay whole numbers below 2^53 whose low bits count. */
  private grow(newest: number): void {
    const { owners, ids, mask } = this
    const slots = Math.max(slotsAtFirst, owners.length * 2)
    this.mask = slots - 1
    this.owners = new Array<Owner | null>(slots).fill(null)
    this.ids = new Array<number>(slots).fill(0)
    for (let tag = this.first; tag < newest; tag++) {
      this.owners[tag & this.mask] = owners[tag & mask] ?? null
      this.ids[tag & this.mask] = ids[tag & mask] ?? 0
    }
  }
}
