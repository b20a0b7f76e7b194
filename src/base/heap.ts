// A binary heap: the least item first, by the order given. Invariant: no item is before its parent.
// Items that are equal come out in any order; who needs one adds a sequence number to the
// comparison.

export class Heap<T> {
  readonly #items: T[] = []
  readonly #isBefore: (a: T, b: T) => boolean

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#items.length
  }

  /** The least item, left in place. */
  peek(): T | undefined {
    return this.#items[0]
  }

  /** All items, in any order. */
  get all(): readonly T[] {
    return this.#items
  }

  /** Removes and returns all items, the least first. */
  takeAll(): T[] {
    const isBefore = this.#isBefore
    return this.#items.splice(0).sort((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0))
  }

  push(item: T): void {
    const items = this.#items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(item, items[parent] as T)) break
      items[at] = items[parent] as T
      at = parent
    }
    items[at] = item
  }

  /** Removes and returns the least item. */
  pop(): T | undefined {
    const items = this.#items
    const least = items[0]
    const last = items.pop()
    if (items.length > 0) this.#sink(last as T)
    return least
  }

  /** Puts `item` in the place of the root and lets it down to where it belongs. */
  #sink(item: T): void {
    const items = this.#items
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      const right = child + 1
      if (right < items.length && this.#isBefore(items[right] as T, items[child] as T))
        child = right
      if (!this.#isBefore(items[child] as T, item)) break
      items[at] = items[child] as T
      at = child
    }
    items[at] = item
  }
}
