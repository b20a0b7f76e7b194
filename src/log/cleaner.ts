// Keeps segments few and compacted topics compact. Cleaning: notes the latest offset of each key in
// the part of a partition that is new, then writes its closed segments anew without what is
// superseded. Reclaiming: the same without what a queue has settled behind messages that stay.
// Merging: short segments that quiet partitions have collected become one. Sweeping: files that
// several partitions share go with the last segment in them; what is left in one that has lost most
// moves to a new one. One pass at a time, beside the flusher, which only ever adds behind; upkeep
// starts it.
import { Turns } from '../base/turns.ts'
import type { Clock } from '../io/clock.ts'
import { BatchHeader } from '../model/record-batch.ts'
import { chooseCleaning } from './compaction/cleaning-policy.ts'
import { compactBatch, noteKeys } from './compaction/compact-batches.ts'
import { KeyMap } from './compaction/key-map.ts'
import { gainOf, reclaimBatch, type Settled } from './compaction/reclaiming.ts'
import type { LogOptions } from './log-options.ts'
import type { LogReader } from './log-reader.ts'
import type { PartitionLog } from './partition-log.ts'
import { emptyRead } from './read-result.ts'
import type { RewriteJob, Rewriter } from './rewriter.ts'
import { isRolled, keptTogetherMs, mergedTogetherMs } from './segment/rolling.ts'
import type { Segment } from './segment/segment.ts'
import { runHeaderBytes, type SegmentFiles } from './segment/segment-files.ts'

/** One merged file holds at most about so much, */
const mergedFileBytes = 256 << 20
/** of so many partitions: all that is done to them in one turn stays short. */
const mergedPartitions = 1000

/** What is left of files that are swept goes to one of about this size: there is little room. */
const sweptIntoBytes = 16 << 20

/** One file of what is cleaned comes from about so much. */
const cleanedFileBytes = 64 << 20

export type CleanerOptions = Pick<
  LogOptions,
  'readPieceBytes' | 'mergeBelowBytes' | 'mergeSegments' | 'partitionsPerTurn' | 'sweptFileBytes'
>

export class Cleaner {
  readonly counters = { cleanings: 0, merges: 0, reclaims: 0, sweeps: 0 }
  readonly #reader: LogReader
  readonly #rewriter: Rewriter
  readonly #files: SegmentFiles
  readonly #options: CleanerOptions
  readonly #turns: Turns
  #isStopped = false
  readonly #clock: Clock
  /** Partitions with a segment that is damaged: they stay as they are until the next start. */
  readonly #unreadable = new WeakSet<PartitionLog>()
  /** What is being cleaned, in parts that rely on each other. */
  #cleaning: PartitionLog | null = null

  constructor(
    reader: LogReader,
    rewriter: Rewriter,
    files: SegmentFiles,
    clock: Clock,
    options: CleanerOptions,
  ) {
    this.#options = options
    this.#files = files
    this.#clock = clock
    this.#turns = new Turns(clock, options.partitionsPerTurn)
    this.#reader = reader
    this.#rewriter = rewriter
  }

  /** Reads and writes together are held below this, in bytes a second. */
  setRate(bytesPerSecond: number): void {
    this.#rewriter.pace.setRate(bytesPerSecond)
  }

  /** What is under way ends soon: the rest is for the next start. */
  stop(): void {
    this.#isStopped = true
    this.setRate(Number.POSITIVE_INFINITY)
  }

