// The node's one write-ahead log. Every partition appends to it; what arrived while the last write
// was in flight goes out as one commit: one write, durable when it returns. At most one write is in
// flight, so everything below a commit is durable before the commit is written: recovery relies on
// it. Appending is synchronous and copies once, into a slab; each frame's source is told in LSN
// order when its commit is down. The first failed write ends the journal: the page cache cannot be
// trusted after it.
import { assert } from '../base/assert.ts'
import { crc32c } from '../base/crc32c.ts'
import type { Clock, Timer } from '../io/clock.ts'
import type { Disk } from '../io/disk.ts'
import { Commit, type FrameSource, loneCommitBytes } from './commit.ts'
import type { JournalFile, JournalFiles } from './journal-files.ts'
import {
  commitHeaderBytes,
  directoryEntryBytes,
  writeCommitHeader,
  writeDirectoryEntry,
  writeFrameHeader,
} from './journal-format.ts'
import { type Slab, SlabCache } from './slab-cache.ts'

export interface JournalOptions {
  readonly slabBytes: number
  /** Slabs kept in memory: the tail cache. */
  readonly slabs: number
  /** A commit takes no more frames when it has grown to this. */
  readonly commitBytes: number
  /** Under load a commit starts at the earliest so long after the one before it. */
  readonly gatherMs: number
  /** Frames of topics with flush policy async are synced at the latest after this. */
  readonly asyncSyncMs: number
}

/** Where recovery ended. */
export interface JournalStart {
  readonly lsn: number
  readonly previousEnd: number
  readonly generation: number
}

export interface JournalHooks {
  /** A commit is down, and every source in it has been told. */
  committed(): void
  /** The first write failed; nothing is acknowledged any more. */
  failed(cause: unknown): void
}

interface Waiter {
  readonly lsn: number
  readonly done: () => void
}

