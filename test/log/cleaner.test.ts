import assert from 'node:assert/strict'
import test from 'node:test'
import type { Clock } from '../../src/io/clock.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import type { Segment } from '../../src/log/segment/segment.ts'
import { brokerValues } from '../../src/model/config/config-source.ts'
import { resolveTopicSettings } from '../../src/model/config/topic-settings.ts'
import { BatchHeader } from '../../src/model/record-batch.ts'
import { batchOf, keyedBatch, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open, readAll } from './open-log.ts'

const compacted = resolveTopicSettings(
  new Map([
    ['cleanup.policy', 'compact'],
    ['message.timestamp.before.max.ms', '9223372036854775807'],
  ]),
  brokerValues(),
)

const memoryBytes = 1 << 20
const clean = (store: LogStore): Promise<void> =>
  store.cleaner.clean([...store.all], 2000, memoryBytes)

test('compaction keeps the latest value of each key, also after a restart', async () => {
  const disk = memoryDisk()
  let store = await open(disk, 1, compacted)
  let log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 400; i++) {
    await append(store, log, keyedBatch(`k${i % 10}`, `value-${i}`))
    if (i % 50 === 49) await store.flush()
  }
  const before = log.bytes
  await clean(store)
  assert.equal(store.cleaner.counters.cleanings, 1)
  assert.ok(log.bytes < before / 10, `${log.bytes} of ${before} bytes are left`)
  const expected = Array.from({ length: 10 }, (_, i) => `value-${390 + i}`)
  assert.deepEqual(await readAll(store, log), expected)
  assert.equal(log.logEndOffset, 400)
  await store.close()
  store = await open(disk, 1, compacted)
  log = store.get(topicA, 0) as PartitionLog
  assert.equal(log.logEndOffset, 400)
  assert.equal(log.cleanedUpTo, 400)
  assert.deepEqual(await readAll(store, log), expected)
  assert.equal((await disk.list('segments')).length, 1, 'the old files are gone')
  await clean(store)
  assert.equal(store.cleaner.counters.cleanings, 0, 'nothing is dirty')
  await store.close()
})

test('compaction pays for what it reads, kept or dropped', async () => {
  let nowMs = 0
  const clock: Clock = {
    ...realClock,
    monotonic: () => nowMs,
    after: (ms, action) => {
      nowMs += ms
      return realClock.after(0, action)
    },
  }
  const store = await open(memoryDisk(), 1, compacted, { clock })
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 200; i++) {
    await append(store, log, keyedBatch('k', 'v'.repeat(4000)))
    if (i % 20 === 19) await store.flush()
  }
  const { bytes } = log
  store.cleaner.setRate(1 << 20)
  const beganMs = nowMs
  await clean(store)
  assert.ok(log.bytes < bytes / 10)
  // Once for its keys, and once to be written again, but for the last 64 KiB.
  const leastMs = ((2 * bytes - (64 << 10)) / (1 << 20)) * 1000 - 200
  assert.ok(nowMs - beganMs > leastMs, `${nowMs - beganMs}, and not ${leastMs}`)
  await store.close()
})

test('short segments of many partitions are merged, and stay where they were', async () => {
  const disk = memoryDisk()
  let store = await open(disk, 20)
  const expected = new Map<number, string[]>()
  for (let round = 0; round < 12; round++) {
    for (let p = 0; p < 20; p++) {
      const value = `${p}/${round}/${'m'.repeat(50)}`
      await append(store, store.get(topicA, p) as PartitionLog, batchOf([value]))
      expected.set(p, [...(expected.get(p) ?? []), value])
    }
    await store.flush()
  }
  assert.equal((store.get(topicA, 3) as PartitionLog).segments.length, 12)
  await store.cleaner.merge([...store.all])
  assert.equal((await disk.list('segments')).length, 1)
  for (let again = 0; again < 2; again++) {
    for (const [p, values] of expected) {
      const log = store.get(topicA, p) as PartitionLog
      assert.equal(log.segments.length, 1)
      assert.deepEqual(await readAll(store, log), values)
      assert.deepEqual(await readAll(store, log, 7), values.slice(7))
    }
    await store.close()
    store = await open(disk, 20)
  }
  await store.close()
})

