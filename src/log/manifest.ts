// What the node knows of its partitions apart from their records: which segments they have, where
// the log starts, epochs, producers; and from where the journal has to be replayed. Kept as a file
// of changes, each record one JSON object whose changes take effect together:
//
//   { v: 1, generation?, journalFileBytes?, journalSlots?, replayFrom?, closedAt?, starts?,
//     knownRevision?, cluster?, lostFiles?, nextFile?, dropped?: [[topic, partition]],
//     partitions?: [{ topic, partition, ...what changed }] }
//
// `segments` replaces those with the same file and position and adds the others, after `removed`
// are gone. The file is rewritten whole when most of it is history. The log store owns it.
import type { Turns } from '../base/turns.ts'
import { CorruptFileError } from '../io/corrupt-file.ts'
import type { Disk } from '../io/disk.ts'
import { RecordFile } from '../io/record-file.ts'
import type { EpochStart } from './epoch-cache.ts'
import { type JournalKey, noJournalKey } from './journal/journal-format.ts'
import type { StartPlace } from './journal/journal-starts.ts'
import type { ProducerSnapshot } from './producer-state.ts'
import { type SegmentFields, sameSegment } from './segment/segment.ts'

export interface PartitionChange {
  readonly topic: string
  readonly partition: number
  readonly segments?: readonly SegmentFields[]
  /** [file, position] of segments that are gone. */
  readonly removed?: readonly (readonly [number, number])[]
  readonly logStartOffset?: number
  readonly epochs?: readonly EpochStart[]
  readonly producers?: readonly ProducerSnapshot[]
  /** First offset of records that are known to be unreadable. */
  readonly damagedFrom?: number | null
  /** Behind the last one of them that is known. */
  readonly damagedTo?: number
  /** Compaction has seen every key below this offset. */
  readonly cleanedUpTo?: number
}

export interface PartitionState {
  readonly topic: string
  readonly partition: number
  readonly segments: readonly SegmentFields[]
  readonly logStartOffset: number
  readonly epochs: readonly EpochStart[]
  readonly producers: readonly ProducerSnapshot[]
  readonly damagedFrom: number | null
  readonly damagedTo: number
  readonly cleanedUpTo: number
}

export interface ManifestChange {
  readonly v: 1
  /** The node has started, and the commits that it writes carry this number. */
  readonly generation?: number
  /** Size of a file of the journal; settled at the first start. */
  readonly journalFileBytes?: number
  /** Numbers of the journal's files; all of them, none of which may be missing. */
  readonly journalSlots?: readonly number[]
  /** Those files have their whole size, and had it when they were first named here. */
  readonly journalSized?: true
  /** Every listed file that never held a commit says so. */
  readonly journalMarked?: true
  /** What the folder's commits are known by; settled at the first start. */
  readonly journalKey?: JournalKey
  /** Everything below this LSN is in segments. */
  readonly replayFrom?: number
  /** Who wrote which part of the journal, from `replayFrom` on. */
  readonly starts?: readonly StartPlace[]
  /** Revision of the metadata that was durable. */
  readonly knownRevision?: number
  /** Id of the cluster that the metadata is of; settled at the first start. */
  readonly cluster?: string
  /** Numbers of segment files that the last start found missing, or not as they should be. */
  readonly lostFiles?: readonly number[]
  /** Numbers below it have been given to segment files, be they gone or moved away. */
  readonly nextFile?: number
  /** LSN at which the journal ended at a clean stop. */
  readonly closedAt?: number
  readonly partitions?: readonly PartitionChange[]
  readonly dropped?: readonly (readonly [string, number])[]
}

type Change = Omit<ManifestChange, 'v' | 'knownRevision'>

