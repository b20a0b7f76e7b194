// What becomes of a message that a client publishes: taken whole or in pieces, returned, confirmed,
// refused, held up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textField } from '../../../src/model/message/field.ts'
import { decodeTable } from '../../../src/model/message/field-codec.ts'
import { buildProperties, property, tableProperty } from '../../../src/model/message/properties.ts'
import { basic, confirm, tx } from '../../../src/protocol/amqp/methods/basic-methods.ts'
import { channel, connection } from '../../../src/protocol/amqp/methods/connection-methods.ts'
import {
  bodies,
  bodyFrame,
  frame,
  headerFrame,
  methodFrame,
  persistent,
  publishFrames,
  TestDoor,
  textProperty,
} from './test-door.ts'

const publishMethod = methodFrame(1, basic.publish, {
  ticket: 0,
  exchange: '',
  routingKey: 'q',
  mandatory: false,
  immediate: false,
})

test('a message arrives the same in one piece, in frames, and octet by octet', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  await client.declare('q')
  const whole = publishFrames(1, 'q', 'hello', { properties: persistent })
  client.send(whole)
  client.send(publishMethod, headerFrame(1, 5, persistent), bodyFrame(1, 'he'), bodyFrame(1, 'llo'))
  for (const octet of whole) client.send(Uint8Array.of(octet))
  client.send(publishFrames(1, 'q', ''))
  for (let cut = 1; cut < whole.length; cut++) {
    client.send(whole.subarray(0, cut))
    client.send(whole.subarray(cut))
  }
  await client.settled()
  const came = bodies(door, 'q')
  assert.equal(came.length, 4 + whole.length - 1)
  came.splice(3, 1)
  assert.ok(came.every((body) => body === 'hello'))
  for (const { message } of door.messaging.queues.get('q')?.ready ?? [])
    assert.equal(message.body.length === 0 || message.isPersistent, true)
})

test('contents of several channels may be mixed', async () => {
  const door = await TestDoor.open()
  const client = await door.client(2)
  await client.declare('q')
  const second = Buffer.from(publishMethod)
  second[2] = 2
  client.send(publishMethod, second, headerFrame(1, 4), headerFrame(2, 4), bodyFrame(1, 'on'))
  client.send(bodyFrame(2, 'tw'), bodyFrame(1, 'e1'), bodyFrame(2, 'o2'))
  await client.settled()
  assert.deepEqual(bodies(door, 'q'), ['one1', 'two2'])
})

test('what nobody takes is returned when it is mandatory, before its confirm', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  await client.call(1, confirm.select, { nowait: false }, confirm.selectOk)
  client.send(publishFrames(1, 'nobody', 'back', { mandatory: true, properties: persistent }))
  client.send(publishFrames(1, 'nobody', 'gone'))
  const returned = await client.answer(1, basic.return)
  assert.deepEqual(returned, {
    replyCode: 312,
    replyText: 'NO_ROUTE',
    exchange: '',
    routingKey: 'nobody',
  })
  const { properties, body } = await client.content(1)
  assert.deepEqual(properties, persistent)
  assert.equal(body.toString(), 'back')
  assert.deepEqual(await client.answer(1, basic.ack), { deliveryTag: 2, multiple: true })
  await client.nothing()
})

test('confirms are cumulative, and wait until what they confirm is durable', async () => {
  const door = await TestDoor.open()
  door.messaging.isSlow = true
  const client = await door.client(1)
  await client.declare('q')
  await client.call(1, confirm.select, { nowait: false }, confirm.selectOk)
  client.send(publishFrames(1, 'q', 'transient'))
  assert.deepEqual(await client.answer(1, basic.ack), { deliveryTag: 1, multiple: false })
  for (let i = 0; i < 3; i++) client.send(publishFrames(1, 'q', 'p', { properties: persistent }))
  await client.nothing()
  client.send(publishFrames(1, 'q', 'behind'))
  await client.nothing()
  door.messaging.makeDurable()
  assert.deepEqual(await client.answer(1, basic.ack), { deliveryTag: 5, multiple: true })
  await client.nothing()
})

