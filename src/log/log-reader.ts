// Reads batches of a partition from an offset on: from the journal's slabs when they are still in
// memory, else from the journal's files or a segment. Gives whole batches, as views that stay valid
// until they are released, and at least one batch if there is one. Checks the checksum of what
// comes from a disk.
import { assert } from '../base/assert.ts'
import { DiskError } from '../io/disk.ts'
import { BatchHeader } from '../model/record-batch.ts'
import type { Journal } from './journal/journal.ts'
import { memoryLsn } from './memory-batches.ts'
import type { PartitionLog } from './partition-log.ts'
import type { ReadBuffers } from './pieces/read-buffers.ts'
import { forget, type ReadResult, type ReadWant } from './read-result.ts'
import type { Segment } from './segment/segment.ts'
import { remedy, type SegmentFiles, segmentPath } from './segment/segment-files.ts'
import type { SegmentIndex } from './segment/segment-index.ts'
import { SegmentReader } from './segment-reader.ts'

/**
 * From a disk no more than this for one partition at a time: the rest comes with the next fetch.
 */
const diskReadBytes = 4 << 20

const sharesMin = 4
/** People are told of so many places of a segment. */
const toldMax = 16

export class LogReader {
  readonly counters = { memoryBytes: 0, diskBytes: 0, damaged: 0 }
  readonly #journal: Journal
  readonly #buffers: ReadBuffers
  readonly #files: SegmentFiles
  readonly #segments: SegmentReader
  readonly #header = new BatchHeader()
  readonly #report: (line: string) => void
  /** Offsets that people were told of, of a segment or of a log's part of the journal. */
  readonly #told = new WeakMap<SegmentIndex | PartitionLog, Set<number>>()

  constructor(
    journal: Journal,
    files: SegmentFiles,
    buffers: ReadBuffers,
    report: (line: string) => void,
  ) {
    this.#journal = journal
    this.#buffers = buffers
    this.#files = files
    this.#segments = new SegmentReader(files, buffers)
    this.#report = report
  }

  /** Of old records that were read ahead, what was held against its checksums. */
  get summedBytes(): number {
    return this.#segments.counters.summedBytes
  }

  /** Somebody waits for the memory that other readers hold. */
  get isShort(): boolean {
    return this.#buffers.isShort
  }

  /**
   * What one answer should hold of that memory at most: a large share while there is much, and only
   * what it must have while slow readers hold the most of it.
   */
  get shareBytes(): number {
    const { limitBytes } = this.#buffers
    return this.lentBytes < limitBytes / 2 ? limitBytes / sharesMin : 1
  }

  /** Memory that readers of old records hold now. */
  get lentBytes(): number {
    return this.#buffers.lentBytes - this.#segments.aheadBytes
  }

  /**
   * Bytes of batches in [offset, below), cheaply, up to `enough`: to decide whether to wait for
   * more.
   */
  available(log: PartitionLog, offset: number, below: number, enough: number): number {
    let bytes = 0
    for (const s of log.segments) {
      if (bytes >= enough) return bytes
      // Inside a segment, places are known only roughly; one byte is there for sure.
      if (s.nextOffset > offset && offset < below) bytes += s.baseOffset < offset ? 1 : s.bytes
    }
    const { tail } = log
    for (let i = tail.find(offset); i < tail.count && tail.nextOffset(i) <= below; i++) {
      if (bytes >= enough) break
      bytes += tail.byteCount(i)
    }
    return bytes
  }

