// Compaction on random logs: the latest of each key stays and is the same, offsets and times never
// change, nothing is invented; then the cases that a random log seldom meets.
import assert from 'node:assert/strict'
import test from 'node:test'
import {
  type CompactionRules,
  compactBatch,
  noteKeys,
} from '../../src/log/compaction/compact-batches.ts'
import { KeyMap } from '../../src/log/compaction/key-map.ts'
import { openBatch } from '../../src/model/batch-content.ts'
import { prepareCompression } from '../../src/model/compression.ts'
import { BatchHeader, compressions } from '../../src/model/record-batch.ts'
import { readSample, type SampleRecord, sampleBatch } from '../model/sample-batch.ts'
import { type Random, seeded } from '../wire/random-value.ts'

await prepareCompression()

const retentionMs = 1000
const at = (batch: Uint8Array): BatchHeader => new BatchHeader().moveTo(batch)

type Log = readonly Uint8Array[]

function read(log: Log) {
  return log.flatMap((batch) => {
    const header = at(batch)
    assert.equal(header.crc, header.checksum())
    assert.equal(header.bytes, batch.length)
    if (header.recordCount === 0) return []
    const opened = openBatch(header)
    assert.ok(opened.ok)
    const records = readSample(opened.value, header.baseOffset, header.baseTimestamp)
    assert.equal(records.length, header.recordCount)
    if (!header.isAppendTime)
      assert.equal(header.maxTimestamp, Math.max(...records.map((r) => r.timestampMs)))
    for (const { offset } of records)
      assert.ok(offset >= header.baseOffset && offset < header.nextOffset)
    return records
  })
}

function rulesFor(log: Log, keys: KeyMap, nowMs: number): CompactionRules {
  const last = log[log.length - 1]
  const end = last === undefined ? 0 : at(last).nextOffset
  return {
    keys,
    nowMs,
    deleteRetentionMs: retentionMs,
    mustStay: (header) => header.nextOffset === end,
  }
}

/** One pass over the whole log, as a cleaner does it. */
function clean(log: Log, nowMs: number, from = 0, mapBytes = 100_000): { log: Log; to: number } {
  const keys = new KeyMap(mapBytes, from)
  for (const batch of log) {
    const header = at(batch)
    if (header.nextOffset > from && !noteKeys(header, keys)) break
  }
  const rules = rulesFor(log, keys, nowMs)
  const left = log.flatMap((batch) => compactBatch(at(batch), rules) ?? [])
  return { log: left, to: keys.coveredTo }
}

function randomLog(random: Random, from: number, batches: number): Uint8Array[] {
  const log: Uint8Array[] = []
  let baseOffset = from
  for (let i = 0; i < batches; i++) {
    const records: SampleRecord[] = Array.from({ length: 1 + Math.floor(random() * 8) }, () => ({
      key: `k${Math.floor(random() * 12)}`,
      value: random() < 0.2 ? null : `v${Math.floor(random() * 1e6)}`,
      timestampMs: 10_000 + Math.floor(random() * 1000),
      headers: random() < 0.3 ? [['h', null] as const] : [],
    }))
    const compression = compressions[Math.floor(random() * 5)] ?? 'none'
    log.push(sampleBatch({ baseOffset, records, compression, producerId: i }))
    baseOffset += records.length
  }
  return log
}

const latestByKey = (records: ReturnType<typeof read>) =>
  new Map(records.map((r) => [r.key, r] as const))
const live = (records: ReturnType<typeof read>) =>
  new Map([...latestByKey(records)].filter(([, r]) => r.value !== null))

/** What holds between a log and what compaction left of it. */
function compare(before: Log, after: Log, what: string): void {
  const was = read(before)
  const is = read(after)
  const byOffset = new Map(was.map((r) => [r.offset, r]))
  for (const record of is) assert.deepEqual(record, byOffset.get(record.offset), what)
  for (let i = 1; i < is.length; i++)
    assert.ok((is[i - 1]?.offset ?? 0) < (is[i]?.offset ?? 0), what)
  assert.deepEqual(live(is), live(was), what)
  const end = (log: Log): number => Math.max(...log.map((b) => at(b).nextOffset))
  assert.equal(end(after), end(before), what)
  for (const batch of after) {
    const twin = before.find((b) => at(b).baseOffset === at(batch).baseOffset)
    assert.ok(twin !== undefined, what)
    for (const name of ['lastOffsetDelta', 'producerId', 'baseSequence', 'leaderEpoch'] as const)
      assert.equal(at(batch)[name], at(twin)[name], what)
  }
}

test('random logs: latest values, offsets and times stay, one record for each key is left', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const log = randomLog(seeded(seed), 5, 12)
    const once = clean(log, 20_000)
    compare(log, once.log, `seed ${seed}`)
    const left = read(once.log)
    assert.deepEqual(left.length, latestByKey(read(log)).size, `seed ${seed}`)
    // Tombstones stay until their time, then go; nothing else changes.
    const early = clean(once.log, 20_000 + retentionMs - 1)
    assert.deepEqual(early.log, once.log, `seed ${seed}: a second pass changes nothing`)
    const late = read(clean(once.log, 20_000 + retentionMs).log)
    assert.deepEqual(
      late,
      left.filter((r) => r.value !== null),
      `seed ${seed}`,
    )
  }
})

