// A read of one partition: what is wanted, and what was found with the memory that it holds.

import type { Slab } from './journal/slab-cache.ts'

/** What is wanted of a partition. */
export interface ReadWant {
  readonly offset: number
  /** Only batches that end at or below this offset. */
  readonly below: number
  readonly maxBytes: number
  /** The first batch comes even if it is larger than `maxBytes`. */
  readonly mustGive: boolean
  /**
   * The bytes go to somebody else with their checksums: what was right lately is not summed again.
   */
  readonly isPassedOn?: boolean
}

/** Lent memory, which may be larger than what was found in it. */
export interface Held {
  readonly lentBytes: number
  release(): void
}

/** What was found; its memory is held until `LogReader.release`. */
export interface ReadResult {
  readonly records: Uint8Array[]
  bytes: number
  readonly slabs: Slab[]
  readonly buffers: Held[]
  /** Set when the next batch is there but cannot be read. */
  damaged: boolean
  /** Why, where the disk says so (EIO, EACCES); null: what is there is not what was written. */
  fault: string | null
  /** From a disk, when nothing was found: where who passes over what should be there reads on. */
  wholeFrom: number
  /** Set when it is nothing but batches that compaction has emptied. */
  isEmptied: boolean
}

export const emptyRead = (): ReadResult => ({
  records: [],
  bytes: 0,
  slabs: [],
  buffers: [],
  damaged: false,
  fault: null,
  wholeFrom: 0,
  isEmptied: false,
})

/** What it held has been released. */
export function forget(read: ReadResult): void {
  for (const list of [read.records, read.slabs, read.buffers]) list.length = 0
  read.bytes = 0
}
