// What a client consumes, gets and settles; prefetch, recovery, cancellation, direct replies; and
// the methods of exchanges and queues.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noFields } from '../../../src/model/message/field.ts'
import { property } from '../../../src/model/message/properties.ts'
import { basic } from '../../../src/protocol/amqp/methods/basic-methods.ts'
import { channel } from '../../../src/protocol/amqp/methods/connection-methods.ts'
import type { Method, Values } from '../../../src/protocol/amqp/methods/schema.ts'
import { access, exchange, queue } from '../../../src/protocol/amqp/methods/topology-methods.ts'
import {
  consumption,
  declaration,
  methodFrame,
  publishFrames,
  type TestClient,
  TestDoor,
  textProperty,
} from './test-door.ts'

async function filled(count: number): Promise<{ door: TestDoor; client: TestClient }> {
  const door = await TestDoor.open()
  const client = await door.client(1)
  await client.declare('q')
  for (let i = 1; i <= count; i++) client.send(publishFrames(1, 'q', `m${i}`))
  await client.settled()
  return { door, client }
}

const qos = (prefetchCount: number, global = false) => ({ prefetchSize: 0, prefetchCount, global })

test('deliveries follow consume-ok, with tags from 1 on', async () => {
  const { client } = await filled(2)
  assert.deepEqual(await client.consume('q'), { consumerTag: 'c' })
  const first = await client.delivery(1)
  assert.deepEqual(first, {
    consumerTag: 'c',
    deliveryTag: 1,
    redelivered: false,
    exchange: '',
    routingKey: 'q',
    body: 'm1',
  })
  assert.equal((await client.delivery(1)).deliveryTag, 2)
  await client.nothing()
})

test('golden bytes: a delivery', async () => {
  const { client } = await filled(1)
  await client.consume('q', { consumerTag: 'ct' })
  await client.settled()
  assert.equal(
    client.takeBytes().toString('hex'),
    '01000100000013003c003c02637400000000000000010000' +
      '0171ce0200010000000e003c000000000000000000020000ce0300010000' +
      '00026d31ce',
  )
})

test('prefetch bounds what is in flight of a consumer; acknowledging lets more come', async () => {
  const { client } = await filled(5)
  await client.call(1, basic.qos, qos(2), basic.qosOk)
  await client.consume('q')
  await client.delivery(1)
  await client.delivery(1)
  await client.nothing()
  client.method(1, basic.ack, { deliveryTag: 2, multiple: true })
  assert.equal((await client.delivery(1)).body, 'm3')
  assert.equal((await client.delivery(1)).body, 'm4')
  await client.nothing()
})

test('a global prefetch is shared by the consumers of a channel', async () => {
  const { client } = await filled(5)
  await client.call(1, basic.qos, qos(2, true), basic.qosOk)
  await client.consume('q', { consumerTag: 'a' })
  await client.delivery(1)
  await client.delivery(1)
  await client.consume('q', { consumerTag: 'b' })
  await client.nothing()
  client.method(1, basic.ack, { deliveryTag: 1, multiple: false })
  await client.delivery(1)
  await client.nothing()
})

test('of those who share a prefetch, who has waited for longest is next', async () => {
  const door = await TestDoor.open()
  const client = await door.client()
  for (const name of ['a', 'b', 'c']) {
    await client.declare(name)
    for (let i = 1; i <= 3; i++) client.send(publishFrames(1, name, `${name}${i}`))
  }
  await client.call(1, basic.qos, qos(1, true), basic.qosOk)
  await client.consume('a', { consumerTag: 'a' })
  const order: string[] = []
  let last = await client.delivery(1)
  for (const name of ['b', 'c']) await client.consume(name, { consumerTag: name })
  await client.nothing()
  while (order.push(last.body) < 9) {
    client.method(1, basic.ack, { deliveryTag: last.deliveryTag, multiple: false })
    last = await client.delivery(1)
  }
  assert.equal(order.join(' '), 'a1 a2 b1 c1 a3 b2 c2 b3 c3')
})

