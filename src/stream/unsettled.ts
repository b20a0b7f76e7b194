// What one consumer has been given of one partition and has not settled, in order: the first of
// them is where it would go on after a restart. Deliveries have consecutive numbers. What came back
// to be delivered again keeps its place, since a stream does not deliver it again before the
// consumer starts anew; behind so many settled ones it is given up.
const behindMax = 16_384

export class Unsettled {
  /** Number of the first entry. */
  #first = 1
  /** Offset of each delivery, from the first unsettled one on; -1: settled. */
  #offsets: number[] = []
  #head = 0
  readonly #returned = new Set<number>()

  /** Returns the number of the delivery. */
  add(offset: number): number {
    this.#offsets.push(offset)
    const number = this.#first + this.#offsets.length - this.#head - 1
    if (this.#offsets.length - this.#head > behindMax && this.#returned.has(this.#first))
      this.settle(this.#first)
    return number
  }

  settle(number: number): void {
    const at = this.#placeOf(number)
    if (at < 0) return
    this.#returned.delete(number)
    this.#offsets[at] = -1
    while (this.#head < this.#offsets.length && this.#offsets[this.#head] === -1) {
      this.#head++
      this.#first++
    }
    if (this.#head > 64 && this.#head * 2 > this.#offsets.length) {
      this.#offsets = this.#offsets.slice(this.#head)
      this.#head = 0
    }
  }

  /** It was not processed. */
  giveBack(number: number): void {
    if (this.#placeOf(number) >= 0) this.#returned.add(number)
  }

  /** Where to go on; `next` when nothing is unsettled. */
  position(next: number): number {
    return this.#offsets[this.#head] ?? next
  }

  #placeOf(number: number): number {
    const at = number - this.#first + this.#head
    return at >= this.#head && at < this.#offsets.length ? at : -1
  }
}
