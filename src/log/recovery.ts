// The start of a log: the manifest says what segments hold, the journal is replayed behind that.
// Invariant: nothing is forgotten unless the metadata is at least as new as what the log was
// written with; else it has lost its end, and what looks deleted may not be. Called by LogStore.

import type { Disk } from '../io/disk.ts'
import { ignoreOnly } from '../io/system-call.ts'
import { AdvancedLogs } from './advanced-logs.ts'
import { DiskSpace } from './disk-space.ts'
import type { JournalStart } from './journal/commit-writer.ts'
import { isSlotName, JournalFiles, journalFolder, slotName } from './journal/journal-files.ts'
import {
  type Frame,
  type JournalKey,
  journalKeyOf,
  noJournalKey,
} from './journal/journal-format.ts'
import {
  type JournalDamage,
  type JournalScan,
  placeOf,
  scanJournal,
} from './journal/journal-scan.ts'
import { markFiles, shortFile, stretchFiles } from './journal/journal-sizes.ts'
import { type StartPlace, startsBehind, withStart } from './journal/journal-starts.ts'
import { DamagedLogError, type Known, type LogParts } from './log-parts.ts'
import {
  Manifest,
  type ManifestChange,
  type ManifestState,
  type PartitionState,
  partitionKey,
} from './manifest.ts'
import { PartitionLog } from './partition-log.ts'
import { PartitionLogs } from './partition-logs.ts'
import { indexFolder } from './segment/index-files.ts'
import { type LostFile, lostFiles, namesOf } from './segment/lost-files.ts'
import { SegmentFiles, segmentFolder } from './segment/segment-files.ts'
import { firstLostOffset } from './segment/short-segment.ts'
import { type SortedStrays, sortStrays } from './segment/stray-files.ts'

const keyBytes = 7

export interface Recovered {
  readonly files: JournalFiles
  readonly segmentFiles: SegmentFiles
  readonly manifest: Manifest
  readonly logs: PartitionLogs
  readonly advanced: AdvancedLogs
  readonly start: JournalStart
  readonly starts: readonly StartPlace[]
  readonly replayFrom: number
  /** The last node ended as it should. */
  readonly wasClosed: boolean
  /** What a rewrite of the manifest must not forget. */
  readonly noted: Pick<ManifestChange, 'cluster' | 'lostFiles' | 'nextFile'>
  readonly damage: readonly JournalDamage[]
  /** Out of service since an earlier start. */
  readonly damagedBefore: readonly PartitionLog[]
  readonly lost: readonly LostFile<PartitionLog>[]
  /** Segment files that nothing refers to. */
  readonly strays: readonly number[]
  /** They are what a crash left, or those of partitions that are gone, and nothing else. */
  readonly mayRemoveStrays: boolean
  /** Files in the journal's folder that are none of its own. */
  readonly foreign: readonly string[]
}

/** What is on the disk, looked at without writing anything. */
interface Inspected {
  readonly manifest: Manifest
  readonly state: ManifestState
  readonly isTorn: boolean
  readonly journalFileBytes: number
  readonly journalKey: JournalKey
  readonly segmentFiles: SegmentFiles
  readonly advanced: AdvancedLogs
  readonly logs: PartitionLogs
  readonly strays: readonly number[]
  readonly lost: readonly LostFile<PartitionLog>[]
  readonly damagedBefore: readonly PartitionLog[]
  readonly scan: JournalScan
  readonly foreign: readonly string[]
}

/**
 * Partitions that are not `known` any more are forgotten, and their space is given back. Rejects
 * with DamagedLogError when what is on the disk cannot be used as it is; nothing has been written
 * then, so that what is put back finds the folder as it was.
 */
export async function recover(parts: LogParts, known: Known): Promise<Recovered> {
  const found = await inspect(parts, known)
  await known.settle?.()
  return takeOver(parts, known, found)
}