test('when the door has much that is not settled, each channel may have only little', async () => {
  const door = await TestDoor.open({ unackedMaxTogether: 4, unackedMaxWhenTight: 2 })
  const [client, other] = [await door.client(), await door.client()]
  await client.declare('q')
  for (let i = 1; i <= 9; i++) client.send(publishFrames(1, 'q', `m${i}`))
  await client.settled()
  await client.consume('q')
  for (let i = 1; i <= 4; i++) assert.equal((await client.delivery(1)).body, `m${i}`)
  await client.nothing()
  await other.consume('q')
  for (let i = 5; i <= 6; i++) assert.equal((await other.delivery(1)).body, `m${i}`)
  await other.nothing()
  client.method(1, basic.ack, { deliveryTag: 3, multiple: true })
  assert.equal((await client.delivery(1)).body, 'm7')
})

test('without acknowledgements prefetch means nothing', async () => {
  const { door, client } = await filled(5)
  await client.call(1, basic.qos, qos(1), basic.qosOk)
  await client.consume('q', { noAck: true })
  for (let tag = 1; tag <= 5; tag++) assert.equal((await client.delivery(1)).deliveryTag, tag)
  assert.equal(door.messaging.queues.get('q')?.inFlight.size, 0)
  client.method(1, basic.ack, { deliveryTag: 1, multiple: false })
  assert.match(await client.closed(1), /^406 PRECONDITION_FAILED - unknown delivery tag 1$/)
})

test('get gives one message, with how many are left, or says that there is none', async () => {
  const { client } = await filled(2)
  const get = { ticket: 0, queue: '', noAck: false }
  const got = await client.call(1, basic.get, get, basic.getOk)
  assert.deepEqual(got, {
    deliveryTag: 1,
    redelivered: false,
    exchange: '',
    routingKey: 'q',
    messageCount: 1,
  })
  assert.equal(`${(await client.content(1)).body}`, 'm1')
  await client.call(1, basic.get, { ...get, noAck: true }, basic.getOk)
  await client.content(1)
  await client.call(1, basic.get, get, basic.getEmpty)
})

test('settling: ack, reject, nack, many at once, all at once', async () => {
  const { door, client } = await filled(6)
  await client.consume('q')
  for (let i = 0; i < 6; i++) await client.delivery(1)
  const inFlight = () => [...(door.messaging.queues.get('q')?.inFlight.keys() ?? [])]
  client.method(1, basic.ack, { deliveryTag: 3, multiple: false })
  await client.settled()
  assert.deepEqual(inFlight(), [1, 2, 4, 5, 6])
  client.method(1, basic.reject, { deliveryTag: 5, requeue: false })
  await client.settled()
  assert.deepEqual(inFlight(), [1, 2, 4, 6])
  client.method(1, basic.nack, { deliveryTag: 2, multiple: true, requeue: false })
  await client.settled()
  assert.deepEqual(inFlight(), [4, 6])
  client.method(1, basic.reject, { deliveryTag: 6, requeue: true })
  const again = await client.delivery(1)
  assert.deepEqual([again.body, again.redelivered, again.deliveryTag], ['m6', true, 7])
  client.method(1, basic.ack, { deliveryTag: 0, multiple: true })
  client.method(1, basic.ack, { deliveryTag: 0, multiple: true })
  await client.nothing()
  assert.deepEqual(inFlight(), [])
  assert.deepEqual(door.messaging.queues.get('q')?.failures, [5, 6])
})

for (const [name, values] of [
  ['twice', { deliveryTag: 1, multiple: false }],
  ['never given', { deliveryTag: 9, multiple: false }],
  ['never given, multiple', { deliveryTag: 9, multiple: true }],
  ['0', { deliveryTag: 0, multiple: false }],
] as const)
  test(`settling a tag ${name} closes the channel`, async () => {
    const { client } = await filled(2)
    await client.consume('q')
    await client.delivery(1)
    client.method(1, basic.ack, { deliveryTag: 1, multiple: false })
    client.method(1, basic.ack, values)
    await client.delivery(1)
    const text = `406 PRECONDITION_FAILED - unknown delivery tag ${values.deliveryTag}`
    assert.equal(await client.closed(1), text)
  })

