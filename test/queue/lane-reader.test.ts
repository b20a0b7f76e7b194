import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLoopTurn } from '../../src/io/real/clock.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { ReadResult, ReadWant } from '../../src/log/read-result.ts'
import { MessageView } from '../../src/model/message/message.ts'
import { Addresses } from '../../src/model/message/stored-message.ts'
import { BatchHeader } from '../../src/model/record-batch.ts'
import { Lane, type LaneParts } from '../../src/queue/lane.ts'
import { LaneReader, PieceCache } from '../../src/queue/lane-reader.ts'
import { StockFinder } from '../../src/queue/stock-finder.ts'
import { Look } from '../../src/queue/stock-parts.ts'
import { batchOf } from '../log/log-fixture.ts'

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

/** A reader of a topic in whose memory these batches are, whatever is asked for. */
function readerOf(...batches: readonly Uint8Array[]): LaneReader {
  const reader = {
    readFromMemory: (_log: PartitionLog, _want: ReadWant, into: ReadResult) => {
      into.records.push(...batches)
      for (const { length } of batches) into.bytes += length
      return true
    },
    release: () => undefined,
  }
  const store = { reader } as unknown as LogStore
  const of = { name: 'q', isOfTopic: true }
  return new LaneReader(store, new PieceCache(1 << 20), new Addresses(), of)
}

/** As compaction leaves it: what it was of is gone. */
function emptyBatch(baseOffset: number, records: number): Uint8Array {
  const header = new BatchHeader().moveTo(batchOf(Array(records).fill('v')))
  header.place(baseOffset, 0)
  const fields = { attributes: 0, baseTimestamp: -1, recordCount: 0 }
  return header.withRecords(new Uint8Array(0), fields)
}

test('where batches are empty there is a gap, up to the end of what was read', () => {
  const reader = readerOf(emptyBatch(10, 5), emptyBatch(20, 3))
  for (const offset of [12, 15, 22]) {
    assert.equal(reader.find(log, offset), 'gap')
    assert.equal(reader.gapTo, 23)
  }
})

test('a read that gives nothing at or behind what was asked for is a bug', () => {
  const reader = readerOf(emptyBatch(10, 5))
  assert.throws(() => reader.find(log, 15), /goes beyond where it begins/)
})

test('two places of a log that are asked for in turn are both found', async () => {
  const batches = [batchOf(['first']), batchOf(['second'])] as const
  const ends: (() => void)[] = []
  const reader = {
    readFromMemory: () => false,
    readFromDisk: (_log: PartitionLog, { offset }: ReadWant, into: ReadResult) => {
      const batch = batches[offset === 0 ? 0 : 1]
      new BatchHeader().moveTo(batch).place(offset, 0)
      into.records.push(batch)
      into.bytes += batch.length
      return new Promise<void>((resolve) => ends.push(resolve))
    },
    release: () => undefined,
  }
  const pieces = new PieceCache(1)
  const parts = { store: { reader }, pieces, addresses: new Addresses() } as unknown as LaneParts
  const damage = { covers: () => false }
  const of = { ...log, topicName: 'q', logEndOffset: 2, damage } as unknown as PartitionLog
  const lane = new Lane(0, parts, of, () => of)
  const finder = new StockFinder({ loaded: () => undefined } as never, { report: assert.fail })
  const seen = new Set<string>()
  for (let turn = 0; turn < 4; turn++) {
    // As a queue does: its head for the clock, what has arrived, its head once more to drop it.
    for (const [who, offset] of [
      ['clock', 0],
      ['arrival', 1],
      ['head', 0],
    ] as const)
      if (finder.find(lane, offset, new MessageView()) === Look.there) seen.add(who)
    pieces.worked()
    ends.shift()?.()
    await eventLoopTurn()
  }
  assert.deepEqual([...seen].sort(), ['arrival', 'clock', 'head'])
})
