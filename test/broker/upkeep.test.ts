// What a node does by the clock, held against what it is for: compaction, merging, and deletion of
// what is too old.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Upkeep } from '../../src/broker/upkeep.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { Image } from '../../src/metadata/image.ts'
import {
  type BrokerSettings,
  resolveBrokerSettings,
} from '../../src/model/config/broker-settings.ts'
import { brokerValues } from '../../src/model/config/config-source.ts'
import type { TopicSettings } from '../../src/model/config/topic-settings.ts'
import { keyedBatch, plainSettings, tinyOptions, topicA } from '../log/log-fixture.ts'
import { append, open, readAll } from '../log/open-log.ts'

const minute = 60_000

/** A log of one partition, one short segment for each of `values`, and the upkeep of its node. */
async function withUpkeep(
  settings: Partial<TopicSettings>,
  batches: readonly Uint8Array[],
  use: (log: PartitionLog, store: LogStore, clock: SimClock) => Promise<void>,
  of: { settings: Partial<BrokerSettings> } = { settings: {} },
): Promise<void> {
  const clock = new SimClock()
  const parts = { clock, options: tinyOptions }
  const all = { ...plainSettings, timestampAfterMsMax: Infinity, segmentMs: 0, ...settings }
  const store = await clock.runUntil(open(memoryDisk(), 1, all, parts))
  const log = store.get(topicA, 0) as PartitionLog
  for (const batch of batches) {
    await clock.runUntil(append(store, log, batch))
    await clock.runUntil(store.flush())
  }
  assert.equal(log.segments.length, batches.length)
  const usual = resolveBrokerSettings(brokerValues())
  const image = {
    get settings() {
      return { ...usual, ...of.settings }
    },
  } as Image
  const upkeep = new Upkeep(store, image, clock, {
    failed: assert.fail,
    lookedAtSpace: () => undefined,
    reclaim: async () => undefined,
  })
  await use(log, store, clock)
  await clock.runUntil(upkeep.stop())
  await clock.runUntil(store.close())
}

const keyedBatches = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => keyedBatch(`k${i % 3}`, `v${i}`))

test('a compacted topic keeps the latest value of each key', () =>
  withUpkeep(
    { cleanup: { delete: false, compact: true } },
    keyedBatches(30),
    async (log, store, clock) => {
      await clock.runFor(minute)
      assert.equal(store.cleaner.counters.cleanings, 1)
      assert.deepEqual(await clock.runUntil(readAll(store, log)), ['v27', 'v28', 'v29'])
    },
  ))

test('a node compacts soon after its start, however long it pauses between two looks', () =>
  withUpkeep(
    { cleanup: { delete: false, compact: true } },
    keyedBatches(6),
    async (_log, store, clock) => {
      await clock.runFor(2000)
      assert.equal(store.cleaner.counters.cleanings, 1)
    },
    { settings: { compactionPauseMs: minute } },
  ))

test('a node that is told not to compacts nothing', () =>
  withUpkeep(
    { cleanup: { delete: false, compact: true } },
    keyedBatches(6),
    async (log, store, clock) => {
      await clock.runFor(10 * minute)
      assert.equal(store.cleaner.counters.cleanings, 0)
      assert.equal((await clock.runUntil(readAll(store, log))).length, 6)
    },
    { settings: { isCompacting: false } },
  ))

test('what compaction may not leave alone any longer is flushed for it', () =>
  withUpkeep(
    { cleanup: { delete: false, compact: true }, compactionLagMsMax: minute },
    keyedBatches(6),
    async (log, store, clock) => {
      await clock.runUntil(append(store, log, keyedBatch('k0', 'v6')))
      await clock.runFor(2 * minute)
      assert.equal(log.tail.count, 0)
      assert.deepEqual(await clock.runUntil(readAll(store, log)), ['v4', 'v5', 'v6'])
    },
  ))

test('what has waited to be flushed is not compacted later for it', () =>
  withUpkeep(
    {
      cleanup: { delete: false, compact: true },
      compactionLagMsMax: 10 * minute,
      dirtyRatioMin: 1,
    },
    [],
    async (log, store, clock) => {
      for (const value of ['a', 'b', 'c'])
        await clock.runUntil(append(store, log, keyedBatch('k', value, clock.now())))
      await clock.runFor(10 * minute)
      assert.equal(store.cleaner.counters.cleanings, 0)
      await clock.runFor(minute)
      assert.deepEqual(await clock.runUntil(readAll(store, log)), ['c'])
    },
  ))

test('a quiet topic is compacted when its last records are as old as a segment may be', () =>
  withUpkeep(
    { cleanup: { delete: false, compact: true }, segmentMs: minute, dirtyRatioMin: 0.1 },
    keyedBatches(3),
    async (log, store, clock) => {
      for (const batch of keyedBatches(3)) await clock.runUntil(append(store, log, batch))
      await clock.runFor(2 * minute)
      assert.equal(log.tail.count, 0)
      assert.deepEqual(await clock.runUntil(readAll(store, log)), ['v0', 'v1', 'v2'])
      // Far less than what is clean: it waits.
      await clock.runUntil(append(store, log, keyedBatch('k0', 'v')))
      log.settings = { ...log.settings, dirtyRatioMin: 0.9 }
      await clock.runFor(2 * minute)
      assert.equal(log.tail.count, 1)
    },
  ))

