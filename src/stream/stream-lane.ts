// One partition of a stream as one consumer reads it: its place, and what has been read from there
// on. Records come in order, below the high watermark only; what compaction or retention took away
// is passed over, and where records are damaged it stands still. What it has read is a copy, which
// it may lose at any time (ReadAheads) without losing its place. Called by StreamReader.
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { emptyRead, type ReadResult } from '../log/read-result.ts'
import { openBatch } from '../model/batch-content.ts'
import type { MessageView } from '../model/message/message.ts'
import { RecordMessages } from '../model/message/record-message.ts'
import { BatchHeader } from '../model/record-batch.ts'
import { RecordWalk } from '../model/records.ts'
import type { Holder, ReadAheads } from './read-aheads.ts'
import type { StreamPlace } from './stream-start.ts'

/** What is copied out of the journal's memory at a time: more is soon had. */
const memoryPieceBytes = 128 << 10

export interface LaneParts {
  readonly store: LogStore
  readonly readAheads: ReadAheads
  report(line: string): void
}

/** `end`: nothing more is there now; `load`: it has to be read from the disk. */
export type Step = 'record' | 'end' | 'load'

const nothing = Buffer.alloc(0)

export class StreamLane implements Holder {
  readonly log: PartitionLog
  readonly #parts: LaneParts
  readonly #pieceBytesMax: number
  /** Until the first record is found, older ones are passed over. */
  #sinceMs: number
  readonly #newestBelow: number
  readonly #header = new BatchHeader()
  /** Of the next record that may be wanted. */
  #next: number
  #piece: Buffer | null = null
  #pieceEnd = 0
  /** Where in the piece the next batch begins. */
  #at = 0
  /** The open batch. */
  #walk: RecordWalk | null = null
  #records: Buffer = nothing
  #baseOffset = 0
  #batchNext = 0
  /** Of all its records, where the node stamped them; else null, and theirs are relative. */
  #stampMs: number | null = null
  #baseTimestamp = 0
  #hasToldBad = false
  inUse = false
  isLoading = false
  /** What stands here cannot be read from the disk. */
  #damagedAt = -1
  /** Bytes that were uncompressed or passed over since the last time that somebody looked. */
  work = 0

  readonly #messages: RecordMessages

  constructor(
    log: PartitionLog,
    topicName: string,
    place: StreamPlace,
    pieceBytesMax: number,
    parts: LaneParts,
  ) {
    this.log = log
    this.#messages = new RecordMessages(topicName)
    this.#parts = parts
    this.#pieceBytesMax = pieceBytesMax
    this.#next = place.offset
    this.#sinceMs = place.sinceMs
    this.#newestBelow = place.newestBelow
  }

  /** Of the record found, or of the first that comes after all that were taken. */
  get next(): number {
    return this.#next
  }

  /** Looks for the record at `next`, or the first behind it. */
  step(): Step {
    this.inUse = true
    this.#next = Math.max(this.#next, this.log.logStartOffset)
    for (;;) {
      if (this.#stepInBatch()) return 'record'
      if (this.#piece !== null && this.#at < this.#pieceEnd) this.#openNext(this.#piece)
      else {
        const got = this.#readMemory()
        if (got !== 'record') return got
      }
    }
  }

  /** Sets `view` to the record found, which is behind the reader then; the offset is returned. */
  take(view: MessageView): number {
    const offset = this.#next
    this.#messages.read(this.#walk as RecordWalk, this.#records, this.#timestampMs, view)
    this.#next = offset + 1
    return offset
  }

  get #timestampMs(): number {
    return this.#stampMs ?? this.#baseTimestamp + (this.#walk?.timestampDelta ?? 0)
  }

  #stepInBatch(): boolean {
    const walk = this.#walk
    if (walk === null) return false
    while (walk.next()) {
      this.work += walk.to - walk.from
      const offset = this.#baseOffset + walk.offsetDelta
      if (offset < this.#next) continue
      if (offset < this.#newestBelow && this.#timestampMs < this.#sinceMs) continue
      this.#next = offset
      this.#sinceMs = Number.NEGATIVE_INFINITY
      return true
    }
    this.#closeBatch()
    return false
  }

  #closeBatch(): void {
    this.#next = Math.max(this.#next, this.#batchNext)
    this.#walk = null
    this.#records = nothing
  }

  #openNext(piece: Buffer): void {
    const header = this.#header.moveTo(piece, this.#at)
    this.#at += header.bytes
    this.#baseOffset = header.baseOffset
    this.#batchNext = header.nextOffset
    this.#baseTimestamp = header.baseTimestamp
    this.#stampMs = header.isAppendTime ? header.maxTimestamp : null
    const isOld = header.nextOffset <= this.#newestBelow && header.maxTimestamp < this.#sinceMs
    if (header.isControl || isOld || header.nextOffset <= this.#next) {
      this.work += header.bytes
      this.#closeBatch()
      return
    }
    const opened = openBatch(header)
    if (!opened.ok) {
      this.#tellBad(header, opened.message)
      this.#closeBatch()
      return
    }
    const { buffer, byteOffset, length } = opened.value
    this.#records = Buffer.from(buffer, byteOffset, length)
    this.#walk = new RecordWalk(this.#records)
    if (header.compression !== 'none') {
      this.work += length
      this.#parts.readAheads.hold(this, piece.length + length)
    }
  }

