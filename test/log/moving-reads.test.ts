// A read of records that are written anew while it waits for the disk, more than once.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Disk, OpenOptions } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { batchOf, topicA } from './log-fixture.ts'
import { append, open, readAll } from './open-log.ts'

/** Calls `before` each time that a segment file is opened to be read. */
const watched = (disk: Disk, before: () => Promise<void>): Disk =>
  new Proxy(disk, {
    get: (_, key) => {
      if (key === 'open')
        return async (path: string, options: OpenOptions) => {
          if (path.startsWith('segments/') && options.access === 'read') await before()
          return disk.open(path, options)
        }
      const value: unknown = Reflect.get(disk, key)
      return typeof value === 'function' ? value.bind(disk) : value
    },
  })

test('records that move again and again while they are read are read in the end', async () => {
  let moves = 0
  let store: Awaited<ReturnType<typeof open>> | null = null
  const disk = watched(memoryDisk(), async () => {
    if (store === null || moves === 0) return
    moves--
    const before = moves
    moves = 0
    const log = store.get(topicA, 0) as PartitionLog
    for (let i = 0; i < 8; i++) {
      await append(store, log, batchOf(['more']))
      await store.flush()
    }
    await store.cleaner.merge([log])
    moves = before
  })
  store = await open(disk)
  const log = store.get(topicA, 0) as PartitionLog
  await append(store, log, batchOf(['first']))
  await store.flush()
  moves = 3
  const values = await readAll(store, log)
  assert.equal(values[0], 'first')
  assert.equal(moves, 0)
  await store.close()
})