test('a file that several share is left when most of it is of no use', async () => {
  const disk = memoryDisk()
  const parts = { options: { ...tinyOptions, flushBytes: 1 << 20 } }
  let store = await open(disk, 20, plainSettings, parts)
  const fill = async (): Promise<void> => {
    for (const log of store.all)
      await append(store, log, batchOf([`${log.partition} ${'s'.repeat(2000)}`]))
    await store.flush()
  }
  for (let round = 0; round < 3; round++) await fill()
  const files = async (): Promise<number> => (await disk.list('segments')).length
  for (let partition = 0; partition < 9; partition++) await store.delete(topicA, [partition])
  const sweep = async (): Promise<void> => store.cleaner.sweep(store.all)
  await sweep()
  assert.deepEqual([await files(), store.cleaner.counters.sweeps], [3, 0], 'most is there')
  await store.delete(topicA, [9, 10, 11, 12])
  await store.cleaner.sweep(store.all, ({ partition }) => partition === 17)
  assert.equal(store.cleaner.counters.sweeps, 0, 'one of them is at work')
  await sweep()
  await sweep()
  assert.deepEqual([await files(), store.cleaner.counters.sweeps], [1, 1])
  // How large a file is, is known after a start, too.
  await store.close()
  store = await open(disk, 20, plainSettings, parts)
  await store.delete(topicA, [13, 14, 15, 16])
  await sweep()
  assert.equal(store.cleaner.counters.sweeps, 1)
  for (const partition of [17, 18, 19]) {
    const log = store.get(topicA, partition) as PartitionLog
    const values = await readAll(store, log)
    assert.deepEqual(values, Array(3).fill(`${partition} ${'s'.repeat(2000)}`))
  }
  await store.close()
})

test('a tombstone stays for delete.retention.ms; an old last segment is cleaned', async () => {
  const settings = { ...compacted, segmentMs: 0, tombstoneRetentionMs: 5000, dirtyRatioMin: 0 }
  const store = await open(memoryDisk(), 1, settings, {
    options: { ...tinyOptions, ownFileBytes: 1 },
  })
  const log = store.get(topicA, 0) as PartitionLog
  const cleanAt = async (nowMs: number): Promise<number> => {
    await append(store, log, keyedBatch('other', `at ${nowMs}`))
    await store.flush()
    // Segments are as old as the real clock says.
    await store.cleaner.clean([...store.all], Date.now() + nowMs, memoryBytes)
    return (await readAll(store, log)).length
  }
  await append(store, log, keyedBatch('k', 'v'))
  await append(store, log, keyedBatch('k', null))
  assert.equal(await cleanAt(1000), 2, 'the tombstone, and the other')
  assert.equal(await cleanAt(5000), 2)
  assert.equal(await cleanAt(6500), 1, 'its time has come')
  await store.close()
})

test('compaction keeps segments below segment.bytes', async () => {
  const settings = { ...compacted, segmentBytes: 3000, segmentMs: 0 }
  const store = await open(memoryDisk(), 1, settings)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 40; i++) {
    await append(store, log, keyedBatch(`k${i}`, 'x'.repeat(300)))
    if (i % 3 === 2) await store.flush()
  }
  await clean(store)
  assert.equal(store.cleaner.counters.cleanings, 1)
  assert.ok(log.segments.length < 8, `${log.segments.length} segments`)
  assert.ok(log.segments.every((s) => s.bytes <= 3000))
  assert.equal((await readAll(store, log)).length, 40)
  await store.close()
})

