// Brings commits to the disk, one at a time, and knows how far they are durable. A commit that must
// be durable is one write through a file that is (O_DSYNC); one that need not is written only, and
// synced a little later, or together with the next that must. Rejections are the first failed
// write: after it nothing on this disk can be trusted, and the journal ends. The journal owns it.
import { assert } from '../../base/assert.ts'
import type { Clock, Timer } from '../../io/clock.ts'
import type { Commit } from './commit.ts'
import type { JournalFile, JournalFiles } from './journal-files.ts'
import { commitHeaderBytes, type JournalKey, writeCommitHeader } from './journal-format.ts'
import type { SlabCache } from './slab-cache.ts'

/** Where recovery ended. */
export interface JournalStart {
  readonly lsn: number
  readonly previousEnd: number
  readonly generation: number
  readonly key: JournalKey
}

export interface CommitWriterParts {
  readonly files: JournalFiles
  readonly slabs: SlabCache
  readonly clock: Clock
  /** Fsyncs, and writes that were durable at once. */
  readonly counters: { syncs: number }
  /** Of the metadata, durable. */
  knownRevision(): number
  /** Told when the sync that nobody waits for fails. */
  failed(cause: unknown): void
}

export class CommitWriter {
  readonly #files: JournalFiles
  readonly #slabs: SlabCache
  readonly #clock: Clock
  readonly #counters: { syncs: number }
  readonly #asyncSyncMs: number
  readonly #generation: number
  readonly #key: JournalKey
  readonly #failed: (cause: unknown) => void
  readonly #knownRevision: () => number
  /** End of the last commit that was written. */
  #previousEnd: number
  #syncedLsn: number
  /** Files with commits that were written but not synced, and the end of the last of these. */
  readonly #unsynced = new Set<JournalFile>()
  #unsyncedEnd = 0
  /** Will sync them, at `#timerAt` of the monotonic clock. */
  #timer: Timer | null = null
  #timerAt = 0
  #syncing: Promise<void> = Promise.resolve()

  constructor(parts: CommitWriterParts, asyncSyncMs: number, start: JournalStart) {
    this.#files = parts.files
    this.#slabs = parts.slabs
    this.#clock = parts.clock
    this.#counters = parts.counters
    this.#failed = parts.failed
    this.#knownRevision = () => parts.knownRevision()
    this.#asyncSyncMs = asyncSyncMs
    this.#generation = start.generation
    this.#key = start.key
    this.#previousEnd = start.previousEnd
    this.#syncedLsn = start.lsn
  }

  /** End of the last commit that was written or is being written. */
  get lastEnd(): number {
    return this.#previousEnd
  }

  /** Below this, everything is durable. */
  get syncedLsn(): number {
    return this.#syncedLsn
  }

  /** Resolves when the sealed commit is as durable as it must be. */
  async write(commit: Commit): Promise<void> {
    const { fileBytes } = this.#files
    const file = this.#files.get(Math.floor(commit.start / fileBytes))
    assert(file, 'the file of a commit is in use')
    await this.#lastSync()
    this.#writeHeader(commit)
    const bytes: Uint8Array[] = []
    const whole = this.#slabs.slice(commit.start, commit.end - commit.start, bytes, null)
    assert(whole, 'a commit stays in memory until it is written')
    const at = commit.start % fileBytes
    if (commit.sync && this.#unsynced.size === 0) {
      await file.durable.write(bytes, at)
      this.#counters.syncs++
      this.#syncedLsn = commit.end
      return
    }
    await file.plain.write(bytes, at)
    this.#unsynced.add(file)
    this.#unsyncedEnd = commit.end
    if (commit.sync) await this.syncWritten()
    else this.#syncWithin(Math.min(this.#asyncSyncMs, commit.syncWithinMs))
  }

  /** Makes durable what has been written. */
  async syncWritten(): Promise<void> {
    const upTo = this.#unsyncedEnd
    // One behind the other: what a later one makes durable never stands above what an earlier owes.
    if (this.#unsynced.size > 0) this.#syncing = this.#syncing.then(() => this.#sync())
    await this.#syncing
    this.#syncedLsn = Math.max(this.#syncedLsn, upTo)
  }

  /** Resolves when no sync is under way, not even one that began while this waited. */
  async #lastSync(): Promise<void> {
    let last: Promise<void>
    do {
      last = this.#syncing
      await last
    } while (last !== this.#syncing)
  }

  /** Nothing is synced by the clock any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  async #sync(): Promise<void> {
    const files = [...this.#unsynced]
    this.#unsynced.clear()
    for (const file of files) {
      this.#counters.syncs++
      await file.plain.sync()
    }
  }

  #syncWithin(ms: number): void {
    const at = this.#clock.monotonic() + ms
    if (this.#timer !== null && this.#timerAt <= at) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#clock.after(ms, this.#syncLater)
  }

  readonly #syncLater = (): void => {
    this.#timer = null
    this.syncWritten().catch(this.#failed)
  }

  /** Last, because recovery believes what it says of the commits before it. */
  #writeHeader(commit: Commit): void {
    const head: Uint8Array[] = []
    this.#slabs.slice(commit.start, commitHeaderBytes, head, null)
    const header = {
      bytes: commit.end - commit.start,
      frames: commit.frames,
      lsn: commit.start,
      previousEnd: this.#previousEnd,
      syncedLsn: this.#syncedLsn,
      generation: this.#generation,
      directoryAt: commit.directoryAt,
      knownRevision: this.#knownRevision(),
    }
    writeCommitHeader(head[0] as Uint8Array, header, this.#key)
    this.#previousEnd = commit.end
  }
}
