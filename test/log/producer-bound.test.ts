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

test('producers beyond the bound push out those that were silent longest', async () => {
  const disk = memoryDisk()
  let store = await open(disk, 2, plainSettings)
  let [a, b] = store.all as [PartitionLog, PartitionLog]
  await send(store, b, 1000)
  for (let id = 0; id < most; id++) await send(store, a, id)
  await send(store, a, 1, 1)
  await send(store, a, most)
  const counts = (): number[] => [a.producers.count, b.producers.count]
  assert.deepEqual(counts(), [most - 1, 1], 'b has but one, and keeps it')
  const check = (): void => {
    assert.deepEqual(
      [0, 1, 2, 3, most].map((id) => isKnown(a, id, id === 1 ? 1 : 0)),
      [false, true, false, true, true],
    )
    assert.ok(isKnown(b, 1000))
  }
  check()
  await store.flush()
  await send(store, a, 2)
  await send(store, a, 3, 1)
  await store.close()
  store = await open(disk, 2, plainSettings)
  ;[a, b] = store.all as [PartitionLog, PartitionLog]
  assert.deepEqual(counts(), [most - 1, 1])
  assert.deepEqual([isKnown(a, 2), isKnown(a, 3, 1), isKnown(a, 4)], [true, true, false])
  await store.delete(topicA, [0])
  for (let id = 0; id < most; id++) await send(store, b, id)
  assert.equal(b.producers.count, most, 'a deleted partition takes nothing')
  await store.close()
})
