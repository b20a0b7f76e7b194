// Streams as a whole: what is published over AMQP or produced over Kafka is read by position.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import { noTexts } from '../../src/model/config/config-source.ts'
import { resolveTopicSettings } from '../../src/model/config/topic-settings.ts'
import { textField, textOf } from '../../src/model/message/field.ts'
import { MessageView } from '../../src/model/message/message.ts'
import {
  buildProperties,
  changeProperties,
  property,
  tableProperty,
  textProperty,
} from '../../src/model/message/properties.ts'
import { BatchHeader } from '../../src/model/record-batch.ts'
import { table } from '../model/message/arbitrary-table.ts'
import { sampleBatch } from '../model/sample-batch.ts'
import { first, KeepingConsumer, long, message, until, World } from './stream-world.ts'

test('what is published is delivered in order, at once, later, and after a restart', async () => {
  const disk = memoryDisk()
  let world = await World.open(disk)
  const early = new KeepingConsumer()
  await world.consume(early)
  const expected: string[] = []
  for (let i = 0; i < 200; i++) {
    const bodies = [`${i}-a-${'x'.repeat(i * 7)}`, `${i}-b`]
    await world.publish(...bodies.map((body) => message(body, {}, 'rk', 'ex')))
    expected.push(...bodies)
  }
  await until(() => early.got.length === expected.length)
  assert.deepEqual(early.bodies, expected)
  assert.ok(world.store.flusher.counters.passes > 0, 'the flusher ran')
  for (let again = 0; again < 2; again++) {
    const late = new KeepingConsumer()
    await world.consume(late, first)
    await until(() => late.got.length === expected.length)
    assert.deepEqual(late.bodies, expected)
    assert.deepEqual(late.offsets, [...expected.keys()])
    assert.ok(late.got.every((d) => d.exchange === 'ex' && d.routingKey === 'rk'))
    await world.close()
    world = await World.open(disk)
  }
  await world.close()
})

test('what is read when the node closes does not need its files any more', async () => {
  const disk = new SimDisk(new SimClock(), new SimChance(1))
  const clock = disk.clock as SimClock
  let world = await clock.runUntil(World.open(disk, { clock }))
  for (let i = 0; i < 50; i++)
    await clock.runUntil(world.publish(message('x'.repeat(2000), {}, 'rk', 'ex')))
  await clock.runUntil(world.close())
  world = await clock.runUntil(World.open(disk, { clock }))
  const consumer = new KeepingConsumer()
  await clock.runUntil(world.consume(consumer, first))
  assert.deepEqual(consumer.got, [], 'it has to be read')
  await clock.runUntil(world.streams.close())
  const { length } = consumer.got
  await clock.runFor(100)
  assert.equal(consumer.got.length, length, 'nothing is read any more')
  await clock.runUntil(world.store.close())
})

test('messages keep address, properties and body, whatever they are', async () => {
  const world = await World.open(memoryDisk())
  const consumer = new KeepingConsumer()
  await world.consume(consumer)
  const text = fc.string({ maxLength: 60 })
  const one = fc.record({ exchange: text, key: text, headers: table, type: text, body: text })
  const property_ = fc.asyncProperty(fc.array(one, { maxLength: 5 }), async (published) => {
    consumer.got.length = 0
    const sent = published.map(({ exchange, key, headers, type, body }) => {
      const values = [textProperty(property.type, type), tableProperty(headers)]
      return new MessageView().set(exchange, key, buildProperties(values), Buffer.from(body))
    })
    await world.publish(...sent)
    await until(() => consumer.got.length === sent.length)
    for (const [i, delivery] of consumer.got.entries()) {
      const was = sent[i] as MessageView
      assert.equal(delivery.exchange, was.exchange)
      assert.equal(delivery.routingKey, was.routingKey)
      assert.equal(delivery.body, Buffer.from(was.body).toString())
      const headers = new Map(delivery.headers)
      headers.delete('x-stream-offset')
      assert.deepEqual(
        Buffer.from(changeProperties(delivery.properties, [tableProperty(headers)])),
        Buffer.from(was.properties),
      )
    }
  })
  await fc.assert(property_, { numRuns: 60 })
  await world.close()
})