test('recovering brings everything back; dropping is not implemented', async () => {
  const { client } = await filled(2)
  await client.call(1, basic.qos, qos(2), basic.qosOk)
  await client.consume('q')
  await client.delivery(1)
  await client.delivery(1)
  client.method(1, basic.recover, { requeue: true })
  await client.answer(1, basic.recoverOk)
  const again = await client.delivery(1)
  assert.deepEqual([again.body, again.redelivered, again.deliveryTag], ['m1', true, 3])
  await client.delivery(1)
  client.method(1, basic.recover, { requeue: false })
  assert.equal(await client.closed(0), '540 NOT_IMPLEMENTED - requeue=false')
})

test('closing a channel, or losing the connection, gives everything back in order', async () => {
  const { door, client } = await filled(3)
  await client.consume('q')
  for (let i = 0; i < 3; i++) await client.delivery(1)
  const values = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }
  await client.call(1, channel.close, values, channel.closeOk)
  const q = door.messaging.queues.get('q')
  assert.deepEqual(
    q?.ready.map(({ id }) => id),
    [1, 2, 3],
  )
  assert.equal(q?.consumers.length, 0)
  await client.openChannel(1)
  await client.consume('q')
  await client.delivery(1)
  client.pipe.close()
  await client.settled()
  assert.deepEqual(
    q?.ready.map(({ id, redelivered }) => [id, redelivered]),
    [
      [1, true],
      [2, true],
      [3, true],
    ],
  )
  assert.equal(door.messaging.sessions.size, 0)
})

test('cancelling gives nothing back', async () => {
  const { door, client } = await filled(2)
  await client.consume('q')
  await client.delivery(1)
  await client.delivery(1)
  const cancel = { consumerTag: 'c', nowait: false }
  await client.call(1, basic.cancel, cancel, basic.cancelOk)
  assert.equal(door.messaging.queues.get('q')?.inFlight.size, 2)
  client.send(publishFrames(1, 'q', 'm3'))
  await client.nothing()
  client.method(1, basic.ack, { deliveryTag: 2, multiple: true })
  await client.settled()
  assert.equal(door.messaging.queues.get('q')?.inFlight.size, 0)
  await client.call(1, basic.cancel, cancel, basic.cancelOk)
})

test('a consumer hears that its queue is gone, and may still settle', async () => {
  const { door, client } = await filled(1)
  await client.consume('q')
  await client.delivery(1)
  const other = await door.client(1)
  const values = { ticket: 0, queue: 'q', ifUnused: false, ifEmpty: false, nowait: false }
  await other.call(1, queue.delete, values, queue.deleteOk)
  assert.deepEqual(await client.answer(1, basic.cancel), { consumerTag: 'c', nowait: true })
  client.method(1, basic.ack, { deliveryTag: 1, multiple: false })
  await client.nothing()
  const silent = await door.client(1, { capabilities: [] })
  await silent.declare('p')
  await silent.consume('p')
  await other.call(1, queue.delete, { ...values, queue: 'p' }, queue.deleteOk)
  await silent.nothing()
})

test('a consumer of a client that does not read stops at a bound, and goes on', async () => {
  const door = await TestDoor.open({ unsentBytesMax: 10_000 })
  const client = await door.client(1)
  const publisher = await door.client(1)
  await client.declare('q')
  await client.consume('q', { noAck: true })
  client.pipe.isStuck = true
  const body = 'x'.repeat(1000)
  for (let i = 0; i < 100; i++) publisher.send(publishFrames(1, 'q', body))
  await publisher.settled()
  // Who publishes is held up for moments, as long as the consumer is given anything.
  for (let i = 0; i < 20; i++) await door.clock.advance(5)
  const left = door.messaging.queues.get('q')?.ready.length ?? 0
  assert.ok(left >= 85 && left < 95, `${left} wait`)
  client.pipe.unstick()
  await client.settled()
  assert.equal(door.messaging.queues.get('q')?.ready.length, 0)
  for (let i = 0; i < 100; i++) assert.equal((await client.delivery(1)).body, body)
})

