// Declaring, deleting and binding, with RabbitMQ's refusals in RabbitMQ's words.
import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { noFields } from '../../src/model/message/field.ts'
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

test('a queue that is declared again must be the same', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-max-length': 5, 'x-unknown': 'a' })
    value(await vhost.declareQueue(queueWish('q', { arguments: args })))
    const again = async (wish: Parameters<typeof queueWish>[1]) =>
      refusal(await vhost.declareQueue(queueWish('q', wish)))
    const wide = new Map([['x-max-length', { type: 'l', value: 5n } as const]])
    assert.equal(await again({ arguments: wide }), 'ok')
    assert.equal(
      await again({ arguments: table({ 'x-max-length': 5, 'x-queue-type': 'classic' }) }),
      'ok',
    )
    assert.equal(
      await again({ arguments: args, durable: false }),
      "preconditionFailed: inequivalent arg 'durable' for queue 'q' in vhost '/': received " +
        "'false' but current is 'true'",
    )
    assert.equal(
      await again({ arguments: table({ 'x-max-length': 6 }) }),
      "preconditionFailed: inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received " +
        "'6' but current is '5'",
    )
    const others = table({ 'x-max-length': '5' })
    assert.match(await again({ arguments: others }), /received '5' but current is '5'$/)
    assert.match(await again({}), /received none but current is the value '5'/)
    assert.match(
      await again({ arguments: args, exclusive: true }),
      /^resourceLocked: cannot obtain/,
    )
  }))

test('known arguments are checked, unknown ones are not', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const declare = async (entries: Parameters<typeof table>[0], wish = {}) =>
      refusal(await vhost.declareQueue(queueWish('q', { arguments: table(entries), ...wish })))
    for (const wrong of [
      { 'x-message-ttl': -1 },
      { 'x-message-ttl': 'soon' },
      { 'x-expires': 0 },
      { 'x-max-length': -1 },
      { 'x-overflow': 'explode' },
      { 'x-max-priority': 256 },
      { 'x-dead-letter-exchange': 1 },
      { 'x-dead-letter-routing-key': 'k' },
      { 'x-single-active-consumer': 'yes' },
      { 'x-max-age': '1h' },
      { 'x-queue-type': 'stream', 'x-max-length': 5 },
      { 'x-queue-type': 'nonsense' },
      { 'x-queue-type': 'quorum', 'x-max-priority': 5 },
      { 'x-delayed-retry-min': 10, 'x-delayed-retry-max': 5 },
    ]) {
      const said = await declare(wrong as Record<string, string | number>)
      assert.match(said, /^preconditionFailed: invalid arg 'x-.*' for queue 'q' in vhost '\/'/)
    }
    const quorum = { 'x-queue-type': 'quorum' }
    assert.match(await declare(quorum, { durable: false }), /invalid property 'non-durable'/)
    assert.match(await declare(quorum, { exclusive: true }), /invalid property/)
    assert.equal(await declare({ ...quorum, 'x-delivery-limit': 3, 'x-what': 1 }), 'ok')
  }))

test('what is exclusive is locked for others, and goes with its session', () =>
  withMessaging(async (node) => {
    const one = sessionOf(node)
    const other = sessionOf(node)
    value(await one.vhost.declareQueue(queueWish('mine', { exclusive: true })))
    value(await one.vhost.declareQueue(queueWish('mine', { exclusive: true })))
    const consumer = new TestConsumer()
    await consume(one.vhost, 'mine', consumer)
    for (const said of [
      await other.vhost.declareQueue(queueWish('mine')),
      await other.vhost.declareQueue(queueWish('mine', { exclusive: true })),
      other.vhost.checkQueue('mine'),
      await other.vhost.purgeQueue('mine'),
      await other.vhost.deleteQueue('mine', false, false),
      await other.vhost.bindQueue(bindingWish('amq.direct', 'mine')),
      await other.vhost.get('mine', true),
    ])
      assert.match(refusal(said), /^resourceLocked: cannot obtain exclusive access to locked queue/)
    value(await other.vhost.unbindQueue(bindingWish('amq.direct', 'mine')))
    await one.close()
    assert.deepEqual(consumer.reasons, ['queueDeleted'])
    assert.match(refusal(other.vhost.checkQueue('mine')), /^queueNotFound: no queue 'mine' in/)
    assert.equal(node.topics.named('mine'), null)
  }))

