// Files of the journal have their size, and the mark of files that never held a commit, before they
// are remembered: so one that is shorter, or holds neither mark nor commit, has lost what may have
// been acknowledged. Folders of before that was so have it mended at the first start. Called by
// recovery.
import { blockBytes, type Disk } from '../../io/disk.ts'
import { slotName } from './journal-files.ts'
import { markUnused } from './journal-format.ts'

/** What is wrong with the first file that is too short; null: none is. */
export async function shortFile(
  disk: Disk,
  slots: readonly number[],
  fileBytes: number,
): Promise<string | null> {
  for (const name of slots.map(slotName)) {
    const bytes = await disk.sizeOf(name)
    if (bytes < fileBytes)
      return `${name} has ${bytes} bytes of ${fileBytes}: what it lacks may have been acknowledged`
  }
  return null
}

export async function stretchFiles(
  disk: Disk,
  names: readonly string[],
  fileBytes: number,
): Promise<void> {
  for (const name of names) {
    const file = await disk.open(name, { access: 'write' })
    if ((await file.size()) < fileBytes) await file.truncate(fileBytes)
    await file.sync()
    await file.close()
  }
}

export async function markFiles(disk: Disk, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const file = await disk.open(name, { access: 'write' })
    const block = new Uint8Array(blockBytes)
    markUnused(block)
    await file.write([block], 0)
    await file.sync()
    await file.close()
  }
}
