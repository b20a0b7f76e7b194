// All records of one node: its partitions over one journal, one manifest and one set of segment
// files. The broker makes one for each node; nothing in it is global, so that several nodes live in
// one process.
import { ignoreOnly } from '../io/system-call.ts'
import type { AdvancedLogs } from './advanced-logs.ts'
import { Cleaner } from './cleaner.ts'
import type { DiskSpace } from './disk-space.ts'
import { Flusher } from './flusher.ts'
import type { JournalStart } from './journal/commit-writer.ts'
import { Journal } from './journal/journal.ts'
import type { JournalFiles } from './journal/journal-files.ts'
import { type JournalDamage, placeOf } from './journal/journal-scan.ts'
import { type StartPlace, startsBehind } from './journal/journal-starts.ts'
import type { Known, KnownPartition, LogParts } from './log-parts.ts'
import { LogReader } from './log-reader.ts'
import type { Manifest, PartitionChange } from './manifest.ts'
import { PartitionLog } from './partition-log.ts'
import type { PartitionLogs } from './partition-logs.ts'
import { ReadBuffers } from './pieces/read-buffers.ts'
import { type Recovered, recover } from './recovery.ts'
import { Rewriter } from './rewriter.ts'
import type { LostFile } from './segment/lost-files.ts'
import type { Segment } from './segment/segment.ts'
import { type SegmentFiles, segmentPath } from './segment/segment-files.ts'

/**
 * What is only in memory goes with a start, but nobody shall take what comes for what they have
 * read: its offsets go on behind all that a start before can have given.
 */
const offsetsOfStart = 2 ** 36

export class LogStore {
  readonly journal: Journal
  readonly start: JournalStart
  readonly #starts: readonly StartPlace[]
  readonly #noted: Recovered['noted']
  readonly reader: LogReader
  readonly flusher: Flusher
  /** The node before this one ended as it should; else it was killed, or lost its power. */
  readonly wasClosed: boolean
  readonly cleaner: Cleaner
  /** Another one, for what must not wait while topics are compacted, slowly perhaps. */
  readonly reclaimer: Cleaner
  readonly space: DiskSpace
  readonly #parts: LogParts
  readonly #journalFiles: JournalFiles
  readonly #segmentFiles: SegmentFiles
  readonly #manifest: Manifest
  readonly #logs: PartitionLogs
  readonly #advanced: AdvancedLogs
  #flushing: Promise<void> | null = null
  #flushedLsn: number
  #closing = false
  /** The last move of a log start; those before it are durable with it. */
  #raising: Promise<void> = Promise.resolve()
  /** A pass did not find the space that it needs. */
  #stalled = false

  /**
   * Recovers, see `recover`. Rejects with DamagedLogError when what is on the disk cannot be used
   * as it is.
   */
  static async open(parts: LogParts, known: Known): Promise<LogStore> {
    const recovered = await recover(parts, known)
    const store = new LogStore(parts, recovered, known)
    if (recovered.damagedBefore.length > 0)
      parts.hooks.report(`still ${outOfService(recovered.damagedBefore)}`)
    await store.#quarantine(recovered.damage)
    const begun = (recovered.start.generation - 1) * offsetsOfStart
    for (const log of recovered.logs) log.passLost(begun)
    for (const line of lostLines(recovered.lost)) parts.hooks.report(line)
    await store.#removeStrays(recovered)
    const { foreign } = recovered
    if (foreign.length > 0)
      parts.hooks.report(
        `left alone, since they are none of ours: ${fewOf(foreign).join(', ')}; ` +
          'move them to another place',
      )
    // A full journal takes no append that would start a pass.
    await store.lookAtSpace(known.freeBytesMin ?? 0)
    return store
  }