test('short segments are merged', () =>
  withUpkeep({ segmentMs: minute }, keyedBatches(20), async (log, store, clock) => {
    await clock.runFor(minute)
    assert.equal(store.cleaner.counters.merges, 1)
    assert.ok(log.segments.length < 3, `${log.segments.length} segments`)
    assert.equal((await clock.runUntil(readAll(store, log))).length, 20)
  }))

test('what is older than the topic keeps is deleted', () =>
  withUpkeep({ retentionMs: 1000 }, keyedBatches(5), async (log, store, clock) => {
    await clock.runFor(6 * minute)
    assert.equal(log.logStartOffset, 5)
    assert.deepEqual(await clock.runUntil(readAll(store, log, 5)), [])
  }))

/** A record of this moment every half second, each flushed. */
async function writeSlowly(
  log: PartitionLog,
  store: LogStore,
  clock: SimClock,
  seconds: number,
): Promise<void> {
  for (let i = 0; i < seconds * 2; i++) {
    await clock.runUntil(append(store, log, keyedBatch('k', `${clock.now()}`, clock.now())))
    await clock.runUntil(store.flush())
    await clock.runFor(500)
  }
}

/** The age of the first record that is left. */
async function oldestMs(log: PartitionLog, store: LogStore, clock: SimClock): Promise<number> {
  const [oldest] = await clock.runUntil(readAll(store, log, log.logStartOffset))
  return clock.now() - Number(oldest)
}

const often = { retentionCheckIntervalMs: 1000, compactionPauseMs: 1000 }

test('merging keeps nothing longer than retention does', () =>
  withUpkeep(
    { retentionMs: minute, segmentMs: 7 * 24 * 60 * minute },
    [],
    async (log, store, clock) => {
      await writeSlowly(log, store, clock, 300)
      assert.ok(store.cleaner.counters.merges > 10)
      const ageMs = await oldestMs(log, store, clock)
      assert.ok(ageMs >= minute && ageMs < 1.25 * minute + 3000, `${ageMs} ms`)
      assert.ok(log.segments.length < 80, `${log.segments.length} segments`)
    },
    { settings: often },
  ))

test('merging holds up no compaction', () =>
  withUpkeep(
    {
      cleanup: { delete: false, compact: true },
      compactionLagMsMax: minute,
      segmentMs: 7 * 24 * 60 * minute,
      dirtyRatioMin: 1,
    },
    [],
    async (log, store, clock) => {
      await writeSlowly(log, store, clock, 300)
      assert.ok(store.cleaner.counters.merges > 10)
      const ageMs = await oldestMs(log, store, clock)
      assert.ok(ageMs < minute + 5000, `${ageMs} ms`)
    },
    { settings: often },
  ))

test('retention goes on while compaction is held to a rate, and a new rate holds at once', () => {
  const of = { settings: { ...often, compactionBytesPerSecondMax: 1 } }
  return withUpkeep(
    { cleanup: { delete: true, compact: true }, retentionMs: 10 * minute },
    keyedBatches(9),
    async (log, store, clock) => {
      await clock.runFor(5 * minute)
      assert.equal(store.cleaner.counters.cleanings, 0, 'it is at it')
      log.settings = { ...log.settings, retentionMs: 1 }
      await clock.runFor(2000)
      assert.equal(log.logStartOffset, 9)
      log.settings = { ...log.settings, retentionMs: Number.POSITIVE_INFINITY }
      for (const batch of keyedBatches(9)) {
        await clock.runUntil(append(store, log, batch))
        await clock.runUntil(store.flush())
      }
      await clock.runFor(minute)
      of.settings = { ...often, compactionBytesPerSecondMax: 1e9 }
      await clock.runFor(5000)
      assert.deepEqual(await clock.runUntil(readAll(store, log, 9)), ['v6', 'v7', 'v8'])
    },
    of,
  )
})

test('a pause between cleanings that is made shorter ends at once', () => {
  const of = { settings: { compactionPauseMs: 60 * minute } }
  return withUpkeep(
    { cleanup: { delete: false, compact: true } },
    [],
    async (log, store, clock) => {
      await clock.runFor(minute)
      for (const batch of keyedBatches(9)) {
        await clock.runUntil(append(store, log, batch))
        await clock.runUntil(store.flush())
      }
      await clock.runFor(minute)
      assert.equal(store.cleaner.counters.cleanings, 0)
      of.settings = { compactionPauseMs: 500 }
      await clock.runFor(2000)
      assert.equal(store.cleaner.counters.cleanings, 1)
    },
    of,
  )
})
