// The node's one write-ahead log. Every partition appends to it; what arrived while the last write
// was in flight goes out as one commit: one write, durable when it returns. At most one write is in
// flight, so everything below a commit is durable before the commit is written: recovery relies on
// it. Appending is synchronous and copies once, into a slab; each frame's source is told in LSN
// order when its commit is down. The first failed write ends the journal: the page cache cannot be
// trusted after it.
import { assert } from '../../base/assert.ts'
import { crc32c } from '../../base/crc32c.ts'
import { Histogram } from '../../base/histogram.ts'
import type { Clock, Timer } from '../../io/clock.ts'
import { blockBytes, type Disk } from '../../io/disk.ts'
import { Commit, type FrameSource, loneCommitBytes } from './commit.ts'
import { CommitWriter, type JournalStart } from './commit-writer.ts'
import type { JournalFiles } from './journal-files.ts'
import { directoryEntryBytes, writeDirectoryEntry, writeFrameHeader } from './journal-format.ts'
import type { JournalHooks, JournalOptions } from './journal-parts.ts'
import { type Slab, SlabCache } from './slab-cache.ts'

/** A commit ends at a block of the disk. */
const padding = new Uint8Array(blockBytes)

const askAgainMs = 500

interface Waiter {
  readonly lsn: number
  readonly done: () => void
}

export class Journal {
  readonly slabs: SlabCache
  readonly counters = { commits: 0, frames: 0, bytes: 0, paddingBytes: 0, syncs: 0 }
  /** From the start of a commit's write to its end, in milliseconds. */
  readonly commitMs = new Histogram([0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000])
  readonly #options: JournalOptions
  readonly #files: JournalFiles
  readonly #clock: Clock
  readonly #hooks: JournalHooks
  readonly #writer: CommitWriter
  /** Number of this start of the node; every commit carries it. */
  readonly generation: number
  /** End of the last commit that was sealed. */
  #end: number
  #writtenLsn: number
  #open: Commit | null = null
  readonly #sealed: Commit[] = []
  #slab: Slab | null = null
  /** So many frames are still to come that belong into the open commit. */
  #bound = 0
  #writing = false
  #dead = false
  /** A commit will start when this turn is over. */
  #due = false
  /** A commit will start when this fires, or when it has grown enough. */
  #gathering: Timer | null = null
  /** Fires when a full disk may be asked for a file again. */
  #askAgain: Timer | null = null
  #lastStartMs = Number.NEGATIVE_INFINITY
  #lastFrames = 0
  #waiters: Waiter[] = []
  #roomWaiters: (() => void)[] = []
  #idleWaiters: (() => void)[] = []
  readonly #entry = new Uint8Array(directoryEntryBytes)

