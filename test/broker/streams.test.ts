// Streams of a node: declared ones, and topics that nobody declared, as sessions use them.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { partitionId } from '../../src/model/ids.ts'
import { integerOf, textField } from '../../src/model/message/field.ts'
import { Published } from '../../src/queue/published.ts'
import { batchOf } from '../log/log-fixture.ts'
import {
  bindingWish,
  confirmed,
  consume,
  exchangeWish,
  publish,
  queueWish,
  refusal,
  sessionOf,
  TestConsumer,
  table,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const { routed, stored } = Published
const stream = table({ 'x-queue-type': 'stream' })
const streamWish = (name: string, more: Parameters<typeof table>[0] = {}) =>
  queueWish(name, { arguments: table({ 'x-queue-type': 'stream', ...more }) })
const fromFirst = { prefetch: 100, arguments: table({ 'x-stream-offset': 'first' }) }

const makeTopic = async (node: NodeBroker, name: string, partitions: number) => {
  const layout = { partitions, replicationFactor: 1, assignments: null, configs: [] }
  return value(await node.topics.create({ name, ...layout }, false))
}

const produce = (node: NodeBroker, name: string, partition: number, bodies: string[]) =>
  new Promise((resolve) => {
    const topic = node.topics.named(name)
    assert.ok(topic)
    const batch = batchOf(bodies)
    node.logs.append([{ topic, partition: partitionId(partition), batch }], 'all', resolve)
  })

const offsetsOf = ({ deliveries }: TestConsumer) =>
  deliveries.map(({ headers }) => integerOf(headers.get('x-stream-offset')))

test('a stream is a topic with its configuration, keeps messages, and is read by many', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const wish = streamWish('s', { 'x-max-age': '1h', 'x-max-length-bytes': 5_000_000 })
    const empty = { name: 's', messages: 0, consumers: 0 }
    assert.deepEqual(value(await vhost.declareQueue(wish)), empty)
    assert.deepEqual(value(await vhost.declareQueue(wish)), empty)
    const config = node.topics.named('s')?.config
    assert.equal(config?.get('retention.ms'), '3600000')
    assert.equal(config?.get('retention.bytes'), '5000000')
    value(await vhost.bindQueue(bindingWish('amq.topic', 's', '#')))
    assert.equal(publish(vhost, '', 's', 'a'), routed | stored)
    assert.equal(publish(vhost, 'amq.topic', 'k', 'b', { transient: true }), routed | stored)
    await confirmed(node)
    for (let i = 0; i < 2; i++) {
      const consumer = new TestConsumer()
      await consume(vhost, 's', consumer, fromFirst)
      await consumer.has(2)
      assert.deepEqual(consumer.bodies, ['a', 'b'])
      assert.deepEqual(offsetsOf(consumer), [0, 1])
      assert.equal(consumer.deliveries[1]?.exchange, 'amq.topic')
    }
    assert.deepEqual(value(vhost.checkQueue('s')), { name: 's', messages: 2, consumers: 2 })
  }))

test('what streams do not do is refused', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const declare = async (wish: ReturnType<typeof queueWish>) =>
      refusal(await vhost.declareQueue(wish))
    value(await vhost.declareQueue(streamWish('s')))
    value(await vhost.declareQueue(queueWish('q')))
    assert.match(await declare({ ...streamWish('t'), durable: false }), /property 'non-durable'/)
    assert.match(await declare({ ...streamWish('t'), exclusive: true }), /'exclusive-owner'/)
    assert.match(await declare({ ...streamWish('t'), autoDelete: true }), /'auto-delete'/)
    assert.match(await declare(streamWish('t', { 'x-max-age': 'long' })), /x-max-age/)
    assert.match(await declare(streamWish('s', { 'x-max-age': '1h' })), /inequivalent arg 'x-max-a/)
    assert.match(await declare(queueWish('s')), /inequivalent arg 'x-queue-type'/)
    assert.match(await declare(streamWish('q')), /inequivalent arg 'x-queue-type'/)
    assert.match(refusal(await vhost.get('s', true)), /^notSupported: basic.get not supported/)
    assert.match(refusal(await vhost.purgeQueue('s')), /^notSupported: queue.purge not supp/)
    assert.match(refusal(await vhost.deleteQueue('s', true, false)), /^notSupported: .*if-unused/)
    const wish = { queue: 's', tag: 't', exclusive: false, priority: 0, arguments: stream }
    const start = async (more: { settled: boolean; prefetch?: number }) =>
      refusal(await vhost.consume({ ...wish, ...more }, new TestConsumer()))
    assert.match(await start({ settled: true, prefetch: 1 }), /^notSupported: automatic ack/)
    assert.equal(
      await start({ settled: false }),
      "preconditionFailed: consumer prefetch count is not set for 'queue 's' in vhost '/''",
    )
  }))

