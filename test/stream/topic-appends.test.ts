// Messages that become records: in which partition, in which batch, and when they are durable.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import test, { before } from 'node:test'
import fc from 'fast-check'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import { openBatch } from '../../src/model/batch-content.ts'
import { prepareCompression } from '../../src/model/compression.ts'
import { noTexts } from '../../src/model/config/config-source.ts'
import { resolveTopicSettings } from '../../src/model/config/topic-settings.ts'
import { readHeaders } from '../../src/model/message/record-message.ts'
import { BatchHeader } from '../../src/model/record-batch.ts'
import { checkRecords, RecordWalk } from '../../src/model/records.ts'
import { murmur2, partitionOfKey } from '../../src/stream/key-partition.ts'
import { first, KeepingConsumer, long, message, until, World } from './stream-world.ts'

before(prepareCompression)

const texts = { dynamicBroker: noTexts, dynamicDefaultBroker: noTexts, staticBroker: noTexts }
const settingsOf = (...set: (readonly [string, string])[]) =>
  resolveTopicSettings(new Map(set), texts)

interface Stored {
  readonly key: string | null
  readonly value: string
  readonly headers: readonly string[]
}

/** The batches of a log as a Kafka consumer reads them. */
async function batchesOf(world: World, log: PartitionLog): Promise<Stored[][]> {
  const { reader } = world.store
  const batches: Stored[][] = []
  const header = new BatchHeader()
  for (let offset = log.logStartOffset; offset < log.highWatermark; ) {
    const read = emptyRead()
    const want = { offset, below: log.highWatermark, maxBytes: 1 << 20, mustGive: true }
    if (!reader.readFromMemory(log, want, read)) await reader.readFromDisk(log, want, read)
    const bytes = Buffer.concat(read.records)
    reader.release(read)
    for (let at = 0; at < bytes.length; at += header.bytes) {
      header.moveTo(bytes, at)
      assert.equal(header.checksum(), header.crc)
      const opened = openBatch(header)
      assert.ok(opened.ok)
      assert.equal(checkRecords(opened.value, header.recordCount), null)
      batches.push(storedIn(Buffer.from(opened.value)))
      offset = header.nextOffset
    }
  }
  return batches
}

function storedIn(records: Buffer): Stored[] {
  const walk = new RecordWalk(records)
  const found: Stored[] = []
  while (walk.next())
    found.push({
      key: walk.key === null ? null : Buffer.from(walk.key).toString(),
      value: Buffer.from(walk.value ?? []).toString(),
      headers: readHeaders(records, walk.valueTo)
        .slice(1)
        .map(({ name, value }) => `${name}=${Buffer.from(value ?? []).toString()}`),
    })
  return found
}

test('a key goes where Kafka producers send it', () => {
  const kafkajs = createRequire(import.meta.url)(
    'kafkajs/src/producer/partitioners/default/murmur2',
  ) as (key: Uint8Array) => number
  assert.equal(murmur2(Buffer.from('21')), -973932308)
  assert.equal(murmur2(Buffer.from('foobar')), -790332482)
  assert.equal(murmur2(Buffer.from('abc')), 479470107)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (key, count) => {
      assert.equal(murmur2(key), kafkajs(Buffer.from(key)))
      const partition = partitionOfKey(key, count)
      assert.ok(partition >= 0 && partition < count)
    }),
  )
})

test('messages of one turn share a batch, with what Kafka clients can read', async () => {
  const world = await World.open(memoryDisk())
  await world.publish(
    message('a', { 'x-kafka-key': 'k', traceparent: '00-1' }),
    message('b'),
    message('c', { 'x-kafka-key': long(42) }),
  )
  await world.publish(message('d'))
  assert.deepEqual(await batchesOf(world, world.log()), [
    [
      { key: 'k', value: 'a', headers: ['traceparent=00-1'] },
      { key: null, value: 'b', headers: [] },
      { key: '42', value: 'c', headers: [] },
    ],
    [{ key: null, value: 'd', headers: [] }],
  ])
  await world.close()
})

test('without a key the messages of a turn go together, each turn elsewhere', async () => {
  const world = await World.open(memoryDisk(), { partitions: 3 })
  for (let turn = 0; turn < 6; turn++) await world.publish(message(`${turn}a`), message(`${turn}b`))
  for (const partition of [0, 1, 2]) {
    const batches = await batchesOf(world, world.log(partition))
    assert.deepEqual(
      batches.map((batch) => batch.map(({ value }) => value)),
      [partition, partition + 3].map((turn) => [`${turn}a`, `${turn}b`]),
    )
  }
  await world.close()
})

