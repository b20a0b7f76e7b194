// What a partition holds that is not in a segment yet: one entry for each batch, pointing into the
// journal. Entries are in offset order and in LSN order at once. Kept as plain numbers, five for
// each batch, because there may be a million. The partition log owns it.
const stride = 5

export class TailIndex {
  /** base offset, next offset, LSN, bytes, largest timestamp. */
  #numbers: number[] = []
  #head = 0
  #bytes = 0

  get count(): number {
    return this.#numbers.length / stride - this.#head
  }

  /** Bytes of all batches. */
  get bytes(): number {
    return this.#bytes
  }

  push(
    baseOffset: number,
    nextOffset: number,
    lsn: number,
    bytes: number,
    maxTimestamp: number,
  ): void {
    this.#numbers.push(baseOffset, nextOffset, lsn, bytes, maxTimestamp)
    this.#bytes += bytes
  }

  baseOffset(i: number): number {
    return this.#at(i, 0)
  }
  nextOffset(i: number): number {
    return this.#at(i, 1)
  }
  lsn(i: number): number {
    return this.#at(i, 2)
  }
  byteCount(i: number): number {
    return this.#at(i, 3)
  }
  maxTimestamp(i: number): number {
    return this.#at(i, 4)
  }

  /** Index of the first batch that ends above `offset`; `count` when there is none. */
  find(offset: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.nextOffset(middle) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Of the batches from the one that holds `offset` on. */
  bytesFrom(offset: number): number {
    let bytes = 0
    for (let i = this.find(offset); i < this.count; i++) bytes += this.byteCount(i)
    return bytes
  }

  /** How many batches lie wholly below `lsn`. */
  countBelow(lsn: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.lsn(middle) < lsn) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Forgets the first `n` batches. */
  drop(n: number): void {
    for (let i = 0; i < n; i++) this.#bytes -= this.byteCount(i)
    this.#head += n
    // Moving the rest is worth it only when half of the array is dead.
    if (this.#head * 2 * stride > this.#numbers.length) {
      this.#numbers = this.#numbers.slice(this.#head * stride)
      this.#head = 0
    }
  }

  #at(i: number, field: number): number {
    return this.#numbers[(this.#head + i) * stride + field] as number
  }
}
