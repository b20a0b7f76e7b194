// Exchanges of type `x-delayed-message`: what waits, where it goes when its time has come, and what
// is left of it after a restart.
import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import {
  type FieldTable,
  type FieldValue,
  integerOf,
  textField,
} from '../../src/model/message/field.ts'
import { Published } from '../../src/queue/published.ts'
import {
  bindingWish,
  confirmed,
  consume,
  exchangeWish,
  messageTo,
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
const delayed = (name: string, kind: string, more: Record<string, string> = {}) =>
  exchangeWish(name, 'x-delayed-message', {
    arguments: table({ 'x-delayed-type': kind, ...more }),
  })
const keys = (...texts: string[]): FieldValue => ({ type: 'A', value: texts.map(textField) })
const after = (ms: number | string): FieldTable => table({ 'x-delay': ms })

test('messages come by their delay, routed as bindings are then; x-delay is negated', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareExchange(delayed('e', 'topic')))
    value(await vhost.declareQueue(queueWish('q')))
    assert.equal(publish(vhost, 'e', 'a.b', 'late', { headers: after(60) }), routed | stored)
    assert.equal(publish(vhost, 'e', 'a.c', 'soon', { headers: after('20') }), routed | stored)
    assert.equal(publish(vhost, 'e', 'a.c', 'nowhere'), 0)
    value(await vhost.bindQueue(bindingWish('e', 'q', 'a.*')))
    publish(vhost, 'e', 'a.d', 'now')
    publish(vhost, 'e', 'a.d', 'too', { headers: after(-5) })
    const consumer = new TestConsumer()
    await consume(vhost, 'q', consumer)
    const { deliveries } = await consumer.has(4)
    assert.deepEqual(consumer.bodies, ['now', 'too', 'soon', 'late'])
    const delays = deliveries.map(({ headers }) => integerOf(headers.get('x-delay')))
    assert.deepEqual(delays, [null, -5, -20, -60])
    const [, , soon] = deliveries
    assert.deepEqual([soon?.exchange, soon?.routingKey], ['e', 'a.c'])
  }))

test('copies, hidden ones too, exchanges before it and dead letters are delayed alike', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareExchange(delayed('e', 'direct')))
    value(await vhost.declareExchange(exchangeWish('first', 'fanout')))
    value(await vhost.bindExchange(bindingWish('first', 'e')))
    const dead = table({ 'x-dead-letter-exchange': 'e', 'x-dead-letter-routing-key': 'c' })
    value(await vhost.declareQueue(queueWish('dying', { arguments: dead })))
    const consumers = new Map<string, TestConsumer>()
    for (const name of ['a', 'b', 'c']) {
      value(await vhost.declareQueue(queueWish(name)))
      value(await vhost.bindQueue(bindingWish('e', name, name)))
      const consumer = new TestConsumer()
      consumers.set(name, consumer)
      await consume(vhost, name, consumer)
    }
    const headers = new Map([...after(10), ['CC', keys('b')], ['BCC', keys('c')]]) as FieldTable
    publish(vhost, 'e', 'a', '1', { headers })
    const [a, b, c] = [...consumers.values()] as [TestConsumer, TestConsumer, TestConsumer]
    await Promise.all([a.has(1), b.has(1), c.has(1)])
    for (const { deliveries } of [a, b, c]) assert.equal(deliveries[0]?.headers.has('BCC'), false)
    publish(vhost, 'first', 'a', '2', { headers: after(10) })
    assert.equal((await a.has(2)).deliveries[1]?.exchange, 'first')
    publish(vhost, '', 'dying', '3', { headers: after(10) })
    const got = value(await vhost.get('dying', false))
    assert(got)
    got.queue.reject(got.id, false, false)
    const letter = (await c.has(2)).deliveries[1]
    assert.equal(letter?.body, '3')
    assert.equal(integerOf(letter?.headers.get('x-delay')), -10)
    assert.equal(letter?.headers.has('x-death'), true)
  }))

test('what waits is there after a restart; with its exchange it is gone', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareExchange(delayed('e', 'fanout')))
    value(await vhost.declareExchange(delayed('gone', 'fanout')))
    value(await vhost.declareQueue(queueWish('q')))
    for (const name of ['e', 'gone']) value(await vhost.bindQueue(bindingWish(name, 'q')))
    publish(vhost, 'gone', '', 'never', { headers: after(30) })
    publish(vhost, 'e', '', 'b', { headers: after(200) })
    publish(vhost, 'e', '', 'a', { headers: after(150) })
    await confirmed(node)
    value(await vhost.deleteExchange('gone', false))
    assert.equal(value(vhost.checkQueue('q')).messages, 0)
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const consumer = new TestConsumer()
    await consume(vhost, 'q', consumer)
    await consumer.has(2)
    assert.deepEqual(consumer.bodies, ['a', 'b'])
    value(await vhost.declareExchange(delayed('e', 'fanout')))
    value(await vhost.declareExchange(delayed('gone', 'fanout')))
    publish(vhost, 'gone', '', 'c', { headers: after(1) })
    // Only bound before it was deleted.
    publish(vhost, 'e', '', 'd', { headers: after(20) })
    await consumer.has(3)
    assert.deepEqual(consumer.bodies, ['a', 'b', 'd'])
  }, disk)
})

test('a delay that is too long, and a type that cannot be delayed, are refused', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    assert.match(
      refusal(await vhost.declareExchange(exchangeWish('e', 'x-delayed-message'))),
      /^preconditionFailed: invalid argument 'x-delayed-type'/,
    )
    value(
      await vhost.declareExchange(delayed('e', 'direct', { 'alternate-exchange': 'amq.fanout' })),
    )
    const publisher = value(vhost.publisher('e'))
    const headers = after(String(2 ** 32))
    assert.equal(publisher.publish(messageTo('e', 'a', '1', { headers })), -1)
    assert.match(refusal(publisher.refusal ?? { ok: true, value: null }), /x-delay is more than/)
    value(await vhost.declareQueue(queueWish('q')))
    value(await vhost.bindQueue(bindingWish('amq.fanout', 'q')))
    publisher.publish(messageTo('e', 'a', '2', { headers: after(5) }))
    const consumer = new TestConsumer()
    await consume(vhost, 'q', consumer)
    assert.deepEqual((await consumer.has(1)).bodies, ['2'])
  }))