async function inspect(parts: LogParts, known: Known): Promise<Inspected> {
  const { disk, chance, options, hooks } = parts
  const opened = await Manifest.read(disk, hooks.report, () => known.revision())
  const { manifest, state, isTorn } = opened
  const names = await listed(disk, journalFolder)
  refuseNoManifest(state, names)
  refuseOther(known.cluster?.() ?? null, state.cluster)
  refuseLessMetadata(known.revision(), state.knownRevision)
  refuseMissingFiles(state, names)
  const advanced = new AdvancedLogs(
    parts.clock,
    new DiskSpace(disk, options.journalFileBytes),
    options,
  )
  const { clock } = parts
  const segmentFiles = new SegmentFiles(disk, clock, options, state.nextFile, () => manifest.seal())
  const logs = openLogs(known, state, segmentFiles, advanced)
  const damagedBefore = [...logs].filter((log) => log.damagedFrom !== null)
  for (const folder of [segmentFolder, indexFolder]) await listed(disk, folder)
  const { strays, sizes } = await segmentFiles.compare()
  const lost = lostFiles(logs, sizes)
  refuseOrphans(strays, state)
  refuseMoved(lost, strays, state)
  const isNew = state.generation === 0
  const journalKey = isNew ? journalKeyOf(chance.bytes(keyBytes), 0) : state.journalKey
  const journalFileBytes = state.journalFileBytes ?? options.journalFileBytes
  await refuseShort(disk, state, journalFileBytes)
  const replay = (frame: Frame): void => logs.get(frame.topicId, frame.partition)?.replay(frame)
  const scan = await scanJournal(disk, journalFileBytes, { ...state, journalKey }, replay)
  refuseLessMetadata(known.revision(), scan.knownRevision)
  refuseUnknown(scan, journalFileBytes)
  refuseLost(scan, state)
  const sorted = await sortStrays(disk, strays, (run) => logs.get(run.topicId, run.partition))
  const isWhole = damagedBefore.length + scan.damage.length + lost.length === 0
  if (isWhole) refuseAhead(sorted)
  const strange = names.filter((name) => name.includes('.wal') && !isSlotName(name))
  const foreign = [...strange, ...scan.leftAlone, ...sorted.foreign]
  return {
    ...{ manifest, state, isTorn, journalFileBytes, journalKey, segmentFiles, advanced, logs },
    ...{ strays: sorted.left, lost, damagedBefore, scan, foreign },
  }
}

/** From here on the folder is written to. */
async function takeOver(parts: LogParts, known: Known, found: Inspected): Promise<Recovered> {
  const { disk, chance, options } = parts
  const { manifest, state, journalFileBytes, scan, logs, lost, strays, damagedBefore } = found
  for (const folder of [journalFolder, segmentFolder, indexFolder]) await disk.makeDir(folder)
  await manifest.settle()
  for (const { bytes, segments } of lost)
    for (const { log, segment } of segments) {
      const { indexes } = found.segmentFiles
      log.damage.lose(segment, await firstLostOffset(disk, indexes, segment, bytes))
    }
  const generation = state.generation + 1
  const wasClosed = state.isClosed
  const isNew = state.generation === 0
  let { journalKey } = found
  const cluster = state.cluster ?? known.cluster?.() ?? null
  const noted = {
    ...(cluster !== null && { cluster }),
    lostFiles: lost.map((f) => f.file),
    nextFile: found.segmentFiles.nextNumber,
  }
  // Before a commit can carry it: a number that a cut tail has must never be used again.
  await manifest.append({
    generation,
    journalFileBytes,
    ...((isNew || state.journalSized) && { journalSized: true }),
    ...(isNew && { journalMarked: true, journalKey }),
    ...noted,
    dropped: goneOf(state, logs).map((p) => [p.topic, p.partition]),
  })
  if (!isNew && !state.journalSized) {
    // Manifests of then do not name all that will be remembered.
    const all = new Set([...state.journalSlots.map(slotName), ...scan.inUse.values(), ...scan.free])
    await stretchFiles(disk, [...all], journalFileBytes)
    await manifest.append({ journalSized: true })
  }
  if (!isNew && !state.journalMarked) {
    await markFiles(disk, listedOf(scan.lost, state))
    await manifest.append({ journalMarked: true })
  }
  const files = new JournalFiles(disk, journalFileBytes, options.journalFiles, (slots) =>
    manifest.append({ journalSlots: slots }),
  )
  await files.adopt(scan, state.replayFrom, state.journalSlots)
  // What was read is durable now, and nothing has been written behind it.
  const all = withStart(state.starts, [generation, scan.previousEnd])
  const starts = startsBehind(all, state.replayFrom)
  await manifest.append({ starts })
  if (journalKey === noJournalKey) {
    // By the key nobody would see that what they hold are commits, of a tail that was cut.
    await markFiles(disk, listedOf(scan.free, state))
    journalKey = journalKeyOf(chance.bytes(keyBytes), scan.end)
    await manifest.append({ journalKey })
    // A damaged frame at the very end looks like a write that never finished: that is not the key.
    await manifest.append({ starts })
  }
  const isDamaged = scan.damage.length + damagedBefore.length + lost.length > 0
  const { segmentFiles, advanced, foreign } = found
  return {
    ...{ files, segmentFiles, manifest, logs, advanced, starts, noted, foreign, lost, strays },
    start: { lsn: scan.end, previousEnd: scan.previousEnd, generation, key: journalKey },
    replayFrom: state.replayFrom,
    wasClosed,
    damage: scan.damage,
    damagedBefore,
    mayRemoveStrays: !isDamaged && !found.isTorn,
  }
}

/** Partitions that the metadata does not know any more. */
const goneOf = ({ partitions }: ManifestState, logs: PartitionLogs): PartitionState[] =>
  [...partitions.values()].filter((p) => logs.get(p.topic, p.partition) === undefined)

function openLogs(
  known: Known,
  state: ManifestState,
  segmentFiles: SegmentFiles,
  advanced: AdvancedLogs,
): PartitionLogs {
  const logs = new PartitionLogs()
  for (const each of known.partitions) {
    const key = partitionKey(each.topic, each.partition)
    const kept = state.partitions.get(key) ?? null
    logs.add(new PartitionLog(each, kept, each.settings, advanced))
    for (const segment of kept?.segments ?? []) segmentFiles.retain(segment.file)
  }
  return logs
}

