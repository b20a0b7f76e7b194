// Looking inside batches: what is accepted, which record is at fault, and look-up by timestamp against the
// plain way of doing it.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import test from 'node:test'
import {
  findByTimestamp,
  inspectBatch,
  maxTimestampRecord,
  openBatch,
  recompress,
} from '../../src/model/batch-content.ts'
import { prepareCompression } from '../../src/model/compression.ts'
import { BatchHeader, buildBatch, compressions } from '../../src/model/record-batch.ts'
import { checkRecords, headersMax, readRecords } from '../../src/model/records.ts'
import { seeded } from '../wire/random-value.ts'
import { readSample, type SampleRecord, sampleBatch, sampleRecords } from './sample-batch.ts'

await prepareCompression()

const mebi = 1024 * 1024
const anything = { needsKeys: false, oldestMs: -Infinity, newestMs: Infinity }

function opened(batch: Uint8Array): { header: BatchHeader; records: Uint8Array } {
  const header = new BatchHeader().moveTo(batch)
  const result = openBatch(header, mebi)
  assert.ok(result.ok, result.ok ? '' : result.message)
  return { header, records: result.value }
}

function inspect(batch: Uint8Array, rules: Partial<typeof anything> = {}) {
  const { header, records } = opened(batch)
  return inspectBatch(header, records, { ...anything, ...rules })
}

const times = (...timestamps: number[]): SampleRecord[] =>
  timestamps.map((timestampMs, i) => ({ key: `k${i}`, value: `v${i}`, timestampMs }))

test('a good batch tells its largest timestamp, whatever its codec', () => {
  for (const compression of compressions) {
    const batch = sampleBatch({ compression, records: times(1000, 3000, 2000), maxTimestamp: 1 })
    assert.deepEqual(inspect(batch), { ok: true, value: { maxTimestamp: 3000 } }, compression)
  }
})

test('a wrong largest timestamp is corrected under a new checksum', () => {
  const batch = sampleBatch({ records: times(1000, 2 ** 41, 2000), maxTimestamp: 1 })
  const header = new BatchHeader().moveTo(batch)
  header.correctMaxTimestamp(2 ** 41)
  assert.equal(header.maxTimestamp, 2 ** 41)
  assert.equal(header.crc, header.checksum())
})

test('records at fault are named, and timestamps decide the code', () => {
  const records: SampleRecord[] = [
    { key: null, value: 'a', timestampMs: 5000 },
    { key: 'k', value: 'b', timestampMs: 100 },
    { key: null, value: null, timestampMs: 9000 },
  ]
  const keyless = inspect(sampleBatch({ records }), { needsKeys: true })
  assert.ok(!keyless.ok)
  assert.equal(keyless.error, 'invalidRecord')
  assert.deepEqual(
    keyless.recordErrors?.map((e) => e.index),
    [0, 2],
  )
  const late = inspect(sampleBatch({ records }), { needsKeys: true, oldestMs: 101, newestMs: 8999 })
  assert.ok(!late.ok)
  assert.equal(late.error, 'invalidTimestamp')
  assert.deepEqual(
    late.recordErrors?.map((e) => e.index),
    [1, 2, 0, 2],
  )
  assert.ok(inspect(sampleBatch({ records: times(-1, -1) }), { oldestMs: 0 }).ok)
})

test('counts and offset deltas that lie are refused', () => {
  const records = times(1, 2, 3)
  const body = sampleRecords(records, 1)
  const claim = (recordCount: number) => {
    const header = new BatchHeader().moveTo(sampleBatch({ records }))
    return header.withRecords(body, { recordCount })
  }
  for (const count of [-1, 0, 2, 4, 0x7fffffff]) {
    const result = inspect(claim(count))
    assert.ok(!result.ok && result.error === 'invalidRecord', `${count}`)
    assert.equal(readRecords(body, count), null)
    assert.notEqual(checkRecords(body, count), null)
  }
  for (const offsetDelta of [0, 2, -1, 5]) {
    const gap = sampleBatch({
      records: [times(1)[0] as SampleRecord, { ...records[1], offsetDelta } as SampleRecord],
    })
    const result = inspect(gap)
    assert.ok(!result.ok && /offset delta/.test(result.message))
    assert.deepEqual(result.recordErrors?.[0]?.index, 1)
  }
})

test('headers: many, without a key, without a value, and too many', () => {
  const withHeaders = (headers: [string | null, string | null][]) =>
    inspect(sampleBatch({ records: [{ key: 'k', value: 'v', timestampMs: 1, headers }] }))
  assert.ok(withHeaders(Array.from({ length: 100 }, (_, i) => [`h${i}`, i % 2 ? null : 'v'])).ok)
  const noKey = withHeaders([
    ['a', 'b'],
    [null, 'v'],
  ])
  assert.ok(!noKey.ok && noKey.message === 'record 0 has a header 1 without a key')
  const many = withHeaders(Array.from({ length: headersMax + 1 }, () => ['', null]))
  assert.ok(!many.ok && many.message === `record 0 claims ${headersMax + 1} headers`)
})

