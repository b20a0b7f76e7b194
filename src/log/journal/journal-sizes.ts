// Files of the journal have their size before they are remembered, so that one that is shorter has
// lost what may have been acknowledged. Folders of before that was so have their files made as long
// at the first start. Called by recovery.
import type { Disk } from '../../io/disk.ts'
import { slotName } from './journal-files.ts'

/** What is wrong with the first file that is too short; null: none is. */
export async function shortFile(
  disk: Disk,
  slots: readonly number[],
  fileBytes: number,
): Promise<string | null> {
  for (const name of slots.map(slotName)) {
    const file = await disk.open(name, { access: 'read' })
    const bytes = await file.size()
    await file.close()
    if (bytes < fileBytes)
      return `${name} has ${bytes} bytes of ${fileBytes}: what it lacks may have been acknowledged`
  }
  return null
}

export async function stretchFiles(
  disk: Disk,
  slots: readonly number[],
  fileBytes: number,
): Promise<void> {
  for (const name of slots.map(slotName)) {
    const file = await disk.open(name, { access: 'write' })
    if ((await file.size()) < fileBytes) await file.truncate(fileBytes)
    await file.sync()
    await file.close()
  }
}
