// Reads batches out of one segment, in pieces of a MiB or more. The index says where to begin; what
// is passed on the way teaches it. The log reader calls it.
import { blockBytes, DiskError } from '../io/disk.ts'
import { BatchHeader, headerBytes } from '../model/record-batch.ts'
import type { PartitionLog } from './partition-log.ts'
import { NextPieces } from './pieces/next-pieces.ts'
import { Piece } from './pieces/piece.ts'
import type { ReadBuffer, ReadBuffers } from './pieces/read-buffers.ts'
import type { ReadResult, ReadWant } from './read-result.ts'
import { goesOn, type Segment } from './segment/segment.ts'
import { isRunOf, runHeaderBytes, type SegmentFiles } from './segment/segment-files.ts'
import type { Place } from './segment/segment-index.ts'

/** What is there is not what was written. */
interface Bad {
  /** Behind the batch that is damaged; null: not even that can be told. */
  readonly wholeFrom: number | null
}

/** Where to read on: the first wanted batch is not wholly in the piece. */
interface Again {
  readonly from: Place
  readonly bytes: number
}

/** The wanted batches of a piece, from and to; empty when there are none. */
interface Range {
  readonly from: number
  readonly to: number
  /** Where the next piece begins; null when no more is wanted, or to be had. */
  readonly next: Place | null
}

/** Of the memory for reads, what may be used for what readers will want next. */
const aheadShare = 3 / 4

export class SegmentReader {
  /** Of what was read ahead. */
  readonly counters = { summedBytes: 0 }
  readonly #files: SegmentFiles
  readonly #buffers: ReadBuffers
  readonly #next: NextPieces
  readonly #header = new BatchHeader()
  /** Of files, what the disk said when one was read last and could not be. */
  readonly #faults = new Map<number, string>()

  constructor(files: SegmentFiles, buffers: ReadBuffers) {
    this.#files = files
    this.#buffers = buffers
    this.#next = new NextPieces(buffers, buffers.limitBytes * aheadShare)
  }

  /** Memory that is kept for what readers will want next. */
  get aheadBytes(): number {
    return this.#next.heldBytes
  }

  /** What the disk says of a file that it did not read; null: it read it. */
  faultOf(file: number): string | null {
    return this.#faults.get(file) ?? null
  }

  /**
   * Adds what it finds to `into`. False when the next batch is there but cannot be read; then
   * `into.wholeFrom` is set.
   */
  async read(
    log: PartitionLog,
    segment: Segment,
    want: ReadWant,
    into: ReadResult,
  ): Promise<boolean> {
    const { pieceBytes } = this.#buffers
    const isOwn = segment.index.isOwned || (await this.#isOwn(log, segment, want.mustGive))
    if (isOwn !== true) {
      into.wholeFrom = segment.nextOffset
      return isOwn === null
    }
    // What one read takes needs no index.
    if (segment.bytes > pieceBytes) await this.#files.indexes.read(segment)
    const start = { position: 0, offset: segment.baseOffset }
    let place = segment.index.placeOf(want.offset) ?? start
    const isSequential = place.offset === want.offset
    let bytes = pieceBytes
    const before = into.bytes
    for (;;) {
      const given = into.bytes - before
      const rest = { ...want, maxBytes: want.maxBytes - given, mustGive: want.mustGive && !given }
      const piece = await this.#pieceAt(segment, place, bytes, rest.mustGive)
      if (piece === undefined) return true
      const found = piece === null ? unreadable : this.#search(log, segment, piece, place, rest)
      const isOfUse = 'to' in found && found.to > found.from
      if (!isOfUse) piece?.release()
      if ('wholeFrom' in found) {
        if (given === 0) into.wholeFrom = await this.#wholeFrom(segment, place, found)
        return given > 0
      }
      if (!('to' in found)) {
        place = found.from
        bytes = Math.max(pieceBytes, found.bytes)
        continue
      }
      if (piece !== null && isOfUse) {
        into.records.push(piece.bytes.subarray(found.from, found.to))
        into.bytes += found.to - found.from
        into.buffers.push(piece)
      }
      if (found.next === null) {
        if (isSequential && isOfUse && piece !== null)
          this.#goOn(segment, place, piece, found.to, want.isPassedOn === true)
        return true
      }
      place = found.next
      bytes = pieceBytes
    }
  }

  /** Behind what is damaged at or behind `place`: what the index knows, if nothing else does. */
  async #wholeFrom(segment: Segment, { position }: Place, { wholeFrom }: Bad): Promise<number> {
    if (wholeFrom !== null) return wholeFrom
    await this.#files.indexes.read(segment)
    return segment.index.placeAfter(position)?.offset ?? segment.nextOffset
  }