test('who asks without reading the answers is not read on', async () => {
  const door = await TestDoor.open({ unsentBytesMax: 1_000 })
  const client = await door.client(1)
  client.pipe.isStuck = true
  const ask = methodFrame(1, queue.declare, { ...declaration, queue: 'q', passive: false })
  for (let i = 0; i < 1_000; i++) {
    client.send(ask)
    if (i % 20 === 0) await client.settled()
  }
  assert.equal(client.pipe.waitsToBeRead, true)
  assert.ok(client.pipe.untakenBytes < 5_000)
  client.pipe.unstick()
  await client.settled()
  for (let i = 0; i < 1_000; i++) await client.answer(1, queue.declareOk)
})

test('direct replies go to the consumer of the channel that asked', async () => {
  const door = await TestDoor.open()
  const asker = await door.client(1)
  const answerer = await door.client(1)
  await answerer.declare('calls')
  const pseudo = 'amq.rabbitmq.reply-to'
  await asker.consume(pseudo, { noAck: true })
  asker.send(
    publishFrames(1, 'calls', 'ping', { properties: textProperty(property.replyTo, pseudo) }),
  )
  await asker.settled()
  const [asked] = door.messaging.queues.get('calls')?.ready ?? []
  const address = asked?.message.text(property.replyTo) ?? ''
  assert.match(address, /^amq\.rabbitmq\.reply-to\.[\w+/]{16}\.[\w+/]{22}==$/)
  const passive = await answerer.declare(address, { passive: true })
  assert.deepEqual(passive, { queue: address, messageCount: 0, consumerCount: 1 })
  answerer.send(publishFrames(1, address, 'pong', { mandatory: true }))
  const reply = await asker.delivery(1)
  assert.deepEqual([reply.body, reply.exchange, reply.routingKey], ['pong', '', address])
  asker.pipe.close()
  await asker.settled()
  answerer.send(publishFrames(1, address, 'late', { mandatory: true }))
  await answerer.answer(1, basic.return)
  await answerer.content(1)
  answerer.method(1, queue.declare, { ...declaration, queue: address, passive: true })
  assert.match(await answerer.closed(1), /^404 /)
})

test('direct replies find their way from one door of a node to another', async () => {
  const door = await TestDoor.open()
  const other = await TestDoor.open({}, door)
  const asker = await door.client(1)
  const answerer = await other.client(1)
  await answerer.declare('calls')
  const pseudo = 'amq.rabbitmq.reply-to'
  await asker.consume(pseudo, { noAck: true })
  asker.send(
    publishFrames(1, 'calls', 'ping', { properties: textProperty(property.replyTo, pseudo) }),
  )
  await asker.settled()
  const [asked] = door.messaging.queues.get('calls')?.ready ?? []
  answerer.send(publishFrames(1, asked?.message.text(property.replyTo) ?? '', 'pong'))
  assert.equal((await asker.delivery(1)).body, 'pong')
})

test('direct replies are neither acknowledged nor consumed twice', async () => {
  const door = await TestDoor.open()
  const client = await door.client(2)
  const values = { ...consumption, queue: 'amq.rabbitmq.reply-to' }
  client.method(1, basic.consume, values)
  assert.match(await client.closed(1), /^406 .*reply consumer cannot acknowledge$/)
  client.method(2, basic.consume, { ...values, noAck: true, consumerTag: 'a', nowait: true })
  client.method(2, basic.consume, { ...values, noAck: true, consumerTag: 'b' })
  assert.match(await client.closed(2), /^406 .*reply consumer already set$/)
})

const binding = {
  ticket: 0,
  queue: 'q',
  exchange: 'amq.direct',
  routingKey: 'k',
  arguments: noFields,
}
const exchangeBinding = {
  ticket: 0,
  destination: 'amq.topic',
  source: 'amq.fanout',
  routingKey: '',
  nowait: false,
  arguments: noFields,
}
const newExchange = {
  ticket: 0,
  exchange: 'x',
  type: 'topic',
  passive: false,
  durable: false,
  autoDelete: false,
  internal: false,
  nowait: false,
  arguments: noFields,
}

