// A file of records that grows at its end and survives crashes: the metadata store and the log's
// manifest are kept in such files. Invariant: a record whose append was answered is in the file for
// ever, or until a rewrite that its owner asked for; an append is there whole or not at all;
// records keep their order. One job runs at a time, in the order of the calls; appends that wait
// together share one write.
//
// append, append ──▶ queue ──▶ one frame, one durable write ──▶ both answered rewrite ──▶ queue ──▶
// path.new: write, sync ──▶ rename ──▶ sync the folder ──▶ answered
//
// After a failed write or sync nobody knows what the disk holds, so every later call fails the same
// way.
//
// `close`, `seal` and a rewrite add a frame without records: behind it a damaged frame cannot pass
// for a torn one. What cannot be seen is damage to the last frame after a crash; so the tail that
// is cut is kept beside the file, as `path.cut`, then `path.cut-2`, and so on, and
// reported.
import { assert } from '../base/assert.ts'
import type { Disk, DiskFile } from './disk.ts'
import { bodyBytesOf, encodeFrame } from './record-frame.ts'
import { emptyScan, type Scan, scanRecords } from './record-scan.ts'
import { ignoreOnly } from './system-call.ts'

export interface RecordFileOptions {
  /** The longest record, in bytes. May be raised for an existing file, never lowered. */
  readonly maxRecordBytes: number
  /** Told when the file ended in a write that never finished. */
  readonly report?: (line: string) => void
}

/** How much one frame gathers, beyond one record of any length. */
const gatherBytes = 1 << 20

/** The same in a rewrite: small, since other work has its turn between two frames. */
const rewriteGatherBytes = 64 << 10

