// What the log makes of a topic's settings, one by one: each fails when nothing honours it.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Clock } from '../../src/io/clock.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { retentionStart } from '../../src/log/retention.ts'
import { mergedTogetherMs, type Rolls, rollAfterMs } from '../../src/log/segment/rolling.ts'
import type { TopicSettings } from '../../src/model/config/topic-settings.ts'
import { BatchHeader } from '../../src/model/record-batch.ts'
import { batchOf, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open, readAll } from './open-log.ts'

const ownFiles = { ...tinyOptions, ownFileBytes: 1 }
const day = 86_400_000

/** A log of one partition with these settings, for one test. */
async function withLog(
  settings: Partial<TopicSettings>,
  use: (log: PartitionLog, store: LogStore) => Promise<void>,
  parts: Parameters<typeof open>[3] = { options: ownFiles },
): Promise<void> {
  const store = await open(memoryDisk(), 1, { ...plainSettings, ...settings }, parts)
  await use(store.get(topicA, 0) as PartitionLog, store)
  await store.close()
}

/** A batch of about 1,000 bytes. */
const batch = (timestampMs = 1000): Uint8Array => batchOf(['x'.repeat(930)], null, timestampMs)

async function segments(log: PartitionLog, store: LogStore, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await append(store, log, batch(i * 1000))
    await store.flush()
  }
}

test('segment.bytes: no segment is larger, also when one pass brings more', () =>
  withLog({ segmentBytes: 3500 }, async (log, store) => {
    for (let i = 0; i < 10; i++) await append(store, log, batchOf([`${i}`.padEnd(930)]))
    await store.flush()
    assert.deepEqual(
      log.segments.map((s) => s.nextOffset - s.baseOffset),
      [3, 3, 3, 1],
    )
    await append(store, log, batch())
    await store.flush()
    assert.equal(log.segments.length, 4, 'the last one grew')
    assert.equal((await readAll(store, log))[9]?.trim(), '9')
  }))

test('segment.ms: a segment of this age takes no more', () =>
  withLog({ segmentMs: 0 }, async (log, store) => {
    await segments(log, store, 2)
    assert.equal(log.segments.length, 2)
    log.settings = { ...log.settings, segmentMs: day }
    await segments(log, store, 1)
    assert.equal(log.segments.length, 2)
  }))

const rolls = (partition: number, settings: Partial<TopicSettings>): Rolls => ({
  topic: topicA,
  partition,
  settings: { ...plainSettings, ...settings },
})

test('segment.jitter.ms takes up to so much off segment.ms, differently for each partition', () => {
  const after = (partition: number, segmentJitterMs: number, segmentMs = 1000): number =>
    rollAfterMs(rolls(partition, { segmentMs, segmentJitterMs }))
  assert.equal(after(3, 0), 1000)
  const ages = Array.from({ length: 100 }, (_, p) => after(p, 400))
  assert.ok(ages.every((ms) => ms > 600 && ms <= 1000))
  assert.ok(Math.max(...ages) - Math.min(...ages) > 300)
  assert.ok(after(1, Infinity) > 0)
  assert.equal(after(1, 400, Infinity), Infinity)
})

test('max.compaction.lag.ms closes segments of compacted topics, too', () => {
  const after = (compact: boolean, segmentMs: number): number =>
    rollAfterMs(rolls(0, { segmentMs, compactionLagMsMax: 50, cleanup: { delete: true, compact } }))
  assert.equal(after(true, 1000), 50)
  assert.equal(after(true, 20), 20)
  assert.equal(after(true, Infinity), 50)
  assert.equal(after(false, 1000), 1000)
})

