import assert from 'node:assert/strict'
import test from 'node:test'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real-clock.ts'
import { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import { BatchHeader } from '../../src/model/record-batch.ts'
import { readRecords } from '../../src/model/records.ts'
import { batchOf, plainSettings, tinyOptions, topicA } from './log-fixture.ts'

const open = (disk: Disk, partitions = 1): Promise<LogStore> =>
  LogStore.open(
    {
      disk,
      clock: realClock,
      options: tinyOptions,
      hooks: {
        failed: (cause) => {
          throw cause
        },
        report: (line) => assert.fail(line),
      },
    },
    Array.from({ length: partitions }, (_, partition) => ({
      topic: topicA,
      partition,
      settings: plainSettings,
    })),
  )

async function append(store: LogStore, log: PartitionLog, batch: Uint8Array): Promise<number> {
  while (!store.journal.hasRoom(batch.length))
    await new Promise<void>((resolve) => store.journal.whenRoom(resolve))
  const outcome = log.append(store.journal, batch, 0, 1000)
  assert.equal(outcome.error, null, outcome.message ?? '')
  await new Promise<void>((resolve) => store.journal.whenCommitted(outcome.lsn, resolve))
  return outcome.baseOffset
}

async function readAll(
  store: LogStore,
  log: PartitionLog,
  from = 0,
  maxBytes = 5000,
): Promise<string[]> {
  const values: string[] = []
  for (let offset = from; offset < log.highWatermark; ) {
    const read = emptyRead()
    const want = { offset, below: log.highWatermark, maxBytes, mustGive: true }
    if (!store.reader.readFromMemory(log, want, read))
      await store.reader.readFromDisk(log, want, read)
    assert.equal(read.damaged, false)
    assert.ok(read.bytes > 0, `nothing to read at ${offset}`)
    const all = Buffer.concat(read.records)
    store.reader.release(read)
    const header = new BatchHeader()
    for (let at = 0; at < all.length; at += header.bytes) {
      header.moveTo(all, at)
      assert.equal(header.checksum(), header.crc)
      for (const r of readRecords(header.records(), header.recordCount) ?? [])
        if (header.baseOffset + r.offsetDelta >= from)
          values.push(Buffer.from(r.value ?? []).toString())
      offset = header.nextOffset
    }
  }
  return values
}

test('what was appended is read back: from memory, from segments, after a restart', async () => {
  const disk = memoryDisk()
  let store = await open(disk)
  let log = store.get(topicA, 0) as PartitionLog
  const expected: string[] = []
  for (let i = 0; i < 300; i++) {
    const values = [`${i}-a-${'x'.repeat(i * 7)}`, `${i}-b`]
    assert.equal(await append(store, log, batchOf(values)), expected.length)
    expected.push(...values)
  }
  assert.ok(store.flusher.counters.passes > 2, 'the flusher ran')
  assert.deepEqual(await readAll(store, log), expected)
  assert.deepEqual(await readAll(store, log, 17), expected.slice(17))
  await store.close()
  store = await open(disk)
  log = store.get(topicA, 0) as PartitionLog
  assert.equal(log.highWatermark, expected.length)
  assert.deepEqual(await readAll(store, log), expected)
  await append(store, log, batchOf(['after']))
  assert.deepEqual(await readAll(store, log, 599), [expected[599], 'after'])
  await store.flush()
  assert.deepEqual(await readAll(store, log, 600), ['after'])
  await store.close()
})

test('many partitions in one journal keep apart, and share files', async () => {
  const disk = memoryDisk()
  let store = await open(disk, 50)
  for (let round = 0; round < 40; round++)
    await Promise.all(
      Array.from({ length: 50 }, (_, p) =>
        append(
          store,
          store.get(topicA, p) as PartitionLog,
          batchOf([`${p}/${round}`, 'y'.repeat(100)]),
        ),
      ),
    )
  for (let again = 0; again < 2; again++) {
    for (let p = 0; p < 50; p++) {
      const values = await readAll(store, store.get(topicA, p) as PartitionLog)
      assert.deepEqual(
        values.filter((v) => !v.startsWith('y')),
        Array.from({ length: 40 }, (_, round) => `${p}/${round}`),
      )
    }
    await store.close()
    store = await open(disk, 50)
  }
  await store.close()
})

test('a batch that comes twice is stored once, also after a restart', async () => {
  const disk = memoryDisk()
  let store = await open(disk)
  let log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 7; i++) {
    const batch = batchOf(['v'], { id: 5, epoch: 0, sequence: i })
    assert.equal(await append(store, log, batch), i)
  }
  assert.equal(await append(store, log, batchOf(['v'], { id: 5, epoch: 0, sequence: 4 })), 4)
  await store.flush()
  await store.close()
  store = await open(disk)
  log = store.get(topicA, 0) as PartitionLog
  assert.equal(await append(store, log, batchOf(['v'], { id: 5, epoch: 0, sequence: 6 })), 6)
  const old = log.append(store.journal, batchOf(['v'], { id: 5, epoch: 0, sequence: 1 }), 0, 1000)
  assert.equal(old.error, 'outOfOrderSequence')
  const gap = log.append(store.journal, batchOf(['v'], { id: 5, epoch: 0, sequence: 8 }), 0, 1000)
  assert.equal(gap.error, 'outOfOrderSequence')
  await store.close()
})

test('deleting records and partitions gives their space back', async () => {
  const disk = memoryDisk()
  const store = await open(disk, 2)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 100; i++) await append(store, log, batchOf(['z'.repeat(2000)]))
  await store.flush()
  const before = (await disk.list('segments')).length
  assert.ok(before > 0)
  await store.raiseLogStart(log, 99)
  assert.equal(log.logStartOffset, 99)
  assert.deepEqual(await readAll(store, log, 99), ['z'.repeat(2000)])
  await store.delete(topicA, [0, 1])
  assert.deepEqual(await disk.list('segments'), [])
  await store.close()
})
