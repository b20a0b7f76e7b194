// When which message is due: a heap of pairs of numbers, the earliest first, and of those that are
// due together the one that came first. Sixteen bytes a message, in arrays that grow by half; what
// the message says stays in the log. The delay queue owns it.
const startSize = 16

export class DueTimes {
  #dueMs = new Float64Array(startSize)
  #offsets = new Float64Array(startSize)
  size = 0

  /** Infinity: there is none. */
  get nextMs(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : (this.#dueMs[0] as number)
  }

  /** Of the message that is due next. */
  get nextOffset(): number {
    return this.#offsets[0] as number
  }

  push(dueMs: number, offset: number): void {
    if (this.size === this.#dueMs.length) this.#resize(Math.ceil(this.size * 1.5))
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(dueMs, offset, parent)) break
      this.#move(parent, at)
      at = parent
    }
    this.#put(at, dueMs, offset)
  }

  /** Takes the next one away. */
  pop(): void {
    const last = --this.size
    const dueMs = this.#dueMs[last] as number
    const offset = this.#offsets[last] as number
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= last) break
      if (
        child + 1 < last &&
        this.#isBefore(this.#dueOf(child + 1), this.#offsetOf(child + 1), child)
      )
        child++
      if (this.#isBefore(dueMs, offset, child)) break
      this.#move(child, at)
      at = child
    }
    if (last > 0) this.#put(at, dueMs, offset)
    const { length } = this.#dueMs
    if (length > startSize * 64 && last < length / 4) this.#resize(Math.ceil(length / 2))
  }

  #dueOf(at: number): number {
    return this.#dueMs[at] as number
  }

  #offsetOf(at: number): number {
    return this.#offsets[at] as number
  }

  #isBefore(dueMs: number, offset: number, at: number): boolean {
    const other = this.#dueMs[at] as number
    return dueMs !== other ? dueMs < other : offset < (this.#offsets[at] as number)
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#dueOf(from), this.#offsetOf(from))
  }

  #put(at: number, dueMs: number, offset: number): void {
    this.#dueMs[at] = dueMs
    this.#offsets[at] = offset
  }

  #resize(size: number): void {
    const dueMs = new Float64Array(size)
    const offsets = new Float64Array(size)
    dueMs.set(this.#dueMs.subarray(0, this.size))
    offsets.set(this.#offsets.subarray(0, this.size))
    this.#dueMs = dueMs
    this.#offsets = offsets
  }
}
