// The bytes of one file of a memory disk, as a list of blocks: growing never copies more than one
// block. What was never written reads as zeros and owns no memory. The budget is shared by all
// files of a disk.
import { DiskError } from './disk.ts'

const fullBlockBytes = 65536
const smallestBlockBytes = 256

/** Memory that the files of one disk may use together. */
export class Budget {
  limitBytes: number
  usedBytes = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  take(bytes: number): void {
    if (this.usedBytes + bytes > this.limitBytes)
      throw new DiskError('ENOSPC', `the memory disk is full (${this.limitBytes} bytes)`)
    this.usedBytes += bytes
  }

  give(bytes: number): void {
    this.usedBytes -= bytes
  }
}

export class MemoryFile {
  readonly #budget: Budget
  /** Each from empty (all zeros) up to `fullBlockBytes` long; what a block lacks is zeros. */
  #blocks: Uint8Array[] = []
  #size = 0
  /** Grows with each change. */
  #version = 0
  /** Open handles and the name, if it still has one; the last that goes frees the memory. */
  #holders = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  get size(): number {
    return this.#size
  }

  get version(): number {
    return this.#version
  }

  hold(): void {
    this.#holders++
  }

  drop(): void {
    if (--this.#holders === 0) this.truncate(0)
  }

  read(into: Uint8Array, position: number): number {
    const bytes = Math.max(0, Math.min(into.length, this.#size - position))
    for (let done = 0; done < bytes; ) {
      const at = (position + done) % fullBlockBytes
      const step = Math.min(fullBlockBytes - at, bytes - done)
      const block = this.#blocks[Math.floor((position + done) / fullBlockBytes)]
      const held = block?.subarray(at, at + step) ?? new Uint8Array(0)
      into.set(held, done)
      into.fill(0, done + held.length, done + step)
      done += step
    }
    return bytes
  }

  /** Throws ENOSPC at the limit; what fitted before it stays written. */
  write(bytes: Uint8Array, position: number): void {
    this.#version++
    for (let done = 0; done < bytes.length; ) {
      const at = (position + done) % fullBlockBytes
      const step = Math.min(fullBlockBytes - at, bytes.length - done)
      const block = this.#block(Math.floor((position + done) / fullBlockBytes), at + step)
      block.set(bytes.subarray(done, done + step), at)
      done += step
      this.#size = Math.max(this.#size, position + done)
    }
  }

  truncate(bytes: number): void {
    this.#version++
    const kept = Math.ceil(bytes / fullBlockBytes)
    for (const block of this.#blocks.slice(kept)) this.#budget.give(block.length)
    if (this.#blocks.length > kept) this.#blocks.length = kept
    if (bytes < this.#size) this.#blocks[kept - 1]?.fill(0, ((bytes - 1) % fullBlockBytes) + 1)
    this.#size = bytes
  }

  /** The block at `index`, grown to hold `bytes` at least. */
  #block(index: number, bytes: number): Uint8Array {
    while (this.#blocks.length < index) this.#blocks.push(new Uint8Array(0))
    const block = this.#blocks[index] ?? new Uint8Array(0)
    if (block.length >= bytes) return block
    let length = Math.max(smallestBlockBytes, block.length)
    while (length < bytes) length *= 2
    this.#budget.take(length - block.length)
    const grown = new Uint8Array(length)
    grown.set(block)
    this.#blocks[index] = grown
    return grown
  }
}