interface Append {
  readonly records: readonly Uint8Array[]
  readonly bodyBytes: number
}
interface Job {
  /** What to add, or what to put in the place of everything. */
  readonly work: Append | { readonly replaceBy: Iterable<Uint8Array> } | 'seal'
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class RecordFile {
  readonly #disk: Disk
  readonly #path: string
  readonly #bodyBytesMax: number
  readonly #report: (line: string) => void
  /** What was read; null once the file is settled. */
  #found: Scan | null = null
  /** Null until the file is settled. */
  #file: DiskFile | null = null
  #bytes = 0
  #nextSequence = 0
  /** Something stands behind the last frame without records. */
  #hasNews = false
  #jobs: Job[] = []
  #running: Promise<void> | null = null
  #failure: unknown = null
  #closed = false

  /**
   * Opens or creates the file; its folder must exist. Resolves to what it holds, in order. A torn
   * tail is cut. Rejects with CorruptFileError, leaving the file as it is, when frames were
   * damaged.
   */
  static async open(
    disk: Disk,
    path: string,
    options: RecordFileOptions,
  ): Promise<{ file: RecordFile; records: Uint8Array[] }> {
    const { file, records } = await RecordFile.read(disk, path, options)
    await file.settle()
    return { file, records }
  }

  /** The same, but nothing is written before `settle`, which must come before anything is added. */
  static async read(
    disk: Disk,
    path: string,
    options: RecordFileOptions,
  ): Promise<{ file: RecordFile; records: Uint8Array[]; isTorn: boolean }> {
    const file = new RecordFile(disk, path, options)
    const scan = await file.#scan()
    file.#found = scan
    return { file, records: scan.records, isTorn: scan.end < scan.size }
  }

  private constructor(disk: Disk, path: string, options: RecordFileOptions) {
    this.#disk = disk
    this.#path = path
    this.#bodyBytesMax = Math.max(gatherBytes, options.maxRecordBytes + 4)
    this.#report = options.report ?? ((): undefined => undefined)
  }

  /** Bytes that the file has now: the owner decides when a rewrite is worth it. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Adds `records`, all or none; durable when it resolves. Together at most 1 MiB or one record.
   */
  append(records: readonly Uint8Array[]): Promise<void> {
    const bodyBytes = bodyBytesOf(records)
    assert(bodyBytes <= this.#bodyBytesMax, `an append of ${bodyBytes} bytes to ${this.#path}`)
    if (records.length === 0) return Promise.resolve()
    return this.#enqueue({ records, bodyBytes })
  }

  /**
   * Puts `records` in the place of all that was appended before this call; a crash leaves the old
   * content or the new. When the disk is full the old content stays and appends go on. The records
   * are asked for one by one while the file is written, over several turns.
   */
  rewrite(records: Iterable<Uint8Array>): Promise<void> {
    return this.#enqueue({ replaceBy: records })
  }

  /**
   * From now on damage to what was appended before cannot be taken for a write that never finished.
   */
  seal(): Promise<void> {
    return this.#enqueue('seal')
  }

  /** Waits for what was asked before; no call may follow. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#running) await this.#running
    const file = this.#file
    if (file === null) return
    try {
      if (this.#hasNews && !this.#failure) await this.#writeFrame(file, [], this.#bytes)
    } catch (error) {
      // Nothing is lost without it.
      ignoreOnly(error, 'ENOSPC', 'EDQUOT')
    } finally {
      await file.close()
    }
  }

  async #scan(): Promise<Scan> {
    let file: DiskFile
    try {
      file = await this.#disk.open(this.#path, { access: 'read' })
    } catch (error) {
      ignoreOnly(error, 'ENOENT')
      return emptyScan
    }
    try {
      return await scanRecords(file, this.#path, this.#bodyBytesMax)
    } finally {
      await file.close()
    }
  }

  /**
   * Creates the file where it is absent, cuts a torn tail, and makes durable what was read: nothing
   * may rely on that before.
   */
  async settle(): Promise<void> {
    const scan = this.#found
    assert(scan, `${this.#path} is settled once`)
    this.#found = null
    await this.#disk.remove(replacementOf(this.#path))
    const file = await this.#disk.open(this.#path, { access: 'write', durable: true })
    try {
      await this.#takeOver(file, scan)
    } catch (error) {
      await file.close()
      throw error
    }
    this.#file = file
  }

  async #takeOver(file: DiskFile, scan: Scan): Promise<void> {
    if (scan.end < scan.size) await this.#cut(file, scan)
    // What was read may be in the system's cache only, and the file's name too. The frame of a
    // write that failed even counts as clean there, so that no sync would bring it to the disk.
    const last = new Uint8Array(scan.end - scan.lastFrame)
    await file.read(last, scan.lastFrame)
    await file.write([last], scan.lastFrame)
    await file.sync()
    await this.#disk.syncDir(folderOf(this.#path))
    this.#bytes = scan.end
    this.#nextSequence = scan.nextSequence
    this.#hasNews = scan.end > 0 && !scan.isClosed
  }

  /** Moves the tail that is not a whole frame into a file of its own. */
  async #cut(file: DiskFile, { end, size }: Scan): Promise<void> {
    const path = await this.#nameOfCut()
    const kept = await this.#disk.open(path, { access: 'write', truncate: true })
    try {
      for (let at = end; at < size; ) {
        const piece = new Uint8Array(Math.min(gatherBytes, size - at))
        const n = await file.read(piece, at)
        assert(n > 0, 'a file is as long as it says')
        await kept.write([piece.subarray(0, n)], at - end)
        at += n
      }
      await kept.sync()
    } finally {
      await kept.close()
    }
    await this.#disk.syncDir(folderOf(path))
    await file.truncate(end)
    this.#report(
      `${this.#path} ended in ${size - end} bytes of a write that never finished, as a crash ` +
        `leaves them; they are kept in ${path}`,
    )
  }

  /** One that nothing has yet: what was cut before may not have been looked at. */
  async #nameOfCut(): Promise<string> {
    const folder = folderOf(this.#path)
    const there = new Set(await this.#disk.list(folder))
    for (let n = 1; ; n++) {
      const path = cutOf(this.#path, n)
      if (!there.has(path.slice(folder.length === 0 ? 0 : folder.length + 1))) return path
    }
  }

  get #opened(): DiskFile {
    assert(this.#file, `${this.#path} is settled before it is written to`)
    return this.#file
  }

  #enqueue(work: Job['work']): Promise<void> {
    assert(!this.#closed && this.#file, `${this.#path} is open`)
    return new Promise((resolve, reject) => {
      this.#jobs.push({ work, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Works off the queue; never rejects. */
  async #run(): Promise<void> {
    // Calls of the same turn are gathered too.
    await Promise.resolve()
    while (this.#jobs.length > 0) {
      const jobs = this.#nextJobs()
      try {
        if (this.#failure) throw this.#failure
        await this.#perform(jobs)
        for (const job of jobs) job.resolve()
      } catch (error) {
        for (const job of jobs) job.reject(error)
      }
    }
    this.#running = null
  }

  /** The appends at the head of the queue that fit one frame, or the rewrite that stands there. */
  #nextJobs(): Job[] {
    let count = 0
    let bytes = 0
    for (const { work } of this.#jobs) {
      if (work === 'seal' || 'replaceBy' in work) break
      bytes += work.bodyBytes
      if (bytes > this.#bodyBytesMax) break
      count++
    }
    return this.#jobs.splice(0, Math.max(1, count))
  }

  async #perform(jobs: readonly Job[]): Promise<void> {
    const first = jobs[0]?.work
    if (first === 'seal' && !this.#hasNews) return
    if (first && first !== 'seal' && 'replaceBy' in first) return this.#replace(first.replaceBy)
    const records = jobs.flatMap(({ work }) =>
      work !== 'seal' && 'records' in work ? work.records : [],
    )
    try {
      await this.#writeFrame(this.#opened, records, this.#bytes)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  async #writeFrame(file: DiskFile, records: readonly Uint8Array[], at: number): Promise<void> {
    const frame = encodeFrame(records, this.#nextSequence, at)
    await file.write([frame], at)
    this.#hasNews = records.length > 0
    this.#nextSequence++
    this.#bytes = at + frame.length
  }

  async #replace(records: Iterable<Uint8Array>): Promise<void> {
    const before = { bytes: this.#bytes, nextSequence: this.#nextSequence }
    const replacement = replacementOf(this.#path)
    try {
      await this.#writeAll(replacement, records)
    } catch (error) {
      this.#bytes = before.bytes
      this.#nextSequence = before.nextSequence
      await this.#disk.remove(replacement)
      throw error
    }
    try {
      await this.#disk.rename(replacement, this.#path)
      await this.#disk.syncDir(folderOf(this.#path))
      await this.#opened.close()
      this.#file = await this.#disk.open(this.#path, { access: 'write', durable: true })
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  /** A whole new file at `path`, synced. */
  async #writeAll(path: string, records: Iterable<Uint8Array>): Promise<void> {
    const file = await this.#disk.open(path, { access: 'write', truncate: true })
    try {
      this.#bytes = 0
      for (const some of groupsOf(records, rewriteGatherBytes))
        await this.#writeFrame(file, some, this.#bytes)
      // Frames with one behind them cannot pass for a torn tail when they are damaged later.
      await this.#writeFrame(file, [], this.#bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  }
}

/** Records that share a frame: as many as reach `bytesMin` together, or what is left. */
function* groupsOf(
  records: Iterable<Uint8Array>,
  bytesMin: number,
): Generator<readonly Uint8Array[]> {
  let group: Uint8Array[] = []
  let bytes = 0
  for (const record of records) {
    group.push(record)
    bytes += record.length
    if (bytes < bytesMin) continue
    yield group
    group = []
    bytes = 0
  }
  if (group.length > 0) yield group
}

function replacementOf(path: string): string {
  return `${path}.new`
}

/** Of the `n`th tail that was cut. */
function cutOf(path: string, n: number): string {
  return n === 1 ? `${path}.cut` : `${path}.cut-${n}`
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