test('exchanges and queues are declared, bound, purged and deleted', async () => {
  const { client } = await filled(2)
  await client.call(1, exchange.declare, newExchange, exchange.declareOk)
  await client.call(1, exchange.declare, { ...newExchange, passive: true }, exchange.declareOk)
  await client.call(1, exchange.bind, exchangeBinding, exchange.bindOk)
  await client.call(1, exchange.unbind, exchangeBinding, exchange.unbindOk)
  await client.call(1, queue.bind, { ...binding, nowait: false }, queue.bindOk)
  client.send(publishFrames(1, 'k', 'm3', { exchange: 'amq.direct' }))
  const again = await client.declare('q', { passive: true })
  assert.deepEqual(again, { queue: 'q', messageCount: 3, consumerCount: 0 })
  await client.call(1, queue.unbind, binding, queue.unbindOk)
  const purge = { ticket: 0, queue: '', nowait: false }
  assert.deepEqual(await client.call(1, queue.purge, purge, queue.purgeOk), { messageCount: 3 })
  const drop = { ticket: 0, queue: 'q', ifUnused: true, ifEmpty: true, nowait: false }
  assert.deepEqual(await client.call(1, queue.delete, drop, queue.deleteOk), { messageCount: 0 })
  const dropExchange = { ticket: 0, exchange: 'x', ifUnused: false, nowait: false }
  await client.call(1, exchange.delete, dropExchange, exchange.deleteOk)
  await client.call(1, exchange.delete, dropExchange, exchange.deleteOk)
})

test('without an answer wished for there is none', async () => {
  const { client } = await filled(1)
  const nowait = { nowait: true }
  client.method(1, exchange.declare, { ...newExchange, ...nowait })
  client.method(1, queue.bind, { ...binding, ...nowait })
  client.method(1, queue.purge, { ticket: 0, queue: 'q', ...nowait })
  client.method(1, basic.consume, { ...consumption, queue: 'q', ...nowait })
  client.method(1, basic.cancel, { consumerTag: 'c', ...nowait })
  client.method(1, queue.delete, {
    ticket: 0,
    queue: 'q',
    ifUnused: false,
    ifEmpty: false,
    ...nowait,
  })
  await client.nothing()
})

test('line breaks are taken out of declared names, and the server makes up names', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  assert.equal((await client.declare('a\r\nb')).queue, 'ab')
  const { queue: made } = await client.declare('')
  assert.match(made, /^amq\.gen-/)
  // '' is the last one declared; both empty: its name is the key.
  await client.call(
    1,
    queue.bind,
    { ...binding, queue: '', routingKey: '', nowait: false },
    queue.bindOk,
  )
  client.send(publishFrames(1, made, 'x', { exchange: 'amq.direct' }))
  await client.settled()
  assert.equal(door.messaging.queues.get(made)?.ready.length, 1)
  const { consumerTag } = await client.consume('', { consumerTag: '' })
  assert.match(consumerTag, /^amq\.ctag-[\w-]{22}$/)
})

test('access is given, and flow goes on', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  const wish = {
    realm: '/',
    exclusive: false,
    passive: true,
    active: true,
    write: true,
    read: true,
  }
  assert.deepEqual(await client.call(1, access.request, wish, access.requestOk), { ticket: 1 })
  await client.call(1, channel.flow, { active: true }, channel.flowOk)
  client.method(1, channel.flow, { active: false })
  assert.equal(await client.closed(0), '540 NOT_IMPLEMENTED - active=false')
})

type Case = [string, Method, Values<never>, string]
const make = <M extends Method>(name: string, method: M, values: unknown, text: string): Case => [
  name,
  method,
  values as Values<never>,
  text,
]

