// Memory of a few sizes that is used again: fresh memory must be zeroed and mapped, which costs
// more than the read that fills it. Bounded by what may be lent while some is; by less when nobody
// reads. The read buffers own it.

/** What stays for the next reader when nobody reads. */
const restingBytesMax = 16 << 20

export class IdleMemory {
  readonly #allocate: (bytes: number) => Uint8Array
  readonly #mostBytes: number
  readonly #idle: ReadonlyMap<number, Uint8Array[]>
  #bytes = 0

  /** @param sizes what is kept: memory of another size is left to the collector */
  constructor(
    sizes: readonly number[],
    mostBytes: number,
    allocate: (bytes: number) => Uint8Array,
  ) {
    this.#idle = new Map(sizes.map((size) => [size, []]))
    this.#mostBytes = mostBytes
    this.#allocate = allocate
  }

  take(bytes: number): Uint8Array {
    const memory = this.#idle.get(bytes)?.pop()
    if (memory === undefined) return this.#allocate(bytes)
    this.#bytes -= bytes
    return memory
  }

  put(memory: Uint8Array): void {
    const same = this.#idle.get(memory.length)
    if (same === undefined || this.#bytes + memory.length > this.#mostBytes) return
    same.push(memory)
    this.#bytes += memory.length
  }

  /** Nobody reads. */
  rest(): void {
    for (const same of this.#idle.values())
      while (this.#bytes > restingBytesMax && same.length > 0)
        this.#bytes -= same.pop()?.length ?? 0
  }
}