test('records of a Kafka producer are messages to the default exchange', async () => {
  const world = await World.open(memoryDisk())
  const headers = [
    ['content-type', 'text/plain'],
    ['traceparent', '00-ab-cd-01'],
  ] as const
  const records = [
    { key: 'k1', value: 'v1', timestampMs: 5000, headers },
    { key: null, value: null, timestampMs: 6000 },
    // A header of our name that is not ours.
    { key: null, value: 'v3', timestampMs: 7000, headers: [['amqp', '\u0001']] as const },
  ]
  await world.produce(sampleBatch({ records }))
  const control = sampleBatch({ records: records.slice(0, 1), attributes: 0x20 })
  world.log().appendTrusted(world.store.journal, control, 0, 1)
  await world.produce(sampleBatch({ records: records.slice(0, 1) }))
  const consumer = new KeepingConsumer()
  await world.consume(consumer, first)
  await until(() => consumer.got.length === 4)
  assert.deepEqual(consumer.bodies, ['v1', '', 'v3', 'v1'])
  assert.deepEqual(consumer.offsets, [0, 1, 2, 4])
  assert.ok(consumer.got.every((d) => d.exchange === '' && d.routingKey === 'orders'))
  const [one] = consumer.got
  assert.ok(one)
  assert.equal(textOf(one.headers.get('traceparent')), '00-ab-cd-01')
  assert.equal(textOf(one.headers.get('x-kafka-key')), 'k1')
  const view = new MessageView().set('', '', one.properties, new Uint8Array(0))
  assert.equal(view.text(property.contentType), 'text/plain')
  assert.equal(view.timestamp, 5n)
  await world.close()
})

test('a header of our name that a producer has forged cannot break a reader', async () => {
  const world = await World.open(memoryDisk())
  const consumer = new KeepingConsumer()
  await world.consume(consumer)
  let sent = 0
  const forged = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 30 }),
    fc.string({ unit: 'binary-ascii', maxLength: 8 }).map((s) => `\0\0${s}`),
  )
  await fc.assert(
    fc.asyncProperty(forged, async (value) => {
      const headers = [['amqp', value]] as const
      const record = { key: null, value: `${sent}`, timestampMs: 1, headers }
      await world.produce(sampleBatch({ records: [record] }))
      sent++
      await until(() => consumer.got.length === sent)
    }),
    { numRuns: 200 },
  )
  assert.deepEqual(consumer.bodies, [...Array(sent).keys()].map(String))
  await world.close()
})

test('a consumer is given what it has room for, and settling makes room', async () => {
  const world = await World.open(memoryDisk())
  const bodies = Array.from({ length: 100 }, (_, i) => `${i}`)
  await world.publish(...bodies.map((body) => message(body)))
  const consumer = new KeepingConsumer(3)
  const reader = await world.consume(consumer, first)
  await until(() => consumer.got.length === 3)
  for (let settled = 0; settled < 100; settled++) {
    assert.equal(consumer.got.length, Math.min(100, settled + 3))
    const { id } = consumer.got[settled] ?? assert.fail()
    if (settled % 3 === 0) reader.reject(id, true)
    else reader.accept(id)
    consumer.room++
    reader.resume()
  }
  assert.deepEqual(consumer.bodies, bodies)
  assert.equal(new Set(consumer.got.map(({ id }) => id)).size, 100)
  await reader.cancel()
  await world.publish(message('late'))
  assert.equal(consumer.got.length, 100)
  await world.close()
})

test('retention that passes a slow reader takes it to the log start', async () => {
  for (const isFlushed of [false, true]) {
    const world = await World.open(memoryDisk())
    for (let i = 0; i < 20; i++) await world.publish(message(`${i}a`), message(`${i}b`))
    if (isFlushed) await world.store.flush()
    const consumer = new KeepingConsumer(2)
    const reader = await world.consume(consumer, first)
    await until(() => consumer.got.length === 2)
    // In the middle of a batch, which stays for the sake of its second message.
    await world.store.raiseLogStart(world.log(), 31)
    consumer.room = 100
    reader.resume()
    await until(() => consumer.got.length === 11)
    assert.deepEqual(consumer.offsets, [0, 1, 31, 32, 33, 34, 35, 36, 37, 38, 39])
    await world.store.raiseLogStart(world.log(), 40)
    await world.publish(message('last'))
    await until(() => consumer.got.length === 12)
    assert.equal(consumer.bodies.at(-1), 'last')
    await world.close()
  }
})