export interface ManifestState {
  /** Of the last start; 0 before the first. */
  generation: number
  /** Null before the first start. */
  journalFileBytes: number | null
  journalSlots: readonly number[]
  journalSized: boolean
  journalMarked: boolean
  journalKey: JournalKey
  knownRevision: number
  /** Null before it was noted. */
  cluster: string | null
  lostFiles: readonly number[]
  nextFile: number
  replayFrom: number
  /** Commits behind `replayFrom` are of this generation or a later one; others are cut tails. */
  replayGeneration: number
  /** Everything below it had been durable; 0: the node never stopped cleanly. */
  closedAt: number
  /** Nothing was begun since. */
  isClosed: boolean
  starts: readonly StartPlace[]
  readonly partitions: Map<string, PartitionState>
}

export const partitionKey = (topic: string, partition: number): string => `${topic}:${partition}`

const maxRecordBytes = 256 << 20

/** The state after one more change; pure but for `state`, which it updates. */
export function applyChange(state: ManifestState, change: ManifestChange): void {
  if (change.generation !== undefined) state.generation = change.generation
  if (change.journalFileBytes !== undefined) state.journalFileBytes = change.journalFileBytes
  if (change.journalSlots !== undefined) state.journalSlots = change.journalSlots
  if (change.journalSized !== undefined) state.journalSized = change.journalSized
  if (change.journalMarked !== undefined) state.journalMarked = change.journalMarked
  if (change.journalKey !== undefined) state.journalKey = change.journalKey
  if (change.knownRevision !== undefined) state.knownRevision = change.knownRevision
  if (change.cluster !== undefined) state.cluster = change.cluster
  if (change.lostFiles !== undefined) state.lostFiles = change.lostFiles
  if (change.nextFile !== undefined) state.nextFile = change.nextFile
  if (change.replayFrom !== undefined) {
    state.replayFrom = change.replayFrom
    state.replayGeneration = state.generation
  }
  if (change.generation !== undefined) state.isClosed = false
  if (change.closedAt !== undefined) {
    state.isClosed = true
    state.closedAt = change.closedAt
  }
  if (change.starts !== undefined) state.starts = change.starts
  for (const c of change.partitions ?? []) {
    const key = partitionKey(c.topic, c.partition)
    state.partitions.set(key, merged(state.partitions.get(key), c))
  }
  for (const [topic, partition] of change.dropped ?? [])
    state.partitions.delete(partitionKey(topic, partition))
}

function merged(before: PartitionState | undefined, change: PartitionChange): PartitionState {
  const gone = (s: SegmentFields): boolean =>
    (change.removed ?? []).some(([file, position]) => s.file === file && s.position === position) ||
    (change.segments ?? []).some((n) => sameSegment(s, n))
  const segments = [...(before?.segments ?? []).filter((s) => !gone(s)), ...(change.segments ?? [])]
  return {
    topic: change.topic,
    partition: change.partition,
    segments: segments.sort((a, b) => a.baseOffset - b.baseOffset),
    // It only ever moves up, and a change made over several turns may hold an older one.
    logStartOffset: Math.max(change.logStartOffset ?? 0, before?.logStartOffset ?? 0),
    epochs: change.epochs ?? before?.epochs ?? [],
    producers: change.producers ?? before?.producers ?? [],
    damagedFrom:
      change.damagedFrom === undefined ? (before?.damagedFrom ?? null) : change.damagedFrom,
    damagedTo: change.damagedTo ?? before?.damagedTo ?? 0,
    cleanedUpTo: change.cleanedUpTo ?? before?.cleanedUpTo ?? 0,
  }
}

export class Manifest {
  readonly #file: RecordFile
  readonly #revision: () => number
  /** Bytes of the file after the last rewrite. */
  #cleanBytes = 0

  private constructor(file: RecordFile, revision: () => number) {
    this.#file = file
    this.#revision = revision
  }

