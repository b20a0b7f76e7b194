// Writes segments anew: several of a partition become one, perhaps with less in it. The cleaner
// drops what compaction need not keep, the merger only brings short segments together. The new file
// is durable before readers see it, the manifest says so before the old ones go; a crash between
// leaves a stray file that the next start removes. Sources that went away meanwhile (deleted, past
// the log start, or are being grown) cancel their job.
import { Lane } from '../base/lane.ts'
import { Pace } from '../base/pace.ts'
import type { Clock } from '../io/clock.ts'
import { type Disk, DiskError } from '../io/disk.ts'
import { ReadAhead } from '../io/read-ahead.ts'
import { BatchHeader, headerBytes } from '../model/record-batch.ts'
import type { DiskSpace } from './disk-space.ts'
import type { LogOptions } from './log-options.ts'
import type { Manifest, PartitionChange } from './manifest.ts'
import type { PartitionLog } from './partition-log.ts'
import { goesOn, newestMs, type Segment, segmentFields, timesOf } from './segment/segment.ts'
import {
  isRunOf,
  remedy,
  runHeaderBytes,
  type SegmentFiles,
  segmentFolder,
  segmentPath,
  writeRunHeader,
} from './segment/segment-files.ts'
import { type Place, SegmentIndex } from './segment/segment-index.ts'
import { SegmentWriter } from './segment/segment-writer.ts'

export interface RewriteJob {
  readonly log: PartitionLog
  /** Segments that follow each other and no longer grow. */
  readonly sources: readonly Segment[]
  /** What remains of a batch: its bytes, other bytes, or null. */
  readonly keep: (header: BatchHeader) => Uint8Array | null
  /** Batches and records may be left out. */
  readonly isSparse?: true
  /** The partition's `cleanedUpTo`, once the new segments are in place: it was cleaned. */
  readonly cleanedUpTo?: number
}

export interface RewriterParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly segmentFiles: SegmentFiles
  readonly manifest: Manifest
  readonly space: DiskSpace
  /** A source that cannot be read is left as it is, and said. */
  report(line: string): void
}

export type RewriterOptions = Pick<LogOptions, 'rewriteBytes' | 'readPieceBytes'>

interface Rewritten {
  readonly job: RewriteJob
  /** Null when nothing was left. */
  readonly segment: Segment | null
}

/** The pace is asked after so much. */
const paidBytes = 64 << 10

export class Rewriter {
  readonly counters = { runs: 0, bytesRead: 0, bytesWritten: 0 }
  readonly pace: Pace
  readonly #parts: RewriterParts
  readonly #lane = new Lane()
  readonly #header = new BatchHeader()
  readonly #options: RewriterOptions
  /** Made when first needed: many nodes never rewrite anything. */
  #staging: Uint8Array | null = null
  #batch = new Uint8Array(64 << 10)
  /** Read and written, and not yet told to the pace. */
  #unpaidBytes = 0
  /** The disk had no room for the last rewrite. */
  #waits = false

  constructor(parts: RewriterParts, options: RewriterOptions) {
    this.#parts = parts
    this.pace = new Pace(parts.clock)
    this.#options = options
  }

  /**
   * Runs all jobs into one new file, but for those of partitions that have changed by now. False:
   * not all of them; nothing is written where the disk might have no room for it.
   */
  run(asked: readonly RewriteJob[]): Promise<boolean> {
    // All that it works with is there once.
    return this.#lane.run(() => this.#run(asked))
  }

  async #run(asked: readonly RewriteJob[]): Promise<boolean> {
    const bytes = asked.flatMap((job) => job.sources).reduce((n, source) => n + source.bytes, 0)
    if (!(await this.#hasRoom(bytes))) return false
    // From here to where they are held nobody may come between.
    const jobs = unchanged(asked)
    if (jobs.length === 0) return asked.length === 0
    const sources = jobs.flatMap((job) => job.sources)
    // Held, so that the files stay while we read, whatever becomes of the segments.
    for (const source of sources) this.#parts.segmentFiles.retain(source.file)
    const isDone = await this.#rewrite(jobs)
    for (const source of sources) await this.#parts.segmentFiles.release(source.file)
    this.counters.runs++
    return isDone && jobs.length === asked.length
  }

  /** Told once while it lasts. */
  async #hasRoom(bytes: number): Promise<boolean> {
    const hasRoom = await this.#parts.space.mayWrite(bytes)
    if (!hasRoom && !this.#waits)
      this.#parts.report(
        `compaction waits for ${Math.ceil(bytes / (1 << 20))} MiB on the disk, beside what ` +
          'polymq.disk.free.bytes.min keeps free: make room',
      )
    this.#waits = !hasRoom
    return hasRoom
  }

