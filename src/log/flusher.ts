// Moves what the journal holds into segments, in large sequential writes, and then gives the
// journal's files back. A pass takes everything that is durable when it begins: partitions with
// much to flush write to a file of their own, the others share one, sorted by partition. Only when
// data and manifest are durable do readers see the segments and the journal forget. At most one
// pass runs; the log store starts them. Among thousands of partitions it gives way to others: but
// for what is durable, anything may have changed since it looked.
import { Turns } from '../base/turns.ts'
import type { Clock } from '../io/clock.ts'
import { type Disk, DiskError } from '../io/disk.ts'
import { BatchHeader } from '../model/record-batch.ts'
import type { Journal } from './journal/journal.ts'
import type { JournalFiles } from './journal/journal-files.ts'
import { JournalPieces } from './journal/journal-pieces.ts'
import type { Slab } from './journal/slab-cache.ts'
import type { LogOptions } from './log-options.ts'
import type { Manifest, PartitionChange } from './manifest.ts'
import type { PartitionLog } from './partition-log.ts'
import { beganMs, isRolled } from './segment/rolling.ts'
import { type Segment, sameSegment, segmentFields, timesOf } from './segment/segment.ts'
import {
  remedy,
  runHeaderBytes,
  type SegmentFiles,
  segmentFolder,
  segmentPath,
  writeRunHeader,
} from './segment/segment-files.ts'
import { SegmentIndex } from './segment/segment-index.ts'
import { SegmentWriter } from './segment/segment-writer.ts'

/** What a pass does to one partition. */
interface Move {
  readonly log: PartitionLog
  /** Batches at the front of its tail that leave it, */
  readonly batches: number
  /** of which so many are below the log start already, and are never written. */
  readonly skipped: number
  /** To be written. */
  readonly bytes: number
  /** The segment that they are put behind; null: they begin one. */
  readonly before: Segment | null
}

/** Batches of a tail that lie in one segment, from and to, behind what it holds before. */
interface Stretch {
  readonly log: PartitionLog
  readonly from: number
  readonly to: number
  readonly before: Segment | null
}

/** A producer may be known from records alone that were trimmed: the journal forgets them now. */
const hasWork = ({ log, batches }: Move): boolean =>
  batches > 0 || (log.producers.dirty && !log.deleted)

interface Moved {
  readonly move: Move
  /** New or grown; none when all of its batches were skipped. */
  readonly segments: readonly Segment[]
}

export interface FlusherParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly journal: Journal
  readonly journalFiles: JournalFiles
  readonly segmentFiles: SegmentFiles
  readonly manifest: Manifest
  /** A segment that should grow, and has lost something, is said. */
  report(line: string): void
  readonly options: Pick<
    LogOptions,
    | 'ownFileBytes'
    | 'stagingBytes'
    | 'partitionsPerTurn'
    | 'batchesPerTurn'
    | 'slabBytes'
    | 'readPieceBytes'
    | 'rereadBytes'
  >
}

export class Flusher {
  readonly counters = { passes: 0, bytes: 0, files: 0 }
  readonly #parts: FlusherParts
  readonly #header = new BatchHeader()
  readonly #staging: Uint8Array
  readonly #turns: Turns
  /** The same for batches that are copied. */
  readonly #copies: Turns
  /** What has left memory before it was flushed. */
  readonly #pieces: JournalPieces
  #scratch = new Uint8Array(0)