test('names: reserved ones are refused, line breaks are not meant, the node can choose', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    assert.equal(
      refusal(await vhost.declareQueue(queueWish('amq.mine'))),
      "accessRefused: queue name 'amq.mine' contains reserved prefix 'amq.*'",
    )
    assert.match(
      refusal(await vhost.declareExchange(exchangeWish('amq.mine', 'direct'))),
      /^accessRefused: exchange name 'amq.mine' contains reserved prefix/,
    )
    value(await vhost.declareExchange(exchangeWish('amq.direct', 'direct')))
    const chosen = value(await vhost.declareQueue(queueWish('', { exclusive: true })))
    assert.match(chosen.name, /^amq\.gen-[\w-]{22}$/)
    value(vhost.checkQueue(chosen.name))
    const again = await vhost.declareQueue(queueWish(chosen.name, { exclusive: true }))
    assert.match(refusal(again), /^accessRefused: queue name 'amq.gen-.*reserved prefix/)
    assert.equal(value(await vhost.declareQueue(queueWish('a\r\nb'))).name, 'ab')
  }))

test('the default exchange is for publishing only, and system exchanges stay', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    value(await vhost.declareExchange(exchangeWish('inner', 'direct', { internal: true })))
    for (const said of [
      await vhost.declareExchange(exchangeWish('', 'direct')),
      vhost.checkExchange(''),
      await vhost.deleteExchange('', false),
      await vhost.bindQueue(bindingWish('', 'q')),
      await vhost.unbindQueue(bindingWish('', 'q')),
      await vhost.bindExchange(bindingWish('amq.topic', '')),
      await vhost.deleteExchange('amq.topic', false),
      vhost.publisher('inner'),
    ])
      assert.match(refusal(said), /^accessRefused: /)
    assert.equal(
      refusal(vhost.publisher('none')),
      "exchangeNotFound: no exchange 'none' in vhost '/'",
    )
  }))

test('exchanges: the same again, another type, an unknown type', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'alternate-exchange': 'other' })
    const declare = async (type: string, wish = {}) =>
      refusal(await vhost.declareExchange(exchangeWish('e', type, wish)))
    assert.equal(await declare('direct', { arguments: args }), 'ok')
    assert.equal(await declare('direct', { arguments: args }), 'ok')
    assert.match(await declare('direct'), /inequivalent arg 'alternate-exchange' for exchange 'e'/)
    assert.equal(
      await declare('fanout', { arguments: args }),
      "preconditionFailed: inequivalent arg 'type' for exchange 'e' in vhost '/': received " +
        "'fanout' but current is 'direct'",
    )
    assert.equal(
      refusal(await vhost.declareExchange(exchangeWish('f', 'nonsense'))),
      "preconditionFailed: invalid exchange type 'nonsense'",
    )
  }))

test('deletions are idempotent, and hold to if-unused and if-empty', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    value(await vhost.declareExchange(exchangeWish('e', 'direct')))
    value(await vhost.bindQueue(bindingWish('e', 'q', 'k')))
    assert.match(
      refusal(await vhost.deleteExchange('e', true)),
      /exchange 'e' in vhost '\/' in use/,
    )
    publish(vhost, '', 'q', 'a')
    assert.match(refusal(await vhost.deleteQueue('q', false, true)), /queue 'q' .* not empty$/)
    const subscription = await consume(vhost, 'q', Object.assign(new TestConsumer(), { room: 0 }))
    assert.match(refusal(await vhost.deleteQueue('q', true, false)), /queue 'q' .* in use$/)
    await subscription.cancel()
    assert.equal(value(await vhost.deleteQueue('q', true, false)), 1)
    assert.equal(value(await vhost.deleteQueue('q', true, true)), 0)
    value(await vhost.deleteExchange('e', true))
    value(await vhost.deleteExchange('e', true))
    value(await vhost.unbindQueue(bindingWish('e', 'q', 'k')))
    assert.match(refusal(await vhost.bindQueue(bindingWish('e', 'q'))), /^exchangeNotFound/)
    const missing = bindingWish('amq.direct', 'q')
    assert.match(refusal(await vhost.bindQueue(missing)), /^queueNotFound/)
  }))

