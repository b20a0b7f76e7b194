// Reads batches of a partition from an offset on: from the journal's slabs when they are still in memory,
// else from the journal's or a segment's file. Gives whole batches, as views that stay valid until they
// are released, and at least one batch if there is one. Checks the checksum of what comes from a disk.
import { assert } from '../base/assert.ts'
import { BatchHeader, headerBytes } from '../model/record-batch.ts'
import type { Journal } from './journal.ts'
import type { PartitionLog } from './partition-log.ts'
import type { ReadBuffer, ReadBuffers } from './read-buffers.ts'
import { pieceBytes } from './read-buffers.ts'
import type { Segment } from './segment.ts'
import type { SegmentFiles } from './segment-files.ts'
import type { Slab } from './slab-cache.ts'

/** What was found; `release` everything that `slabs` and `buffers` hold once it is sent. */
export interface ReadResult {
  readonly records: Uint8Array[]
  bytes: number
  readonly slabs: Slab[]
  readonly buffers: ReadBuffer[]
  /** Set when the next batch is there but cannot be read. */
  damaged: boolean
}

export const emptyRead = (): ReadResult => ({
  records: [],
  bytes: 0,
  slabs: [],
  buffers: [],
  damaged: false,
})

/** Reads no more than this from a disk for one partition at a time: the rest comes with the next fetch. */
const diskReadBytes = 4 * pieceBytes

export class LogReader {
  readonly #journal: Journal
  readonly #files: SegmentFiles
  readonly #buffers: ReadBuffers
  readonly #header = new BatchHeader()
  readonly counters = { fromMemory: 0, fromDisk: 0, damaged: 0 }

  constructor(journal: Journal, files: SegmentFiles, buffers: ReadBuffers) {
    this.#journal = journal
    this.#files = files
    this.#buffers = buffers
  }

  /** Bytes of batches in [offset, below), cheaply, up to `enough`. Used to decide whether to wait. */
  available(log: PartitionLog, offset: number, below: number, enough: number): number {
    if (offset >= below) return 0
    if (offset < log.flushedOffset) {
      const from = log.segments.findIndex((s) => s.nextOffset > offset)
      let bytes = 0
      for (let i = from; i >= 0 && i < log.segments.length && bytes < enough; i++) {
        const s = log.segments[i] as Segment
        // Inside a segment, places are known only roughly; one byte is there for sure.
        bytes += i === from && s.baseOffset < offset ? 1 : s.bytes
      }
      if (bytes >= enough) return bytes
      return bytes + this.#tailBytes(log, log.flushedOffset, below, enough - bytes)
    }
    return this.#tailBytes(log, offset, below, enough)
  }