test('a partition that is deleted or cut while it is merged is left alone', async () => {
  const store = await open(memoryDisk(), 2)
  for (let round = 0; round < 9; round++) {
    for (const p of [0, 1])
      await append(store, store.get(topicA, p) as PartitionLog, batchOf(['v']))
    await store.flush()
  }
  const kept = store.get(topicA, 0) as PartitionLog
  const merging = store.cleaner.merge([...store.all])
  const deleting = store.delete(topicA, [1])
  const cutting = store.raiseLogStart(kept, 4)
  await Promise.all([merging, deleting, cutting])
  assert.deepEqual(await readAll(store, kept, 4), ['v', 'v', 'v', 'v', 'v'])
  await store.close()
})

test('what compaction leaves ends where it did, even when the last key is gone', async () => {
  const disk = memoryDisk()
  const forgetful = { ...compacted, tombstoneRetentionMs: 0 }
  let store = await open(disk, 1, forgetful)
  let log = store.get(topicA, 0) as PartitionLog
  await append(store, log, keyedBatch('a', 'kept'))
  await append(store, log, keyedBatch('b', null))
  await store.flush()
  await append(store, log, keyedBatch('c', 'in the journal'))
  for (const nowMs of [2000, 3000]) {
    await store.cleaner.clean([log], nowMs, memoryBytes)
    log.cleanedUpTo = 0
  }
  for (let again = 0; again < 2; again++) {
    assert.deepEqual(await readAll(store, log), ['kept', 'in the journal'])
    assert.deepEqual(await readAll(store, log, 1), ['in the journal'])
    await store.close()
    store = await open(disk, 1, forgetful)
    log = store.get(topicA, 0) as PartitionLog
    assert.equal(log.damagedFrom, null)
  }
  await store.close()
})

test('no read gives only what compaction emptied while there is something behind it', async () => {
  const store = await open(memoryDisk(), 1, { ...compacted, segmentBytes: 100 })
  const log = store.get(topicA, 0) as PartitionLog
  const count = 100
  for (let i = 0; i < count; i++) {
    await append(store, log, keyedBatch('k', `v${i}`))
    await store.flush()
  }
  await clean(store)
  assert.equal(log.segments.length, count)
  const first = async (below: number): Promise<number[][]> => {
    const read = emptyRead()
    const want = { offset: 0, below, maxBytes: 1, mustGive: true }
    await store.reader.readFromDisk(log, want, read)
    const header = new BatchHeader()
    const found = read.records.map((bytes) => {
      header.moveTo(bytes)
      return [header.baseOffset, header.recordCount]
    })
    assert.equal(read.isEmptied, below < count)
    store.reader.release(read)
    return found
  }
  assert.deepEqual(await first(count), [[count - 1, 1]])
  assert.deepEqual(await first(3), [[2, 0]], 'nothing else is there for this reader')
  await store.close()
})

test('segments that go meanwhile are not rewritten, nor count as cleaned', async () => {
  const store = await open(memoryDisk(), 1, compacted)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 4; i++) {
    await append(store, log, keyedBatch('k', `v${i}`))
    await store.flush()
  }
  const cleaning = clean(store)
  await store.raiseLogStart(log, 2)
  await cleaning
  assert.equal(log.cleanedUpTo, 0, 'the next pass sees every key again')
  await clean(store)
  assert.deepEqual(await readAll(store, log, 2), ['v3'])
  await store.close()
})

test('segments below the log start go with the pass, and those behind it are merged', async () => {
  const store = await open(memoryDisk(), 1)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 9; i++) {
    await append(store, log, batchOf([`v${i}`]))
    await store.flush()
  }
  const first = log.segments[0] as Segment
  log.growing = first
  for (let i = 9; i < 12; i++) await append(store, log, batchOf([`v${i}`]))
  await store.raiseLogStart(log, 11)
  await store.flush()
  for (let i = 12; i < 19; i++) {
    await append(store, log, batchOf([`v${i}`]))
    await store.flush()
  }
  await store.cleaner.merge([log])
  assert.deepEqual(
    log.segments.map((s) => [s.baseOffset, s.nextOffset]),
    [[11, 19]],
  )
  assert.equal((await readAll(store, log, 11)).length, 8)
  await store.close()
})
