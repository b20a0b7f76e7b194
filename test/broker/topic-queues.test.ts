// Queues over topics: what a topic holds, given out and settled as a queue does.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { Vhost } from '../../src/broker/messaging/api.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { eventLoopTurn } from '../../src/io/real/clock.ts'
import { partitionId, topicId } from '../../src/model/ids.ts'
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
  take,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const makeTopic = async (
  node: NodeBroker,
  name: string,
  partitions = 1,
  configs: [string, string | null][] = [],
) => {
  const layout = { partitions, replicationFactor: 1, assignments: null, configs }
  return value(await node.topics.create({ name, ...layout }, false))
}

/** Queues over the topic have been told of them, as they are before another client can ask. */
const produce = async (node: NodeBroker, name: string, bodies: string[], partition = 0) => {
  const topic = node.topics.named(name)
  assert.ok(topic)
  const batch = batchOf(bodies)
  const requests = [{ topic, partition: partitionId(partition), batch }]
  await new Promise((resolve) => node.logs.append(requests, 'all', resolve))
  await eventLoopTurn()
}

const over = (vhost: Vhost, name: string, more: Parameters<typeof table>[0] = {}) =>
  vhost.declareQueue(queueWish(name, { arguments: table({ 'x-topic': 'events', ...more }) }))

const fromFirst = { 'x-stream-offset': 'first' }

test('the records of a topic are the messages of queues over it, each with its own ledger', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    await produce(node, 'events', ['a', 'b', 'c'])
    assert.equal(value(await over(vhost, 'all', fromFirst)).messages, 3)
    assert.equal(value(await over(vhost, 'next')).messages, 0)
    await produce(node, 'events', ['d', 'e'])
    const [one, two] = [new TestConsumer(), new TestConsumer()]
    for (const each of [one, two]) each.room = 0
    const subscription = await consume(vhost, 'all', one)
    const other = await consume(vhost, 'all', two)
    one.room = 2
    subscription.resume()
    two.room = 1
    other.resume()
    await Promise.all([one.has(2), two.has(1)])
    assert.deepEqual([one.bodies, two.bodies], [['a', 'b'], ['c']])
    const [first, second] = one.deliveries.map(({ id }) => id)
    subscription.queue.accept(first as number)
    subscription.queue.reject(second as number, true, true)
    two.room = 3
    other.resume()
    await two.has(4)
    assert.deepEqual(two.bodies, ['c', 'b', 'd', 'e'])
    assert.deepEqual(
      two.deliveries.map(({ redelivered }) => redelivered),
      [false, true, false, false],
    )
    assert.deepEqual([two.deliveries[0]?.exchange, two.deliveries[0]?.routingKey], ['', 'events'])
    assert.equal(await take(vhost, 'next'), 'd')
    // Nothing was taken from the topic.
    assert.equal(value(vhost.checkQueue('events')).messages, 5)
    assert.equal(value(await vhost.purgeQueue('next')), 1)
  }))

test('what was settled stays so in another life, and what was not comes again', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events', 2)
    await produce(node, 'events', ['a', 'b', 'c'])
    await produce(node, 'events', ['x', 'y'], 1)
    value(await over(vhost, 'q', fromFirst))
    value(await over(vhost, 'new'))
    const consumer = new TestConsumer()
    const { queue } = await consume(vhost, 'q', consumer)
    await consumer.has(5)
    for (const { id, body } of consumer.deliveries) if ('bx'.includes(body)) queue.accept(id)
    await confirmed(node)
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await produce(node, 'events', ['d'])
    assert.equal(value(vhost.checkQueue('q')).messages, 4)
    const consumer = new TestConsumer()
    await consume(vhost, 'q', consumer)
    await consumer.has(4)
    assert.deepEqual([...consumer.bodies].sort(), ['a', 'c', 'd', 'y'])
    assert.equal(await take(vhost, 'new'), 'd')
    assert.equal(await take(vhost, 'new'), null)
    assert.equal(node.topics.named('q'), null)
  }, disk)
})

test('a topic that grows gives the records of its new partitions too', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const topic = await makeTopic(node, 'events')
    value(await over(vhost, 'q'))
    value(await node.topics.addPartitions(topic, 2, null, false))
    const consumer = new TestConsumer()
    await consume(vhost, 'q', consumer)
    await produce(node, 'events', ['a'])
    await produce(node, 'events', ['b'], 1)
    await consumer.has(2)
    assert.deepEqual([...consumer.bodies].sort(), ['a', 'b'])
  }))