test('segments are merged that retention and compaction may take together', () => {
  const together = (settings: Partial<TopicSettings>): number =>
    mergedTogetherMs(rolls(0, { segmentMs: 1000, ...settings }))
  const compact = { cleanup: { delete: false, compact: true } }
  assert.equal(together({ retentionMs: 4000 }), 500)
  assert.equal(together({ retentionMs: 32_000 }), 1000)
  assert.equal(together({ retentionMs: 640_000 }), 10_000, 'not thousands of segments')
  assert.equal(together({ retentionMs: Infinity }), Infinity)
  assert.equal(together({ ...compact, retentionMs: 8 }), 1000)
  assert.equal(together({ ...compact, compactionLagMsMax: 30 }), 30)
})

test('retention.bytes: whole segments go while what is left is not less', () =>
  withLog({ segmentMs: 0, retentionBytes: 3100 }, async (log, store) => {
    await segments(log, store, 5)
    const each = log.segments[0]?.bytes ?? 0
    assert.equal(retentionStart(log, 0), each * 4 >= 3100 ? 1 : 2)
    log.settings = { ...log.settings, retentionBytes: Infinity }
    assert.equal(retentionStart(log, 0), 0)
  }))

test('retention.bytes: of what is in the journal only, what would be whole segments goes', () =>
  withLog({ segmentBytes: 3500, retentionBytes: 2500 }, async (log, store) => {
    for (let i = 0; i < 5; i++) await append(store, log, batch())
    assert.equal(retentionStart(log, 0), 0, 'what would be left is too little')
    await append(store, log, batch())
    assert.equal(retentionStart(log, 0), 3)
    log.settings = { ...log.settings, retentionBytes: 1 }
    assert.equal(retentionStart(log, 0), 3, 'the last segment may grow')
    await append(store, log, batch())
    assert.equal(retentionStart(log, 0), 6)
    await store.raiseLogStart(log, 6)
    assert.equal((await readAll(store, log, 6)).length, 1)
  }))

test('retention.ms: segments whose newest record is older go, and so does what lies behind', () =>
  withLog({ segmentMs: 0, retentionMs: 10_000 }, async (log, store) => {
    await segments(log, store, 3)
    for (const time of [3000, 4000]) await append(store, log, batch(time))
    assert.equal(retentionStart(log, 10_000), 0)
    assert.equal(retentionStart(log, 11_500), 2)
    assert.equal(retentionStart(log, 13_500), 4, 'the journal too')
    await store.raiseLogStart(log, retentionStart(log, 13_500))
    assert.equal((await readAll(store, log, 4)).length, 1)
  }))

test('records that say no time are as old as the write that brought them to their segment', () =>
  withLog({ retentionMs: 10_000 }, async (log, store) => {
    await append(store, log, batch(-1))
    const before = realClock.now()
    assert.equal(retentionStart(log, before + day), 0, 'in the journal')
    await store.flush()
    await append(store, log, batch(-2))
    await store.flush()
    const [segment] = log.segments
    assert.equal(segment?.maxTimestamp, -1)
    assert.ok((segment?.flushedMs ?? 0) >= before)
    assert.equal(retentionStart(log, before + 9_000), 0)
    assert.equal(retentionStart(log, (segment?.flushedMs ?? 0) + 10_001), 2)
    await append(store, log, batch(1000))
    await store.flush()
    assert.equal(log.segments[0]?.flushedMs, undefined, 'one of them says a time')
    assert.equal(retentionStart(log, 11_001), 3)
    for (const time of [-1, -1, 1000, -1]) await append(store, log, batch(time))
    assert.equal(retentionStart(log, 11_001), 6, 'they keep none that came behind them')
  }))

test('a segment that falls below the log start while it is written to goes with the pass', () =>
  withLog({}, async (log, store) => {
    await segments(log, store, 1)
    await append(store, log, batch())
    const flushing = store.flush()
    for (let i = 0; log.growing === null && i < 1000; i++) await null
    await store.raiseLogStart(log, 2)
    assert.equal(log.segments.length, 1)
    await flushing
    assert.equal(log.segments.length, 0)
  }))