test('a confirm covers what the channel has settled before, whatever it confirms', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  await client.declare('q')
  await client.call(1, confirm.select, { nowait: false }, confirm.selectOk)
  for (let tag = 1; tag <= 3; tag++) {
    client.send(publishFrames(1, 'q', 'work'))
    assert.deepEqual(await client.answer(1, basic.ack), { deliveryTag: tag, multiple: false })
  }
  door.messaging.isSlow = true
  let published = 3
  for (const [tag, routingKey] of [
    [1, 'q'],
    [2, 'nobody'],
  ] as const) {
    await client.call(1, basic.get, { queue: 'q', noAck: false, ticket: 0 }, basic.getOk)
    await client.content(1)
    client.method(1, basic.ack, { deliveryTag: tag, multiple: false })
    client.send(publishFrames(1, routingKey, 'transient'))
    await client.nothing()
    door.messaging.makeDurable()
    published++
    const confirmed = { deliveryTag: published, multiple: false }
    assert.deepEqual(await client.answer(1, basic.ack), confirmed)
  }
  client.send(publishFrames(1, 'q', 'alone'))
  assert.deepEqual(await client.answer(1, basic.ack), { deliveryTag: 6, multiple: false })
})

/** A client of a queue `q`, and of one, `full`, that takes nothing. */
async function withFullQueue() {
  const door = await TestDoor.open()
  const client = await door.client(1)
  await client.declare('q')
  await client.declare('full')
  const full = door.messaging.queues.get('full')
  assert.ok(full)
  full.maxLength = 0
  return { door, client }
}

test('a queue that refuses leads to a nack, and never to an ack as well', async () => {
  const { client } = await withFullQueue()
  await client.call(1, confirm.select, { nowait: false }, confirm.selectOk)
  client.send(publishFrames(1, 'q', 'a'), publishFrames(1, 'full', 'b'), publishFrames(1, 'q', 'c'))
  client.send(publishFrames(1, 'full', 'd'))
  const nack = { multiple: false, requeue: false }
  assert.deepEqual(await client.answer(1, basic.nack), { deliveryTag: 2, ...nack })
  assert.deepEqual(await client.answer(1, basic.nack), { deliveryTag: 4, ...nack })
  assert.deepEqual(await client.answer(1, basic.ack), { deliveryTag: 3, multiple: true })
  await client.nothing()
})

const refusals: readonly [string, Buffer, RegExp][] = [
  [
    'an exchange that does not exist',
    publishFrames(1, 'q', 'x', { exchange: 'none' }),
    /^404 NOT_FOUND - no exchange 'none' in vhost '\/'$/,
  ],
  [
    'an internal exchange',
    publishFrames(1, 'q', 'x', { exchange: 'inner' }),
    /^403 ACCESS_REFUSED - access to exchange 'inner' refused$/,
  ],
  [
    'an expiration that is no number',
    publishFrames(1, 'q', 'x', { properties: textProperty(property.expiration, 'soon') }),
    /^406 PRECONDITION_FAILED - invalid expiration 'soon'$/,
  ],
  [
    'an expiration below zero',
    publishFrames(1, 'q', 'x', { properties: textProperty(property.expiration, '-1') }),
    /^406 PRECONDITION_FAILED - invalid expiration '-1'$/,
  ],
  [
    'an expiration of more than ten years',
    publishFrames(1, 'q', 'x', { properties: textProperty(property.expiration, '315360000001') }),
    /^406 PRECONDITION_FAILED - invalid expiration '315360000001'$/,
  ],
  [
    'a delivery mode that nobody knows',
    publishFrames(1, 'q', 'x', { properties: Buffer.from([0x10, 0, 3]) }),
    /^406 PRECONDITION_FAILED - invalid message: delivery mode 3 is unknown$/,
  ],
  [
    'the name of another user',
    publishFrames(1, 'q', 'x', { properties: textProperty(property.userId, 'other') }),
    /^406 .*user_id property set to 'other' but authenticated user was 'guest'$/,
  ],
  [
    'direct reply-to without a consumer of it',
    publishFrames(1, 'q', 'x', {
      properties: textProperty(property.replyTo, 'amq.rabbitmq.reply-to'),
    }),
    /^406 PRECONDITION_FAILED - fast reply consumer does not exist$/,
  ],
  [
    'a body above the limit',
    Buffer.concat([publishMethod, headerFrame(1, 5000)]),
    /^406 PRECONDITION_FAILED - message size 5000 is larger than configured max size 4000$/,
  ],
  [
    'a body of 2^64-1',
    Buffer.concat([publishMethod, headerFrame(1, 2n ** 64n - 1n)]),
    /^406 PRECONDITION_FAILED - message size 18446744073709552000 is larger/,
  ],
]
for (const [name, bytes, expected] of refusals)
  test(`closes the channel: ${name}`, async () => {
    const door = await TestDoor.open({ messageBytesMax: 4000 })
    const client = await door.client(2)
    await client.declare('q')
    client.send(bytes, bodyFrame(1, 'ignored'), publishFrames(1, 'q', 'ignored'))
    assert.match(await client.closed(1), expected)
    await client.nothing()
    client.method(1, channel.closeOk, {})
    await client.openChannel(1)
    client.send(publishFrames(2, 'q', 'other channel'))
    await client.settled()
    assert.deepEqual(bodies(door, 'q'), ['other channel'])
  })

