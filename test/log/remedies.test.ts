// What operators are told to do about a damaged folder helps, and a folder that has lost what says
// whose its records are is left alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { diskOf, filesOf, isRefused, logOf, partitions, start } from './folder-files.ts'
import { batchOf } from './log-fixture.ts'
import { append, readAll } from './open-log.ts'

test('segment files without manifest and journal are not those of a new folder', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  for (let p = 0; p < partitions; p++) await append(store, logOf(store, p), batchOf(['kept']))
  await store.flush()
  await store.close()
  const files = new Map(await filesOf(disk))
  for (const path of [...files.keys()])
    if (path === 'manifest' || path.startsWith('journal/')) files.delete(path)
  await isRefused(files, /'manifest' is missing, or empty, and \d segment files are there/)
})

test('a partition whose only record is damaged is of use again when all is deleted', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  await append(store, logOf(store), batchOf(['damaged record']))
  for (let i = 0; i < 5; i++) await append(store, logOf(store, 1), batchOf([`behind ${i}`]))
  const files = new Map(await filesOf(disk))
  const [path, journal] = [...files].find(([, bytes]) => bytes.includes('damaged record')) ?? []
  assert.ok(path !== undefined && journal !== undefined)
  const at = journal.indexOf('damaged record')
  journal.writeUInt8(journal.readUInt8(at) ^ 1, at)
  const turned = await diskOf(files)
  const again = await start(turned)
  const log = logOf(again.store)
  assert.equal(log.damagedFrom, 0)
  await again.store.raiseLogStart(log, log.highWatermark)
  assert.equal(log.damagedFrom, null)
  await append(again.store, log, batchOf(['new']))
  assert.deepEqual(await readAll(again.store, log), ['new'])
})