test('records that retention took are gone, in flight, returned or waiting', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const topic = await makeTopic(node, 'events')
    await produce(node, 'events', ['a', 'b', 'c', 'd', 'e'])
    value(await over(vhost, 'q', fromFirst))
    const consumer = new TestConsumer()
    consumer.room = 2
    const subscription = await consume(vhost, 'q', consumer)
    await consumer.has(2)
    const { queue } = subscription
    queue.reject(consumer.deliveries[1]?.id as number, true, false)
    value(await node.logs.deleteRecords(topic, partitionId(0), 4))
    consumer.room = 10
    subscription.resume()
    await consumer.has(3)
    assert.deepEqual(consumer.bodies, ['a', 'b', 'e'])
    queue.accept(consumer.deliveries[0]?.id as number)
    queue.accept(consumer.deliveries[2]?.id as number)
    assert.equal(value(vhost.checkQueue('q')).messages, 0)
    assert.equal([...node.messaging.queues.all].find(({ name }) => name === 'q')?.stock.lost, 3)
  }))

test('what is published to such a queue is appended to its topic', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    value(await over(vhost, 'q'))
    publish(vhost, '', 'q', 'a')
    await confirmed(node)
    const consumer = new TestConsumer()
    await consume(vhost, 'q', consumer)
    assert.deepEqual((await consumer.has(1)).bodies, ['a'])
    assert.equal(value(vhost.checkQueue('events')).messages, 1)
  }))

test('rejected records are dead letters, and delays hold them back', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    value(await vhost.declareQueue(queueWish('dead')))
    const dead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' }
    const delay = { 'x-delayed-retry-type': 'all', 'x-delayed-retry-min': 3_600_000 }
    value(await over(vhost, 'q', { ...fromFirst, ...dead, ...delay }))
    await produce(node, 'events', ['a', 'b'])
    const consumer = new TestConsumer()
    const { queue } = await consume(vhost, 'q', consumer)
    await consumer.has(2)
    queue.reject(consumer.deliveries[0]?.id as number, false, true)
    queue.reject(consumer.deliveries[1]?.id as number, true, true)
    const letters = new TestConsumer()
    await consume(vhost, 'dead', letters)
    assert.deepEqual((await letters.has(1)).bodies, ['a'])
    assert.equal(consumer.deliveries.length, 2)
    assert.equal([...node.messaging.queues.all].find(({ name }) => name === 'q')?.delayed, 1)
  }))

test('such queues leave out what comes again, and take and keep dead letters at least once', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    await makeTopic(node, 'graves')
    await makeTopic(node, 'stones', 1, [['cleanup.policy', 'compact']])
    const once = { 'x-message-deduplication': true }
    const dead = {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'dead',
      'x-dead-letter-strategy': 'at-least-once',
    }
    value(await over(vhost, 'q', { ...once, ...dead }))
    value(await over(vhost, 'dead', { 'x-topic': 'graves' }))
    const headers = table({ 'x-deduplication-header': 'key' })
    for (const body of ['a', 'a again']) publish(vhost, '', 'q', body, { headers })
    publish(vhost, '', 'q', 'b')
    await confirmed(node)
    const consumer = new TestConsumer()
    const { queue } = await consume(vhost, 'q', consumer)
    assert.deepEqual((await consumer.has(2)).bodies, ['a', 'b'])
    queue.reject(consumer.deliveries[0]?.id as number, false, true)
    const letters = new TestConsumer()
    await consume(vhost, 'dead', letters)
    assert.deepEqual((await letters.has(1)).bodies, ['a'])
    assert.equal(value(vhost.checkQueue('graves')).messages, 1)
    await vhost.deleteQueue('dead', false, false)
    // Which takes nothing without a key.
    value(await over(vhost, 'dead', { 'x-topic': 'stones' }))
    queue.reject(consumer.deliveries[1]?.id as number, false, true)
    await confirmed(node)
    const held = [...node.messaging.queues.all].find(({ name }) => name === 'q')
    assert.deepEqual([held?.ready, held?.inFlight], [0, 1], 'nobody takes it: it stays')
    assert.equal(value(vhost.checkQueue('stones')).messages, 0)
  }))