test('queues go with their last consumer, exchanges with their last binding, if they say so', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q', { autoDelete: true })))
    value(await vhost.declareExchange(exchangeWish('e', 'fanout', { autoDelete: true })))
    value(await vhost.declareExchange(exchangeWish('f', 'fanout', { autoDelete: true })))
    value(await vhost.bindExchange(bindingWish('f', 'e')))
    value(await vhost.bindQueue(bindingWish('e', 'q')))
    const first = await consume(vhost, 'q', new TestConsumer())
    const second = await consume(vhost, 'q', new TestConsumer())
    await first.cancel()
    value(vhost.checkQueue('q'))
    await second.cancel()
    assert.match(refusal(vhost.checkQueue('q')), /^queueNotFound/)
    assert.match(refusal(vhost.checkExchange('e')), /^exchangeNotFound/)
    assert.match(refusal(vhost.checkExchange('f')), /^exchangeNotFound/)
  }))

test('what is durable is there after a restart, with its messages; the rest is not', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-max-length': 10, 'x-max-priority': 2 })
    value(await vhost.declareQueue(queueWish('kept', { arguments: args })))
    value(await vhost.declareQueue(queueWish('with / slash')))
    value(await vhost.declareQueue(queueWish('gone', { durable: false })))
    value(await vhost.declareQueue(queueWish('deleted')))
    value(await vhost.declareExchange(exchangeWish('e', 'topic')))
    value(await vhost.declareExchange(exchangeWish('t', 'topic', { durable: false })))
    for (const queue of ['kept', 'gone', 'deleted', 'with / slash'])
      value(await vhost.bindQueue(bindingWish('e', queue, 'a.*', table({ x: 1 }))))
    value(await vhost.bindQueue(bindingWish('e', 'kept', 'b')))
    value(await vhost.unbindQueue(bindingWish('e', 'kept', 'b')))
    publish(vhost, 'e', 'a.1', 'one')
    publish(vhost, 'e', 'a.2', 'two', { priority: 2 })
    await confirmed(node)
    value(await vhost.deleteQueue('deleted', false, false))
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-max-length': 10, 'x-max-priority': 2 })
    const kept = value(await vhost.declareQueue(queueWish('kept', { arguments: args })))
    assert.equal(kept.messages, 2)
    for (const queue of ['gone', 'deleted'])
      assert.match(refusal(vhost.checkQueue(queue)), /^queueNotFound/)
    assert.match(refusal(vhost.checkExchange('t')), /^exchangeNotFound/)
    publish(vhost, 'e', 'a.3', 'three')
    assert.equal(publish(vhost, 'e', 'b', 'lost'), 0)
    assert.equal(await take(vhost, 'kept'), 'two')
    assert.equal(await take(vhost, 'kept'), 'one')
    assert.equal(await take(vhost, 'kept'), 'three')
    assert.equal(await take(vhost, 'kept'), null)
    assert.equal(value(await vhost.deleteQueue('with / slash', false, false)), 3)
  }, disk)
})

test('vhosts are apart, and stay', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    await node.messaging.createVhost('a/b')
    const all = { configure: '.*', write: '.*', read: '.*' }
    value(await node.accounts.permissions.set('guest', 'a/b', all))
    value(await sessionOf(node, 'a/b').vhost.declareQueue(queueWish('q')))
  }, disk)
  await withMessaging(async (node) => {
    value(sessionOf(node, 'a/b').vhost.checkQueue('q'))
    assert.match(refusal(sessionOf(node).vhost.checkQueue('q')), /^queueNotFound/)
    assert.equal(node.topics.named('q'), null)
    const none = node.messaging.open({ vhost: 'none', user: 'u', name: '' })
    assert.equal(refusal(none), 'vhostNotFound: vhost none not found')
  }, disk)
})

test('a durable queue is a topic, as far as Kafka can spell it', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('orders')))
    value(await vhost.declareQueue(queueWish('not a topic')))
    value(await vhost.declareQueue(queueWish('passing', { durable: false })))
    value(await vhost.declareQueue(queueWish('__consumer_offsets')))
    value(await vhost.declareQueue(queueWish('or_ders')))
    value(await vhost.declareQueue(queueWish('or.ders')))
    const topic = node.topics.named('orders')
    assert.ok(topic !== null)
    assert.deepEqual([topic.kind, topic.partitions.length], ['queue', 1])
    assert.deepEqual(
      [...node.topics.all()].map(({ name }) => name),
      // Of two that count as one, the second has an escape, as what Kafka cannot spell.
      ['orders', '--not-20a-20topic', '---5f-5fconsumer-5foffsets', 'or_ders', '--or-2eders'],
    )
    assert.match(refusal(await node.topics.addPartitions(topic, 2, null, false)), /^invalidPart/)
    publish(vhost, '', 'orders', 'a')
    await confirmed(node)
    assert.equal(node.logs.sizes(topic)[0]?.highWatermark, 1)
    value(await node.topics.delete(topic))
    assert.match(refusal(vhost.checkQueue('orders')), /^queueNotFound/)
    assert.equal(node.topics.named('orders'), null)
    const log = { name: 'records', partitions: 1, replicationFactor: -1, assignments: null }
    value(await node.topics.create({ ...log, configs: [] }, false))
    assert.match(
      refusal(await vhost.declareQueue(queueWish('records'))),
      /^preconditionFailed: inequivalent arg 'x-queue-type' for queue 'records'/,
    )
  }))

