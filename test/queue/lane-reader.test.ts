import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLoopTurn } from '../../src/io/real/clock.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { Addresses } from '../../src/model/message/stored-message.ts'
import { LaneReader, PieceCache } from '../../src/queue/lane-reader.ts'

const log = { deleted: false, highWatermark: 1 } as PartitionLog

test('who is closed while it reads gives its place to the next', async () => {
  const ends: (() => void)[] = []
  const reader = {
    readFromDisk: () => new Promise<void>((resolve) => ends.push(resolve)),
    release: () => undefined,
  }
  const store = { reader } as unknown as LogStore
  // One reads at a time.
  const pieces = new PieceCache(1)
  const of = { name: 'q', isOfTopic: true }
  const [first, second, third] = [1, 2, 3].map(
    () => new LaneReader(store, pieces, new Addresses(), of),
  )
  const told: string[] = []
  first?.load(log, 0, () => told.push('first'))
  second?.load(log, 0, () => told.push('second'))
  third?.load(log, 0, () => told.push('third'))
  assert.equal(ends.length, 1)
  second?.close()
  first?.close()
  ends[0]?.()
  await eventLoopTurn()
  assert.equal(ends.length, 2)
  ends[1]?.()
  await eventLoopTurn()
  assert.deepEqual(told, ['third'])
})