test('random logs: pass after pass over a growing log, with a map too small for it', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seeded(seed)
    const all = randomLog(random, 0, 30)
    let log: Log = []
    let cleaned = 0
    for (let i = 0; i < all.length; i += 3) {
      log = [...log, ...all.slice(i, i + 3)]
      const mapBytes = 24 * (4 + Math.floor(random() * 12))
      const pass = clean(log, 20_000 + i * 100, cleaned, mapBytes)
      assert.ok(pass.to >= cleaned, `seed ${seed}`)
      const what = `seed ${seed}, pass ${i / 3}`
      compare(log, pass.log, what)
      log = pass.log
      cleaned = pass.to
    }
    assert.deepEqual(live(read(log)), live(read(all)), `seed ${seed}`)
  }
})

const record = (key: string | null, value: string | null, timestampMs = 5): SampleRecord => ({
  key,
  value,
  timestampMs,
})

test('a batch of which nothing is left goes, but the last of the log stays as an empty one', () => {
  const first = sampleBatch({ records: [record('a', '1')], compression: 'gzip' })
  const next = sampleBatch({
    baseOffset: 1,
    records: [record(null, 'x'), record(null, 'y')],
    producerId: 9,
  })
  const later = sampleBatch({ baseOffset: 3, records: [record('a', '2')] })
  assert.deepEqual(clean([first, next, later], 100).log, [later])
  const { log } = clean([first, next], 100)
  assert.deepEqual(log[0], first)
  const empty = at(log[1] as Uint8Array)
  assert.equal(empty.recordCount, 0)
  assert.equal(empty.bytes, 61)
  assert.equal(empty.compression, 'none')
  assert.deepEqual([empty.nextOffset, empty.producerId, empty.maxTimestamp], [3, 9, 5])
  assert.deepEqual(clean([...log, later], 100).log, [later], 'and goes once it is not the last')
})

test('a tombstone gets its horizon once, and records keep their times across it', () => {
  const batch = sampleBatch({ records: [record('a', '1', 70), record('b', null, 5000)] })
  const { log } = clean([batch], 9000)
  const header = at(log[0] as Uint8Array)
  assert.ok(header.hasDeleteHorizon)
  assert.equal(header.baseTimestamp, 9000 + retentionMs)
  assert.deepEqual(read(log), read([batch]))
  const forever = rulesFor([batch], new KeyMap(1000, 0), 9000)
  const keys = new KeyMap(1000, 0)
  noteKeys(at(batch), keys)
  const kept = compactBatch(at(batch), { ...forever, keys, deleteRetentionMs: 2 ** 63 })
  assert.deepEqual(read([kept as Uint8Array]), read([batch]))
})

test('beyond the map, control batches, and what cannot be opened: all stay as they are', () => {
  const beyond = sampleBatch({ baseOffset: 50, records: [record(null, 'x'), record('a', null)] })
  const control = sampleBatch({ records: [record('a', '1')], attributes: 0x20, producerId: 1 })
  const broken = at(sampleBatch({ baseOffset: 1, records: [record('a', '1')] })).withRecords(
    Uint8Array.of(1, 2, 3),
    { attributes: 1 },
  )
  const lying = at(sampleBatch({ baseOffset: 2, records: [record('a', '1')] })).withRecords(
    at(sampleBatch({ records: [record('a', '1')] })).records(),
    { recordCount: 7 },
  )
  const keys = new KeyMap(1000, 0)
  for (const batch of [control, broken, lying]) assert.ok(noteKeys(at(batch), keys))
  assert.equal(keys.size, 0)
  assert.equal(keys.coveredTo, 3)
  const rules = rulesFor([], keys, 100)
  for (const batch of [beyond, control, broken, lying])
    assert.deepEqual(compactBatch(at(batch), rules), batch)
})

test('of a batch that the map covers in part, the rest stays, keyless or tombstone', () => {
  const batch = sampleBatch({
    records: [record('a', '1'), record('a', '2'), record(null, 'x'), record('b', null)],
  })
  const whole = new KeyMap(1000, 0)
  noteKeys(at(batch), whole)
  const marked = compactBatch(at(batch), rulesFor([batch], whole, 100)) as Uint8Array
  assert.deepEqual(
    read([marked]).map((r) => r.offset),
    [1, 3],
  )
  const part = new KeyMap(1000, 0)
  part.note(Buffer.from('a'), 1)
  part.coveredTo = 2
  const rest = compactBatch(at(batch), rulesFor([batch], part, 100)) as Uint8Array
  assert.deepEqual(
    read([rest]).map((r) => r.offset),
    [1, 2, 3],
  )
  const muchLater = rulesFor([batch], part, 100 + retentionMs)
  assert.deepEqual(compactBatch(at(marked), muchLater), marked)
})

test('times that the node stamped stay what they were', () => {
  const batch = sampleBatch({ records: [record('a', '1', 5), record('a', null, 7)] })
  at(batch).stampAppendTime(6000)
  const { log } = clean([batch], 9000)
  const header = at(log[0] as Uint8Array)
  assert.ok(header.isAppendTime && header.hasDeleteHorizon)
  assert.equal(header.maxTimestamp, 6000)
  assert.equal(header.recordCount, 1)
})
