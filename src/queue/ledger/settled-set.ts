// Which offsets of a lane are settled: all below a low-water mark, and above it what bits say, in
// pages that exist only from the mark to the highest settled offset. A page that is full is one
// shared object, so that memory follows what is out of order, not how much was settled. The lane
// owns it.
import { assert } from '../../base/assert.ts'

const pageBits = 2048
const words = pageBits / 32

class Page {
  readonly bits = new Uint32Array(words)
  count = 0
}

const fullPage = new Page()
fullPage.bits.fill(0xffff_ffff)
fullPage.count = pageBits

export class SettledSet {
  #lowWater = 0
  /** Settled above the low-water mark. */
  #above = 0
  /** Page i begins at (#first + i) × pageBits; null: nothing in it is settled. */
  #pages: (Page | null)[] = []
  #first = 0

  /** Everything below is settled. */
  get lowWater(): number {
    return this.#lowWater
  }

  /** How many above the low-water mark. */
  get above(): number {
    return this.#above
  }

  has(offset: number): boolean {
    if (offset < this.#lowWater) return true
    if (this.#above === 0) return false
    const page = this.#pages[Math.floor(offset / pageBits) - this.#first]
    if (page === undefined || page === null) return false
    const bit = offset % pageBits
    return ((page.bits[bit >>> 5] as number) & (1 << (bit & 31))) !== 0
  }

  /** How many in [from, to) are settled. */
  countIn(from: number, to: number): number {
    let count = Math.max(0, Math.min(to, this.#lowWater) - from)
    if (this.#above === 0) return count
    for (let at = Math.max(from, this.#lowWater); at < to; ) {
      const begin = at - (at % pageBits)
      const page = this.#pages[begin / pageBits - this.#first]
      const end = Math.min(to, begin + pageBits)
      const isWhole = at === begin && end === begin + pageBits
      if (page === fullPage) count += end - at
      else if (page !== undefined && page !== null && isWhole) count += page.count
      else if (page !== undefined && page !== null)
        for (let offset = at; offset < end; offset++) if (this.has(offset)) count++
      at = end
    }
    return count
  }

  /** As it is now, whatever is settled later. */
  copy(): SettledSet {
    const copy = new SettledSet()
    copy.#lowWater = this.#lowWater
    copy.#above = this.#above
    copy.#first = this.#first
    copy.#pages = this.#pages.map((page) => {
      if (page === null || page === fullPage) return page
      const own = new Page()
      own.bits.set(page.bits)
      own.count = page.count
      return own
    })
    return copy
  }

  /** The offset must not be settled yet. */
  add(offset: number): void {
    if (offset === this.#lowWater) {
      this.#lowWater = offset + 1
      if (this.#above > 0) this.#advance()
      return
    }
    assert(offset > this.#lowWater, 'a message is settled once')
    this.#set(offset)
  }

  /** All of [from, to), of which some may be settled. Returns how many were not. */
  addRange(from: number, to: number): number {
    let added = 0
    let at = Math.max(from, this.#lowWater)
    if (at >= to) return 0
    if (at === this.#lowWater) {
      added = to - at
      for (let o = at; o < to && this.#above > 0; o++)
        if (this.has(o)) {
          added--
          this.#above--
        }
      this.#lowWater = to
      this.#advance()
      return added
    }
    while (at < to) {
      const isWhole = at % pageBits === 0 && at + pageBits <= to
      if (isWhole) {
        added += this.#fill(at)
        at += pageBits
        continue
      }
      if (!this.has(at)) {
        this.#set(at)
        added++
      }
      at++
    }
    return added
  }

  #index(offset: number): number {
    if (this.#pages.length === 0) this.#first = Math.floor(this.#lowWater / pageBits)
    const index = Math.floor(offset / pageBits) - this.#first
    while (this.#pages.length <= index) this.#pages.push(null)
    return index
  }

  #fill(from: number): number {
    const index = this.#index(from)
    const before = this.#pages[index]?.count ?? 0
    this.#pages[index] = fullPage
    this.#above += pageBits - before
    return pageBits - before
  }

  #set(offset: number): void {
    const index = this.#index(offset)
    let page = this.#pages[index] ?? null
    if (page === null) {
      page = new Page()
      this.#pages[index] = page
    }
    const bit = offset % pageBits
    const mask = (1 << (bit & 31)) >>> 0
    const word = page.bits[bit >>> 5] as number
    assert((word & mask) === 0, 'a message is settled once')
    page.bits[bit >>> 5] = word | mask
    this.#above++
    if (++page.count === pageBits) this.#pages[index] = fullPage
  }

  /** Moves the low-water mark over what is settled, and lets go of the pages below it. */
  #advance(): void {
    while (this.#above > 0) {
      const page = this.#pages[Math.floor(this.#lowWater / pageBits) - this.#first] ?? null
      const bit = this.#lowWater % pageBits
      if (page === fullPage) {
        this.#above -= pageBits - bit
        this.#lowWater += pageBits - bit
        continue
      }
      if (page === null || ((page.bits[bit >>> 5] as number) & (1 << (bit & 31))) === 0) break
      this.#lowWater++
      this.#above--
    }
    if (this.#above === 0) this.#pages = []
    else {
      const gone = Math.floor(this.#lowWater / pageBits) - this.#first
      if (gone > 0) {
        this.#pages.splice(0, gone)
        this.#first += gone
      }
    }
  }

  /** Calls `each` with the ranges above the low-water mark, in order. */
  ranges(each: (from: number, to: number) => void): void {
    let from = -1
    let left = this.#above
    for (let offset = this.#lowWater; left > 0; offset++) {
      const page = this.#pages[Math.floor(offset / pageBits) - this.#first] ?? null
      if (page === null || page === fullPage) {
        const rest = pageBits - (offset % pageBits)
        if (page === null && from >= 0) {
          each(from, offset)
          from = -1
        }
        if (page === fullPage) {
          if (from < 0) from = offset
          left -= rest
        }
        offset += rest - 1
        if (left === 0) each(from, offset + 1)
        continue
      }
      const isSet = this.has(offset)
      if (isSet && from < 0) from = offset
      if (!isSet && from >= 0) {
        each(from, offset)
        from = -1
      }
      if (isSet && --left === 0) each(from, offset + 1)
    }
  }
}