test('streams and their bindings come back, and go with their topics', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const name of ['s', 'a b', 'gone']) value(await vhost.declareQueue(streamWish(name)))
    value(await vhost.bindQueue(bindingWish('amq.fanout', 's')))
    value(await vhost.bindQueue(bindingWish('amq.fanout', 'a b')))
    assert.equal(publish(vhost, 'amq.fanout', '', 'x'), routed | stored)
    assert.ok(node.topics.named('--a-20b'))
    const topic = node.topics.named('gone')
    assert.ok(topic)
    value(await node.topics.delete(topic))
    assert.match(refusal(vhost.checkQueue('gone')), /^queueNotFound/)
    await confirmed(node)
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const name of ['s', 'a b']) assert.equal(value(vhost.checkQueue(name)).messages, 1)
    assert.equal(publish(vhost, 'amq.fanout', '', 'y'), routed | stored)
    assert.match(refusal(await vhost.declareQueue(streamWish('s', { 'x-max-age': '1h' }))), /ineq/)
    await confirmed(node)
    const consumer = new TestConsumer()
    await consume(vhost, 'a b', consumer, fromFirst)
    assert.deepEqual((await consumer.has(2)).bodies, ['x', 'y'])
    assert.equal(value(await vhost.deleteQueue('a b', false, false)), 0)
    assert.deepEqual(consumer.reasons, ['queueDeleted'])
    assert.equal(node.topics.named('--a-20b'), null)
    assert.match(refusal(vhost.checkQueue('gone')), /^queueNotFound/)
    // A binding of its is not left over.
    value(await vhost.declareQueue(streamWish('a b')))
    publish(vhost, 'amq.fanout', '', 'z')
    await confirmed(node)
    assert.equal(value(vhost.checkQueue('a b')).messages, 0)
  }, disk)
})

test('any topic is a stream: published to, bound, and read with all its partitions', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events', 3)
    assert.equal(value(vhost.checkQueue('events')).messages, 0)
    value(await vhost.declareQueue(streamWish('events')))
    for (const partition of [0, 1, 2]) await produce(node, 'events', partition, [`k${partition}`])
    value(await vhost.bindQueue(bindingWish('amq.direct', 'events', 'e')))
    const headers = new Map([['x-kafka-key', textField('one')]])
    for (const body of ['x', 'y']) publish(vhost, '', 'events', body, { headers })
    assert.equal(publish(vhost, 'amq.direct', 'e', 'z'), routed | stored)
    await confirmed(node)
    const consumer = new TestConsumer()
    await consume(vhost, 'events', consumer, fromFirst)
    await consumer.has(6)
    assert.deepEqual([...consumer.bodies].sort(), ['k0', 'k1', 'k2', 'x', 'y', 'z'])
    const partitionOf = (body: string) =>
      integerOf(consumer.deliveries.find((d) => d.body === body)?.headers.get('x-stream-partition'))
    assert.deepEqual(['k0', 'k1', 'k2'].map(partitionOf), [0, 1, 2])
    assert.equal(partitionOf('x'), partitionOf('y'))
    const produced = consumer.deliveries.find(({ body }) => body === 'k1')
    assert.deepEqual([produced?.exchange, produced?.routingKey], ['', 'events'])
  }))

test('a super stream is read as one', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-super-stream': true })
    value(await vhost.declareExchange(exchangeWish('orders', 'direct', { arguments: args })))
    for (const i of [0, 1]) {
      value(await vhost.declareQueue(streamWish(`orders-${i}`)))
      const order = table({ 'x-stream-partition-order': i })
      value(await vhost.bindQueue(bindingWish('orders', `orders-${i}`, `${i}`, order)))
    }
    for (const key of ['0', '1', '1']) publish(vhost, 'orders', key, `to ${key}`)
    await confirmed(node)
    const first = new Map([...fromFirst.arguments, ...args])
    const consumer = new TestConsumer()
    await consume(vhost, 'orders', consumer, { prefetch: 10, arguments: first })
    await consumer.has(3)
    const seen = consumer.deliveries.map(
      ({ body, headers }) => `${body}: ${integerOf(headers.get('x-stream-partition'))}`,
    )
    assert.deepEqual(seen.sort(), ['to 0: 0', 'to 1: 1', 'to 1: 1'])
    const without = { prefetch: 10, arguments: fromFirst.arguments }
    await assert.rejects(consume(vhost, 'orders', consumer, without), /queueNotFound/)
  }))

