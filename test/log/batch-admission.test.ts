// What becomes of a client's batch on its way into a partition.
import assert from 'node:assert/strict'
import test from 'node:test'
import { admitBatch } from '../../src/log/batch-admission.ts'
import { maxTimestampRecord, openBatch } from '../../src/model/batch-content.ts'
import { prepareCompression } from '../../src/model/compression.ts'
import { brokerValues } from '../../src/model/config/config-source.ts'
import { resolveTopicSettings } from '../../src/model/config/topic-settings.ts'
import { BatchHeader, type Compression } from '../../src/model/record-batch.ts'
import { readSample, type SampleRecord, sampleBatch } from '../model/sample-batch.ts'

const nowMs = 1_700_000_000_000
const header = new BatchHeader()

const record = (key: string | null, value: string, timestampMs = nowMs): SampleRecord => ({
  key,
  value,
  timestampMs,
})

const two = [record('a', '1'), record('b', '2')]

const settingsOf = (config: Readonly<Record<string, string>>) =>
  resolveTopicSettings(new Map(Object.entries(config)), brokerValues())

const admit = (bytes: Uint8Array, config: Readonly<Record<string, string>> = {}) =>
  admitBatch(header, bytes, settingsOf(config), nowMs)

function refusal(bytes: Uint8Array, config: Readonly<Record<string, string>> = {}) {
  const admitted = admit(bytes, config)
  assert.ok(!admitted.ok)
  return { error: admitted.error, records: admitted.recordErrors?.map((r) => r.index) ?? [] }
}

await prepareCompression()

test('an ordinary batch is stored as it came', () => {
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const bytes = sampleBatch({ records: two, compression })
    const copy = Uint8Array.from(bytes)
    const admitted = admit(bytes)
    assert.ok(admitted.ok)
    assert.equal(admitted.value, bytes)
    assert.deepEqual(bytes, copy)
  }
})

test('what is no batch has the code that Kafka gives it', () => {
  const whole = sampleBatch({ records: two })
  const changed = (change: (view: DataView) => void): Uint8Array => {
    const bytes = Uint8Array.from(whole)
    change(new DataView(bytes.buffer))
    return bytes
  }
  const cases: [string, Uint8Array, string][] = [
    ['a cut header', whole.subarray(0, 40), 'invalidRecord'],
    ['a cut batch', whole.subarray(0, whole.length - 1), 'invalidRecord'],
    ['a negative length', changed((v) => v.setInt32(8, -1)), 'corruptBatch'],
    ['a length below any batch', changed((v) => v.setInt32(8, 10)), 'corruptBatch'],
    ['magic 1', changed((v) => v.setInt8(16, 1)), 'invalidRecord'],
    ['magic 3', changed((v) => v.setInt8(16, 3)), 'corruptBatch'],
    ['two batches', Buffer.concat([whole, whole]), 'invalidRecord'],
    ['another checksum', changed((v) => v.setUint32(17, 7)), 'corruptBatch'],
  ]
  for (const [what, bytes, error] of cases) {
    const admitted = admit(bytes)
    assert.ok(!admitted.ok && admitted.isShapeless, what)
    assert.equal(admitted.error, error, what)
  }
})

test('the beginning of a second batch is left out, and what begins none is refused', () => {
  const whole = sampleBatch({ records: two })
  const behind = (rest: Uint8Array) => admit(Buffer.concat([whole, rest]))
  for (const length of [1, 11, 12, 16, 17, 30, whole.length - 1]) {
    const admitted = behind(whole.subarray(0, length))
    assert.ok(admitted.ok, `${length} bytes`)
    assert.deepEqual(Buffer.from(admitted.value), Buffer.from(whole))
  }
  const changed = Uint8Array.from(whole)
  for (const [magic, error] of [
    [3, 'corruptBatch'],
    [-1, 'corruptBatch'],
    [1, 'invalidRecord'],
  ] as const) {
    new DataView(changed.buffer).setInt8(16, magic)
    const admitted = behind(changed)
    assert.equal(admitted.ok ? 'ok' : admitted.error, error)
  }
  assert.ok(behind(new Uint8Array(11)).ok)
  const zeros = behind(new Uint8Array(12))
  assert.equal(zeros.ok ? 'ok' : zeros.error, 'corruptBatch')
})

test('a compacted topic takes no record without a key, however it is compressed', () => {
  const records = [record('a', '1'), record(null, '2'), record(null, '3')]
  for (const compression of ['none', 'gzip'] as const)
    assert.deepEqual(
      refusal(sampleBatch({ records, compression }), { 'cleanup.policy': 'compact' }),
      { error: 'invalidRecord', records: [1, 2] },
    )
})

test('each timestamp is held against the bounds of the topic', () => {
  const hour = 3_600_000
  const late = [record('a', '1'), record('b', '2', nowMs + 2 * hour)]
  assert.deepEqual(refusal(sampleBatch({ records: late })), {
    error: 'invalidTimestamp',
    records: [1],
  })
  const early = [record('a', '1'), record('b', '2', nowMs - 2 * hour)]
  assert.ok(admit(sampleBatch({ records: early })).ok)
  const bounded = { 'message.timestamp.before.max.ms': String(hour) }
  assert.deepEqual(refusal(sampleBatch({ records: early }), bounded).records, [1])
  const stamped = { ...bounded, 'message.timestamp.type': 'LogAppendTime' }
  assert.ok(admit(sampleBatch({ records: early }), stamped).ok)
})