  /** False: something changed meanwhile, or cannot be read. */
  async #rewrite(jobs: readonly RewriteJob[]): Promise<boolean> {
    const { disk, segmentFiles } = this.#parts
    const file = segmentFiles.newNumber()
    this.#staging ??= disk.allocate(this.#options.rewriteBytes)
    const writer = await SegmentWriter.begin(disk, file, this.#staging)
    const readers = new Map<number, ReadAhead>()
    const rewritten: Rewritten[] = []
    const damaged = new Set<PartitionLog>()
    try {
      for (const job of jobs) {
        const segment = await this.#copy(job, writer, readers)
        if (segment === undefined) damaged.add(job.log)
        else rewritten.push({ job, segment })
      }
    } finally {
      for (const reader of readers.values()) await reader.close()
    }
    await writer.finish()
    await disk.syncDir(segmentFolder)
    const valid = new Set(unchanged(jobs).filter(({ log }) => !damaged.has(log)))
    await this.#swap(
      file,
      writer.position,
      rewritten.filter(({ job }) => valid.has(job)),
    )
    return valid.size === jobs.length
  }

  /**
   * Undefined when a source cannot be read: the job is dropped, what was written of it is dead
   * space.
   */
  async #copy(
    job: RewriteJob,
    writer: SegmentWriter,
    readers: Map<number, ReadAhead>,
  ): Promise<Segment | null | undefined> {
    const { topic: topicId, partition } = job.log
    const first = job.sources[0] as Segment
    const runHeader = new Uint8Array(runHeaderBytes)
    writeRunHeader(runHeader, { topicId, partition, baseOffset: first.baseOffset, bytes: 0 })
    await writer.write(runHeader)
    const position = writer.position
    const index = new SegmentIndex()
    let maxTimestamp = Number.NEGATIVE_INFINITY
    let records = 0
    for (const source of job.sources) {
      const reader = await this.#readerOf(job.log, source, readers)
      if (reader === null) return this.#unreadable(job, source, -runHeaderBytes)
      let reached = source.baseOffset
      for (let at = 0; at < source.bytes; ) {
        const place = { position: at, offset: reached }
        const bytes =
          this.#view(reader, job.log, source, place) ||
          (await this.#read(reader, job.log, source, place))
        if (bytes === 0) return this.#unreadable(job, source, at)
        at += bytes
        this.#unpaidBytes += bytes
        this.counters.bytesRead += bytes
        reached = this.#header.nextOffset
        if (this.#unpaidBytes >= paidBytes) await this.#pay()
        const kept = job.keep(this.#header)
        if (kept === null) continue
        const { baseOffset, maxTimestamp: newest, recordCount } = this.#header.moveTo(kept)
        records += recordCount
        index.note(baseOffset, writer.position - position, kept.length, newest)
        maxTimestamp = Math.max(maxTimestamp, newest)
        if (!writer.tryWrite(kept)) await writer.write(kept)
        this.#unpaidBytes += kept.length
      }
    }
    const bytes = writer.position - position
    this.counters.bytesWritten += bytes
    if (bytes === 0) return null
    const { nextOffset } = job.sources[job.sources.length - 1] as Segment
    const { file } = writer
    // As old as the oldest of them, so that it is as overdue.
    const { baseOffset, createdMs } = first
    const sparse = job.isSparse === true || job.sources.some((s) => s.sparse)
    const place = { file, position, bytes, own: false, sparse, ...(sparse && { records }) }
    const flushedMs = Math.max(...job.sources.map(newestMs))
    const times = timesOf(maxTimestamp, createdMs, flushedMs)
    return { ...place, baseOffset, nextOffset, ...times, index }
  }

  async #pay(): Promise<void> {
    const bytes = this.#unpaidBytes
    this.#unpaidBytes = 0
    await this.pace.spend(bytes)
  }

  /** At the first batch of a source; null when it cannot be read, or holds records of others. */
  async #readerOf(
    { topic: topicId, partition }: PartitionLog,
    source: Segment,
    readers: Map<number, ReadAhead>,
  ): Promise<ReadAhead | null> {
    const from = source.position - runHeaderBytes
    const scratch = this.#batch.subarray(0, runHeaderBytes)
    try {
      const reader = await this.#reader(source.file, readers)
      let header = reader.view(from, runHeaderBytes)
      if (header === null && (await reader.read(scratch, from)) === runHeaderBytes) header = scratch
      const run = { topicId, partition, baseOffset: source.baseOffset }
      return header !== null && isRunOf(header, run) ? reader : null
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return null
    }
  }

  async #reader(file: number, readers: Map<number, ReadAhead>): Promise<ReadAhead> {
    let reader = readers.get(file)
    if (reader === undefined) {
      const open = await this.#parts.disk.open(segmentPath(file), { access: 'read' })
      reader = new ReadAhead(open, Math.ceil(this.#options.rewriteBytes / 4))
      readers.set(file, reader)
    }
    return reader
  }

  /** As `#read`, of what is in memory already; 0 also when it is not. */
  #view(reader: ReadAhead, log: PartitionLog, source: Segment, place: Place): number {
    const from = source.position + place.position
    const head = reader.view(from, headerBytes)
    if (head === null) return 0
    const { bytes } = this.#header.moveTo(head)
    const batch = bytes < headerBytes ? null : reader.view(from, bytes)
    if (batch === null || !goesOn(source, this.#header.moveTo(batch), place)) return 0
    return log.isWhole(this.#header) ? bytes : 0
  }

  /** Points the header at the batch at `place`; returns its bytes, 0 when it is damaged. */
  async #read(
    reader: ReadAhead,
    log: PartitionLog,
    source: Segment,
    place: Place,
  ): Promise<number> {
    const from = source.position + place.position
    const read = (into: Uint8Array): Promise<number> => reader.read(into, from).catch(nothingRead)
    if ((await read(this.#batch.subarray(0, headerBytes))) < headerBytes) return 0
    const { bytes } = this.#header.moveTo(this.#batch)
    if (!goesOn(source, this.#header, place)) return 0
    if (this.#batch.length < bytes) this.#batch = new Uint8Array(bytes * 2)
    const batch = this.#batch.subarray(0, bytes)
    if ((await read(batch)) < bytes) return 0
    this.#header.moveTo(batch)
    return log.isWhole(this.#header) ? bytes : 0
  }

  /** Told once: the segment is not built upon from now on, by anybody. */
  #unreadable({ log }: RewriteJob, { file, position, index }: Segment, at: number): undefined {
    const isNews = !index.isDamaged
    index.isDamaged = true
    if (isNews)
      this.#parts.report(
        `${segmentPath(file)} is damaged at byte ${position + at}: ${log.label} keeps its old ` +
          `segments; ${remedy}`,
      )
    return undefined
  }

  /** In memory first, at once for all; then the manifest; then the old files. */
  async #swap(file: number, bytes: number, valid: readonly Rewritten[]): Promise<void> {
    const { segmentFiles, manifest } = this.#parts
    segmentFiles.retain(file)
    segmentFiles.written(file, bytes)
    for (const { job, segment } of valid) {
      if (segment !== null) segmentFiles.retain(file)
      job.log.replaceSegments(job.sources, segment === null ? [] : [segment])
      job.log.cleanedUpTo = Math.max(job.log.cleanedUpTo, job.cleanedUpTo ?? 0)
    }
    await manifest.append({ partitions: valid.map(changeOf) })
    await segmentFiles.indexes.write(
      valid.flatMap(({ job, segment }) => this.#large(job, segment)),
      0,
    )
    for (const { job } of valid)
      for (const source of job.sources) await segmentFiles.release(source.file)
    // Held until here, so that a file in which nothing is left goes too.
    await segmentFiles.release(file)
  }

  /** What one read takes needs no index on disk. */
  #large({ log }: RewriteJob, segment: Segment | null): Segment[] {
    const { readPieceBytes } = this.#options
    const isLarge = segment !== null && segment.bytes > readPieceBytes
    return isLarge && log.segments.includes(segment) ? [segment] : []
  }
}

/** Of a partition all jobs or none: one that was cleaned in part would count as cleaned. */
function unchanged(jobs: readonly RewriteJob[]): RewriteJob[] {
  const changed = new Set(jobs.filter((job) => !isCurrent(job)).map((job) => job.log))
  return jobs.filter(({ log }) => !changed.has(log))
}

/** What the disk does not give is damage of the source, and no reason to end. */
function nothingRead(error: unknown): number {
  if (!(error instanceof DiskError)) throw error
  return 0
}

const isCurrent = ({ log, sources }: RewriteJob): boolean =>
  !log.deleted && sources.every((s) => log.segments.includes(s) && s !== log.growing)

function changeOf({ job, segment }: Rewritten): PartitionChange {
  const { topic, partition } = job.log
  return {
    topic,
    partition,
    removed: job.sources.map((s) => [s.file, s.position] as const),
    segments: segment === null ? [] : [segmentFields(segment)],
    ...(job.cleanedUpTo === undefined ? {} : { cleanedUpTo: job.cleanedUpTo }),
  }
}