test('what nobody has rejected does not come back through the topic', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    await makeTopic(node, 'others')
    const lettersTo = (key: string) => ({
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': key,
      'x-delivery-limit': 0,
    })
    value(await over(vhost, 'circle', lettersTo('events')))
    value(await over(vhost, 'there', { 'x-topic': 'others', ...lettersTo('events') }))
    const [circle, there] = [new TestConsumer(), new TestConsumer()]
    const { queue } = await consume(vhost, 'circle', circle)
    const { queue: other } = await consume(vhost, 'there', there)
    await produce(node, 'events', ['a'])
    await circle.has(1)
    queue.reject(circle.deliveries[0]?.id as number, true, true)
    await produce(node, 'others', ['b'])
    await there.has(1)
    other.reject(there.deliveries[0]?.id as number, true, true)
    assert.deepEqual((await circle.has(2)).bodies, ['a', 'b'])
    // Rejected, it may come to the same topic again.
    queue.reject(circle.deliveries[1]?.id as number, false, true)
    assert.deepEqual((await circle.has(3)).bodies, ['a', 'b', 'b'])
    queue.reject(circle.deliveries[2]?.id as number, true, true)
    await confirmed(node)
    assert.equal(value(vhost.checkQueue('events')).messages, 3)
  }))

test('dead letters do not go round through several queues over one topic', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    const letters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'b' }
    value(await over(vhost, 'a', { ...letters, 'x-message-ttl': 0 }))
    value(await over(vhost, 'b'))
    await produce(node, 'events', ['x', 'y'])
    await confirmed(node)
    while (value(vhost.checkQueue('a')).messages > 0) await eventLoopTurn()
    await confirmed(node)
    assert.equal(value(vhost.checkQueue('events')).messages, 2)
    assert.equal(value(vhost.checkQueue('b')).messages, 2)
  }))

test('what reaches a topic in several ways is appended once', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    value(await vhost.declareExchange(exchangeWish('all', 'fanout')))
    for (const name of ['a', 'b']) value(await over(vhost, name))
    for (const target of ['a', 'b', 'events'])
      value(await vhost.bindQueue(bindingWish('all', target)))
    publish(vhost, 'all', '', 'x')
    await confirmed(node)
    await eventLoopTurn()
    const counts = ['events', 'a', 'b'].map((name) => value(vhost.checkQueue(name)).messages)
    assert.deepEqual(counts, [1, 1, 1])
  }))

test('one that leaves out duplicates takes nothing from others over its topic', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    value(await over(vhost, 'once', { 'x-message-deduplication': true }))
    value(await over(vhost, 'all'))
    const sent = { headers: table({ 'x-deduplication-header': 'same' }) }
    for (const [exchange, targets] of [
      ['once first', ['once', 'all']],
      ['once last', ['events', 'once']],
    ] as const) {
      value(await vhost.declareExchange(exchangeWish(exchange, 'fanout')))
      for (const target of targets) value(await vhost.bindQueue(bindingWish(exchange, target)))
      for (const body of ['a', 'b', 'c']) publish(vhost, exchange, '', body, sent)
    }
    await confirmed(node)
    assert.equal(value(vhost.checkQueue('events')).messages, 6)
  }))

test('such a queue goes with its topic, and cannot be over nothing', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const topic = await makeTopic(node, 'events')
    value(await over(vhost, 'q'))
    const consumer = new TestConsumer()
    await consume(vhost, 'q', consumer)
    for (const argument of ['x-max-length', 'x-replay-ms'])
      assert.match(
        refusal(await over(vhost, 'p', { [argument]: 5 })),
        new RegExp(`^preconditionFailed: invalid arg '${argument}'`),
      )
    value(await node.topics.delete(topic))
    assert.match(refusal(await over(vhost, 'p')), /^queueNotFound: no queue 'events'/)
    assert.match(refusal(vhost.checkQueue('q')), /^queueNotFound/)
    assert.deepEqual(consumer.reasons, ['queueDeleted'])
  }, disk)
  await withMessaging(async (node) => {
    assert.match(refusal(sessionOf(node).vhost.checkQueue('q')), /^queueNotFound/)
  }, disk)
})

test('compressed records are read', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const config = [['compression.type', 'gzip']] as const
    const layout = { partitions: 1, replicationFactor: 1, assignments: null, configs: config }
    value(await node.topics.create({ name: 'events', ...layout }, false))
    for (let i = 0; i < 20; i++) publish(vhost, '', 'events', `${i}`.repeat(100))
    await confirmed(node)
    value(await over(vhost, 'q', fromFirst))
    assert.equal(await take(vhost, 'q'), '0'.repeat(100))
    assert.equal(await take(vhost, 'q'), '1'.repeat(100))
  }))

