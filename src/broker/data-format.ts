// The number of the layout of a data folder, in its file `format`: a node refuses a folder that a
// later release laid out, before it reads or writes anything else in it, since what it does not
// understand it would take for damage. Raise `current` when a release of today could not read what
// is written. Called by start-broker.ts once the folder is locked.
import { CorruptFileError } from '../io/corrupt-file.ts'
import { blockBytes, type Disk, DiskError } from '../io/disk.ts'

/** 2: commits of the journal carry the folder's key. 3: the manifest knows whose they are. */
const current = 3
const path = 'format'
const form = /^polymq data format (\d{1,9})\n$/

export class DataFormatError extends Error {
  override readonly name = 'DataFormatError'
}

export interface FolderFormat {
  /** The folder has a number: it has been a node's. */
  readonly isKnown: boolean
  /** Gives today's number to a folder without one, or of an older format. */
  settle(): Promise<void>
}

/** Rejects with DataFormatError or CorruptFileError. Writes nothing before `settle`. */
export async function checkDataFormat(disk: Disk): Promise<FolderFormat> {
  const text = await readAll(disk)
  if (text === '') return { isKnown: false, settle: () => write(disk) }
  const found = form.exec(text)?.[1]
  if (found === undefined)
    throw new CorruptFileError(path, 0, 'it should say the format of the folder')
  if (Number(found) > current)
    throw new DataFormatError(`it has format ${found}, and this release reads up to ${current}`)
  const isOlder = Number(found) < current
  return { isKnown: true, settle: async () => void (isOlder && (await write(disk))) }
}

/** '' when there is none, or when a crash left it empty. */
async function readAll(disk: Disk): Promise<string> {
  try {
    const file = await disk.open(path, { access: 'read' })
    const bytes = new Uint8Array(blockBytes)
    const n = await file.read(bytes, 0).finally(() => file.close())
    return Buffer.from(bytes.subarray(0, n)).toString('latin1')
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return ''
    throw error
  }
}

async function write(disk: Disk): Promise<void> {
  const file = await disk.open(path, { access: 'write', truncate: true })
  try {
    await file.write([Buffer.from(`polymq data format ${current}\n`)], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.syncDir('')
}