/** Paths of what is in a folder, which may be absent. */
async function listed(disk: Disk, folder: string): Promise<string[]> {
  try {
    return (await disk.list(folder)).map((name) => `${folder}/${name}`)
  } catch (error) {
    ignoreOnly(error, 'ENOTDIR')
    throw new DamagedLogError(`'${folder}' is not a folder`, { cause: error })
  }
}

function refuseNoManifest({ generation }: ManifestState, names: readonly string[]): void {
  if (generation === 0 && names.length > 0)
    throw new DamagedLogError("the file 'manifest' is missing, or empty")
}

/**
 * A folder that is new holds no segment files; of one that is not, something says whose they are.
 */
function refuseOrphans(strays: readonly number[], { generation }: ManifestState): void {
  if (generation === 0 && strays.length > 0)
    throw new DamagedLogError(
      `the file 'manifest' is missing, or empty, and ${strays.length} segment files are there, ` +
        'which hold records',
    )
}

function refuseMissingFiles(state: ManifestState, names: readonly string[]): void {
  const missing = state.journalSlots.map(slotName).filter((name) => !names.includes(name))
  if (missing.length > 0)
    throw new DamagedLogError(`${missing.join(', ')} is missing, and may hold acknowledged records`)
}

/** Records of one cluster are not held against what another knows. */
function refuseOther(cluster: string | null, noted: string | null): void {
  if (noted === null || cluster === noted) return
  throw new DamagedLogError(
    cluster === null
      ? "the file 'metadata' is missing, empty or cut short"
      : `the file 'metadata' is that of cluster ${cluster}, and the log is of cluster ${noted}`,
  )
}

/**
 * Files that the manifest names are missing, and others are there: it may have lost what says that
 * these have taken the place of those.
 */
function refuseMoved(
  lost: readonly LostFile<PartitionLog>[],
  strays: readonly number[],
  { lostFiles: known, partitions }: ManifestState,
): void {
  const missing = lost.filter((f) => f.isMissing && !known.includes(f.file)).map((f) => f.file)
  if (missing.length === 0 || strays.length === 0) return
  const named = new Set([...partitions.values()].flatMap((p) => p.segments.map((s) => s.file)))
  const unnamed = strays.filter((file) => !named.has(file))
  if (unnamed.length === 0) return
  throw new DamagedLogError(
    `missing: ${namesOf(missing)}; there, but not in the file 'manifest': ${namesOf(unnamed)}; ` +
      'either the manifest has lost its end, or is an older one, and the former have become the ' +
      'latter: put the right one back; or files were lost: put them back, or do without them by ' +
      'moving the latter to another place',
  )
}

/** Records that are durable in a segment, and that neither journal nor manifest knows of. */
function refuseAhead({ ahead }: SortedStrays): void {
  const [first] = ahead
  if (first === undefined) return
  const { label, from } = first
  throw new DamagedLogError(
    `${namesOf(ahead.map((a) => a.file))} hold records of ${label} from offset ${from} on, of ` +
      "which journal and the file 'manifest' know nothing: these are older, put the right ones " +
      'back; or do without those records by moving the former to another place',
  )
}

async function refuseShort(disk: Disk, state: ManifestState, fileBytes: number): Promise<void> {
  const { journalSlots, journalSized } = state
  const short = journalSized ? await shortFile(disk, journalSlots, fileBytes) : null
  if (short !== null) throw new DamagedLogError(short)
}

/** Files that say nothing, where each that never held a commit says so. */
function refuseLost({ lost }: JournalScan, state: ManifestState): void {
  const [first] = state.journalMarked ? listedOf(lost, state) : []
  if (first === undefined) return
  throw new DamagedLogError(
    `${first} has lost its beginning, and what stood there may have been acknowledged`,
  )
}

function refuseUnknown({ isUnnoted, damage, twins }: JournalScan, fileBytes: number): void {
  if (twins !== null)
    throw new DamagedLogError(
      `${twins.join(' and ')} say that they are the same part of the journal: one is a copy, and ` +
        'must not be there',
    )
  if (isUnnoted)
    throw new DamagedLogError(
      "the file 'manifest' has lost its end, or is an older one: the journal goes on behind it",
    )
  const nameless = damage.find(({ owners }) => owners === null)
  if (nameless === undefined) return
  throw new DamagedLogError(
    `${placeOf(nameless, fileBytes)}, and nothing says whose records stood there`,
  )
}

function listedOf(names: readonly string[], { journalSlots }: ManifestState): string[] {
  const listed = new Set(journalSlots.map(slotName))
  return names.filter((name) => listed.has(name))
}

function refuseLessMetadata(revision: number, seen: number): void {
  if (revision >= seen) return
  throw new DamagedLogError(
    `the metadata ends at revision ${revision}, and the log was written at ${seen}: the file ` +
      "'metadata' has lost its end, or is another one",
  )
}
