// Batches of partitions with flush policy memory: they are on no disk and gone with the process.
// One bound holds for all such partitions of a node together. The partition's tail index points at
// them by offset.
import { assert } from '../base/assert.ts'

/**
 * What stands for an LSN in the index of a batch that no journal holds: nothing is ever flushed
 * below it.
 */
export const memoryLsn = Number.MAX_SAFE_INTEGER

/** What a batch in memory costs besides its bytes: the buffer, and its places in map and index. */
export const batchOverheadBytes = 600

const costOf = (bytes: number): number => bytes + batchOverheadBytes

/** Bytes of all partitions in memory together, as the process pays for them. */
export class MemoryBudget {
  readonly limitBytes: number
  usedBytes = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  fits(bytes: number): boolean {
    return this.usedBytes + bytes <= this.limitBytes
  }
}

export class MemoryBatches {
  readonly #budget: MemoryBudget
  readonly #byOffset = new Map<number, Uint8Array>()

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  fits(bytes: number): boolean {
    return this.#budget.fits(costOf(bytes))
  }

  /** Keeps a copy. */
  put(baseOffset: number, batch: Uint8Array): void {
    this.#byOffset.set(baseOffset, Uint8Array.from(batch))
    this.#budget.usedBytes += costOf(batch.length)
  }

  get(baseOffset: number): Uint8Array {
    const batch = this.#byOffset.get(baseOffset)
    assert(batch, 'the tail points at batches that are there')
    return batch
  }

  drop(baseOffset: number): void {
    this.#budget.usedBytes -= costOf(this.get(baseOffset).length)
    this.#byOffset.delete(baseOffset)
  }

  clear(): void {
    for (const baseOffset of [...this.#byOffset.keys()]) this.drop(baseOffset)
  }
}