test('a turn with more than a batch takes several, none larger than the topic allows', async () => {
  const settings = settingsOf(['max.message.bytes', '5000'])
  const world = await World.open(memoryDisk(), { settings })
  const bodies = Array.from({ length: 40 }, (_, i) => `${i}-${'z'.repeat(900)}`)
  await world.publish(...bodies.map((body) => message(body)))
  const batches = await batchesOf(world, world.log())
  assert.ok(batches.length >= 8)
  assert.deepEqual(
    batches.flat().map(({ value }) => value),
    bodies,
  )
  const refused = world.streams.append(world.topic, message('z'.repeat(5000)))
  assert.ok(!refused.ok && refused.error === 'messageTooLarge', 'too large')
  assert.match(refused.message, /up to 5000 bytes/)
  await world.close()
})

test('a full journal holds publishers up, and keeps the order of what waits', async () => {
  const world = await World.open(memoryDisk())
  const bodies = Array.from({ length: 150 }, (_, i) => `${i}-${'z'.repeat(9000)}`)
  let durable = 0
  let heldUp = 0
  for (const body of bodies) {
    assert.ok(world.streams.append(world.topic, message(body)).ok)
    world.streams.flush(() => {
      durable++
    })
    if (world.streams.isHeldUp) heldUp++
  }
  assert.ok(heldUp > 0)
  let taken = false
  world.streams.whenTaken(() => {
    taken = true
  })
  await until(() => durable === bodies.length)
  assert.ok(taken && !world.streams.isHeldUp)
  const consumer = new KeepingConsumer()
  await world.consume(consumer, first)
  await until(() => consumer.got.length === bodies.length)
  assert.deepEqual(consumer.bodies, bodies)
  await world.close()
})

test('a confirm comes when what was published before it can be read after a crash', async () => {
  const disk = memoryDisk()
  const world = await World.open(disk)
  for (let i = 0; i < 5; i++) await world.publish(message(`${i}`))
  // As after kill -9: the first store is not closed.
  const again = await World.open(disk)
  const consumer = new KeepingConsumer()
  await again.consume(consumer, first)
  await until(() => consumer.got.length === 5)
  assert.deepEqual(consumer.bodies, ['0', '1', '2', '3', '4'])
  let wasCalled = false
  again.streams.flush(() => {
    wasCalled = true
  })
  assert.ok(wasCalled, 'nothing has to be waited for')
  await again.close()
})

test('a topic with a codec is stored with it, and read', async () => {
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
    const settings = settingsOf(['compression.type', codec])
    const world = await World.open(memoryDisk(), { settings })
    const body = 'same '.repeat(500)
    await world.publish(message(body), message(body))
    assert.ok(world.log().bytes < 2000, `${codec} makes it smaller`)
    const consumer = new KeepingConsumer()
    await world.consume(consumer, first)
    await until(() => consumer.got.length === 2)
    assert.deepEqual(consumer.bodies, [body, body])
    await world.close()
  }
})

test('a compacted topic takes no message without a key, and is read past its holes', async () => {
  const settings = settingsOf(['cleanup.policy', 'compact'], ['min.cleanable.dirty.ratio', '0'])
  const world = await World.open(memoryDisk(), { settings })
  const refused = world.streams.append(world.topic, message('a'))
  assert.ok(!refused.ok && refused.error === 'invalidRecord')
  for (let i = 0; i < 12; i++)
    await world.publish(message(`${i}`, { 'x-kafka-key': i % 4 < 2 ? `${i}` : 'k' }))
  await world.store.flush()
  await world.publish(message('end', { 'x-kafka-key': 'k' }))
  await world.store.flush()
  await world.store.cleaner.clean([world.log()], Date.now(), 1 << 20)
  const consumer = new KeepingConsumer()
  await world.consume(consumer, first)
  await until(() => consumer.bodies.at(-1) === 'end')
  const kept = consumer.bodies
  assert.deepEqual(kept, ['0', '1', '4', '5', '8', '9', 'end'])
  await world.close()
})

test('a damaged partition and a deleted topic take nothing', async () => {
  const world = await World.open(memoryDisk())
  await world.publish(message('a'))
  world.log().damage.note(0, 0)
  const damaged = world.streams.append(world.topic, message('b'))
  assert.equal(damaged.ok ? null : damaged.error, 'storageError')
  await world.store.delete(world.topic.id, [0])
  const gone = world.streams.append(world.topic, message('b'))
  assert.equal(gone.ok ? null : gone.error, 'unknownTopic')
  await world.close()
})