const faults: readonly [string, Buffer, RegExp][] = [
  [
    'immediate',
    publishFrames(1, 'q', 'x', { immediate: true }),
    /^540 NOT_IMPLEMENTED - immediate/,
  ],
  ['a header without a method', headerFrame(1, 3), /^505 UNEXPECTED_FRAME - expected method frame/],
  ['a body without a method', bodyFrame(1, 'x'), /^505 UNEXPECTED_FRAME - expected method frame/],
  [
    'a body without a header',
    Buffer.concat([publishMethod, bodyFrame(1, 'x')]),
    /^505 .*expected content header for class 60, got non content header frame instead$/,
  ],
  [
    'a method instead of a header',
    Buffer.concat([publishMethod, publishMethod]),
    /^505 .*expected content header for class 60, got non content header frame instead$/,
  ],
  [
    'a header of another class',
    Buffer.concat([publishMethod, headerFrame(1, 3, undefined, 50)]),
    /^505 .*expected content header for class 60, got one for class 50 instead$/,
  ],
  [
    'a second header',
    Buffer.concat([publishMethod, headerFrame(1, 3), headerFrame(1, 3)]),
    /^505 .*expected content body, got non content body frame instead$/,
  ],
  [
    'more body than announced',
    Buffer.concat([publishMethod, headerFrame(1, 3), bodyFrame(1, 'four')]),
    /^501 FRAME_ERROR - a body frame of 4 octets, where 3 are left of the body$/,
  ],
  [
    'properties that do not end',
    Buffer.concat([publishMethod, headerFrame(1, 0, Buffer.from([0x80, 0, 9, 65]))]),
    /^502 SYNTAX_ERROR - properties end too early$/,
  ],
  [
    'a content on a channel that is not open',
    headerFrame(9, 3),
    /^505 UNEXPECTED_FRAME - expected method frame, got non method frame instead$/,
  ],
  [
    'a publish on a channel that is not open',
    publishFrames(9, 'q', 'x'),
    /^504 CHANNEL_ERROR - expected 'channel.open'$/,
  ],
  [
    'a content header that is cut',
    Buffer.concat([publishMethod, frame(2, 1, Buffer.alloc(8))]),
    /^501 FRAME_ERROR - a content header that is too short$/,
  ],
  ['a frame of type 9', Buffer.from('09000100000000ce', 'hex'), /^501 FRAME_ERROR - type 9/],
  ['a frame without its end', Buffer.from('08000000000000cf', 'hex'), /^501 .*end with 0xCE$/],
  ['a frame above frame_max', Buffer.from('01000100020001', 'hex'), /^501 .*frame_max is 131072$/],
]
for (const [name, bytes, expected] of faults)
  test(`closes the connection: ${name}`, async () => {
    const door = await TestDoor.open()
    const client = await door.client(1)
    await client.declare('q')
    client.send(bytes)
    assert.match(await client.closed(0), expected)
    assert.equal(door.door.counters.faults, 1)
    assert.deepEqual(bodies(door, 'q'), [])
  })

test('a returned message comes without BCC', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  const headers = tableProperty(
    new Map([
      ['BCC', { type: 'A', value: [textField('q')] }],
      ['own', textField('stays')],
    ]),
  )
  const properties = buildProperties([headers])
  client.send(publishFrames(1, 'none', 'x', { mandatory: true, properties }))
  await client.answer(1, basic.return)
  const content = await client.content(1)
  assert.deepEqual([...decodeTable(content.properties, 2).keys()], ['own'])
})

test('an impersonator may use any name', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1, { user: 'other' })
  await client.declare('q')
  client.send(publishFrames(1, 'q', 'x', { properties: textProperty(property.userId, 'anyone') }))
  await client.settled()
  assert.deepEqual(bodies(door, 'q'), ['x'])
})

test('the exchange is looked for again when it was deleted', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  const bytes = publishFrames(1, 'q', 'x', { exchange: 'amq.fanout' })
  client.send(bytes, bytes)
  await client.settled()
  assert.equal(door.door.counters.published, 2)
  door.messaging.exchanges.delete('amq.fanout')
  client.send(bytes)
  assert.match(await client.closed(1), /^404 .*no exchange 'amq.fanout'/)
})

