// Which file of the journal holds which part of it. A slot's first commit says so; where that one
// is damaged, any later one does. A slot without a commit is free. Used by the scan at the start.
import { blockBytes, type Disk, type DiskFile } from '../../io/disk.ts'
import { ReadAhead } from '../../io/read-ahead.ts'
import { isSlotName, journalFolder } from './journal-files.ts'
import {
  commitHeaderBytes,
  isMarkedUnused,
  type JournalKey,
  readCommitHeader,
} from './journal-format.ts'
import { isUnnoted, type KnownStarts, writerOf } from './journal-starts.ts'

export interface JournalSlot {
  readonly name: string
  readonly file: ReadAhead
  /** The file holds the LSNs from seq × fileBytes; -1: none. */
  readonly seq: number
  /** Of the commit that says so. */
  readonly generation: number
  /** It holds no commit, not even one that was cut, and does not say that it never did. */
  readonly isLost: boolean
  /** It holds a commit of a start that has noted nothing. */
  readonly isUnnoted: boolean
  /** It holds a commit, be it one that is not needed any more or was cut. */
  readonly holdsCommits: boolean
  /** It begins with something that the journal never writes. */
  readonly isForeign: boolean
}

const aheadBytesMax = 1 << 20
/** Behind the first piece, one block in so many bytes is looked at. */
const sampleBytes = 256 << 10
const zeros = Buffer.alloc(aheadBytesMax)

/** Opens every slot for reading, the latest generation last; the caller closes them. */
export async function findSlots(
  disk: Disk,
  fileBytes: number,
  key: JournalKey,
  known: KnownStarts,
): Promise<JournalSlot[]> {
  const all = (await disk.list(journalFolder)).map((n) => `${journalFolder}/${n}`)
  const aheadBytes = Math.min(fileBytes, aheadBytesMax)
  const read = { fileBytes, key, ...known }
  const slots = all.filter(isSlotName).map(async (name) => {
    const opened = await disk.open(name, { access: 'read' })
    const file = new ReadAhead(opened, aheadBytes)
    return { name, file, ...(await claimOf(file, opened, read)) }
  })
  return (await Promise.all(slots)).sort((a, b) => a.generation - b.generation)
}

/** Two files that say that they are the same part of the journal, from file `first` on: a copy. */
export function twinsOf(
  slots: readonly JournalSlot[],
  first: number,
): readonly [JournalSlot, JournalSlot] | null {
  for (const [i, a] of slots.entries())
    for (const b of slots.slice(i + 1))
      if (a.seq >= first && a.seq === b.seq && a.generation === b.generation) return [a, b]
  return null
}

type Claim = Omit<JournalSlot, 'name' | 'file'>

const lost: Claim = {
  seq: -1,
  generation: -1,
  isLost: true,
  isUnnoted: false,
  holdsCommits: false,
  isForeign: false,
}
const neverUsed: Claim = { ...lost, isLost: false }
const cut: Claim = { ...neverUsed, holdsCommits: true }
const unnoted: Claim = { ...cut, isUnnoted: true }

/** What is known of the journal beforehand. */
interface Known extends KnownStarts {
  readonly fileBytes: number
  readonly key: JournalKey
}

async function claimOf(file: ReadAhead, opened: DiskFile, known: Known): Promise<Claim> {
  const { fileBytes } = known
  const first = new Uint8Array(blockBytes)
  const n = await file.read(first, 0)
  const claim = n === blockBytes ? claimed(first, 0, known) : lost
  if (claim.seq >= 0 || claim.isUnnoted) return claim
  let { holdsCommits } = claim
  if (isMarkedUnused(first) && (await isBlank(file, opened, fileBytes))) return neverUsed
  const piece = new Uint8Array(Math.min(fileBytes, aheadBytesMax))
  for (let at = 0; at < fileBytes; at += piece.length) {
    const got = await file.read(piece, at)
    for (let i = 0; i + commitHeaderBytes <= got; i += blockBytes) {
      const found = claimed(piece.subarray(i), at + i, known)
      if (found.seq >= 0 || found.isUnnoted) return found
      holdsCommits ||= found.holdsCommits
    }
    if (got < piece.length) break
  }
  // A mark with something behind it: the first commit was torn.
  if (holdsCommits) return cut
  if (isMarkedUnused(first)) return neverUsed
  return { ...lost, isForeign: !isZero(Buffer.from(first.buffer, 0, n)) }
}

/**
 * Whether nothing shows that a write was lost which took the mark away: commits follow each other
 * without a gap, so that they would stand at the beginning, too. Not all is read.
 */
async function isBlank(file: ReadAhead, opened: DiskFile, fileBytes: number): Promise<boolean> {
  const beginning = Buffer.alloc(Math.min(fileBytes, aheadBytesMax))
  const n = await file.read(beginning, 0)
  if (!isZero(beginning.subarray(blockBytes, n))) return false
  const sample = Buffer.alloc(blockBytes)
  for (let at = beginning.length; at < fileBytes; at += sampleBytes)
    if (!isZero(sample.subarray(0, await opened.read(sample, at)))) return false
  return true
}

const isZero = (bytes: Buffer): boolean => bytes.equals(zeros.subarray(0, bytes.length))

/** What a commit header at `position` claims for its file: nothing, when it was cut. */
function claimed(bytes: Uint8Array, position: number, known: Known): Claim {
  const { fileBytes, key, starts } = known
  const header = readCommitHeader(bytes, key)
  if (header === null || header.lsn % fileBytes !== position) return lost
  const { lsn, generation } = header
  if (isUnnoted(known, generation)) return unnoted
  const writer = writerOf(starts, lsn)
  if (writer !== null && writer !== generation) return cut
  return { ...cut, seq: Math.floor(lsn / fileBytes), generation }
}