  /** Nobody can read it, so nobody waits for it; the first one is told of. */
  #tellBad({ baseOffset, nextOffset }: BatchHeader, problem: string): void {
    if (this.#hasToldBad) return
    this.#hasToldBad = true
    const { label } = this.log
    this.#parts.report(
      `${label}: offsets ${baseOffset} to ${nextOffset - 1} are passed over by a consumer of the ` +
        `stream: ${problem}`,
    )
  }

  // ---- Reading ----------------------------------------------------------------------------------

  /** All that readers may see, and that is not damaged. */
  get #below(): number {
    const { highWatermark, damagedFrom } = this.log
    return Math.min(highWatermark, damagedFrom ?? Number.POSITIVE_INFINITY)
  }

  #readMemory(): Step {
    this.letGo()
    const waits = this.isLoading || this.#next === this.#damagedAt
    if (this.log.deleted || waits || this.#next >= this.#below) return 'end'
    const read = emptyRead()
    const maxBytes = Math.min(memoryPieceBytes, this.#pieceBytesMax)
    const want = { offset: this.#next, below: this.#below, maxBytes, mustGive: true }
    if (!this.#parts.store.reader.readFromMemory(this.log, want, read)) return 'load'
    this.#keep(read)
    return this.#piece === null ? 'end' : 'record'
  }

  /** After `load`: reads, and calls `done` when it is worth looking again. */
  load(done: () => void): void {
    if (this.isLoading || this.#parts.readAheads.isClosed) return
    this.isLoading = true
    const { reader, journal } = this.#parts.store
    const { log } = this
    const read = emptyRead()
    const want = {
      offset: this.#next,
      below: this.#below,
      maxBytes: this.#pieceBytesMax,
      mustGive: true,
    }
    const load = reader.readFromDisk(log, want, read).then(() => {
      this.isLoading = false
      const { damaged } = read
      this.#keep(read)
      // Where a segment ends without a record, compaction took it away.
      if (this.#piece === null && !damaged && this.#next >= log.logStartOffset)
        this.#next = Math.max(this.#next, Math.min(log.endOfPlace(this.#next), want.below))
      if (damaged) this.#damagedAt = want.offset
      done()
    }, journal.fail)
    this.#parts.readAheads.loading(load)
  }

  /** Copies what was read, so that nobody waits for the memory that it holds. */
  #keep(read: ReadResult): void {
    this.letGo()
    if (read.bytes > 0 && !read.damaged) {
      this.#piece = Buffer.concat(read.records, read.bytes)
      this.#pieceEnd = read.bytes
      this.#parts.readAheads.hold(this, read.bytes)
    }
    this.#parts.store.reader.release(read)
  }

  letGo(): void {
    this.#walk = null
    this.#records = nothing
    this.#at = 0
    this.#pieceEnd = 0
    if (this.#piece === null) return
    this.#piece = null
    this.#parts.readAheads.hold(this, 0)
  }
}
