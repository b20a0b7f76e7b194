// The files of a data folder as they were left, to be damaged and opened again.
import assert from 'node:assert/strict'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { DamagedLogError } from '../../src/log/log-parts.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { openReported } from './open-log.ts'

/** Stores are left behind as kill -9 leaves them, unless they are closed. */
export const options = {
  ...tinyOptions,
  flushBytes: 1 << 20,
  asyncSyncMs: 5000,
  ownFileBytes: 4000,
}
export const partitions = 3

export type Files = ReadonlyMap<string, Buffer>

export async function filesOf(disk: Disk): Promise<Files> {
  const files = new Map<string, Buffer>()
  for (const folder of ['', 'journal', 'segments', 'indexes'])
    for (const name of await disk.list(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (['journal', 'segments', 'indexes'].includes(path)) continue
      const file = await disk.open(path, { access: 'read' })
      const bytes = Buffer.alloc(await file.size())
      await file.read(bytes, 0)
      await file.close()
      files.set(path, bytes)
    }
  return files
}

export async function diskOf(files: Files): Promise<Disk> {
  const disk = memoryDisk()
  for (const folder of ['journal', 'segments', 'indexes']) await disk.makeDir(folder)
  for (const [path, bytes] of files) await put(disk, path, bytes)
  return disk
}

export async function put(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path, { access: 'write', truncate: true })
  await file.write([bytes], 0)
  await file.close()
}

export const start = (disk: Disk): Promise<{ store: LogStore; reported: string[] }> =>
  openReported(disk, partitions, plainSettings, { options })

export const logOf = (store: LogStore, partition = 0): PartitionLog =>
  store.get(topicA, partition) as PartitionLog

/** The start is refused with these words, twice, and leaves the folder as it was. */
export async function isRefused(files: Files, words: RegExp): Promise<void> {
  const disk = await diskOf(files)
  for (let i = 0; i < 2; i++)
    await assert.rejects(start(disk), (error) => {
      assert.ok(error instanceof DamagedLogError)
      assert.match(error.message, words)
      return true
    })
  assert.deepEqual([...(await filesOf(disk))], [...files])
}