  /**
   * Writes nothing before `settle`, which comes before any change. `isTorn`: it ended in a write
   * that never finished, or in a damaged one that looks like it.
   * @param report told when such a tail is cut
   * @param revision of the metadata, durable: each change carries it
   */
  static async read(
    disk: Disk,
    report: (line: string) => void,
    revision: () => number,
  ): Promise<{ manifest: Manifest; state: ManifestState; isTorn: boolean }> {
    const options = { maxRecordBytes, report }
    const { file, records, isTorn } = await RecordFile.read(disk, 'manifest', options)
    const state: ManifestState = {
      generation: 0,
      journalFileBytes: null,
      journalSlots: [],
      journalSized: false,
      journalMarked: false,
      journalKey: noJournalKey,
      knownRevision: 0,
      cluster: null,
      lostFiles: [],
      nextFile: 1,
      replayFrom: 0,
      replayGeneration: 0,
      closedAt: 0,
      isClosed: false,
      starts: [],
      partitions: new Map(),
    }
    for (const record of records) {
      applyChange(state, changeOf(record))
    }
    return { manifest: new Manifest(file, revision), state, isTorn }
  }

  /** What was read is durable now, and a torn tail is cut. */
  async settle(): Promise<void> {
    await this.#file.settle()
    this.#cleanBytes = this.#file.bytes
  }

  /** Durable when resolved. */
  async append(change: Change): Promise<void> {
    await this.#file.append([encode({ v: 1, knownRevision: this.#revision(), ...change })])
  }

  /**
   * The same for many partitions: `partitions` is gone through over several turns, and comes behind
   * what is appended meanwhile. It must not undo that: a log start that is older is passed over.
   */
  async appendMany(
    change: Omit<Change, 'partitions'>,
    partitions: Iterable<PartitionChange>,
    turns: Turns,
  ): Promise<void> {
    const parts: string[] = []
    for (const partition of partitions) {
      parts.push(JSON.stringify(partition))
      const pause = turns.next()
      if (pause !== null) await pause
    }
    const head = JSON.stringify({ v: 1, knownRevision: this.#revision(), ...change })
    const record = `${head.slice(0, -1)},"partitions":[${parts.join(',')}]}`
    await this.#file.append([Buffer.from(record, 'utf8')])
  }

  /** True when a rewrite would make the file smaller by `historyBytes`, and by half. */
  isMostlyHistory(historyBytes: number): boolean {
    return this.#file.bytes > 2 * this.#cleanBytes + historyBytes
  }

  /**
   * Replaces the file by the present state. `partitions` is gone through over several turns; what
   * is appended meanwhile comes behind it, and may be in it already.
   */
  async rewrite(
    node: Pick<
      ManifestChange,
      | 'generation'
      | 'journalFileBytes'
      | 'journalSlots'
      | 'journalSized'
      | 'journalMarked'
      | 'journalKey'
      | 'replayFrom'
      | 'starts'
      | 'cluster'
      | 'lostFiles'
      | 'nextFile'
    >,
    partitions: Iterable<PartitionChange>,
  ): Promise<void> {
    const first = encode({ v: 1, knownRevision: this.#revision(), ...node })
    await this.#file.rewrite(recordsOf(first, partitions))
    this.#cleanBytes = this.#file.bytes
  }

  /** Before what the changes have made useless is removed: they cannot look torn any more. */
  async seal(): Promise<void> {
    await this.#file.seal()
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

function* recordsOf(
  first: Uint8Array,
  partitions: Iterable<PartitionChange>,
): Generator<Uint8Array> {
  yield first
  for (const partition of partitions) yield encode({ v: 1, partitions: [partition] })
}

function encode(change: ManifestChange): Uint8Array {
  return Buffer.from(JSON.stringify(change), 'utf8')
}

/** Throws CorruptFileError: a whole record of another file may stand there. */
function changeOf(record: Uint8Array): ManifestChange {
  try {
    const change = JSON.parse(Buffer.from(record).toString('utf8')) as ManifestChange
    if (change?.v === 1) return change
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new CorruptFileError('manifest', 0, 'what stands there is no manifest')
}