  /**
   * Whether the file says that these are records of this partition: it may have been put in the
   * place of another. Null when there is no memory to read it now, and nothing must be given.
   */
  async #isOwn(log: PartitionLog, segment: Segment, mustGive: boolean): Promise<boolean | null> {
    const span = spanAt(segment.position - runHeaderBytes, runHeaderBytes)
    const buffer = mustGive
      ? await this.#buffers.take(span.total)
      : this.#buffers.tryTake(span.total)
    if (buffer === null) return null
    const piece = await this.#fill(segment, span, buffer)
    if (piece === null) return false
    const { topic: topicId, partition } = log
    segment.index.isOwned = isRunOf(piece.bytes, { ...segment, topicId, partition })
    piece.release()
    return segment.index.isOwned
  }

  /**
   * So many bytes of the segment, or what is left of it. Null when they cannot be read; undefined
   * when there are none, or no memory for them now and nothing must be given.
   */
  async #pieceAt(
    segment: Segment,
    { position }: Place,
    wanted: number,
    mustGive: boolean,
  ): Promise<Piece | null | undefined> {
    const ahead = this.#next.take(keyOf(segment, position))
    const there = await ahead
    if (there) {
      if (wanted <= Math.max(this.#buffers.pieceBytes, there.bytes.length)) return there
      there.release()
    }
    const span = spanOf(segment, position, wanted)
    if (span.bytes < headerBytes) return undefined
    const buffer = mustGive
      ? await this.#buffers.take(span.total)
      : this.#buffers.tryTake(span.total)
    return buffer === null ? undefined : this.#fill(segment, span, buffer)
  }

  /** Null on an error. Of a file that has lost its end, what is whole; null when nothing is. */
  async #fill(segment: Segment, span: Span, buffer: ReadBuffer): Promise<Piece | null> {
    const { from, lead, bytes, total } = span
    try {
      const n = await this.#files.read(segment.file, buffer.memory.subarray(0, total), from - lead)
      if (this.#faults.size > 0) this.#faults.delete(segment.file)
      if (n >= lead + bytes) return Piece.of(buffer, lead, lead + bytes)
      const whole = n > lead ? this.#whole(buffer.memory.subarray(lead, n), true) : 0
      if (whole > 0) return Piece.of(buffer, lead, lead + whole)
    } catch (cause) {
      if (!(cause instanceof DiskError)) throw cause
      this.#faults.set(segment.file, cause.code)
    }
    buffer.release()
    return null
  }

  /** For a reader that took the piece at `place` up to `to`, and will go on there. */
  #goOn(segment: Segment, place: Place, piece: Piece, to: number, isPassedOn: boolean): void {
    const end = Math.max(to, piece.summedBytes, piece.trustedBytes)
    if (end > to) this.#next.keep(keyOf(segment, place.position + to), piece.after(to))
    this.#readAhead(segment, place.position + end, isPassedOn)
  }

  /** What is at `position`, and its checksums: all that costs time before it is wanted. */
  #readAhead(segment: Segment, position: number, isPassedOn: boolean): void {
    const span = spanOf(segment, position, this.#buffers.aheadBytes)
    if (span.bytes < headerBytes) return
    const fill = async (buffer: ReadBuffer): Promise<Piece | null> => {
      const version = await this.#files.checked.version(segment.file)
      const piece = await this.#fill(segment, span, buffer)
      if (piece !== null && !(isPassedOn && this.#isRight(segment, span, piece, version)))
        this.#sumUp(segment, span, piece, version)
      return piece
    }
    this.#next.begin(keyOf(segment, position), span.total, fill)
  }

  /** Whether it was right lately, so that it need not be summed. */
  #isRight({ file }: Segment, { from, bytes }: Span, piece: Piece, version: number): boolean {
    if (!this.#files.checked.covers(file, from, from + bytes, version)) return false
    piece.trustedBytes = this.#whole(piece.bytes, false)
    return true
  }

  #sumUp({ file }: Segment, { from }: Span, piece: Piece, version: number): void {
    const bytes = this.#whole(piece.bytes, true)
    piece.summedBytes = bytes
    this.counters.summedBytes += bytes
    if (bytes > 0) this.#files.checked.found(file, from, from + bytes, version)
  }

  /** Bytes of whole batches, from the start on: with the right checksum, if they are summed. */
  #whole(bytes: Uint8Array, isSummed: boolean): number {
    const header = this.#header
    let at = 0
    while (at + headerBytes <= bytes.length) {
      header.moveTo(bytes, at)
      if (header.bytes < headerBytes || at + header.bytes > bytes.length) break
      if (isSummed && header.checksum() !== header.crc) break
      at += header.bytes
    }
    return at
  }

  /** Looks for the wanted batches in a piece that starts at `start`. */
  #search(
    log: PartitionLog,
    segment: Segment,
    { bytes: piece, summedBytes, trustedBytes }: Piece,
    start: Place,
    want: ReadWant,
  ): Range | Again | Bad {
    const header = this.#header
    let from = -1
    let at = 0
    let place = start
    let isPieceOver = true
    const rightBytes = want.isPassedOn ? Math.max(summedBytes, trustedBytes) : summedBytes
    while (at + headerBytes <= piece.length) {
      header.moveTo(piece, at)
      const { bytes, nextOffset } = header
      const isWanted = nextOffset > want.offset
      isPieceOver = false
      if (!goesOn(segment, header, place)) {
        if (from < 0) return unreadable
        break
      }
      const taken = from < 0 ? 0 : at - from
      const isTooMuch = taken + bytes > want.maxBytes && !(want.mustGive && taken === 0)
      if (isWanted && (nextOffset > want.below || isTooMuch)) break
      isPieceOver = at + bytes > piece.length
      if (isPieceOver) break
      if (isWanted && !log.isWhole(header, at + bytes <= rightBytes)) {
        if (from < 0) return this.#badAt(segment, piece, at, place)
        break
      }
      if (isWanted && from < 0) from = at
      segment.index.note(header.baseOffset, place.position, bytes, header.maxTimestamp)
      isPieceOver = true
      at += bytes
      place = { position: place.position + bytes, offset: nextOffset }
    }
    const more = isPieceOver && place.position < segment.bytes ? place : null
    if (from < 0) return more === null ? nothing : { from: more, bytes: this.#bytesAt(piece, at) }
    segment.index.remember(place.offset, place.position)
    // Of a batch whose header is not in the piece nobody knows whether it may come too.
    const isKnown = at + headerBytes <= piece.length
    return { from, to: at, next: isKnown ? more : null }
  }

  /** Its length and its last offset may be wrong, too: what follows it knows. */
  #badAt(segment: Segment, piece: Uint8Array, at: number, { position }: Place): Bad {
    const { bytes, nextOffset } = this.#header.moveTo(piece, at)
    const end = at + bytes
    if (position + bytes === segment.bytes) return { wholeFrom: segment.nextOffset }
    if (end + headerBytes > piece.length) return unreadable
    const { baseOffset, magic } = this.#header.moveTo(piece, end)
    return magic === 2 && baseOffset === nextOffset ? { wholeFrom: nextOffset } : unreadable
  }

  /** How much to read of the batch that begins at `at` of the piece, and is not wholly in it. */
  #bytesAt(piece: Uint8Array, at: number): number {
    return at + headerBytes <= piece.length ? this.#header.moveTo(piece, at).bytes : headerBytes
  }
}

const unreadable: Bad = { wholeFrom: null }

const nothing: Range = { from: 0, to: 0, next: null }

const keyOf = ({ file, position }: Segment, at: number): string => `${file}:${position + at}`

/** Bytes of a file, and the blocks that they lie in. */
interface Span {
  readonly from: number
  readonly bytes: number
  /** Bytes before them in the first block. */
  readonly lead: number
  readonly total: number
}

/** So many bytes of a segment from `position` on, or what is left of it. */
function spanOf(segment: Segment, position: number, wanted: number): Span {
  return spanAt(segment.position + position, Math.min(wanted, segment.bytes - position))
}

function spanAt(from: number, bytes: number): Span {
  const lead = from % blockBytes
  return { from, bytes, lead, total: Math.ceil((lead + bytes) / blockBytes) * blockBytes }
}
