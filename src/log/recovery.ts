// The start of a log: the manifest says what segments hold, the journal is replayed behind that.
// Invariant: nothing is forgotten unless the metadata is at least as new as what the log was
// written with; else it has lost its end, and what looks deleted may not be. Called by LogStore.

import type { Disk } from '../io/disk.ts'
import { AdvancedLogs } from './advanced-logs.ts'
import { DiskSpace } from './disk-space.ts'
import type { JournalStart } from './journal/commit-writer.ts'
import { JournalFiles, journalFolder, slotName } from './journal/journal-files.ts'
import { type Frame, journalKeyOf, noJournalKey } from './journal/journal-format.ts'
import {
  type JournalDamage,
  type JournalScan,
  placeOf,
  scanJournal,
} from './journal/journal-scan.ts'
import { markFiles, shortFile, stretchFiles } from './journal/journal-sizes.ts'
import { type StartPlace, startsBehind, withStart } from './journal/journal-starts.ts'
import { DamagedLogError, type Known, type LogParts } from './log-parts.ts'
import { Manifest, type ManifestState, partitionKey } from './manifest.ts'
import { PartitionLog } from './partition-log.ts'
import { PartitionLogs } from './partition-logs.ts'
import { indexFolder } from './segment/index-files.ts'
import { SegmentFiles, segmentFolder } from './segment/segment-files.ts'

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
  readonly damage: readonly JournalDamage[]
  /** Out of service since an earlier start. */
  readonly damagedBefore: readonly PartitionLog[]
}

/**
 * Partitions that are not `known` any more are forgotten, and their space is given back. Rejects
 * with DamagedLogError when what is on the disk cannot be used as it is.
 */
export async function recover(parts: LogParts, known: Known): Promise<Recovered> {
  const { disk, chance, options, hooks } = parts
  for (const folder of [journalFolder, segmentFolder, indexFolder]) await disk.makeDir(folder)
  const { manifest, state } = await Manifest.open(disk, hooks.report, () => known.revision())
  refuseLessMetadata(known.revision(), state.knownRevision)
  await refuseMissingFiles(disk, state)
  const advanced = new AdvancedLogs(parts.clock, new DiskSpace(disk), options)
  const segmentFiles = new SegmentFiles(disk, options.openFiles)
  const logs = openLogs(known, state, segmentFiles, advanced)
  const damagedBefore = [...logs].filter((log) => log.damagedFrom !== null)
  const gone = [...state.partitions.values()].filter(
    (p) => logs.get(p.topic, p.partition) === undefined,
  )
  const generation = state.generation + 1
  const isNew = state.generation === 0
  let journalKey = isNew ? journalKeyOf(chance.bytes(keyBytes), 0) : state.journalKey
  const journalFileBytes = state.journalFileBytes ?? options.journalFileBytes
  await checkSizes(disk, state, journalFileBytes)
  const replay = (frame: Frame): void => logs.get(frame.topicId, frame.partition)?.replay(frame)
  const scan = await scanJournal(disk, journalFileBytes, { ...state, journalKey }, replay)
  refuseLessMetadata(known.revision(), scan.knownRevision)
  // Before anything is written: what is put back shall find the folder as it was.
  refuseUnknown(scan, journalFileBytes)
  refuseLost(scan, state)
  // Before a commit can carry it: a number that a cut tail has must never be used again.
  await manifest.append({
    generation,
    journalFileBytes,
    journalSized: true,
    ...(isNew && { journalMarked: true, journalKey }),
    dropped: gone.map((p) => [p.topic, p.partition]),
  })
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
  return {
    files,
    segmentFiles,
    manifest,
    logs,
    advanced,
    starts,
    start: { lsn: scan.end, previousEnd: scan.previousEnd, generation, key: journalKey },
    replayFrom: state.replayFrom,
    damage: scan.damage,
    damagedBefore,
  }
}

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

async function refuseMissingFiles(disk: Disk, state: ManifestState): Promise<void> {
  const there = new Set((await disk.list(journalFolder)).map((name) => `${journalFolder}/${name}`))
  if (state.generation === 0 && there.size > 0)
    throw new DamagedLogError("the file 'manifest' is missing, or empty")
  const missing = state.journalSlots.map(slotName).filter((name) => !there.has(name))
  if (missing.length > 0)
    throw new DamagedLogError(`${missing.join(', ')} is missing, and may hold acknowledged records`)
}

async function checkSizes(disk: Disk, state: ManifestState, fileBytes: number): Promise<void> {
  const { journalSlots, journalSized } = state
  if (!journalSized) await stretchFiles(disk, journalSlots, fileBytes)
  const short = await shortFile(disk, journalSlots, fileBytes)
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

function refuseUnknown({ isUnnoted, damage }: JournalScan, fileBytes: number): void {
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