  /**
   * Without waiting, if all is in memory: adds to `into`. False: nothing was added, use
   * `readFromDisk`.
   */
  readFromMemory(log: PartitionLog, want: ReadWant, into: ReadResult): boolean {
    // A reader that waited for another partition may find this one deleted.
    if (log.deleted) return true
    const { tail } = log
    if (want.offset < log.flushedOffset) return false
    const first = tail.find(want.offset)
    if (first >= tail.count || tail.nextOffset(first) > want.below) return true
    if (tail.lsn(first) === memoryLsn) return this.#readMemory(log, want, first, into)
    if (!this.#journal.slabs.mayPin || tail.lsn(first) < this.#journal.slabs.start) return false
    let bytes = 0
    for (let i = first; i < tail.count && tail.nextOffset(i) <= want.below; i++) {
      const n = tail.byteCount(i)
      if (bytes + n > want.maxBytes && !(want.mustGive && bytes === 0)) break
      const there = this.#journal.slabs.slice(tail.lsn(i), n, into.records, into.slabs)
      assert(there, 'what is behind a batch in memory is in memory')
      bytes += n
    }
    into.bytes += bytes
    this.counters.memoryBytes += bytes
    return true
  }

  /** Batches that are nowhere else: the collector keeps them while they are sent. */
  #readMemory(log: PartitionLog, want: ReadWant, first: number, into: ReadResult): true {
    const { tail, memory } = log
    assert(memory, 'a partition with batches in memory is one that keeps them there')
    let bytes = 0
    for (let i = first; i < tail.count && tail.nextOffset(i) <= want.below; i++) {
      const n = tail.byteCount(i)
      if (bytes + n > want.maxBytes && !(want.mustGive && bytes === 0)) break
      into.records.push(memory.get(tail.baseOffset(i)))
      bytes += n
    }
    into.bytes += bytes
    this.counters.memoryBytes += bytes
    return true
  }

  /** So that the index of the segment tells what is known of it, also after a restart. */
  async readIndex(segment: Segment): Promise<void> {
    await this.#files.indexes.read(segment)
  }

  /** As `readFromMemory`, from the files. Takes at most a few MiB, but always one whole batch. */
  async readFromDisk(log: PartitionLog, want: ReadWant, into: ReadResult): Promise<void> {
    assert(into.bytes === 0, 'a read begins with nothing')
    const limited = { ...want, maxBytes: Math.min(want.maxBytes, diskReadBytes) }
    const gone = (): boolean => log.deleted || want.offset < log.logStartOffset
    try {
      // Again as often as it moves meanwhile, from the journal to a segment or between segments.
      let from: Segment | undefined
      let found: boolean
      do {
        from = segmentOf(log, want.offset)
        found = await this.#read(log, from, limited, into)
      } while (!found && segmentOf(log, want.offset) !== from)
      if (from?.sparse && into.bytes > 0) await this.#readBehindEmpty(log, from, limited, into)
      into.damaged = !found && !gone()
    } catch (cause) {
      if (!(cause instanceof DiskError)) throw cause
      into.damaged = !gone()
    }
    if (into.damaged) into.fault = this.#damaged(log, want.offset)
    if (into.bytes === 0)
      into.wholeFrom = Math.max(want.offset + 1, into.wholeFrom || log.endOfPlace(want.offset))
    this.counters.diskBytes += into.bytes
  }

