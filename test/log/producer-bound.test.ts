// A node remembers so many producers; of the others a partition forgets who was silent longest.
import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { batchOf, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open } from './open-log.ts'

const most = tinyOptions.producersMax

const send = (store: LogStore, log: PartitionLog, id: number, sequence = 0): Promise<number> =>
  append(store, log, batchOf(['x'], { id, epoch: 0, sequence }))

const isKnown = (log: PartitionLog, id: number, sequence = 0): boolean =>
  log.producers.check(id, 0, sequence, sequence).kind === 'duplicate'

test('producers beyond the bound push out those that were silent longest, wherever', async () => {
  const disk = memoryDisk()
  let store = await open(disk, 2, plainSettings)
  let [a, b] = store.all as [PartitionLog, PartitionLog]
  await send(store, b, 1000)
  for (let id = 0; id < most; id++) await send(store, a, id)
  const known = (log: PartitionLog, ids: readonly (readonly [number, number])[]): boolean[] =>
    ids.map(([id, sequence]) => isKnown(log, id, sequence))
  assert.deepEqual([a.producers.count, b.producers.count], [most, 0])
  await send(store, a, 0, 1)
  await send(store, b, 1000)
  await send(store, b, 1001)
  const ofA = [
    [0, 1],
    [1, 0],
    [2, 0],
    [3, 0],
  ] as const
  const ofB = [
    [1000, 0],
    [1001, 0],
  ] as const
  assert.deepEqual(known(a, ofA), [true, false, false, true])
  assert.deepEqual(known(b, ofB), [true, true], 'two that take turns are both remembered')
  await store.flush()
  await store.close()
  store = await open(disk, 2, plainSettings)
  ;[a, b] = store.all as [PartitionLog, PartitionLog]
  assert.deepEqual(known(a, ofA), [true, false, false, true])
  assert.deepEqual(known(b, ofB), [true, true])
  await store.delete(topicA, [0])
  for (let id = 0; id < most - 2; id++) await send(store, b, id)
  assert.equal(b.producers.count, most, 'a deleted partition takes nothing')
  await store.close()
})