  /** Cleans what is due among `logs`. `memoryBytes` bounds the keys that are remembered. */
  async clean(logs: Iterable<PartitionLog>, nowMs: number, memoryBytes: number): Promise<void> {
    for (const log of logs) {
      if (this.#isStopped) return
      if (!log.settings.cleanup.compact || log.deleted || log.damagedFrom !== null) continue
      if (this.#unreadable.has(log)) continue
      const closed = closedSegments(log, nowMs)
      if (closed.some(isDamaged)) continue
      const stretch = chooseCleaning(closed, log.settings, nowMs, log.cleanedUpTo)
      if (stretch === null) continue
      const records = stretch.to - stretch.from
      const keys = new KeyMap(Math.min(memoryBytes, KeyMap.bytesFor(records)), stretch.from)
      this.#cleaning = log
      if (!(await this.#noteStretch(log, stretch.to, keys))) this.#unreadable.add(log)
      else if (await this.#rewriteAll(compactionOf(log, closed, keys, nowMs)))
        this.counters.cleanings++
      this.#cleaning = null
    }
  }

  isCleaning(log: PartitionLog): boolean {
    return log === this.#cleaning
  }

  /**
   * Some at a time, so that what has gone makes room for what comes. Only with the last does the
   * partition count as cleaned. False: not all of it could be written.
   */
  async #rewriteAll(jobs: readonly RewriteJob[]): Promise<boolean> {
    const last = jobs.length - 1
    const once = jobs.map(({ cleanedUpTo, ...job }, i): RewriteJob => {
      return i === last && cleanedUpTo !== undefined ? { ...job, cleanedUpTo } : job
    })
    for (const part of partsOf(once, cleanedFileBytes))
      if (this.#isStopped || !(await this.#rewriter.run(part))) return false
    return true
  }

  /** False when the stretch cannot be read. */
  async #noteStretch(log: PartitionLog, to: number, keys: KeyMap): Promise<boolean> {
    const header = new BatchHeader()
    for (let offset = keys.coveredTo; offset < to; ) {
      const read = emptyRead()
      await this.#reader.readFromDisk(
        log,
        { offset, below: to, maxBytes: this.#options.readPieceBytes, mustGive: true },
        read,
      )
      const bytes = Buffer.concat(read.records)
      this.#reader.release(read)
      if (read.damaged) return false
      await this.#rewriter.pace.spend(bytes.length)
      if (bytes.length === 0) return true
      for (let at = 0; at < bytes.length; at += header.bytes) {
        header.moveTo(bytes, at)
        if (!noteKeys(header, keys)) return true
        offset = header.nextOffset
      }
    }
    return true
  }

  /** Bytes that `reclaim` would give back. */
  reclaimable(log: PartitionLog, settled: Settled, below: number): number {
    if (this.#isStopped) return 0
    const worn = this.#worn(log, settled, below)
    return worn.reduce((bytes, segment) => bytes + gainOf(segment, settled), 0)
  }

  /**
   * Writes what is settled below `below` out of closed segments of which it is half or more. It
   * must be settled durably: nobody finds its records again.
   */
  async reclaim(log: PartitionLog, settled: Settled, below: number): Promise<void> {
    const worn = this.#worn(log, settled, below)
    const groups = groupsOf(worn, log.settings.segmentBytes, keptTogetherMs(log))
    const mustStay = mustStayOf(log, groups)
    const keep = (header: BatchHeader): Uint8Array | null => reclaimBatch(header, settled, mustStay)
    const jobs = groups.map((sources) => ({ log, sources, keep, isSparse: true as const }))
    if (await this.#rewriteAll(jobs)) this.counters.reclaims++
  }

  #worn(log: PartitionLog, settled: Settled, below: number): readonly Segment[] {
    if (log.deleted || log.damagedFrom !== null || this.#unreadable.has(log)) return []
    const closed = closedSegments(log, this.#clock.now()).filter((s) => s.nextOffset <= below)
    if (closed.some(isDamaged)) return []
    return closed.filter((segment) => gainOf(segment, settled) > 0)
  }

  /** Brings short segments together, those of many partitions into one file. */
  async merge(logs: Iterable<PartitionLog>): Promise<void> {
    let jobs: RewriteJob[] = []
    let bytes = 0
    for (const log of logs) {
      const pause = this.#turns.next()
      if (pause !== null) await pause
      if (log.deleted || log.damagedFrom !== null) continue
      const sources = shortRun(log, this.#options)
      if (sources.length === 0 || sources.some(isDamaged)) continue
      jobs.push({ log, sources, keep: whole })
      bytes += sources.reduce((n, s) => n + s.bytes, 0)
      if (bytes < mergedFileBytes && jobs.length < mergedPartitions) continue
      if (await this.#rewriter.run(jobs)) this.counters.merges++
      jobs = []
      bytes = 0
    }
    if (jobs.length > 0 && (await this.#rewriter.run(jobs))) this.counters.merges++
  }

  /**
   * Moves what is left in files of which most is of no use any more. `logs`: all that there are;
   * those that `isBusy` are left alone.
   */
  async sweep(
    logs: Iterable<PartitionLog>,
    isBusy: (log: PartitionLog) => boolean = () => false,
  ): Promise<void> {
    const all = [...logs]
    const live = new Map<number, number>()
    await this.#eachSegment(all, (_, { file, bytes }) => {
      live.set(file, (live.get(file) ?? 0) + bytes + runHeaderBytes)
    })
    const worn = this.#files.bytesBeyond(live, this.#options.sweptFileBytes)
    if (worn.size === 0) return
    const jobs: (RewriteJob & { readonly from: number })[] = []
    await this.#eachSegment(all, (log, segment) => {
      if (!worn.has(segment.file)) return
      // A file of which something has to stay is not left by the rest.
      if (isBusy(log) || !isMovable(log, segment)) worn.delete(segment.file)
      else jobs.push({ log, sources: [segment], keep: whole, from: segment.file })
    })
    const left = jobs.filter(({ from }) => worn.has(from))
    // One file after the other, so that each that is left makes room.
    left.sort((a, b) => a.from - b.from)
    for (const part of partsOf(left, sweptIntoBytes)) {
      if (this.#isStopped) return
      if (await this.#rewriter.run(part)) this.counters.sweeps++
    }
  }

  async #eachSegment(
    logs: readonly PartitionLog[],
    each: (log: PartitionLog, segment: Segment) => void,
  ): Promise<void> {
    for (const log of logs) {
      const pause = this.#turns.next()
      if (pause !== null) await pause
      for (const segment of log.segments) each(log, segment)
    }
  }
}

const whole = (header: BatchHeader): Uint8Array => header.whole()

/** One file is made of each: of about so many bytes, and of no more jobs than a turn takes. */
function* partsOf(jobs: readonly RewriteJob[], bytesMax: number): Generator<readonly RewriteJob[]> {
  let part: RewriteJob[] = []
  let bytes = 0
  for (const job of jobs) {
    part.push(job)
    bytes += job.sources.reduce((n, source) => n + source.bytes, 0)
    if (bytes < bytesMax && part.length < mergedPartitions) continue
    yield part
    part = []
    bytes = 0
  }
  if (part.length > 0) yield part
}

const isMovable = (log: PartitionLog, segment: Segment): boolean =>
  !log.deleted && log.damagedFrom === null && segment !== log.growing && !isDamaged(segment)

const isDamaged = ({ index }: Segment): boolean => index.isDamaged

/** All segments but the one that the flusher may still grow. */
function closedSegments(log: PartitionLog, nowMs: number): readonly Segment[] {
  const { segments } = log
  const last = segments[segments.length - 1]
  const isOpen = (own: Segment): boolean =>
    own === log.growing || (own.bytes < log.settings.segmentBytes && !isRolled(log, own, nowMs))
  const mayGrow = last?.own === true && isOpen(last)
  return mayGrow ? segments.slice(0, -1) : segments
}

/** Many short segments at the end, in a row, that fit one segment together; else none. */
function shortRun(
  log: PartitionLog,
  { mergeBelowBytes, mergeSegments }: CleanerOptions,
): readonly Segment[] {
  const { segments, settings } = log
  const closed = segments[segments.length - 1]?.own === true ? segments.slice(0, -1) : segments
  const run = closed.slice(closed.findLastIndex((s) => s.bytes >= mergeBelowBytes) + 1)
  const groups = groupsOf(run, settings.segmentBytes, mergedTogetherMs(log))
  return groups.find((group) => group.length >= mergeSegments) ?? []
}

/** Segments that follow each other without a gap, together as large and as old as one may be. */
function groupsOf(
  segments: readonly Segment[],
  segmentBytes: number,
  togetherMs: number,
): readonly Segment[][] {
  const groups: Segment[][] = []
  let bytes = Number.POSITIVE_INFINITY
  let end = -1
  let beganMs = 0
  for (const segment of segments) {
    bytes += segment.bytes
    const isNear = segment.createdMs - beganMs <= togetherMs
    if (bytes <= segmentBytes && segment.baseOffset === end && isNear)
      groups[groups.length - 1]?.push(segment)
    else {
      groups.push([segment])
      bytes = segment.bytes
      beganMs = segment.createdMs
    }
    end = segment.nextOffset
  }
  return groups
}

function compactionOf(
  log: PartitionLog,
  closed: readonly Segment[],
  keys: KeyMap,
  nowMs: number,
): RewriteJob[] {
  const sources = closed.filter((s) => s.baseOffset < keys.coveredTo)
  const groups = groupsOf(sources, log.settings.segmentBytes, keptTogetherMs(log))
  const rules = {
    keys,
    nowMs,
    deleteRetentionMs: log.settings.tombstoneRetentionMs,
    mustStay: mustStayOf(log, groups),
  }
  const keep = (header: BatchHeader): Uint8Array | null => compactBatch(header, rules)
  return groups.map((sources) => ({
    log,
    sources,
    keep,
    isSparse: true,
    cleanedUpTo: keys.coveredTo,
  }))
}

/**
 * The last batch of a segment, and the last of a producer: both carry what nothing else says. A
 * segment that ended before its last offset would leave readers waiting there.
 */
function mustStayOf(
  log: PartitionLog,
  groups: readonly (readonly Segment[])[],
): (header: BatchHeader) => boolean {
  const ends = new Set(groups.map((group) => group[group.length - 1]?.nextOffset))
  const lastSequences = new Map([...log.producers.active()].map((p) => [p.id, p.lastSequence]))
  return (header) =>
    ends.has(header.nextOffset) ||
    (header.producerId >= 0 && isLastOf(header, lastSequences.get(header.producerId)))
}

const isLastOf = (header: BatchHeader, lastSequence: number | undefined): boolean =>
  lastSequence !== undefined && header.baseSequence + header.lastOffsetDelta === lastSequence