test('records that compaction took from the midst are passed over', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const configs = [
      ['cleanup.policy', 'compact'],
      ['min.cleanable.dirty.ratio', '0'],
      ['segment.ms', '1'],
    ] as const
    const layout = { partitions: 1, replicationFactor: 1, assignments: null, configs }
    const topic = value(await node.topics.create({ name: 'events', ...layout }, false))
    value(await over(vhost, 'q', fromFirst))
    const put = async (key: string, body: string) => {
      publish(vhost, '', 'events', body, { headers: table({ 'x-kafka-key': key }) })
      await confirmed(node)
    }
    for (const [key, body] of ['k0', 'l1', 'k2', 'k3', 'l4', 'm5'].map((s) => [s[0], s[1]]))
      await put(key as string, body as string)
    assert.equal(await take(vhost, 'q'), '0')
    await node.store.flush()
    await put('n', '6')
    await node.store.flush()
    const log = node.store.get(topic.id, 0)
    assert.ok(log)
    await node.store.cleaner.clean([log], Date.now() + 1_000_000, 1 << 20)
    const seen: (string | null)[] = []
    for (let body = await take(vhost, 'q'); body !== null; body = await take(vhost, 'q'))
      seen.push(body)
    // What the reader held already may still come.
    assert.deepEqual(seen.slice(-4), ['3', '4', '5', '6'])
    value(await over(vhost, 'late', fromFirst))
    const late: (string | null)[] = []
    for (let body = await take(vhost, 'late'); body !== null; body = await take(vhost, 'late'))
      late.push(body)
    assert.deepEqual(late, ['3', '4', '5', '6'])
    assert.equal(value(vhost.checkQueue('late')).messages, 0)
  }))

test('nothing happens to the messages of such a queue before it is there', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    value(await vhost.declareQueue(queueWish('dead')))
    await produce(node, 'events', ['a', 'b', 'c'])
    const rules = {
      'x-topic': 'events',
      'x-message-ttl': 1,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'dead',
    }
    const core = node.messaging.vhosts.get('/')
    const source = core?.streams.get('events')
    assert.ok(core && source)
    const { durable, autoDelete, arguments: table_ } = queueWish('q', { arguments: table(rules) })
    const definition = {
      name: 'q',
      durable,
      autoDelete,
      arguments: table_,
      topic: topicId(core.parts.chance.uuid()),
    }
    const hosted = core.newQueue(definition, null, source)
    hosted.queue.feed?.beginAt([1])
    await confirmed(node)
    await produce(node, 'events', ['d'])
    await confirmed(node)
    assert.equal(value(vhost.checkQueue('dead')).messages, 0)
    core.addQueue(hosted)
    hosted.queue.feed?.begin()
    await confirmed(node)
    while (hosted.queue.ready > 0) await eventLoopTurn()
    assert.equal(value(vhost.checkQueue('dead')).messages, 3)
  }))

test('a queue over a topic follows a policy that came while it was made', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    const policy = { vhost: '/', name: 'p', pattern: 'q', applyTo: 'queues', priority: 0 } as const
    const made = over(vhost, 'q', fromFirst)
    const set = node.policies.set('user', { ...policy, definition: { 'consumer-timeout': 3 } })
    value(await made)
    value(await set)
    await node.messaging.policiesFollowed('/')
    const hosted = node.messaging.vhosts.get('/')?.queues.get('q')
    assert.equal(hosted?.queue.settings.consumerTimeoutMs, 3)
  }))

test('a policy that limits lengths does not drop what a topic holds', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 'events')
    await produce(node, 'events', ['a', 'b', 'c'])
    value(await over(vhost, 'q', fromFirst))
    const limits = { 'max-length': 1, 'max-length-bytes': 1 }
    const policy = { vhost: '/', name: 'p', pattern: 'q', applyTo: 'queues', priority: 0 } as const
    value(await node.policies.set('user', { ...policy, definition: limits }))
    await node.messaging.policiesFollowed('/')
    await confirmed(node)
    assert.equal(value(vhost.checkQueue('q')).messages, 3)
    publish(vhost, '', 'q', 'd')
    await confirmed(node)
    await eventLoopTurn()
    assert.equal(value(vhost.checkQueue('q')).messages, 4)
  }))