test('two who declare the same at the same time get the same', () =>
  withMessaging(async (node) => {
    const one = sessionOf(node).vhost
    const other = sessionOf(node).vhost
    const both = await Promise.all([
      one.declareQueue(queueWish('q')),
      other.declareQueue(queueWish('q')),
      one.bindQueue(bindingWish('amq.direct', 'q')),
      other.deleteQueue('q', false, false),
      other.declareQueue(queueWish('q', { arguments: noFields })),
    ])
    // The deletion found no queue yet.
    assert.deepEqual(both.map(refusal), ['ok', 'ok', 'ok', 'ok', 'ok'])
    value(one.checkQueue('q'))
  }))

test('limits of a vhost and of a user hold', () =>
  withMessaging(async (node) => {
    const session = sessionOf(node)
    const { limits } = node.accounts
    value(await limits.setVhost('/', 'max-queues', 1))
    value(await session.vhost.declareQueue(queueWish('a')))
    value(await session.vhost.declareQueue(queueWish('a')))
    assert.equal(
      refusal(await session.vhost.declareQueue(queueWish('b'))),
      "policyViolation: cannot declare queue 'b': queue limit in vhost '/' (1) is reached",
    )
    const open = () => node.messaging.open({ vhost: '/', user: 'guest', name: '' })
    value(await limits.setVhost('/', 'max-connections', 1))
    assert.match(refusal(open()), /^notAllowed: access to vhost '\/' .* limit \(1\) is reached$/)
    await session.close()
    await session.close()
    const second = value(open())
    value(await limits.setVhost('/', 'max-connections', -1))
    value(await limits.setUser('guest', 'max-connections', 1))
    assert.match(refusal(open()), /^notAllowed: connection refused for user 'guest'/)
    await second.close()
    value(open())
  }))

test('a vhost goes with all that is in it', async () => {
  const disk = memoryDisk()
  const all = { configure: '.*', write: '.*', read: '.*' }
  await withMessaging(async (node) => {
    await node.messaging.createVhost('v')
    value(await node.accounts.permissions.set('guest', 'v', all))
    const { vhost } = sessionOf(node, 'v')
    value(await vhost.declareQueue(queueWish('q')))
    value(await vhost.declareExchange(exchangeWish('e', 'fanout')))
    value(await vhost.bindQueue(bindingWish('e', 'q')))
    value(await vhost.bindQueue(bindingWish('amq.direct', 'q')))
    publish(vhost, 'e', '', 'a')
    value(await node.messaging.deleteVhost('v'))
    assert.match(refusal(await vhost.declareQueue(queueWish('q'))), /^accessRefused/)
    assert.match(refusal(await node.messaging.deleteVhost('/')), /^notAllowed/)
  }, disk)
  await withMessaging(async (node) => {
    assert.equal(node.messaging.vhosts.has('v'), false)
    await node.messaging.createVhost('v')
    value(await node.accounts.permissions.set('guest', 'v', all))
    const { vhost } = sessionOf(node, 'v')
    assert.match(refusal(vhost.checkQueue('q')), /^queueNotFound/)
    assert.match(refusal(vhost.checkExchange('e')), /^exchangeNotFound/)
  }, disk)
})

test('a queue that another is deleting is answered as gone when it is', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    const answered: string[] = []
    const deleted = async (by: string): Promise<void> => {
      value(await vhost.deleteQueue('q', false, false))
      answered.push(by)
    }
    const first = deleted('first')
    assert.match(refusal(await vhost.checkQueue('q')), /^queueNotFound/)
    await Promise.all([first, deleted('second')])
    assert.deepEqual(answered, ['first', 'second'])
  }))
