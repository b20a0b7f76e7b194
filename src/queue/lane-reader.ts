// Reads single messages of a lane by offset: from batches that are not placed yet, else from a
// piece of the log that is copied out of the journal's memory or read from the disk. At the cursor
// it goes forward record by record. The views it gives are valid until the lane places or reads
// again. Pieces are a cache: bounded for the node, the one unused for longest goes first.
import { assert } from '../base/assert.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { emptyRead, type ReadResult } from '../log/read-result.ts'
import { openBatch } from '../model/batch-content.ts'
import type { MessageView } from '../model/message/message.ts'
import { type Addresses, StoredRecords } from '../model/message/stored-message.ts'
import { BatchHeader, headerBytes } from '../model/record-batch.ts'
import type { BatchBuilder } from './memory/batch-builder.ts'

/** From the journal's memory a little, from the disk a lot if it goes on where it was. */
const memoryPieceBytes = 128 << 10
const diskPieceBytes = 1 << 20
const lonePieceBytes = 64 << 10
const openedBytesMax = 64 << 20
/** What lies between may have been settled. */
const goesOnWithin = 1000

/** What all lane readers of a node share. */
export class PieceCache {
  readonly #limitBytes: number
  readonly #readers = new Map<LaneReader, number>()
  #bytes = 0
  readonly #loads = new Set<Promise<void>>()
  /** Of reads from the disk that go on, or have come and were not looked at yet. */
  readonly #slots: number
  #slotsTaken = 0
  readonly #waiting: (() => void)[] = []
  /** Just read: they stay until their queues had a turn, or two that read would never get on. */
  readonly #fresh = new Set<LaneReader>()
  /** Nothing is read from the disk any more. */
  isClosed = false

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
    this.#slots = Math.max(1, Math.floor(limitBytes / diskPieceBytes))
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Calls `read` when there is room for what it brings: at once, or in a later turn. */
  admit(read: () => void): void {
    if (this.#slotsTaken < this.#slots) {
      this.#slotsTaken++
      read()
    } else this.#waiting.push(read)
  }

  /** What `reader` was admitted for has come, or has not. */
  came(reader: LaneReader, isThere: boolean): void {
    if (isThere) this.#fresh.add(reader)
    else this.#free()
  }

  /** All queues that something was read for had a turn. */
  worked(): void {
    if (this.#fresh.size === 0) return
    for (const _ of this.#fresh) this.#slotsTaken--
    this.#fresh.clear()
    this.#admitWaiting()
  }

  #free(): void {
    this.#slotsTaken--
    this.#admitWaiting()
  }

  #admitWaiting(): void {
    while (this.#slotsTaken < this.#slots && this.#waiting.length > 0) {
      this.#slotsTaken++
      this.#waiting.shift()?.()
    }
  }