  constructor(parts: FlusherParts) {
    this.#parts = parts
    this.#staging = parts.disk.allocate(parts.options.stagingBytes)
    this.#turns = new Turns(parts.clock, parts.options.partitionsPerTurn)
    this.#copies = new Turns(parts.clock, parts.options.batchesPerTurn)
    const { slabBytes, readPieceBytes, rereadBytes } = parts.options
    this.#pieces = new JournalPieces(
      parts.journal,
      Math.min(slabBytes, readPieceBytes),
      rereadBytes,
    )
  }

  /** One pass over `logs`; resolves to the LSN up to which the journal has been emptied. */
  async pass(logs: Iterable<PartitionLog>): Promise<number> {
    const { journal, manifest, journalFiles, disk, options } = this.#parts
    await journal.syncWritten()
    const upTo = journal.syncedLsn
    const moves = await this.#planAll([...logs], upTo)
    const large = moves.filter((m) => m.bytes >= options.ownFileBytes)
    const small = moves.filter((m) => m.bytes < options.ownFileBytes)
    const own: Moved[] = []
    for (const move of large) own.push(await this.#writeOwn(move))
    // Of many small ones each piece has something; what is large is read for itself.
    this.#pieces.open()
    const moved = own.concat(await this.#writeShared(small.filter((m) => m.bytes > 0)))
    this.#pieces.close()
    if (moved.length > 0) await disk.syncDir(segmentFolder)
    for (const move of small) if (move.bytes === 0) moved.push({ move, segments: [] })
    await manifest.appendMany({ replayFrom: upTo }, this.#changesOf(moved), this.#turns)
    const deleted = await this.#show(moved)
    await journalFiles.recycle(upTo)
    await this.#discard(deleted)
    journal.roomMayHaveGrown()
    await this.#writeIndexes(moved)
    this.counters.passes++
    return upTo
  }

  async #planAll(logs: readonly PartitionLog[], upTo: number): Promise<Move[]> {
    const moves: Move[] = []
    for (const log of logs) {
      const last = log.segments[log.segments.length - 1]
      // A segment of an earlier run grows only with its index.
      if (last?.own === true) await this.#parts.segmentFiles.indexes.read(last)
      const move = this.#plan(log, upTo)
      if (hasWork(move)) moves.push(move)
      const pause = this.#turns.next()
      if (pause !== null) await pause
    }
    return moves
  }

  /** Lets readers see what is durable now. Returns what was deleted before they could. */
  async #show(moved: readonly Moved[]): Promise<Moved[]> {
    const deleted: Moved[] = []
    for (const one of moved) {
      const { log, batches } = one.move
      log.growing = null
      if (log.deleted) deleted.push(one)
      else log.moveToSegments(one.segments, batches)
      const pause = this.#turns.next()
      if (pause !== null) await pause
    }
    return deleted
  }

  /** Of what the manifest has now. Derived, so nobody waits for it, and it is not synced. */
  async #writeIndexes(moved: readonly Moved[]): Promise<void> {
    const { indexes } = this.#parts.segmentFiles
    for (const { move, segments } of moved)
      for (const segment of segments) {
        if (!segment.own || move.log.deleted || !move.log.segments.includes(segment)) continue
        const { before } = move
        const grows = before !== null && sameSegment(before, segment)
        await indexes.write([segment], grows ? before.bytes : 0)
      }
  }

  #plan(log: PartitionLog, upTo: number): Move {
    const batches = log.deleted ? 0 : log.tail.countBelow(upTo)
    const skipped = Math.min(batches, log.tail.find(log.logStartOffset))
    let bytes = 0
    for (let i = skipped; i < batches; i++) bytes += log.tail.byteCount(i)
    const before = this.#growable(log, skipped, bytes)
    log.growing = before
    return { log, batches, skipped, bytes, before }
  }

  /** The last segment, if it may take the next batch and the tail goes on where it ends. */
  #growable(log: PartitionLog, skipped: number, bytes: number): Segment | null {
    const last = log.segments[log.segments.length - 1]
    const { clock, options } = this.#parts
    const grows =
      last?.own === true &&
      !last.index.isDamaged &&
      bytes >= options.ownFileBytes &&
      last.bytes + log.tail.byteCount(skipped) <= log.settings.segmentBytes &&
      last.nextOffset === log.tail.baseOffset(skipped) &&
      !isRolled(log, last, clock.now()) &&
      // Else a part of it would stay without an index for ever.
      last.index.covered === last.bytes
    return grows ? last : null
  }

  *#changesOf(moved: readonly Moved[]): Generator<PartitionChange> {
    for (const one of moved) yield this.#change(one)
  }

  #change({ move, segments }: Moved): PartitionChange {
    const { log } = move
    const isRest = move.batches < log.tail.count
    const end = isRest ? log.tail.baseOffset(move.batches) : log.logEndOffset
    const producers = log.producers.dirty ? { producers: log.producers.snapshot(end) } : {}
    log.producers.dirty = log.producers.lastOffset >= end
    return {
      topic: log.topic,
      partition: log.partition,
      segments: segments.map(segmentFields),
      logStartOffset: log.logStartOffset,
      epochs: log.epochsBelow(end),
      ...producers,
    }
  }

  /** Partitions that were deleted while we wrote: the manifest forgets them again. */
  async #discard(deleted: readonly Moved[]): Promise<void> {
    const { manifest, segmentFiles } = this.#parts
    if (deleted.length === 0) return
    await manifest.append({
      dropped: deleted.map(({ move: { log } }) => [log.topic, log.partition]),
    })
    for (const { segments } of deleted)
      for (const { file } of segments) await segmentFiles.release(file)
  }

  /** Into files of its own, each as large as the topic wants its segments. */
  async #writeOwn(move: Move): Promise<Moved> {
    const segments: Segment[] = []
    for (let from = move.skipped; from < move.batches; ) {
      const before = segments.length === 0 ? move.before : null
      const to = this.#segmentEnd(move, from, before?.bytes ?? 0)
      segments.push(await this.#writeOne(move.log, from, to, before))
      from = to
    }
    return { move, segments }
  }

  /** Index of the batch of the tail that does not fit a segment any more; at least one fits. */
  #segmentEnd({ log, batches }: Move, from: number, bytesBefore: number): number {
    let bytes = bytesBefore + log.tail.byteCount(from)
    let to = from + 1
    while (to < batches && bytes + log.tail.byteCount(to) <= log.settings.segmentBytes)
      bytes += log.tail.byteCount(to++)
    return to
  }

  async #writeOne(
    log: PartitionLog,
    from: number,
    to: number,
    before: Segment | null,
  ): Promise<Segment> {
    const grown = before === null ? null : await this.#goOn(log, before)
    const writer = grown ?? (await this.#beginOwn(log, from))
    const stretch = { log, from, to, before: grown === null ? null : before }
    const { checked } = this.#parts.segmentFiles
    const begin = writer.position
    if (grown !== null) checked.writing(writer.file, writer.version)
    const segment = await this.#copy(stretch, writer, true)
    const end = writer.position
    await writer.finish()
    await checked.written(writer.file, begin, end, writer)
    return segment
  }

  /** Null when its file has lost something: it stays as it is, and the partition begins another. */
  async #goOn(
    log: PartitionLog,
    { file, position, bytes, index }: Segment,
  ): Promise<SegmentWriter | null> {
    const { disk, report } = this.#parts
    const writer = await SegmentWriter.goOn(disk, file, position + bytes, this.#staging)
    if (writer !== null) return writer
    index.isDamaged = true
    report(`${segmentPath(file)} has lost its end: ${log.label} goes on in another file; ${remedy}`)
    return null
  }

  async #beginOwn(log: PartitionLog, from: number): Promise<SegmentWriter> {
    const { disk, segmentFiles } = this.#parts
    const file = segmentFiles.newNumber()
    const writer = await SegmentWriter.begin(disk, file, this.#staging)
    await writer.write(this.#runHeader(log, from, 0))
    segmentFiles.retain(file)
    this.counters.files++
    return writer
  }

  async #writeShared(moves: readonly Move[]): Promise<Moved[]> {
    if (moves.length === 0) return []
    const { disk, segmentFiles } = this.#parts
    const file = segmentFiles.newNumber()
    const writer = await SegmentWriter.begin(disk, file, this.#staging)
    const moved: Moved[] = []
    for (const move of moves) {
      const { log, skipped: from, batches: to, bytes } = move
      await writer.write(this.#runHeader(log, from, bytes))
      segmentFiles.retain(file)
      const segment = await this.#copy({ log, from, to, before: null }, writer, false)
      moved.push({ move, segments: [segment] })
      const pause = this.#turns.next()
      if (pause !== null) await pause
    }
    await writer.finish()
    segmentFiles.written(file, writer.position)
    this.counters.files++
    return moved
  }

  #runHeader(log: PartitionLog, from: number, bytes: number): Uint8Array {
    const header = new Uint8Array(runHeaderBytes)
    const { topic: topicId, partition } = log
    writeRunHeader(header, { topicId, partition, baseOffset: log.tail.baseOffset(from), bytes })
    return header
  }

  /** Copies a stretch of a tail behind what the writer has; the segment as it is then. */
  async #copy(
    { log, from, to, before }: Stretch,
    writer: SegmentWriter,
    own: boolean,
  ): Promise<Segment> {
    const { tail } = log
    const position = before?.position ?? writer.position
    const index = before?.index ?? new SegmentIndex()
    const baseOffset = before?.baseOffset ?? tail.baseOffset(from)
    let maxTimestamp = before?.maxTimestamp ?? Number.NEGATIVE_INFINITY
    let nextOffset = baseOffset
    for (let i = from; i < to; i++) {
      const at = writer.position - position
      if (!this.#copyNow(log, i, writer)) await this.#copyBatch(log, i, writer)
      const pause = this.#copies.next()
      if (pause !== null) await pause
      index.note(tail.baseOffset(i), at, tail.byteCount(i), tail.maxTimestamp(i))
      maxTimestamp = Math.max(maxTimestamp, tail.maxTimestamp(i))
      nextOffset = tail.nextOffset(i)
    }
    const bytes = writer.position - position
    this.counters.bytes += bytes - (before?.bytes ?? 0)
    const nowMs = this.#parts.clock.now()
    const createdMs = before?.createdMs ?? beganMs(log, tail.maxTimestamp(from), nowMs)
    const { file } = writer
    const times = timesOf(maxTimestamp, createdMs, nowMs)
    return { file, position, bytes, baseOffset, nextOffset, ...times, own, index }
  }

  /** Most batches are in memory, in one piece, and fit what is staged. */
  #copyNow(log: PartitionLog, i: number, writer: SegmentWriter): boolean {
    const lsn = log.tail.lsn(i)
    const bytes = log.tail.byteCount(i)
    const batch = this.#parts.journal.slabs.view(lsn, bytes)
    if (batch !== null) return writer.tryWrite(batch)
    const again = this.#pieces.view(lsn, bytes)
    return again !== null && writer.tryWrite(this.#checked(log, i, again))
  }

  /** Batch `i` of the tail, which only grows meanwhile. */
  async #copyBatch(log: PartitionLog, i: number, writer: SegmentWriter): Promise<void> {
    const { journal } = this.#parts
    const lsn = log.tail.lsn(i)
    const bytes = log.tail.byteCount(i)
    const pieces: Uint8Array[] = []
    const held: Slab[] = []
    if (journal.slabs.slice(lsn, bytes, pieces, held)) {
      for (const piece of pieces) await writer.write(piece)
      journal.slabs.unpin(held)
      return
    }
    const batch = (await this.#pieces.read(lsn, bytes)) ?? (await this.#readOne(lsn, bytes))
    await writer.write(this.#checked(log, i, batch))
  }

  /** Null: it is not there. */
  async #readOne(lsn: number, bytes: number): Promise<Uint8Array | null> {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(Math.max(bytes, 1 << 20))
    const batch = this.#scratch.subarray(0, bytes)
    return (await this.#parts.journal.read(batch, lsn)) ? batch : null
  }

  /** Batch `i` of the tail as the disk gives it. Throws when it is another, or is not whole. */
  #checked(log: PartitionLog, i: number, batch: Uint8Array | null): Uint8Array {
    if (batch !== null) {
      const header = this.#header.moveTo(batch)
      if (header.nextOffset === log.tail.nextOffset(i) && log.isWhole(header)) return batch
    }
    const lsn = log.tail.lsn(i)
    throw new DiskError('EIO', `the journal cannot be read back at ${lsn}; it was whole before`)
  }
}