test('a consumer that stands still holds only its place', async () => {
  const world = await World.open(memoryDisk(), { stream: { consumerBytes: 8 << 10 } })
  for (let i = 0; i < 60; i++) await world.publish(message('y'.repeat(1000)))
  await world.store.flush()
  const readers = await Promise.all(
    Array.from({ length: 10 }, () => world.consume(new KeepingConsumer(1), first)),
  )
  await until(() => readers.every((r) => (r.consumer as KeepingConsumer).got.length === 1))
  assert.ok(world.streams.readAheadBytes > 0)
  assert.ok(world.streams.readAheadBytes <= 10 * (8 << 10))
  assert.equal(world.store.reader.lentBytes, 0, 'the memory of reads has been given back')
  assert.equal(world.store.journal.slabs.pins, 0)
  await Promise.all(readers.map((reader) => reader.cancel()))
  assert.equal(world.streams.readAheadBytes, 0)
  await world.close()
})

test('what all consumers hold is bounded: who lets go reads again', async () => {
  const stream = { consumerBytes: 8 << 10, readAheadBytes: 20 << 10 }
  const world = await World.open(memoryDisk(), { stream })
  const bodies = Array.from({ length: 60 }, (_, i) => `${i}-${'y'.repeat(1000)}`)
  for (const body of bodies) await world.publish(message(body))
  await world.store.flush()
  const consumers = Array.from({ length: 10 }, () => new KeepingConsumer(1))
  const readers = await Promise.all(consumers.map((consumer) => world.consume(consumer, first)))
  for (let round = 1; round <= bodies.length; round++) {
    await until(() => consumers.every(({ got }) => got.length === round))
    assert.ok(world.streams.readAheadBytes <= 20 << 10)
    for (const [i, reader] of readers.entries()) {
      const consumer = consumers[i] as KeepingConsumer
      consumer.room = 1
      reader.resume()
    }
  }
  for (const consumer of consumers) assert.deepEqual(consumer.bodies, bodies)
  await world.close()
})

test('several partitions are read as one stream, each in its order', async () => {
  const world = await World.open(memoryDisk(), { partitions: 3 })
  const keys = Array.from({ length: 12 }, (_, i) => `key-${i}`)
  for (let round = 0; round < 30; round++)
    await world.publish(...keys.map((key) => message(`${round}`, { 'x-kafka-key': key })))
  await world.store.flush()
  const consumer = new KeepingConsumer(7)
  const reader = await world.consume(consumer, first)
  for (let settled = 0; settled < 360; settled++) {
    await until(() => consumer.got.length > settled)
    reader.accept(consumer.got[settled]?.id ?? assert.fail())
    consumer.room++
    reader.resume()
  }
  const partitionsOf = new Map<string, Set<number>>()
  for (const partition of [0, 1, 2]) {
    const there = consumer.got.filter((d) => d.partition === partition)
    assert.ok(there.length > 0)
    assert.deepEqual(
      there.map(({ offset }) => offset),
      [...there.keys()],
    )
    for (const { headers } of there) {
      const key = JSON.stringify(headers.get('x-kafka-key'))
      partitionsOf.set(key, (partitionsOf.get(key) ?? new Set()).add(partition))
    }
  }
  assert.equal(partitionsOf.size, keys.length)
  assert.ok([...partitionsOf.values()].every(({ size }) => size === 1))
  await world.close()
})

test('a filter lets through what has one of its values, and what has none if asked', async () => {
  const world = await World.open(memoryDisk())
  const labels = ['eu', 'us', null, 'asia', 'eu', null]
  await world.publish(
    ...labels.map((label, i) =>
      message(`${i}`, label === null ? {} : { 'x-stream-filter-value': label }),
    ),
  )
  const bodiesFor = async (wishes: Parameters<World['consume']>[1]): Promise<string[]> => {
    const consumer = new KeepingConsumer()
    const reader = await world.consume(consumer, { ...first, ...wishes })
    await reader.cancel()
    return consumer.bodies
  }
  const list = [textField('us'), textField('asia')]
  assert.deepEqual(await bodiesFor({ 'x-stream-filter': textField('eu') }), ['0', '4'])
  assert.deepEqual(await bodiesFor({ 'x-stream-filter': { type: 'A', value: list } }), ['1', '3'])
  const unfiltered = { 'x-stream-match-unfiltered': { type: 't', value: true } } as const
  assert.deepEqual(await bodiesFor({ 'x-stream-filter': textField('eu'), ...unfiltered }), [
    '0',
    '2',
    '4',
    '5',
  ])
  await world.close()
})