test('a time beyond what numbers hold is refused, or bounded where nobody looked', () => {
  const endless = {
    'message.timestamp.before.max.ms': '9223372036854775807',
    'message.timestamp.after.max.ms': '9223372036854775807',
  }
  const one = [record('a', '1', 0)]
  for (const time of [-(2 ** 62), 2 ** 62]) {
    const base = sampleBatch({ records: [record('a', '1', time)], baseTimestamp: time })
    const max = sampleBatch({ records: one, maxTimestamp: time })
    for (const batch of [base, max])
      assert.equal(refusal(batch, endless).error, 'invalidTimestamp', `${time}`)
    const delta = sampleBatch({
      records: [record('a', '1', time)],
      baseTimestamp: 0,
      maxTimestamp: 0,
    })
    const looked = refusal(delta, { ...endless, 'cleanup.policy': 'compact' })
    assert.deepEqual(looked, { error: 'invalidTimestamp', records: [0] })
    const admitted = admit(delta, endless)
    assert.ok(admitted.ok)
    const found = maxTimestampRecord(header, header.records())
    assert.equal(Math.abs(found?.timestampMs ?? 0), Number.MAX_SAFE_INTEGER)
  }
})

test('a topic with a codec of its own stores its records with it', () => {
  const codecs: Record<string, Compression> = { uncompressed: 'none', gzip: 'gzip', zstd: 'zstd' }
  for (const [choice, stored] of Object.entries(codecs))
    for (const sent of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const bytes = sampleBatch({ records: two, compression: sent })
      const admitted = admit(bytes, { 'compression.type': choice })
      assert.ok(admitted.ok)
      assert.equal(header.compression, stored)
      assert.equal(header.checksum(), header.crc)
      const opened = openBatch(header)
      assert.ok(opened.ok)
      assert.deepEqual(
        readSample(opened.value, 0, nowMs).map((r) => r.value),
        ['1', '2'],
      )
    }
})

test('compression levels: a higher one makes it smaller', () => {
  const words = Array.from({ length: 3000 }, (_, i) => `${(i * 7919) % 613}`).join(' ')
  const stored = (codec: string, level: string): number => {
    const bytes = sampleBatch({ records: [record('a', words)] })
    const config = { 'compression.type': codec, [`compression.${codec}.level`]: level }
    const admitted = admit(bytes, config)
    assert.ok(admitted.ok)
    assert.ok(openBatch(header).ok)
    return admitted.value.length
  }
  assert.ok(stored('gzip', '9') < stored('gzip', '1'))
  assert.ok(stored('zstd', '19') < stored('zstd', '-50'))
})

test('what grows above max.message.bytes when it is stored otherwise is refused', () => {
  const bytes = sampleBatch({ records: [record('a', 'x'.repeat(9_000))], compression: 'gzip' })
  const config = { 'compression.type': 'uncompressed', 'max.message.bytes': '5000' }
  assert.equal(refusal(bytes, config).error, 'messageTooLarge')
})

test('what opens to more than anybody would look at again is refused by every topic', () => {
  const long = record('a', 'x'.repeat(1 << 20))
  const bytes = sampleBatch({
    records: Array.from({ length: 33 }, () => long),
    compression: 'gzip',
  })
  assert.ok(bytes.length < 1 << 20)
  for (const config of [{}, { 'cleanup.policy': 'compact' }])
    assert.equal(refusal(bytes, config).error, 'messageTooLarge')
})

test('records that do not begin as their codec does are refused: nobody could read them', () => {
  for (const codec of [1, 3, 4, 5]) {
    const bytes = sampleBatch({ records: two })
    new DataView(bytes.buffer, bytes.byteOffset).setInt16(21, codec)
    new BatchHeader().moveTo(bytes).renewChecksum()
    assert.equal(refusal(bytes).error, 'invalidRecord')
  }
})

test('compressed records that cannot be read, or are not as many as they say, are refused', () => {
  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const whole = sampleBatch({ records: two, compression })
    const cut = Uint8Array.from(whole).fill(0xee, 61 + 12)
    new BatchHeader().moveTo(cut).renewChecksum()
    assert.equal(refusal(cut).error, 'invalidRecord', compression)
    const more = Uint8Array.from(whole)
    const view = new DataView(more.buffer)
    view.setInt32(23, 999)
    view.setInt32(57, 1000)
    new BatchHeader().moveTo(more).renewChecksum()
    assert.equal(refusal(more).error, 'invalidRecord', compression)
  }
})

test('a stamp that only the node gives is taken off', () => {
  const admitted = admit(sampleBatch({ records: two, attributes: 8 }))
  assert.ok(admitted.ok)
  assert.equal(header.isAppendTime, false)
  assert.equal(header.checksum(), header.crc)
})