test('a young segment that is deleted, and still written to, keeps no old one behind it', () =>
  withLog({ segmentMs: 0, retentionMs: 2000 }, async (log, store) => {
    for (const time of [9000, 1000, 9000]) {
      await append(store, log, batch(time))
      await store.flush()
    }
    assert.equal(retentionStart(log, 5000), 0)
    log.growing = log.segments[0] ?? null
    await store.raiseLogStart(log, 1)
    assert.equal(log.segments.length, 3)
    assert.equal(retentionStart(log, 5000), 2)
  }))

test('cleanup.policy: without delete nothing is too old', () =>
  withLog(
    { cleanup: { delete: false, compact: false }, segmentMs: 0, retentionMs: 1, retentionBytes: 1 },
    async (log, store) => {
      await segments(log, store, 3)
      assert.equal(retentionStart(log, day), 0)
    },
  ))

test('message.timestamp.type: LogAppendTime stamps every batch', () =>
  withLog({ timestamp: 'append' }, async (log, store) => {
    const bytes = batch(5)
    const outcome = log.append(store.journal, bytes, 0, 777)
    assert.equal(outcome.appendTimeMs, 777)
    const header = new BatchHeader().moveTo(bytes)
    assert.deepEqual([header.isAppendTime, header.maxTimestamp], [true, 777])
    assert.equal(header.checksum(), header.crc)
  }))

test('max.message.bytes: a larger batch is refused', () =>
  withLog({ batchBytesMax: batch().length }, async (log, store) => {
    assert.equal(log.append(store.journal, batch(), 0, 0).error, null)
    const larger = batchOf(['x'.repeat(931)])
    assert.equal(log.append(store.journal, larger, 0, 0).error, 'messageTooLarge')
  }))

// ---- polymq.flush, flush.messages, flush.ms -----------------------------------------------------

/** The real clock, and what it was asked to wait for. */
function watchedClock(): { clock: Clock; delays: number[] } {
  const delays: number[] = []
  const after: Clock['after'] = (ms, action) => {
    delays.push(ms)
    return realClock.after(ms, action)
  }
  return { clock: { ...realClock, after }, delays }
}

const slowly = { ...tinyOptions, asyncSyncMs: 60_000 }

test('polymq.flush may change between sync and async while the topic lives', () =>
  withLog(
    { flush: 'async' },
    async (log, store) => {
      const { counters } = store.journal
      for (let i = 0; i < 3; i++) await append(store, log, batch())
      assert.equal(counters.syncs, 0)
      assert.ok(store.journal.syncedLsn < store.journal.writtenLsn)
      log.settings = { ...log.settings, flush: 'sync' }
      await append(store, log, batch())
      assert.equal(counters.syncs, 1)
      assert.equal(store.journal.syncedLsn, store.journal.writtenLsn, 'what came before too')
      log.settings = { ...log.settings, flush: 'async' }
      await append(store, log, batch())
      assert.equal(counters.syncs, 1)
    },
    { options: slowly },
  ))

test('flush.messages: with async, a sync after so many records at the latest', () =>
  withLog(
    { flush: 'async', flushRecords: 3 },
    async (log, store) => {
      const synced: number[] = []
      for (let i = 0; i < 7; i++) {
        await append(store, log, batch())
        synced.push(store.journal.counters.syncs)
      }
      assert.deepEqual(synced, [0, 0, 1, 1, 1, 2, 2])
    },
    { options: slowly },
  ))

test('flush.ms: with async, a sync so long after a write at the latest', () => {
  const { clock, delays } = watchedClock()
  return withLog(
    { flush: 'async' },
    async (log, store) => {
      await append(store, log, batch())
      assert.deepEqual(delays, [60_000])
      log.settings = { ...log.settings, flushMs: 30_000 }
      await append(store, log, batch())
      await append(store, log, batch())
      assert.deepEqual(delays, [60_000, 30_000], 'sooner than what was set')
    },
    { options: slowly, clock },
  )
})
