// Which file of the journal holds which part of it. A slot's first commit says so; where that one
// is damaged, any later one does. A slot without a commit is free. Used by the scan at the start.
import { blockBytes, type Disk, type DiskFile } from '../../io/disk.ts'
import { ReadAhead } from '../../io/read-ahead.ts'
import { journalFolder } from './journal-files.ts'
import { commitHeaderBytes, readCommitHeader } from './journal-format.ts'

export interface JournalSlot {
  readonly name: string
  readonly file: ReadAhead
  /** The file holds the LSNs from seq × fileBytes; -1: none. */
  readonly seq: number
  /** Of the commit that says so. */
  readonly generation: number
}

const aheadBytesMax = 1 << 20
/** Behind the first piece, one block in so many bytes is looked at. */
const sampleBytes = 256 << 10
const zeros = Buffer.alloc(aheadBytesMax)

/** Opens every slot for reading, the latest generation last; the caller closes them. */
export async function findSlots(disk: Disk, fileBytes: number): Promise<JournalSlot[]> {
  const names = (await disk.list(journalFolder)).filter((n) => n.endsWith('.wal'))
  const aheadBytes = Math.min(fileBytes, aheadBytesMax)
  const slots = names.map(async (n) => {
    const name = `${journalFolder}/${n}`
    const opened = await disk.open(name, { access: 'read' })
    const file = new ReadAhead(opened, aheadBytes)
    return { name, file, ...(await claimOf(file, opened, fileBytes)) }
  })
  return (await Promise.all(slots)).sort((a, b) => a.generation - b.generation)
}

type Claim = Pick<JournalSlot, 'seq' | 'generation'>

const noClaim: Claim = { seq: -1, generation: -1 }

async function claimOf(file: ReadAhead, opened: DiskFile, fileBytes: number): Promise<Claim> {
  const first = new Uint8Array(blockBytes)
  const n = await file.read(first, 0)
  const claim = n === blockBytes ? claimed(first, 0, fileBytes) : noClaim
  if (claim.seq >= 0) return claim
  if (await isBlank(file, opened, fileBytes)) return noClaim
  const piece = new Uint8Array(Math.min(fileBytes, aheadBytesMax))
  for (let at = 0; at < fileBytes; at += piece.length) {
    const got = await file.read(piece, at)
    for (let i = 0; i + commitHeaderBytes <= got; i += blockBytes) {
      const found = claimed(piece.subarray(i), at + i, fileBytes)
      if (found.seq >= 0) return found
    }
    if (got < piece.length) break
  }
  return noClaim
}

/**
 * Whether the slot was never used, as far as can be told without reading all of it: commits follow
 * each other without a gap, so they would show at its beginning, or if that was wiped, farther on.
 */
async function isBlank(file: ReadAhead, opened: DiskFile, fileBytes: number): Promise<boolean> {
  const beginning = Buffer.alloc(Math.min(fileBytes, aheadBytesMax))
  if (!isZero(beginning.subarray(0, await file.read(beginning, 0)))) return false
  const sample = Buffer.alloc(blockBytes)
  for (let at = beginning.length; at < fileBytes; at += sampleBytes)
    if (!isZero(sample.subarray(0, await opened.read(sample, at)))) return false
  return true
}

const isZero = (bytes: Buffer): boolean => bytes.equals(zeros.subarray(0, bytes.length))

/** What a commit header at `position` claims for its file. */
function claimed(bytes: Uint8Array, position: number, fileBytes: number): Claim {
  const header = readCommitHeader(bytes)
  if (header === null || header.lsn % fileBytes !== position) return noClaim
  return { seq: Math.floor(header.lsn / fileBytes), generation: header.generation }
}