  /**
   * Compaction leaves a batch without records where a segment ends. Some clients get no further by
   * those alone, so that what comes behind is read in their place; they are given where nothing
   * does. What is lent goes back before more is asked for: there may be thousands in a row.
   */
  async #readBehindEmpty(
    log: PartitionLog,
    from: Segment,
    want: ReadWant,
    into: ReadResult,
  ): Promise<void> {
    let segment: Segment | undefined = from
    for (let end = this.#endOfEmpty(into.records); end >= 0; ) {
      into.isEmptied = true
      if (end !== segment?.nextOffset) return
      const kept = Buffer.concat(into.records)
      this.release(into)
      forget(into)
      segment = segmentOf(log, end)
      await this.#read(log, segment, { ...want, offset: end }, into)
      if (into.bytes === 0) {
        into.records.push(kept)
        into.bytes = kept.length
        return
      }
      end = this.#endOfEmpty(into.records)
    }
    into.isEmptied = false
  }

  /** Where the last of the batches ends; -1: there are records in them. */
  #endOfEmpty(batches: readonly Uint8Array[]): number {
    const header = this.#header
    let end = -1
    for (const bytes of batches)
      for (let at = 0; at < bytes.length; at += header.bytes) {
        if (header.moveTo(bytes, at).recordCount > 0) return -1
        end = header.nextOffset
      }
    return end
  }

  /** Every reader that comes by is told; people once for each place, and not of too many. */
  #damaged(log: PartitionLog, offset: number): string | null {
    this.counters.damaged++
    const segment = segmentOf(log, offset)
    if (segment !== undefined) segment.index.isDamaged = true
    const fault = segment === undefined ? null : this.#segments.faultOf(segment.file)
    // All that is behind it was told at the start.
    const isTold = log.damagedFrom !== null && offset >= log.damagedFrom
    if (!isTold) this.#tell(log, segment, offset, fault)
    return fault
  }

  #tell(
    log: PartitionLog,
    segment: Segment | undefined,
    offset: number,
    fault: string | null,
  ): void {
    const of = segment?.index ?? log
    const told = this.#told.get(of) ?? new Set()
    if (told.has(offset) || told.size >= toldMax) return
    this.#told.set(of, told.add(offset))
    const place = segment === undefined ? 'the journal' : segmentPath(segment.file)
    const why = fault === null ? '' : ` (${fault})`
    const isForbidden = fault === 'EACCES' || fault === 'EPERM'
    const cure = isForbidden ? 'let this process read the file' : remedy
    this.#report(`${place} cannot be read at offset ${offset} of ${log.label}${why}: ${cure}`)
  }

  /** From `segment`, or from the journal. False when what is there cannot be read. */
  async #read(
    log: PartitionLog,
    segment: Segment | undefined,
    want: ReadWant,
    into: ReadResult,
  ): Promise<boolean> {
    if (segment !== undefined) return this.#segments.read(log, segment, want, into)
    return this.#readTail(log, want, into)
  }

  async #readTail(log: PartitionLog, want: ReadWant, into: ReadResult): Promise<boolean> {
    const { tail } = log
    const wanted: { lsn: number; bytes: number; nextOffset: number }[] = []
    let total = 0
    for (let i = tail.find(want.offset); i < tail.count && tail.nextOffset(i) <= want.below; i++) {
      const bytes = tail.byteCount(i)
      if (total + bytes > want.maxBytes && !(want.mustGive && total === 0)) break
      wanted.push({ lsn: tail.lsn(i), bytes, nextOffset: tail.nextOffset(i) })
      total += bytes
    }
    if (total === 0) return true
    const buffer = want.mustGive ? await this.#buffers.take(total) : this.#buffers.tryTake(total)
    if (buffer === null) return true
    let at = 0
    for (const { lsn, bytes, nextOffset } of wanted) {
      const memory = buffer.memory.subarray(at, at + bytes)
      if (!(await this.#journal.read(memory, lsn)) || !this.#isWhole(log, memory, nextOffset)) break
      into.records.push(memory)
      at += bytes
    }
    into.bytes += at
    if (at > 0) into.buffers.push(buffer)
    else buffer.release()
    if (at === 0) into.wholeFrom = wanted[0]?.nextOffset ?? 0
    return at > 0
  }

  /** The offset is not under the checksum, but the tail knows it. */
  #isWhole(log: PartitionLog, batch: Uint8Array, nextOffset: number): boolean {
    const header = this.#header.moveTo(batch)
    return header.bytes === batch.length && header.nextOffset === nextOffset && log.isWhole(header)
  }

  /** Gives back what a read holds, once it is sent or not wanted any more. */
  release(read: ReadResult): void {
    this.#journal.slabs.unpin(read.slabs)
    for (const buffer of read.buffers) buffer.release()
  }
}

/** Where a record lies; undefined: not in a segment yet. */
const segmentOf = (log: PartitionLog, offset: number): Segment | undefined =>
  log.segments.find((s) => s.nextOffset > offset)
