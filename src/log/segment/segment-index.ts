// Sparse places in a segment: every so many bytes, the offset that begins there and the largest
// timestamp before it. Built while flushing; for a segment of an earlier run it is read from a file
// (index-files.ts), and what that lacks is learned as readers pass. A wrong place is impossible to
// notice later, so entries are only ever made from batches that were read or written. Also
// remembers where sequential readers will continue.
const everyBytes = 256 << 10

export interface IndexEntry {
  readonly offset: number
  /** In the segment. */
  readonly position: number
  readonly maxTimestampBefore: number
}

const stride = 3
const rememberedReaders = 16

/** Where a batch begins: bytes from the segment's start, and the offset that is due there. */
export interface Place {
  readonly position: number
  readonly offset: number
}

export class SegmentIndex {
  /** offset, position in the segment, largest timestamp of all before; ascending. */
  readonly #entries: number[] = []
  readonly #next = new Map<number, number>()
  #maxTimestamp = Number.NEGATIVE_INFINITY
  #covered = 0
  /** False for a segment of an earlier run whose index file has not been read yet. */
  isRead: boolean
  /** False for a segment of an earlier run until its file has said whose records it holds. */
  isOwned: boolean
  /** What is there could not be read, or is not what was written: told, and not built upon. */
  isDamaged = false

  constructor(isOfThisRun = true) {
    this.isRead = isOfThisRun
    this.isOwned = isOfThisRun
  }

  get maxTimestamp(): number {
    return this.#maxTimestamp
  }

  /** What is known of the stretch that begins at `position`, for a file. */
  entriesFrom(position: number): IndexEntry[] {
    const entries: IndexEntry[] = []
    for (let i = 0; i < this.#entries.length; i += stride) {
      const [offset = 0, at = 0, maxTimestampBefore = 0] = this.#entries.slice(i, i + stride)
      if (at >= position) entries.push({ offset, position: at, maxTimestampBefore })
    }
    return entries
  }

  /** Takes over what a file says of the stretch from `covered` up to `to`. */
  add(entries: readonly IndexEntry[], to: number, maxTimestamp: number): void {
    for (const { offset, position, maxTimestampBefore } of entries)
      this.#entries.push(offset, position, maxTimestampBefore)
    this.#covered = to
    this.#maxTimestamp = maxTimestamp
  }

  /** Told of batches as they are written or read; only what continues the known part is kept. */
  note(offset: number, position: number, bytes: number, maxTimestamp: number): void {
    if (position !== this.#covered) return
    const last = this.#entries[this.#entries.length - 2]
    if (last === undefined || position - last >= everyBytes)
      this.#entries.push(offset, position, this.#maxTimestamp)
    this.#maxTimestamp = Math.max(this.#maxTimestamp, maxTimestamp)
    this.#covered = position + bytes
  }

  /** Bytes from the segment's start whose batches have been noted. */
  get covered(): number {
    return this.#covered
  }

  /** A reader that took all below `offset` will go on at `position`. */
  remember(offset: number, position: number): void {
    if (this.#next.size >= rememberedReaders) {
      const oldest = this.#next.keys().next()
      if (!oldest.done) this.#next.delete(oldest.value)
    }
    this.#next.set(offset, position)
  }

  /** A place at or before the batch that holds `offset`; null when only the start is known. */
  placeOf(offset: number): Place | null {
    const exact = this.#next.get(offset)
    if (exact !== undefined) {
      this.#next.delete(offset)
      return { position: exact, offset }
    }
    let low = 0
    let high = this.#entries.length / stride
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle * stride] as number) <= offset) low = middle + 1
      else high = middle
    }
    if (low === 0) return null
    const entry = (low - 1) * stride
    return {
      position: this.#entries[entry + 1] as number,
      offset: this.#entries[entry] as number,
    }
  }

  /** The last place that is known at or before `position`; null when only the start is. */
  placeBefore(position: number): Place | null {
    for (let i = this.#entries.length - stride; i >= 0; i -= stride) {
      const at = this.#entries[i + 1] as number
      if (at <= position) return { position: at, offset: this.#entries[i] as number }
    }
    return null
  }

  /** The first place that is known behind `position`; null: none is. */
  placeAfter(position: number): Place | null {
    for (let i = 0; i < this.#entries.length; i += stride) {
      const at = this.#entries[i + 1] as number
      if (at > position) return { position: at, offset: this.#entries[i] as number }
    }
    return null
  }

  /**
   * An offset before which every timestamp is below `timestampMs`; `first` when nothing is known.
   */
  offsetOfTime(timestampMs: number, first: number): number {
    let offset = first
    for (let i = 0; i < this.#entries.length; i += stride) {
      if ((this.#entries[i + 2] as number) >= timestampMs) break
      offset = this.#entries[i] as number
    }
    return offset
  }
}
