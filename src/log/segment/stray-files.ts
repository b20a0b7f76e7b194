// Segment files that the manifest does not name: most are what a crash has left, and their records
// are in the journal still, or in other segments. But records that are nowhere else say that
// journal and manifest are older than they, and what is none of our files is somebody else's.
// Recovery asks before anything is written.
import { blockBytes, type Disk, DiskError } from '../../io/disk.ts'
import { ReadAhead } from '../../io/read-ahead.ts'
import { beginsRun, type Run, readRunHeader, runHeaderBytes, segmentPath } from './segment-files.ts'

/** What recovery knows of a partition, once the journal is replayed. */
export interface RecoveredLog {
  readonly label: string
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Everything below is in segments. */
  readonly flushedOffset: number
  /** Of what is in the journal. */
  readonly tail: { bytesFrom(offset: number): number }
}

export interface SortedStrays {
  /** Nobody needs them. */
  readonly left: readonly number[]
  /** Those with records that are nowhere else, and whose. */
  readonly ahead: readonly {
    readonly file: number
    readonly label: string
    readonly from: number
  }[]
  /** Paths of what no node has written. */
  readonly foreign: readonly string[]
}

const aheadBytes = 1 << 20

export async function sortStrays(
  disk: Disk,
  strays: readonly number[],
  logOf: (run: Run) => RecoveredLog | undefined,
): Promise<SortedStrays> {
  const left: number[] = []
  const ahead: { file: number; label: string; from: number }[] = []
  const foreign: string[] = []
  for (const file of strays) {
    const runs = await runsOf(disk, file)
    if (runs === null) {
      foreign.push(segmentPath(file))
      continue
    }
    const [first] = runs.flatMap((run) => {
      const log = logOf(run)
      return log !== undefined && isAhead(run, log) ? [{ run, log }] : []
    })
    if (first === undefined) left.push(file)
    else ahead.push({ file, label: first.log.label, from: first.run.baseOffset })
  }
  return { left, ahead, foreign }
}

/** A pass of the flusher copies what the journal has. */
function isAhead({ baseOffset, bytes }: Run, log: RecoveredLog): boolean {
  if (baseOffset >= log.logEndOffset) return true
  const from = Math.max(log.flushedOffset, log.logStartOffset)
  return baseOffset >= from && bytes > log.tail.bytesFrom(baseOffset)
}

/** Null: it is none of ours. One that a crash has left may be empty, zeros, or a beginning. */
async function runsOf(disk: Disk, number: number): Promise<Run[] | null> {
  try {
    const opened = await disk.open(segmentPath(number), { access: 'read' })
    const file = new ReadAhead(opened, aheadBytes)
    try {
      return await readRuns(file, await opened.size())
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof DiskError) return null
    throw error
  }
}

async function readRuns(file: ReadAhead, size: number): Promise<Run[] | null> {
  const runs: Run[] = []
  const header = new Uint8Array(runHeaderBytes)
  for (let at = 0; at + runHeaderBytes <= size; ) {
    await file.read(header, at)
    const run = readRunHeader(header)
    if (run === null) return runs.length > 0 || isZero(header) ? runs : null
    // One that may grow is alone in its file, whose last block is filled up.
    const bytes = run.bytes > 0 ? run.bytes : Math.max(0, size - runHeaderBytes - blockBytes)
    runs.push({ ...run, bytes })
    at += runHeaderBytes + (run.bytes > 0 ? run.bytes : size)
  }
  return runs.length > 0 || (await isBeginning(file, size)) ? runs : null
}

/** A write that failed may have left a file with less than a header. */
async function isBeginning(file: ReadAhead, size: number): Promise<boolean> {
  const bytes = new Uint8Array(size)
  await file.read(bytes, 0)
  return isZero(bytes) || beginsRun(bytes)
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)
