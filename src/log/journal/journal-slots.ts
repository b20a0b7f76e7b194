// Which file of the journal holds which part of it. A slot's first commit says so; where that one
// is damaged, any later one does. A slot without a commit is free. Used by the scan at the start.
import { blockBytes, type Disk } from '../../io/disk.ts'
import { ReadAhead } from '../../io/read-ahead.ts'
import { journalFolder } from './journal-files.ts'
import { commitHeaderBytes, readCommitHeader } from './journal-format.ts'

export interface JournalSlot {
  readonly name: string
  readonly file: ReadAhead
  /** The file holds the LSNs from seq × fileBytes; -1: none. */
  readonly seq: number
}

/** Opens every slot for reading; the caller closes them. */
export async function findSlots(disk: Disk, fileBytes: number): Promise<JournalSlot[]> {
  const names = (await disk.list(journalFolder)).filter((n) => n.endsWith('.wal'))
  return Promise.all(
    names.map(async (n) => {
      const name = `${journalFolder}/${n}`
      const file = new ReadAhead(await disk.open(name, { access: 'read' }))
      return { name, file, seq: await sequenceOf(file, fileBytes) }
    }),
  )
}

async function sequenceOf(file: ReadAhead, fileBytes: number): Promise<number> {
  const first = new Uint8Array(blockBytes)
  const n = await file.read(first, 0)
  const seq = n === blockBytes ? claimed(first, 0, fileBytes) : -1
  if (seq >= 0) return seq
  // A slot that was never used begins with zeros; anything else once held a commit, so look on.
  if (first.every((b) => b === 0)) return -1
  const piece = new Uint8Array(1 << 20)
  for (let at = 0; at < fileBytes; at += piece.length) {
    const got = await file.read(piece, at)
    for (let i = 0; i + commitHeaderBytes <= got; i += blockBytes) {
      const found = claimed(piece.subarray(i), at + i, fileBytes)
      if (found >= 0) return found
    }
    if (got < piece.length) break
  }
  return -1
}

/** The sequence that a commit header at `position` claims for its file, or -1. */
function claimed(bytes: Uint8Array, position: number, fileBytes: number): number {
  const header = readCommitHeader(bytes)
  return header !== null && header.lsn % fileBytes === position
    ? Math.floor(header.lsn / fileBytes)
    : -1
}