const refusals: readonly Case[] = [
  make(
    'an unknown queue',
    queue.declare,
    { ...declaration, queue: 'no', passive: true },
    "404 NOT_FOUND - no queue 'no' in vhost '/'",
  ),
  make(
    'no queue declared',
    basic.get,
    { ticket: 0, queue: '', noAck: true },
    '404 NOT_FOUND - no previously declared queue',
  ),
  make(
    'an unknown exchange',
    exchange.declare,
    { ...newExchange, exchange: 'no', passive: true },
    "404 NOT_FOUND - no exchange 'no' in vhost '/'",
  ),
  make(
    'the default exchange',
    exchange.declare,
    { ...newExchange, exchange: '' },
    '403 ACCESS_REFUSED - operation not permitted on the default exchange',
  ),
  make(
    'the default exchange, passive',
    exchange.declare,
    { ...newExchange, exchange: '', passive: true },
    '403 ACCESS_REFUSED - operation not permitted on the default exchange',
  ),
  make(
    'deleting the default exchange',
    exchange.delete,
    { ticket: 0, exchange: '', ifUnused: false, nowait: false },
    '403 ACCESS_REFUSED - operation not permitted on the default exchange',
  ),
  make(
    'binding to the default exchange',
    queue.bind,
    { ...binding, exchange: '', nowait: false },
    '403 ACCESS_REFUSED - operation not permitted on the default exchange',
  ),
  make(
    'a reserved name',
    exchange.declare,
    { ...newExchange, exchange: 'amq.x' },
    "403 ACCESS_REFUSED - exchange name 'amq.x' contains reserved prefix 'amq.*'",
  ),
  make(
    'another type',
    exchange.declare,
    { ...newExchange, exchange: 'amq.direct' },
    "406 PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'amq.direct' in vhost '/': " +
      "received 'topic' but current is 'direct'",
  ),
  make(
    'a prefetch size',
    basic.qos,
    { prefetchSize: 1, prefetchCount: 1, global: false },
    '540 NOT_IMPLEMENTED - prefetch_size!=0 (1)',
  ),
  make(
    'a second open',
    channel.open,
    { reserved1: '' },
    "504 CHANNEL_ERROR - second 'channel.open' seen",
  ),
  make(
    'a method of servers',
    basic.getEmpty,
    { reserved1: '' },
    '503 COMMAND_INVALID - method 60.72 is not known here',
  ),
]
for (const [name, method, values, text] of refusals)
  test(`is refused: ${name}`, async () => {
    const door = await TestDoor.open()
    const client = await door.client(1)
    client.method(1, method, values)
    const isHard = Number(text.slice(0, 3)) >= 501
    assert.equal(await client.closed(isHard ? 0 : 1), text)
  })

test('a consumer tag is used once; no more channels are open than were agreed on', async () => {
  const { door, client } = await filled(0)
  await client.consume('q')
  client.method(1, basic.consume, { ...consumption, queue: 'q' })
  assert.equal(await client.closed(0), "530 NOT_ALLOWED - attempt to reuse consumer tag 'c'")
  const second = await door.client(0, { channelMax: 1 })
  await second.call(6, channel.open, { reserved1: '' }, channel.openOk)
  second.method(7, channel.open, { reserved1: '' })
  assert.equal(
    await second.closed(0),
    '530 NOT_ALLOWED - number of channels opened (1) has reached the negotiated channel_max (1)',
  )
})

test('what belongs to another connection is locked, and an exclusive consumer alone', async () => {
  const door = await TestDoor.open()
  const owner = await door.client(1)
  const other = await door.client(2)
  await owner.declare('mine', { exclusive: true })
  other.method(1, queue.declare, { ...declaration, queue: 'mine' })
  assert.match(await other.closed(1), /^405 RESOURCE_LOCKED - cannot obtain exclusive access/)
  await owner.declare('q')
  await owner.consume('q', { exclusive: true })
  other.method(2, basic.consume, { ...consumption, queue: 'q' })
  assert.match(await other.closed(2), /^403 ACCESS_REFUSED - queue 'q' in vhost '\/' in exclusive/)
})

test('arguments that end behind their frame close the connection', async () => {
  const { client } = await filled(0)
  const whole = methodFrame(1, queue.declare, { ...declaration, queue: 'q' })
  const cut = Buffer.concat([whole.subarray(0, whole.length - 4), Uint8Array.of(0xce)])
  cut.writeUInt32BE(cut.length - 8, 3)
  client.send(cut)
  assert.match(await client.closed(0), /^501 FRAME_ERROR - queue.declare: arguments ends behind/)
})