test('a topic that is deleted ends its consumers', async () => {
  const world = await World.open(memoryDisk())
  const consumer = new KeepingConsumer()
  await world.consume(consumer)
  await world.store.delete(world.topic.id, [0])
  assert.deepEqual(consumer.ends, ['queueDeleted'])
  const again = await world.streams.consume(
    world.topic,
    { tag: 't', settled: false, arguments: new Map() },
    consumer,
  )
  assert.equal(again.ok ? null : again.error, 'queueNotFound')
  await world.close()
})

test('wrong arguments are refused with words', async () => {
  const world = await World.open(memoryDisk())
  const wrong = [
    { 'x-stream-offset': textField('middle') },
    { 'x-stream-offset': textField('5W') },
    { 'x-stream-offset': long(-1) },
    { 'x-stream-filter': long(1) },
    { 'x-stream-consumer-name': textField('') },
    { 'x-stream-automatic-offset-tracking': textField('yes') },
  ]
  for (const wishes of wrong) {
    const [name] = Object.keys(wishes)
    const wish = { tag: 't', settled: false, arguments: new Map(Object.entries(wishes)) }
    const refused = await world.streams.consume(world.topic, wish, new KeepingConsumer())
    assert.ok(!refused.ok && refused.error === 'preconditionFailed', name)
    assert.match(refused.message, new RegExp(name ?? ''))
  }
  await world.close()
})

test('a topic in memory is a stream too, and refuses what it has no room for', async () => {
  const texts = { dynamicBroker: noTexts, dynamicDefaultBroker: noTexts, staticBroker: noTexts }
  const settings = resolveTopicSettings(new Map([['polymq.flush', 'memory']]), texts)
  const world = await World.open(memoryDisk(), { settings, log: { memoryTopicBytes: 4000 } })
  const consumer = new KeepingConsumer()
  await world.consume(consumer)
  await world.publish(message('a'), message('b'))
  await until(() => consumer.got.length === 2)
  const refused = world.streams.append(world.topic, message('z'.repeat(5000)))
  assert.equal(refused.ok ? null : refused.error, 'policyViolation')
  await world.close()
})

test('what is damaged is not passed over: a reader stands before it', async () => {
  const disk = memoryDisk()
  const world = await World.open(disk)
  for (let i = 0; i < 3; i++) await world.publish(message(`${i}-${'w'.repeat(50)}`))
  await world.store.flush()
  const [name] = await disk.list('segments')
  const file = await disk.open(`segments/${name}`, { access: 'write' })
  const bytes = new Uint8Array(await file.size())
  await file.read(bytes, 0)
  await file.write([Uint8Array.of(0x21)], Buffer.from(bytes).indexOf('2-www'))
  await file.close()
  const consumer = new KeepingConsumer()
  await world.consume(consumer, first)
  const { counters } = world.store.reader
  await until(() => counters.damaged === 1)
  for (let i = 3; i < 6; i++) await world.publish(message(`${i}`))
  assert.deepEqual(consumer.offsets, [0, 1])
  assert.equal(counters.damaged, 1, 'it is not read again for each commit')
  await world.store.raiseLogStart(world.log(), 3)
  await world.publish(message('6'))
  await until(() => consumer.got.length === 6)
  assert.deepEqual(consumer.offsets, [0, 1, 3, 4, 5, 6])
  assert.equal(world.reported.splice(0).length, 1)
  await world.close()
})

test('a batch that nobody can open is passed over, and told of once', async () => {
  const world = await World.open(memoryDisk())
  const records = [{ key: null, value: 'v', timestampMs: 1 }]
  const bad = (): Uint8Array => {
    const batch = sampleBatch({ records, attributes: 0 })
    const header = new BatchHeader().moveTo(batch)
    return header.withRecords(header.records(), { attributes: 4 })
  }
  for (let i = 0; i < 2; i++) world.log().appendTrusted(world.store.journal, bad(), 0, 1)
  await world.publish(message('good'))
  const consumer = new KeepingConsumer()
  await world.consume(consumer, first)
  await until(() => consumer.got.length === 1)
  assert.deepEqual(consumer.offsets, [2])
  assert.match(world.reported.splice(0).join('\n'), /^partition 0 of .* offsets 0 to 0 are passed/)
  await world.close()
})