test('a transaction publishes and settles when it is committed, not when rolled back', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  await client.declare('q')
  await client.call(1, tx.select, {}, tx.selectOk)
  client.send(publishFrames(1, 'q', 'rolled back'))
  await client.call(1, tx.rollback, {}, tx.rollbackOk)
  client.send(
    publishFrames(1, 'q', 'committed'),
    publishFrames(1, 'nobody', 'x', { mandatory: true }),
  )
  await client.nothing()
  assert.deepEqual(bodies(door, 'q'), [])
  client.method(1, tx.commit, {})
  await client.answer(1, basic.return)
  await client.content(1)
  await client.answer(1, tx.commitOk)
  assert.deepEqual(bodies(door, 'q'), ['committed'])
  const get = { ticket: 0, queue: 'q', noAck: false }
  const { deliveryTag } = await client.call(1, basic.get, get, basic.getOk)
  await client.content(1)
  client.method(1, basic.ack, { deliveryTag, multiple: false })
  await client.call(1, tx.rollback, {}, tx.rollbackOk)
  assert.equal(door.messaging.queues.get('q')?.inFlight.size, 1)
  client.method(1, basic.ack, { deliveryTag, multiple: true })
  await client.call(1, tx.commit, {}, tx.commitOk)
  assert.equal(door.messaging.queues.get('q')?.inFlight.size, 0)
})

test('commit-ok waits until everything is durable', async () => {
  const door = await TestDoor.open()
  door.messaging.isSlow = true
  const client = await door.client(1)
  await client.declare('q')
  await client.call(1, tx.select, {}, tx.selectOk)
  client.send(publishFrames(1, 'q', 'x', { properties: persistent }))
  client.method(1, tx.commit, {})
  await client.nothing()
  door.messaging.makeDurable()
  await client.answer(1, tx.commitOk)
})

test('a commit of which a queue rejects a message is told, and the rest is done', async () => {
  const { door, client } = await withFullQueue()
  await client.call(1, tx.select, {}, tx.selectOk)
  client.send(publishFrames(1, 'full', 'x'), publishFrames(1, 'q', 'taken'))
  client.method(1, tx.commit, {})
  assert.match(await client.closed(1), /^406 .*partial tx completion/)
  assert.deepEqual(bodies(door, 'q'), ['taken'])
})

test('a transaction has a bound', async () => {
  const door = await TestDoor.open({ transactionBytesMax: 10 })
  const client = await door.client(1)
  await client.call(1, tx.select, {}, tx.selectOk)
  client.send(publishFrames(1, 'q', 'sixsix'), publishFrames(1, 'q', 'sixsix'))
  assert.match(await client.closed(1), /^406 .*the transaction is too large$/)
})

test('tx and confirm exclude each other', async () => {
  const door = await TestDoor.open()
  const client = await door.client(2)
  await client.call(1, tx.select, {}, tx.selectOk)
  client.method(1, confirm.select, { nowait: false })
  assert.match(await client.closed(1), /^406 .*cannot switch from tx to confirm mode$/)
  await client.call(2, confirm.select, { nowait: false }, confirm.selectOk)
  client.method(2, tx.select, {})
  assert.match(await client.closed(2), /^406 .*cannot switch from confirm to tx mode$/)
})

test('commit and rollback need a transaction', async () => {
  const door = await TestDoor.open()
  const client = await door.client(2)
  client.method(1, tx.commit, {})
  assert.match(await client.closed(1), /^406 .*channel is not transactional$/)
  client.method(2, tx.rollback, {})
  assert.match(await client.closed(2), /^406 .*channel is not transactional$/)
})

test('who publishes is not read while nothing is taken, and loses nothing', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  await client.declare('q')
  door.messaging.heldUpFrom = 0
  client.send(publishFrames(1, 'q', 'one'), publishFrames(1, 'q', 'two'))
  client.send(publishFrames(1, 'q', 'three'))
  await client.settled()
  assert.deepEqual(bodies(door, 'q'), [])
  assert.equal(client.pipe.waitsToBeRead, true)
  door.messaging.takeAll()
  await client.settled()
  assert.deepEqual(bodies(door, 'q'), ['one', 'two', 'three'])
})

test('an alarm stops publishers, who are told so, and nobody else', async () => {
  const door = await TestDoor.open()
  const publisher = await door.client(1)
  const reader = await door.client(1)
  await publisher.declare('q')
  door.messaging.setAlarm('low on disk')
  await publisher.nothing()
  publisher.send(publishFrames(1, 'q', 'late'))
  const { reason } = await publisher.answer(0, connection.blocked)
  assert.equal(reason, 'low on disk')
  await reader.call(1, channel.flow, { active: true }, channel.flowOk)
  assert.deepEqual(bodies(door, 'q'), [])
  door.messaging.setAlarm(null)
  await publisher.answer(0, connection.unblocked)
  await publisher.settled()
  assert.deepEqual(bodies(door, 'q'), ['late'])
})