  private constructor(parts: LogParts, found: Recovered, known: Known) {
    const { disk, clock, options } = parts
    this.#parts = parts
    this.#journalFiles = found.files
    this.#segmentFiles = found.segmentFiles
    this.#manifest = found.manifest
    this.#logs = found.logs
    this.#advanced = found.advanced
    this.space = found.advanced.space
    this.start = found.start
    this.wasClosed = found.wasClosed
    this.#starts = found.starts
    this.#noted = found.noted
    this.#flushedLsn = found.replayFrom
    this.journal = new Journal(disk, found.files, clock, options, found.start, {
      committed: () => this.#committed(),
      failed: (cause) => {
        this.#closing = true
        parts.hooks.failed(cause)
      },
      knownRevision: () => known.revision(),
    })
    this.reader = new LogReader(
      this.journal,
      this.#segmentFiles,
      new ReadBuffers(options.readBytes, options.readPieceBytes, (bytes) => disk.allocate(bytes)),
      parts.hooks.report,
    )
    this.flusher = new Flusher({
      disk,
      clock,
      journal: this.journal,
      journalFiles: found.files,
      segmentFiles: this.#segmentFiles,
      manifest: this.#manifest,
      report: parts.hooks.report,
      options,
    })
    const { segmentFiles, manifest } = found
    const { report } = parts.hooks
    const { space } = this
    const rewriter = { disk, clock, segmentFiles, manifest, space, report }
    const cleaner = () =>
      new Cleaner(this.reader, new Rewriter(rewriter, options), segmentFiles, clock, options)
    this.cleaner = cleaner()
    this.reclaimer = cleaner()
  }

  get(topic: string, partition: number): PartitionLog | undefined {
    return this.#logs.get(topic, partition)
  }

  /** As they are now; what comes and goes later does not change the answer. */
  get all(): readonly PartitionLog[] {
    return [...this.#logs]
  }

  /** A new partition costs nothing on disk until something is appended. */
  create(known: KnownPartition): PartitionLog {
    const log = new PartitionLog(known, null, known.settings, this.#advanced)
    this.#logs.add(log)
    return log
  }

  /**
   * Of partitions that were never used nothing is left but what the metadata says, until they are
   * created. False, and nothing is done: something was appended to one of them.
   */
  letGo(topic: string, partitions: readonly number[]): boolean {
    const logs = partitions.map((p) => this.#logs.get(topic, p)).filter((log) => log !== undefined)
    if (logs.some((log) => log.logEndOffset > 0 || log.damagedFrom !== null)) return false
    for (const log of logs) this.#logs.remove(log)
    return true
  }

  /** Forgets partitions and gives back their space. Readers find them gone at once. */
  async delete(topic: string, partitions: Iterable<number>): Promise<void> {
    const gone: PartitionLog[] = []
    const segments: Segment[] = []
    for (const partition of partitions) {
      const log = this.#logs.get(topic, partition)
      if (log === undefined) continue
      log.deleted = true
      log.memory?.clear()
      log.producers.clear()
      this.#logs.remove(log)
      gone.push(log)
      // The pass that writes to it will find the partition deleted.
      for (const segment of log.segments) if (segment !== log.growing) segments.push(segment)
    }
    const dropped = gone.map((l) => [l.topic, l.partition] as const)
    await this.#orFail(this.#manifest.append({ dropped }))
    for (const log of gone) for (const watcher of [...log.watchers]) watcher()
    await this.#release(segments)
  }

  /** Moves the log start up to `offset`, at most the high watermark; durable when resolved. */
  async raiseLogStart(log: PartitionLog, offset: number): Promise<void> {
    const to = Math.min(offset, log.highWatermark)
    const isAll = log.damagedFrom !== null && to === log.logEndOffset
    if ((to > log.logStartOffset || isAll) && !log.deleted) await this.#dropBelow(log, to)
    // Another call may have moved it there, and not be durable yet.
    else await this.#raising
  }

  /** The same, and what was damaged below it counts as gone. */
  async forgetDamage(log: PartitionLog, offset: number): Promise<void> {
    await this.#dropBelow(log, offset, true)
  }

  async #dropBelow(log: PartitionLog, to: number, isWholeAbove = false): Promise<void> {
    const gone = log.raiseLogStart(to, isWholeAbove)
    const change = {
      topic: log.topic,
      partition: log.partition,
      logStartOffset: to,
      damagedFrom: log.damage.noted,
      damagedTo: log.damage.notedTo,
      removed: gone.map((s) => [s.file, s.position] as const),
    }
    this.#raising = this.#orFail(this.#manifest.append({ partitions: [change] }))
    await this.#raising
    await this.#release(gone)
  }

  async #release(segments: readonly Segment[]): Promise<void> {
    for (const { file } of segments) await this.#orFail(this.#segmentFiles.release(file))
  }

  /** Everything acknowledged is durable, and the files are closed. */
  async close(): Promise<void> {
    this.#closing = true
    await this.journal.drain()
    await this.#flushing
    await this.#markEnd()
    await this.#journalFiles.close()
    await this.#segmentFiles.close()
    await this.#manifest.close()
  }

  /** So that the next start knows what it must find. */
  async #markEnd(): Promise<void> {
    const closedAt = this.journal.durableEnd
    if (closedAt === null) return
    try {
      await this.#manifest.append({ closedAt })
    } catch (error) {
      // Nothing is lost without it.
      ignoreOnly(error, 'ENOSPC', 'EDQUOT')
    }
  }