  #tailBytes(log: PartitionLog, offset: number, below: number, enough: number): number {
    const { tail } = log
    let bytes = 0
    for (let i = tail.find(offset); i < tail.count && tail.nextOffset(i) <= below; i++) {
      bytes += tail.byteCount(i)
      if (bytes >= enough) break
    }
    return bytes
  }

  /**
   * Without waiting, if all is in memory: adds to `into` and returns true. False: nothing was added, use
   * `readFromDisk`. `mustGive`: the first batch comes even if it is larger than `maxBytes`.
   */
  readFromMemory(
    log: PartitionLog,
    offset: number,
    below: number,
    maxBytes: number,
    mustGive: boolean,
    into: ReadResult,
  ): boolean {
    const { tail } = log
    if (offset < log.flushedOffset || !this.#journal.slabs.mayPin) return false
    const first = tail.find(offset)
    if (first >= tail.count) return true
    if (tail.lsn(first) < this.#journal.slabs.start) return false
    let bytes = 0
    for (let i = first; i < tail.count && tail.nextOffset(i) <= below; i++) {
      const n = tail.byteCount(i)
      if (bytes + n > maxBytes && !(mustGive && bytes === 0)) break
      const there = this.#journal.slabs.slice(tail.lsn(i), n, into.records, into.slabs)
      assert(there, 'what is behind a batch in memory is in memory')
      bytes += n
    }
    into.bytes += bytes
    this.counters.fromMemory += bytes
    return true
  }

  /** As `readFromMemory`, from the files. Takes at most a few MiB, but always one whole batch. */
  async readFromDisk(
    log: PartitionLog,
    offset: number,
    below: number,
    maxBytes: number,
    mustGive: boolean,
    into: ReadResult,
  ): Promise<void> {
    const segment = log.segments.find((s) => s.nextOffset > offset)
    const limit = Math.min(maxBytes, diskReadBytes)
    if (segment === undefined) await this.#readTail(log, offset, below, limit, mustGive, into)
    else await this.#readSegment(segment, offset, below, limit, mustGive, into)
  }

  // ---- The tail, from the journal's files --------------------------------------------------------------

  async #readTail(
    log: PartitionLog,
    offset: number,
    below: number,
    limit: number,
    mustGive: boolean,
    into: ReadResult,
  ): Promise<void> {
    const { tail } = log
    // Noted first: the flusher may move batches to segments while we wait.
    const wanted: { lsn: number; bytes: number }[] = []
    let total = 0
    for (let i = tail.find(offset); i < tail.count && tail.nextOffset(i) <= below; i++) {
      const n = tail.byteCount(i)
      if (total + n > limit && !(mustGive && total === 0)) break
      wanted.push({ lsn: tail.lsn(i), bytes: n })
      total += n
    }
    if (total === 0) return
    const files = wanted.map((w) => this.#journal.locate(w.lsn))
    const buffer = await this.#buffers.take(total)
    into.buffers.push(buffer)
    let at = 0
    for (const [i, { bytes }] of wanted.entries()) {
      const place = files[i]
      assert(place, 'each batch has a place')
      const memory = buffer.memory.subarray(at, at + bytes)
      const n = await place.file.read(memory, place.position)
      if (n < bytes || !this.#isWhole(memory)) return this.#reportDamage(into)
      into.records.push(memory)
      into.bytes += bytes
      at += bytes
    }
    this.counters.fromDisk += total
  }

  // ---- Segments ----------------------------------------------------------------------------------------

  async #readSegment(
    segment: Segment,
    offset: number,
    below: number,
    limit: number,
    mustGive: boolean,
    into: ReadResult,
  ): Promise<void> {
    let place = segment.index.placeOf(offset)
    let want = Math.max(pieceBytes, limit)
    for (;;) {
      const bytes = Math.min(want, segment.bytes - place)
      if (bytes < headerBytes) return
      const buffer = await this.#buffers.take(bytes)
      const memory = buffer.memory.subarray(0, bytes)
      const n = await this.#files.read(segment.file, memory, segment.position + place)
      const found =
        n < bytes
          ? 'damaged'
          : this.#collect(segment, memory, place, offset, below, limit, mustGive, into)
      if (found === 'done') {
        into.buffers.push(buffer)
        return
      }
      buffer.release()
      if (found === 'damaged') return this.#reportDamage(into)
      // Either nothing here reaches the offset yet, or the batch is larger than what was read.
      place = found.from
      want = Math.max(pieceBytes, found.bytes)
    }
  }

  /**
   * Takes the wanted batches out of a piece of a segment that starts at `place`. Asks for another piece
   * when the first wanted batch is not wholly in it.
   */
  #collect(
    segment: Segment,
    piece: Uint8Array,
    place: number,
    offset: number,
    below: number,
    limit: number,
    mustGive: boolean,
    into: ReadResult,
  ): 'done' | 'damaged' | { from: number; bytes: number } {
    const header = this.#header
    let at = 0
    let from = -1
    while (at + headerBytes <= piece.length) {
      header.moveTo(piece, at)
      const { bytes, baseOffset, nextOffset, maxTimestamp } = header
      if (bytes < headerBytes || header.magic !== 2)
        return from < 0 ? 'damaged' : this.#give(piece, from, at, into)
      if (nextOffset > below) break
      const whole = at + bytes <= piece.length
      if (nextOffset > offset) {
        const taken = from < 0 ? 0 : at - from
        if (!whole && from < 0) return { from: place + at, bytes }
        if (!whole || (taken + bytes > limit && !(mustGive && taken === 0))) break
        if (header.checksum() !== header.crc)
          return from < 0 ? 'damaged' : this.#give(piece, from, at, into)
        if (from < 0) from = at
      } else if (!whole) return { from: place + at, bytes: pieceBytes }
      segment.index.note(baseOffset, place + at, bytes, maxTimestamp)
      at += bytes
      segment.index.remember(nextOffset, place + at)
    }
    if (from >= 0) return this.#give(piece, from, at, into)
    // Nothing reached the offset: go on behind, unless the segment or the readers' bound ends here.
    const ended = at + headerBytes > piece.length && place + at < segment.bytes && at > 0
    return ended ? { from: place + at, bytes: pieceBytes } : 'done'
  }

  #give(piece: Uint8Array, from: number, to: number, into: ReadResult): 'done' {
    into.records.push(piece.subarray(from, to))
    into.bytes += to - from
    this.counters.fromDisk += to - from
    return 'done'
  }

  #isWhole(batch: Uint8Array): boolean {
    const header = this.#header.moveTo(batch)
    return header.bytes === batch.length && header.checksum() === header.crc
  }

  #reportDamage(into: ReadResult): void {
    into.damaged = true
    this.counters.damaged++
  }

  /** Gives back what a read holds, once it is sent or not wanted any more. */
  release(read: ReadResult): void {
    this.#journal.slabs.unpin(read.slabs)
    for (const buffer of read.buffers) buffer.release()
  }
}