test('a consumer with a name goes on where it was, also in another life', async () => {
  const disk = memoryDisk()
  const args = table({ 'x-stream-offset': 'first', 'x-stream-consumer-name': 'me' })
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(streamWish('s')))
    for (const body of ['a', 'b', 'c']) publish(vhost, '', 's', body)
    await confirmed(node)
    const consumer = new TestConsumer()
    const reading = await consume(vhost, 's', consumer, { prefetch: 10, arguments: args })
    await consumer.has(3)
    for (const { id } of consumer.deliveries.slice(0, 2)) reading.queue.accept(id)
    await reading.cancel()
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const consumer = new TestConsumer()
    await consume(vhost, 's', consumer, { prefetch: 10, arguments: args })
    assert.deepEqual((await consumer.has(1)).bodies, ['c'])
    assert.ok(node.topics.named('__stream_offsets')?.internal)
    assert.match(refusal(vhost.checkQueue('__stream_offsets')), /^queueNotFound/)
  }, disk)
})

test('streams of another vhost are no topics, and come back too', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    await node.messaging.createVhost('v')
    value(
      await node.accounts.permissions.set('guest', 'v', {
        configure: '.*',
        write: '.*',
        read: '.*',
      }),
    )
    const { vhost } = sessionOf(node, 'v')
    value(await vhost.declareQueue(streamWish('s')))
    publish(vhost, '', 's', 'a')
    await confirmed(node)
    assert.equal(node.topics.named('s'), null)
    assert.match(refusal(sessionOf(node).vhost.checkQueue('s')), /^queueNotFound/)
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node, 'v')
    const consumer = new TestConsumer()
    await consume(vhost, 's', consumer, fromFirst)
    assert.deepEqual((await consumer.has(1)).bodies, ['a'])
    value(await vhost.deleteQueue('s', false, false))
    assert.deepEqual(consumer.reasons, ['queueDeleted'])
    assert.match(refusal(vhost.checkQueue('s')), /^queueNotFound/)
  }, disk)
})

test('dead letters go to streams', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(streamWish('dead')))
    const args = table({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' })
    value(await vhost.declareQueue(queueWish('q', { arguments: args })))
    const consumer = new TestConsumer()
    const reading = await consume(vhost, 'q', consumer)
    publish(vhost, '', 'q', 'a')
    await consumer.has(1)
    reading.queue.reject(consumer.deliveries[0]?.id ?? 0, false, true)
    const reader = new TestConsumer()
    await consume(vhost, 'dead', reader, fromFirst)
    assert.deepEqual((await reader.has(1)).bodies, ['a'])
    assert.ok(reader.deliveries[0]?.headers.has('x-death'))
  }))

test('who reads a topic reads the partitions that it gets later too, each from its beginning', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const topic = await makeTopic(node, 'events', 1)
    await produce(node, 'events', 0, ['a', 'b'])
    const named = { 'x-stream-consumer-name': 'reader', 'x-stream-offset': 'first' }
    const wish = { prefetch: 100, arguments: table(named) }
    const consumer = new TestConsumer()
    const { queue, cancel } = await consume(vhost, 'events', consumer, wish)
    await consumer.has(2)
    value(await node.topics.addPartitions(topic, 3, null, false))
    await produce(node, 'events', 2, ['c', 'd'])
    await consumer.has(4)
    const placeOf = (name: string) =>
      consumer.deliveries.map(({ headers }) => integerOf(headers.get(name)))
    assert.deepEqual(placeOf('x-stream-offset'), [0, 1, 0, 1])
    assert.deepEqual(placeOf('x-stream-partition'), [null, null, 2, 2])
    // Settled across the change: one of the first partition, and all of the new one.
    for (const i of [0, 2, 3]) queue.accept(consumer.deliveries[i]?.id as number)
    await cancel()
    const again = new TestConsumer()
    await consume(vhost, 'events', again, wish)
    await again.has(1)
    await produce(node, 'events', 1, ['e'])
    await again.has(2)
    assert.deepEqual(again.bodies, ['b', 'e'])
  }))

test('a consumer with a name reads what came while it was away, in new partitions too', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const topic = await makeTopic(node, 'events', 1)
    await produce(node, 'events', 0, ['a'])
    const wish = (offset: string) => ({
      prefetch: 100,
      arguments: table({ 'x-stream-consumer-name': 'reader', 'x-stream-offset': offset }),
    })
    const first = new TestConsumer()
    const { queue, cancel } = await consume(vhost, 'events', first, wish('first'))
    await first.has(1)
    queue.accept(first.deliveries[0]?.id as number)
    await cancel()
    value(await node.topics.addPartitions(topic, 2, null, false))
    await produce(node, 'events', 0, ['b'])
    await produce(node, 'events', 1, ['c'])
    const again = new TestConsumer()
    await consume(vhost, 'events', again, wish('next'))
    await again.has(2)
    assert.deepEqual([...again.bodies].sort(), ['b', 'c'])
  }))