test('records cut short or with random bytes in them never throw, nor are cut ones accepted', () => {
  const records = sampleRecords(
    [
      ...times(1, 70_000),
      { key: 'k', value: 'v'.repeat(300), timestampMs: 3, headers: [['a', 'b']] },
    ],
    0,
  )
  assert.equal(checkRecords(records, 3), null)
  for (let cut = 0; cut < records.length; cut++)
    assert.notEqual(checkRecords(records.subarray(0, cut), 3), null, `cut at ${cut}`)
  const random = seeded(5)
  for (let i = 0; i < 5000; i++) {
    const broken = Uint8Array.from(records)
    for (let n = 0; n < 3; n++) broken[Math.floor(random() * 60)] = random() * 256
    checkRecords(broken, 3)
    readRecords(broken, 3)
  }
})

test('a codec that no one knows is refused', () => {
  const header = new BatchHeader().moveTo(
    new BatchHeader()
      .moveTo(sampleBatch({ records: times(1) }))
      .withRecords(new Uint8Array(3), { attributes: 5 }),
  )
  const result = openBatch(header, mebi)
  assert.ok(!result.ok && result.error === 'unsupportedCompression')
})

test('recompress changes the codec and nothing else', () => {
  const from = sampleBatch({
    records: times(5, 6, 7),
    producerId: 2 ** 40,
    baseOffset: 77,
    compression: 'gzip',
  })
  for (const codec of compressions) {
    const before = opened(from)
    const after = opened(recompress(before.header, before.records, codec))
    assert.equal(after.header.compression, codec)
    assert.equal(after.header.crc, after.header.checksum())
    assert.deepEqual(Buffer.from(after.records), Buffer.from(before.records))
    const same = [
      'baseOffset',
      'leaderEpoch',
      'lastOffsetDelta',
      'baseTimestamp',
      'maxTimestamp',
      'producerId',
      'producerEpoch',
      'baseSequence',
      'recordCount',
    ] as const
    for (const name of same) assert.equal(after.header[name], before.header[name], name)
  }
})

test('look-up by timestamp is what going through the records one by one gives', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed)
    const records = times(
      ...Array.from({ length: 1 + Math.floor(random() * 20) }, () => Math.floor(random() * 50) - 1),
    )
    const compression = compressions[Math.floor(random() * 5)] ?? 'none'
    const { header, records: bytes } = opened(
      sampleBatch({ records, baseOffset: 100, compression }),
    )
    const plain = readSample(bytes, 100, header.baseTimestamp)
    for (let t = -1; t < 51; t += 3) {
      const first = plain.find((r) => r.timestampMs >= t)
      const expected = first ? { offset: first.offset, timestampMs: first.timestampMs } : null
      assert.deepEqual(findByTimestamp(header, bytes, t), expected, `seed ${seed}, time ${t}`)
    }
    const max = Math.max(...plain.map((r) => r.timestampMs))
    const largest = plain.find((r) => r.timestampMs === max)
    assert.deepEqual(
      maxTimestampRecord(header, bytes),
      { offset: largest?.offset, timestampMs: max },
      `seed ${seed}`,
    )
  }
})

test('where the node stamps, every record has the time of the stamp', () => {
  const batch = sampleBatch({ records: times(5, 9, 7), baseOffset: 10 })
  new BatchHeader().moveTo(batch).stampAppendTime(2 ** 41)
  const { header, records } = opened(batch)
  assert.deepEqual(findByTimestamp(header, records, 2 ** 41), { offset: 10, timestampMs: 2 ** 41 })
  assert.equal(findByTimestamp(header, records, 2 ** 41 + 1), null)
  assert.deepEqual(maxTimestampRecord(header, records), { offset: 10, timestampMs: 2 ** 41 })
})

test('a batch of kafkajs is opened and is what our own writer writes', async () => {
  const require = createRequire(import.meta.url)
  const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js')
  const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js')
  const records = [0, 1].map((offsetDelta) =>
    Record({
      offsetDelta,
      timestampDelta: offsetDelta * 300,
      key: `k${offsetDelta}`,
      value: offsetDelta ? null : 'v',
      headers: { h: 'x' },
    }),
  )
  for (const [compression, name] of [
    [0, 'none'],
    [1, 'gzip'],
  ] as const) {
    const encoder = await RecordBatch({
      compression,
      firstTimestamp: 1000,
      maxTimestamp: 1300,
      records,
    })
    const { header, records: bytes } = opened(encoder.buffer)
    assert.equal(header.crc, header.checksum())
    assert.equal(header.compression, name)
    assert.deepEqual(inspect(encoder.buffer), { ok: true, value: { maxTimestamp: 1300 } })
    const headers = [['h', 'x']] as const
    const expected = sampleRecords(
      [
        { key: 'k0', value: 'v', timestampMs: 1000, headers },
        { key: 'k1', value: null, timestampMs: 1300, headers },
      ],
      1000,
    )
    assert.deepEqual(Buffer.from(bytes), expected)
  }
})

test('fields beyond 2^53 survive what only changes the records', () => {
  const batch = Buffer.from(
    buildBatch(
      {
        baseOffset: 0,
        leaderEpoch: 0,
        attributes: 0,
        lastOffsetDelta: 0,
        baseTimestamp: 0,
        maxTimestamp: 0,
        producerId: 0,
        producerEpoch: 0,
        baseSequence: 0,
        recordCount: 1,
      },
      new Uint8Array(0),
    ),
  )
  batch.writeBigInt64BE(2n ** 63n - 1n, 43)
  const copy = new BatchHeader().moveTo(batch).withRecords(new Uint8Array(9), {})
  assert.equal(Buffer.from(copy).readBigInt64BE(43), 2n ** 63n - 1n)
})