  constructor(
    disk: Disk,
    files: JournalFiles,
    clock: Clock,
    options: JournalOptions,
    start: JournalStart,
    hooks: JournalHooks,
  ) {
    assert(files.fileBytes % options.slabBytes === 0, 'journal files are made of whole slabs')
    this.slabs = new SlabCache(options.slabBytes, options.slabs, (n) => disk.allocate(n))
    this.#files = files
    this.#clock = clock
    this.#options = options
    this.#end = start.lsn
    this.#writtenLsn = start.lsn
    this.generation = start.generation
    this.#hooks = hooks
    this.#writer = new CommitWriter(
      {
        files,
        slabs: this.slabs,
        clock,
        counters: this.counters,
        knownRevision: () => hooks.knownRevision(),
        failed: this.fail,
      },
      options.asyncSyncMs,
      start,
    )
  }

  /** Below this, everything has been written. */
  get writtenLsn(): number {
    return this.#writtenLsn
  }

  /** End of what has been appended, written or not. */
  get appendedLsn(): number {
    return this.#open?.end ?? this.#end
  }

  /** End of the last commit, or null while it is not durable. */
  get durableEnd(): number | null {
    const { lastEnd, syncedLsn } = this.#writer
    return syncedLsn >= lastEnd ? lastEnd : null
  }

  /** Below this, everything is durable. */
  get syncedLsn(): number {
    return this.#writer.syncedLsn
  }

  /** The largest batch that a journal of these sizes can take. */
  get maxBatchBytes(): number {
    const cache = Math.floor(this.#options.slabs / 2) * this.#options.slabBytes
    return Math.min(cache, this.#files.fileBytes) - loneCommitBytes(0)
  }

  // ---- Appending --------------------------------------------------------------------------------

  /**
   * True when a batch of so many bytes can be appended now, or `frames` of them `together`; else
   * `whenRoom` says when to ask again.
   */
  hasRoom(batchBytes: number, frames = 1): boolean {
    if (this.#dead) return false
    const joins = this.#joins(batchBytes, frames)
    if (!joins) {
      if (this.#sealed.length > 0) return false
      const seq = this.#seq(this.#nextStart(batchBytes, frames))
      if (this.#files.get(seq) === undefined && !this.#files.hasSpare) {
        this.#prepare()
        return false
      }
    }
    const slabs = Math.ceil(loneCommitBytes(batchBytes, frames) / this.#options.slabBytes) + 1
    return this.slabs.available(this.#writtenLsn) >= slabs
  }

  /** Calls `action` once, when there may be room again. */
  whenRoom(action: () => void): void {
    this.#roomWaiters.push(action)
  }

  /**
   * A spare file, in the background; whoever waits for room is told, and if the disk has none, is
   * told to ask again a little later.
   */
  #prepare(): void {
    if (this.#askAgain !== null) return
    this.#files.prepare((made) => {
      if (made || this.#dead) this.roomMayHaveGrown()
      else
        this.#askAgain = this.#clock.after(askAgainMs, () => {
          this.#askAgain = null
          this.roomMayHaveGrown()
        })
    }, this.fail)
  }

  /** To be called when files were recycled or prepared. */
  roomMayHaveGrown(): void {
    const waiting = this.#roomWaiters
    this.#roomWaiters = []
    for (const action of waiting) action()
  }

  /** Whether so many frames can ever stand in one commit. */
  mayBeTogether(bytes: number, frames: number): boolean {
    return loneCommitBytes(bytes, frames) <= this.maxBatchBytes
  }

  /**
   * The next `frames` appends, of `bytes` in sum, land in one commit, so that after a crash either
   * all of them are there or none. There must be room for them, and they come in this turn.
   */
  together(bytes: number, frames: number): void {
    assert(this.#bound === 0, 'what shall be together has been appended')
    if (!this.#joins(bytes, frames)) this.#startCommit(bytes, frames)
    this.#bound = frames
  }

  /**
   * Appends a batch whose base offset and leader epoch are already set; there must be room.
   * Returns the LSN of the batch. `syncWithinMs` 0: the source is told when it is durable; else
   * when it is written, and it is durable so long after that at the latest.
   */
  append(source: FrameSource, batch: Uint8Array, nextOffset: number, syncWithinMs: number): number {
    assert(batch.length <= this.maxBatchBytes, 'a batch fits a file of the journal')
    if (this.#bound > 0) this.#bound--
    else if (!this.#joins(batch.length)) this.#startCommit(batch.length)
    const commit = this.#open
    assert(commit, 'a commit is open')
    commit.add(source, nextOffset, syncWithinMs)
    writeFrameHeader(source.frame, batch.length, commit.end, this.generation)
    this.#put(commit, source.frame)
    const lsn = commit.end
    this.#put(commit, batch)
    this.counters.frames++
    this.counters.bytes += batch.length
    this.#schedule()
    return lsn
  }

  /**
   * Calls `done` when everything below `lsn` is as durable as its appends asked. In order of
   * `lsn`.
   */
  whenCommitted(lsn: number, done: () => void): void {
    if (lsn <= this.#writtenLsn) done()
    else this.#waiters.push({ lsn, done })
  }

  /** Resolves when all that was appended is durable; appends may go on. */
  async drain(): Promise<void> {
    while (!this.#dead && (this.#writing || this.#open !== null || this.#sealed.length > 0)) {
      this.#pump()
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
    }
    this.#writer.stop()
    await this.syncWritten()
  }

  #seq(lsn: number): number {
    return Math.floor(lsn / this.#files.fileBytes)
  }

  #joins(batchBytes: number, frames = 1): boolean {
    const open = this.#open
    if (open === null) return false
    const end = open.endWith(batchBytes, frames)
    return (
      end - open.start <= this.#options.commitBytes && this.#seq(end - 1) === this.#seq(open.start)
    )
  }

  /** Where a new commit for such a batch starts: behind the last one, or in the next file. */
  #nextStart(batchBytes: number, frames = 1): number {
    const from = this.#open === null ? this.#end : this.#open.sealedEnd
    const fits = this.#seq(from + loneCommitBytes(batchBytes, frames) - 1) === this.#seq(from)
    return fits ? from : (this.#seq(from) + 1) * this.#files.fileBytes
  }

  #startCommit(batchBytes: number, frames = 1): void {
    const start = this.#nextStart(batchBytes, frames)
    if (this.#open !== null) this.#seal(this.#open)
    const seq = this.#seq(start)
    if (this.#files.get(seq) === undefined) {
      this.#files.take(seq)
      this.#prepare()
    }
    const commit = new Commit(start)
    this.#open = commit
    this.#reserve(start)
  }

  /** Makes sure that the slab of `lsn` is the current one. */
  #reserve(lsn: number): Slab {
    const slab = this.#slab
    const slabBytes = this.#options.slabBytes
    if (slab !== null && lsn >= slab.start && lsn < slab.start + slabBytes) return slab
    this.#slab = this.slabs.take(lsn, this.#writtenLsn)
    return this.#slab
  }

  /** The one copy: into the slabs, at the end of the commit. */
  #put(commit: Commit, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const slab = this.#reserve(commit.end)
      const at = commit.end - slab.start
      const n = Math.min(bytes.length - from, slab.memory.length - at)
      slab.memory.set(n === bytes.length ? bytes : bytes.subarray(from, from + n), at)
      from += n
      commit.end += n
    }
  }

  // ---- Committing -------------------------------------------------------------------------------

  /** Closes a commit: directory and padding. No more frames join it. */
  #seal(commit: Commit): void {
    const sealedEnd = commit.sealedEnd
    commit.directoryAt = commit.end - commit.start
    let crc = 0
    for (let i = 0; i < commit.frames; i++) {
      const source = commit.sources[i] as FrameSource
      const frameAt = commit.frameAts[i] as number
      writeDirectoryEntry(this.#entry, source.frame, frameAt, commit.nextOffsets[i] as number)
      crc = crc32c(this.#entry, crc)
      this.#put(commit, this.#entry)
    }
    new DataView(this.#entry.buffer).setUint32(0, crc)
    this.#put(commit, this.#entry.subarray(0, 4))
    this.counters.paddingBytes += sealedEnd - commit.end
    this.#put(commit, padding.subarray(0, sealedEnd - commit.end))
    this.#end = sealedEnd
    this.#sealed.push(commit)
    this.#open = null
  }

  /**
   * A commit starts after the events that are due, so that what came in one turn goes out
   * together. Clients that wait for the last commit's answers send the next frames about together:
   * as many again are worth a short wait, and more are not to be had from them.
   */
  #schedule(): void {
    if (this.#due || this.#writing) return
    const isGathered = this.#lastFrames <= 2 || (this.#open?.frames ?? 0) >= this.#lastFrames
    if (this.#gathering !== null && !isGathered) return
    const sinceLast = this.#clock.monotonic() - this.#lastStartMs
    if (isGathered || sinceLast >= this.#options.gatherMs) {
      this.#due = true
      this.#clock.soon(this.#start)
    } else {
      this.#gathering = this.#clock.after(this.#options.gatherMs - sinceLast, this.#start)
    }
  }

  readonly #start = (): void => {
    this.#due = false
    this.#gathering?.cancel()
    this.#gathering = null
    this.#pump()
  }

  #pump(): void {
    if (this.#writing || this.#dead) return
    if (this.#sealed.length === 0 && this.#open !== null) this.#seal(this.#open)
    const commit = this.#sealed.shift()
    if (commit === undefined) return
    this.#writing = true
    this.#lastStartMs = this.#clock.monotonic()
    this.#lastFrames = commit.frames
    this.#writer.write(commit).then(() => this.#down(commit), this.fail)
  }

  #down(commit: Commit): void {
    this.#writing = false
    if (this.#dead) return
    this.#writtenLsn = commit.end
    this.counters.commits++
    this.commitMs.observe(this.#clock.monotonic() - this.#lastStartMs)
    commit.announce()
    // Whoever appended is told before whoever reads: most often somebody waits for exactly that.
    let n = 0
    while (n < this.#waiters.length && (this.#waiters[n] as Waiter).lsn <= commit.end) n++
    for (const waiter of this.#waiters.splice(0, n)) waiter.done()
    this.#hooks.committed()
    this.roomMayHaveGrown()
    if (this.#sealed.length > 0) this.#pump()
    else if (this.#open !== null) this.#schedule()
    const idle = this.#idleWaiters
    this.#idleWaiters = []
    for (const action of idle) action()
  }

  /** Makes durable what has been written: what policy async may still owe. */
  async syncWritten(): Promise<void> {
    if (this.#dead) return
    try {
      await this.#writer.syncWritten()
    } catch (cause) {
      this.fail(cause)
      throw cause
    }
  }

  /** Ends the journal: nothing is acknowledged from now on. Told once to `failed`. */
  readonly fail = (cause: unknown): void => {
    if (this.#dead) return
    this.#dead = true
    this.#askAgain?.cancel()
    this.#writer.stop()
    const idle = this.#idleWaiters
    this.#idleWaiters = []
    for (const action of idle) action()
    this.#hooks.failed(cause)
  }

  /** Fills `into` from the files, for readers of what no slab holds any more. False: it is gone. */
  async read(into: Uint8Array, lsn: number): Promise<boolean> {
    const seq = this.#seq(lsn)
    const file = this.#files.get(seq)
    if (file === undefined) return false
    const bytes = await file.reader.read(into, lsn % this.#files.fileBytes)
    // While we read, it may have been given back and written over, with what looks as whole.
    return bytes === into.length && this.#files.get(seq) === file
  }
}