export class Journal {
  readonly slabs: SlabCache
  readonly counters = { commits: 0, frames: 0, bytes: 0, paddingBytes: 0, syncs: 0 }
  readonly #options: JournalOptions
  readonly #files: JournalFiles
  readonly #clock: Clock
  readonly #hooks: JournalHooks
  readonly #generation: number
  /** End of the last commit that was sealed, and of the last one that was written. */
  #end: number
  #previousEnd: number
  #writtenLsn: number
  #syncedLsn: number
  #open: Commit | null = null
  readonly #sealed: Commit[] = []
  #slab: Slab | null = null
  #writing = false
  #dead = false
  #scheduled = false
  #lastStartMs = Number.NEGATIVE_INFINITY
  #lastFrames = 0
  #waiters: Waiter[] = []
  #roomWaiters: (() => void)[] = []
  #idleWaiters: (() => void)[] = []
  /** Files with commits that were written but not synced, and the timer that will sync them. */
  readonly #unsynced = new Set<JournalFile>()
  #asyncTimer: Timer | null = null
  #syncing: Promise<void> = Promise.resolve()
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
    this.#previousEnd = start.previousEnd
    this.#writtenLsn = start.lsn
    this.#syncedLsn = start.lsn
    this.#generation = start.generation
    this.#hooks = hooks
  }

  /** Below this, everything has been written. */
  get writtenLsn(): number {
    return this.#writtenLsn
  }

  /** End of what has been appended, written or not. */
  get appendedLsn(): number {
    return this.#open?.end ?? this.#end
  }

  /** Below this, everything is durable. */
  get syncedLsn(): number {
    return this.#syncedLsn
  }

  /** The largest batch that a journal of these sizes can take. */
  get maxBatchBytes(): number {
    const cache = Math.floor(this.#options.slabs / 2) * this.#options.slabBytes
    return Math.min(cache, this.#files.fileBytes) - loneCommitBytes(0)
  }

  // ---- Appending --------------------------------------------------------------------------------

  /**
   * True when a batch of so many bytes can be appended now; else `whenRoom` says when to ask
   * again.
   */
  hasRoom(batchBytes: number): boolean {
    if (this.#dead) return false
    const joins = this.#joins(batchBytes)
    if (!joins) {
      if (this.#sealed.length > 0) return false
      const seq = this.#seq(this.#nextStart(batchBytes))
      if (this.#files.get(seq) === undefined && !this.#files.hasSpare) {
        this.#files.prepare(this.#fail)
        return false
      }
    }
    const slabs = Math.ceil(loneCommitBytes(batchBytes) / this.#options.slabBytes) + 1
    return this.slabs.available(this.#writtenLsn) >= slabs
  }

  /** Calls `action` once, when there may be room again. */
  whenRoom(action: () => void): void {
    this.#roomWaiters.push(action)
  }

  /** To be called when files were recycled or prepared. */
  roomMayHaveGrown(): void {
    const waiting = this.#roomWaiters
    this.#roomWaiters = []
    for (const action of waiting) action()
  }

  /**
   * Appends a batch whose base offset and leader epoch are already set; there must be room.
   * Returns the LSN of the batch. `sync`: the source is told when it is durable; else when it is
   * written.
   */
  append(source: FrameSource, batch: Uint8Array, nextOffset: number, sync: boolean): number {
    if (!this.#joins(batch.length)) this.#startCommit(batch.length)
    const commit = this.#open
    assert(commit, 'a commit is open')
    commit.add(source, nextOffset, sync)
    writeFrameHeader(source.frame, batch.length, commit.end)
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
    this.#asyncTimer?.cancel()
    await this.syncWritten()
  }

  #seq(lsn: number): number {
    return Math.floor(lsn / this.#files.fileBytes)
  }

  #joins(batchBytes: number): boolean {
    const open = this.#open
    if (open === null) return false
    const end = open.endWith(batchBytes)
    return (
      end - open.start <= this.#options.commitBytes && this.#seq(end - 1) === this.#seq(open.start)
    )
  }

  /** Where a new commit for such a batch starts: behind the last one, or in the next file. */
  #nextStart(batchBytes: number): number {
    const from = this.#open === null ? this.#end : this.#open.sealedEnd
    const fits = this.#seq(from + loneCommitBytes(batchBytes) - 1) === this.#seq(from)
    return fits ? from : (this.#seq(from) + 1) * this.#files.fileBytes
  }

  #startCommit(batchBytes: number): void {
    const start = this.#nextStart(batchBytes)
    if (this.#open !== null) this.#seal(this.#open)
    const seq = this.#seq(start)
    if (this.#files.get(seq) === undefined) {
      this.#files.take(seq)
      this.#files.prepare(this.#fail)
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
    this.#put(commit, new Uint8Array(sealedEnd - commit.end))
    this.#end = sealedEnd
    this.#sealed.push(commit)
    this.#open = null
  }

  /**
   * A commit starts after the events that are due, so that what came in one turn goes out
   * together.
   */
  #schedule(): void {
    if (this.#scheduled || this.#writing) return
    this.#scheduled = true
    const sinceLast = this.#clock.monotonic() - this.#lastStartMs
    const wait = this.#lastFrames > 2 ? this.#options.gatherMs - sinceLast : 0
    const go = (): void => {
      this.#scheduled = false
      this.#pump()
    }
    if (wait > 0) this.#clock.after(wait, go)
    else this.#clock.soon(go)
  }

  #pump(): void {
    if (this.#writing || this.#dead) return
    if (this.#sealed.length === 0 && this.#open !== null) this.#seal(this.#open)
    const commit = this.#sealed.shift()
    if (commit === undefined) return
    this.#writing = true
    this.#lastStartMs = this.#clock.monotonic()
    this.#lastFrames = commit.frames
    this.#write(commit).then(() => this.#down(commit), this.#fail)
  }

  async #write(commit: Commit): Promise<void> {
    const file = this.#files.get(this.#seq(commit.start))
    assert(file, 'the file of a commit is in use')
    await this.#syncing
    this.#writeHeader(commit)
    const bytes: Uint8Array[] = []
    const whole = this.slabs.slice(commit.start, commit.end - commit.start, bytes, null)
    assert(whole, 'a commit stays in memory until it is written')
    const at = commit.start % this.#files.fileBytes
    if (commit.sync && this.#unsynced.size === 0) {
      await file.durable.write(bytes, at)
      this.counters.syncs++
      this.#syncedLsn = commit.end
      return
    }
    await file.plain.write(bytes, at)
    this.#unsynced.add(file)
    if (commit.sync) {
      await this.#syncFiles()
      this.#syncedLsn = commit.end
    } else this.#asyncTimer ??= this.#clock.after(this.#options.asyncSyncMs, this.#syncLater)
  }

  /** Last, because recovery believes what it says of the commits before it. */
  #writeHeader(commit: Commit): void {
    const head: Uint8Array[] = []
    this.slabs.slice(commit.start, commitHeaderBytes, head, null)
    writeCommitHeader(head[0] as Uint8Array, {
      bytes: commit.end - commit.start,
      frames: commit.frames,
      lsn: commit.start,
      previousEnd: this.#previousEnd,
      syncedLsn: this.#syncedLsn,
      generation: this.#generation,
      directoryAt: commit.directoryAt,
    })
    this.#previousEnd = commit.end
  }

  #down(commit: Commit): void {
    this.#writing = false
    this.#writtenLsn = commit.end
    this.counters.commits++
    commit.announce()
    this.#hooks.committed()
    let n = 0
    while (n < this.#waiters.length && (this.#waiters[n] as Waiter).lsn <= commit.end) n++
    for (const waiter of this.#waiters.splice(0, n)) waiter.done()
    this.roomMayHaveGrown()
    if (this.#sealed.length > 0) this.#pump()
    else if (this.#open !== null) this.#schedule()
    const idle = this.#idleWaiters
    this.#idleWaiters = []
    for (const action of idle) action()
  }

  /** Makes durable what has been written: what policy async may still owe. */
  async syncWritten(): Promise<void> {
    if (this.#unsynced.size === 0 || this.#dead) return
    const upTo = this.#writtenLsn
    await this.#syncFiles()
    this.#syncedLsn = Math.max(this.#syncedLsn, upTo)
  }

  #syncFiles(): Promise<void> {
    this.#syncing = this.#sync()
    return this.#syncing
  }

  async #sync(): Promise<void> {
    const files = [...this.#unsynced]
    this.#unsynced.clear()
    for (const file of files) {
      this.counters.syncs++
      await file.plain.sync()
    }
  }

  /** The timer of policy async: waits for its turn behind the write in flight. */
  readonly #syncLater = (): void => {
    this.#asyncTimer = null
    this.syncWritten().catch(this.#fail)
  }

  readonly #fail = (cause: unknown): void => {
    if (this.#dead) return
    this.#dead = true
    this.#asyncTimer?.cancel()
    const idle = this.#idleWaiters
    this.#idleWaiters = []
    for (const action of idle) action()
    this.#hooks.failed(cause)
  }

  /** Fills `into` from the files, for readers of what no slab holds any more. False: it is gone. */
  async read(into: Uint8Array, lsn: number): Promise<boolean> {
    const file = this.#files.get(this.#seq(lsn))
    if (file === undefined) return false
    return (await file.reader.read(into, lsn % this.#files.fileBytes)) === into.length
  }
}