  // ---- The journal's commits, and flushing ------------------------------------------------------

  #committed(): void {
    this.#advanced.tellSoon()
    this.#flushIfDue()
  }

  get #unflushedBytes(): number {
    return this.journal.writtenLsn - this.#flushedLsn
  }

  /**
   * Looks at what is left of the disk, and goes on with what had to wait for space, or refuses it.
   * `bytesMin`: with less, records are refused; 0: never.
   */
  async lookAtSpace(bytesMin: number): Promise<void> {
    if (await this.space.look(bytesMin)) {
      const { isLow } = this.space
      this.#parts.hooks.report(isLow ? this.space.lowText() : this.space.enoughText())
      this.journal.roomMayHaveGrown()
    }
    this.#stalled &&= !(await this.space.mayWrite(this.#unflushedBytes))
    this.#flushIfDue()
  }

  /** Starts a pass when there is enough for one, unless one runs: then its end asks again. */
  #flushIfDue(): void {
    if (this.#flushing !== null || this.#closing || this.#stalled) return
    const unflushed = this.#unflushedBytes
    const isFull = this.#journalFiles.isFull && unflushed > 0
    if (unflushed < this.#parts.options.flushBytes && !isFull) return
    this.flush().catch(this.journal.fail)
  }

  /** One pass, behind the one that runs, if one does. */
  async flush(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing
    if (this.#closing) return
    this.#flushing = this.#orFail(this.#pass())
    try {
      await this.#flushing
    } finally {
      this.#flushing = null
    }
    this.#flushIfDue()
  }

  /** One pass of the flusher, and of the manifest's upkeep. */
  async #pass(): Promise<void> {
    if (!(await this.space.mayWrite(this.#unflushedBytes))) {
      this.#stalled = true
      return
    }
    const upTo = await this.flusher.pass(this.#logs)
    this.#flushedLsn = upTo
    await this.#dropPassed()
    if (this.#manifest.isMostlyHistory(this.#parts.options.manifestHistoryBytes))
      await this.#manifest.rewrite(
        {
          generation: this.journal.generation,
          journalFileBytes: this.#journalFiles.fileBytes,
          journalSlots: this.#journalFiles.slots,
          journalSized: true,
          journalMarked: true,
          journalKey: this.start.key,
          replayFrom: upTo,
          starts: startsBehind(this.#starts, upTo),
          ...this.#noted,
          nextFile: this.#segmentFiles.nextNumber,
        },
        statesOf([...this.#logs]),
      )
  }

  /** The log start of some may have passed what the pass was writing to. */
  async #dropPassed(): Promise<void> {
    for (const log of [...this.#logs]) {
      const firstEnd = log.segments[0]?.nextOffset ?? Number.POSITIVE_INFINITY
      // Who deleted it while we waited for another has released its segments.
      if (firstEnd <= log.logStartOffset && !log.deleted)
        await this.#dropBelow(log, log.logStartOffset)
    }
  }

  /** What cannot be written ends the log; the caller learns of it too. */
  async #orFail(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (cause) {
      this.journal.fail(cause)
      throw cause
    }
  }

  /** Where something is damaged, a file that nothing refers to may be all that is left. */
  async #removeStrays({ strays, mayRemoveStrays }: Recovered): Promise<void> {
    await this.#segmentFiles.removeStrayIndexes()
    let removed = 0
    if (mayRemoveStrays) for (const n of strays) if (await this.#segmentFiles.remove(n)) removed++
    const { report } = this.#parts.hooks
    const kept = strays.length - removed
    if (removed > 0) report(`removed ${removed} segment files that nothing refers to`)
    if (kept > 0) report(`kept ${kept} segment files that nothing refers to`)
  }

  // ---- Damage -----------------------------------------------------------------------------------

  /**
   * Takes damaged partitions out of service from the damage on, and keeps the files that show it.
   */
  async #quarantine(damage: readonly JournalDamage[]): Promise<void> {
    if (damage.length === 0) return
    for (const each of damage) {
      const place = placeOf(each, this.#journalFiles.fileBytes)
      this.#journalFiles.keepAside(each.seq)
      const wanted = new Set<PartitionLog>()
      for (const { topicId, partition, nextOffset } of each.owners ?? []) {
        const log = this.get(topicId, partition)
        if (log === undefined || nextOffset <= log.logStartOffset) continue
        log.damage.note(log.logEndOffset, nextOffset)
        wanted.add(log)
      }
      this.#parts.hooks.report(`${place}: ${outOfService([...wanted])}; the file is kept`)
    }
    const partitions = [...this.#logs].filter((l) => l.damagedFrom !== null)
    await this.#manifest.append({ partitions: partitions.map((l) => l.state()) })
  }
}

function* statesOf(logs: readonly PartitionLog[]): Generator<PartitionChange> {
  for (const log of logs) if (!log.deleted) yield log.state()
}

/** What becomes of partitions whose journal is damaged, and what to do. */
function outOfService(logs: readonly PartitionLog[]): string {
  if (logs.length === 0) return 'only what was deleted stood there'
  return `out of service: ${placesOf(logs)}; restore a backup, or delete all its records`
}

const placesOf = (logs: readonly PartitionLog[]): string =>
  fewOf(logs.map((log) => `${log.label} from offset ${log.damagedFrom} on`)).join(', ')

const namedMax = 5

/** The first of them, and how many more there are. */
const fewOf = (names: readonly string[]): string[] =>
  names.length <= namedMax
    ? [...names]
    : [...names.slice(0, namedMax), `and ${names.length - namedMax} more`]

/** A line for each segment file that is not as it should be, but not for thousands of them. */
function* lostLines(lost: readonly LostFile<PartitionLog>[]): Generator<string> {
  for (const { file, problem, segments } of lost.slice(0, namedMax)) {
    const logs = [...new Set(segments.map(({ log }) => log))]
    yield `${segmentPath(file)} ${problem}: out of service: ${placesOf(logs)}; put it back, or ` +
      'restore the whole data folder from one backup'
  }
  const rest = new Set(lost.slice(namedMax).flatMap((f) => f.segments.map(({ log }) => log)))
  if (rest.size > 0)
    yield `${lost.length - namedMax} more segment files are missing or damaged: out of service: ` +
      placesOf([...rest])
}