  /** What is on its way from the disk. */
  loading(load: Promise<void>): void {
    this.#loads.add(load)
    void load.then(() => this.#loads.delete(load))
  }

  /** Resolves when nothing is on its way any more. */
  async close(): Promise<void> {
    this.isClosed = true
    await Promise.all(this.#loads)
  }

  /** `reader` holds so many bytes now; others let go of theirs when it is too much together. */
  hold(reader: LaneReader, bytes: number): void {
    this.#bytes += bytes - (this.#readers.get(reader) ?? 0)
    this.#readers.delete(reader)
    if (bytes === 0) return
    this.#readers.set(reader, bytes)
    for (const [other] of this.#readers) {
      if (this.#bytes <= this.#limitBytes) return
      if (other !== reader && !this.#fresh.has(other)) other.letGo()
    }
  }
}

/**
 * `there`: at `offset`, which may be behind what was asked for; `gap`: no record stands there nor
 * behind it below `gapTo`; `load`: read first.
 */
export type Found = 'there' | 'gap' | 'load'

/** `empty`: no record stands there, and nothing says that one should. */
export type Loaded = 'there' | 'empty' | 'damaged'

export class LaneReader {
  readonly #store: LogStore
  readonly #pieces: PieceCache
  readonly #addresses: Addresses
  readonly #name: string
  readonly #isOfTopic: boolean
  readonly #records = new StoredRecords()
  readonly #header = new BatchHeader()
  /** What `#records` goes through: a batch not yet placed, or one of the piece. */
  #builder: BatchBuilder | null = null
  #piece: Uint8Array | null = null
  #pieceEnd = 0
  /** Offsets of the piece. */
  #from = 0
  #to = 0
  /** The batch of the piece that `#records` goes through: its place, and the offset behind it. */
  #at = 0
  #batchFrom = 0
  #batchTo = 0
  isLoading = false
  #isClosed = false
  /** Behind the last piece: who asks for what follows goes on. */
  #goesOnAt = 0
  /** Behind what was not found, or could not be read; set before `done` is told of it. */
  wholeFrom = 0

  /**
   * `name`: of the queue that messages of other producers were meant for. `isOfTopic`: whose batch
   * is whose cannot be told.
   */
  constructor(
    store: LogStore,
    pieces: PieceCache,
    addresses: Addresses,
    { name, isOfTopic }: { readonly name: string; readonly isOfTopic: boolean },
  ) {
    this.#name = name
    this.#isOfTopic = isOfTopic
    this.#store = store
    this.#pieces = pieces
    this.#addresses = addresses
  }

  /** Behind a gap: always behind what was asked for, so that who passes over it gets on. */
  get gapTo(): number {
    return this.#to
  }
  /** Of the record found. */
  get offset(): number {
    return this.#records.offset
  }
  get bodyBytes(): number {
    return this.#records.bodyBytes
  }
  get timestampMs(): number {
    return this.#records.arrivedMs
  }

  read(view: MessageView): void {
    this.#records.read(view, this.#addresses, this.#name)
  }

  /** Batches were placed or dropped: none of them is to be looked at any more. */
  placed(): void {
    this.#builder = null
  }

  /** Nobody looks any more; what is on its way is dropped when it comes. */
  close(): void {
    this.#isClosed = true
    this.letGo()
  }

  /** There is a gap up to `to`, as somebody else knows. */
  pass(to: number): void {
    this.letGo()
    this.#to = to
  }

  letGo(): void {
    if (this.#piece === null) return
    this.#piece = null
    this.#to = 0
    this.#pieces.hold(this, 0)
  }

  /** The first message at or behind `offset`, in a batch that is not placed. */
  findOpen(builder: BatchBuilder, offset: number): void {
    if (this.#builder === builder) builder.grownFor(this.#records)
    else builder.openFor(this.#records)
    this.#builder = builder
    this.#batchTo = 0
    this.#records.seek(offset)
  }

  /**
   * The first message at or behind `offset` in the log; it is below the log's end. Looks no further
   * than one piece: who is to load asks for the same offset again when it is there.
   */
  find(log: PartitionLog, offset: number): Found {
    this.#builder = null
    if (!this.holds(offset) && !this.#fromMemory(log, offset)) return 'load'
    return this.#seek(offset) ? 'there' : 'gap'
  }

  /** It is in the piece, or nothing of it in the log. */
  holds(offset: number): boolean {
    return this.#piece !== null && offset >= this.#from && offset < this.#to
  }

  #seek(offset: number): boolean {
    if (offset < this.#batchFrom || this.#batchTo === 0) this.#openAt(0)
    for (;;) {
      if (offset < this.#batchTo && this.#records.seek(offset)) return true
      if (this.#at >= this.#pieceEnd) return false
      this.#openAt(this.#at)
    }
  }

  /** Opens the batch of the piece that begins at `at`. */
  #openAt(at: number): void {
    const piece = this.#piece as Uint8Array
    const header = this.#header.moveTo(piece, at)
    const { baseOffset, baseTimestamp } = header
    this.#batchFrom = baseOffset
    this.#batchTo = header.nextOffset
    this.#at = at + header.bytes
    // The node stamps what others have appended, and nothing else, in the log of a queue.
    const isOthers = header.isAppendTime && !this.#isOfTopic
    const arrivedMs = isOthers ? header.maxTimestamp : -1
    const isPlain = header.compression === 'none' && !header.isControl
    if (isPlain) {
      this.#records.open(piece, at + headerBytes, this.#at, baseOffset, baseTimestamp, arrivedMs)
      return
    }
    const opened = header.isControl ? null : openBatch(header, openedBytesMax)
    const records = opened?.ok === true ? opened.value : nothing
    this.#records.open(records, 0, records.length, baseOffset, baseTimestamp, arrivedMs)
  }

  #fromMemory(log: PartitionLog, offset: number): boolean {
    const read = emptyRead()
    // What is not committed yet may be delivered, but for what it says of itself: it is in memory.
    const want = {
      offset,
      below: log.logEndOffset,
      maxBytes: memoryPieceBytes,
      mustGive: true,
    }
    if (!this.#store.reader.readFromMemory(log, want, read)) return false
    this.#take(read, offset)
    return this.#piece !== null
  }

  /** Reads a piece from the disk; tells `done` what was found. */
  load(log: PartitionLog, offset: number, done: (found: Loaded) => void): void {
    if (this.isLoading) return
    this.isLoading = true
    this.#pieces.admit(() => this.#load(log, offset, done))
  }

  #load(log: PartitionLog, offset: number, done: (found: Loaded) => void): void {
    if (this.#pieces.isClosed) return
    if (log.deleted || this.#isClosed) {
      this.isLoading = false
      this.#pieces.came(this, false)
      return
    }
    const read = emptyRead()
    const goesOn = offset >= this.#goesOnAt && offset <= this.#goesOnAt + goesOnWithin
    const maxBytes = goesOn ? diskPieceBytes : lonePieceBytes
    const want = { offset, below: log.highWatermark, maxBytes, mustGive: true }
    const load = this.#store.reader.readFromDisk(log, want, read).then(
      () => {
        this.isLoading = false
        if (this.#isClosed) {
          // Its queue has no turn any more, and nobody would give back what it was admitted for.
          this.#store.reader.release(read)
          this.#pieces.came(this, false)
          return
        }
        const { damaged } = read
        this.wholeFrom = read.wholeFrom
        this.#take(read, offset)
        this.#pieces.came(this, this.#piece !== null)
        done(this.#piece !== null ? 'there' : damaged ? 'damaged' : 'empty')
      },
      (cause: unknown) => this.#store.journal.fail(cause),
    )
    this.#pieces.loading(load)
  }

  /** Copies what was read, so that nobody waits for the memory that it holds. */
  #take(read: ReadResult, offset: number): void {
    const { records, bytes } = read
    let at = 0
    if (bytes > 0 && !read.damaged) {
      if (this.#piece === null || this.#piece.length < bytes || this.#piece.length > bytes * 8)
        this.#piece = Buffer.allocUnsafeSlow(bytes)
      for (const each of records) {
        this.#piece.set(each, at)
        at += each.length
      }
    } else this.#piece = null
    this.#store.reader.release(read)
    this.#pieceEnd = at
    this.#batchTo = 0
    this.#from = offset
    this.#to = this.#endOfPiece()
    // Else the same would be read for ever.
    assert(this.#piece === null || this.#to > offset, 'what was read goes beyond where it begins')
    this.#goesOnAt = this.#to
    this.#pieces.hold(this, this.#piece?.length ?? 0)
  }

  /** The offset behind the last batch of the piece. */
  #endOfPiece(): number {
    const piece = this.#piece
    if (piece === null) return 0
    let next = 0
    for (let at = 0; at < this.#pieceEnd; ) {
      const header = this.#header.moveTo(piece, at)
      next = header.nextOffset
      at += header.bytes
    }
    return next
  }
}

const nothing = new Uint8Array(0)
