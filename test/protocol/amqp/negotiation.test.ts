// How a connection begins and ends: protocol header, login, tuning, vhost, heartbeats, closing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeTable } from '../../../src/model/message/field-codec.ts'
import { connection } from '../../../src/protocol/amqp/methods/connection-methods.ts'
import { frame, headerFrame, methodFrame, TestDoor } from './test-door.ts'

const ownHeader = Buffer.from('AMQP\0\0\x09\x01', 'latin1')

for (const [name, bytes] of [
  ['AMQP 1.0', Buffer.from('AMQP\x03\x01\0\0', 'latin1')],
  ['AMQP 0-8', Buffer.from('AMQP\x01\x01\x08\0', 'latin1')],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['TLS', Buffer.from('160301', 'hex')],
] as const)
  test(`a client that speaks ${name} is told what is spoken here`, async () => {
    const door = await TestDoor.open()
    const client = door.connect()
    client.send(bytes)
    await client.settled()
    assert.deepEqual(client.takeBytes(), ownHeader)
    assert.equal(client.isClosed, true)
    await door.door.close()
  })

test('a client that begins as one of AMQP 0-9 is greeted', async () => {
  const door = await TestDoor.open()
  const client = door.connect()
  client.send(Buffer.from('AMQP\x01\x01\0\x09', 'latin1'))
  const start = await client.answer(0, connection.start)
  assert.deepEqual([start.versionMajor, start.versionMinor], [0, 9])
  await door.door.close()
})

test('the greeting says what RabbitMQ says', async () => {
  const door = await TestDoor.open()
  const client = door.connect()
  // A header may come in pieces.
  client.send(ownHeader.subarray(0, 3))
  client.send(ownHeader.subarray(3))
  const start = await client.answer(0, connection.start)
  assert.deepEqual([start.versionMajor, start.versionMinor], [0, 9])
  assert.equal(Buffer.from(start.mechanisms).toString(), 'PLAIN AMQPLAIN')
  assert.equal(Buffer.from(start.locales).toString(), 'en_US')
  const capabilities = start.serverProperties.get('capabilities')
  assert.ok(capabilities?.type === 'F')
  assert.deepEqual([...capabilities.value.keys()].sort(), [
    'authentication_failure_close',
    'basic.nack',
    'connection.blocked',
    'consumer_cancel_notify',
    'consumer_priorities',
    'direct_reply_to',
    'exchange_exchange_bindings',
    'per_consumer_qos',
    'publisher_confirms',
  ])
  const version = start.serverProperties.get('version')
  assert.ok(version?.type === 'S')
  assert.match(Buffer.from(version.value).toString(), /^4\.\d+\.\d+$/)
})

test('tuning offers what the limits say', async () => {
  const door = await TestDoor.open()
  const client = door.connect()
  await client.logIn()
  const tune = await client.answer(0, connection.tune)
  assert.deepEqual(tune, { channelMax: 2047, frameMax: 131_072, heartbeat: 60 })
})

for (const [asked, problem] of [
  [{ channelMax: 2048 }, 'channel_max = 2048 is higher than the maximum allowed value (2047)'],
  [{ channelMax: 0 }, 'channel_max = 0 is higher than the maximum allowed value (2047)'],
  [{ frameMax: 131_073 }, 'frame_max = 131073 is higher than the maximum allowed value (131072)'],
  [{ frameMax: 0 }, 'frame_max = 0 is higher than the maximum allowed value (131072)'],
  [{ frameMax: 100 }, 'frame_max = 100 is lower than the minimum allowed value (4096)'],
] as const)
  test(`tuning to ${JSON.stringify(asked)} is refused`, async () => {
    const door = await TestDoor.open()
    const client = door.connect()
    await client.logIn()
    await client.answer(0, connection.tune)
    const usual = { channelMax: 2047, frameMax: 131_072, heartbeat: 0 }
    client.method(0, connection.tuneOk, { ...usual, ...asked })
    assert.equal(await client.closed(0), `530 NOT_ALLOWED - negotiated ${problem}`)
  })

test('a wrong password is refused with 403, or to who cannot take it silently', async () => {
  const door = await TestDoor.open()
  const told = door.connect()
  await told.logIn({ password: 'wrong' })
  assert.equal(
    await told.closed(0),
    '403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. ' +
      'For details see the broker logfile.',
  )
  const untold = door.connect()
  await untold.logIn({ password: 'wrong', capabilities: [] })
  await untold.nothing()
  assert.equal(untold.isClosed, false)
  await door.clock.advance(1_000)
  assert.equal(untold.isClosed, true)
  assert.match(door.lines[0] ?? '', /user 'guest' has shown invalid credentials/)
})

test('guest is let in from this machine only', async () => {
  const door = await TestDoor.open()
  const client = door.connect('10.0.0.1')
  await client.logIn()
  assert.match(await client.closed(0), /^403 /)
})

test('AMQPLAIN carries the same', async () => {
  const door = await TestDoor.open()
  const client = door.connect()
  client.send(ownHeader)
  await client.answer(0, connection.start)
  const part = (name: string, text: string) =>
    Buffer.concat([
      Uint8Array.of(name.length),
      Buffer.from(name),
      Buffer.from('S\0\0\0'),
      Uint8Array.of(text.length),
      Buffer.from(text),
    ])
  client.method(0, connection.startOk, {
    clientProperties: new Map(),
    mechanism: 'AMQPLAIN',
    response: Buffer.concat([part('LOGIN', 'guest'), part('PASSWORD', 'guest')]),
    locale: 'en_US',
  })
  await client.answer(0, connection.tune)
})

test('a mechanism that is not offered, and a malformed response, are refused', async () => {
  const door = await TestDoor.open()
  for (const [mechanism, response] of [
    ['EXTERNAL', ''],
    ['AMQPLAIN', '\x05LOGIN'],
    ['PLAIN', 'no separators'],
  ] as const) {
    const client = door.connect()
    client.send(ownHeader)
    await client.answer(0, connection.start)
    client.method(0, connection.startOk, {
      clientProperties: new Map(),
      mechanism,
      response: Buffer.from(response),
      locale: 'en_US',
    })
    await client.settled()
    await door.clock.advance(1_000)
    assert.equal(client.isClosed, true)
  }
})

test('a vhost that does not exist is refused with 530', async () => {
  const door = await TestDoor.open()
  const client = door.connect()
  await client.logIn()
  await client.answer(0, connection.tune)
  client.method(0, connection.tuneOk, { channelMax: 10, frameMax: 4096, heartbeat: 0 })
  client.method(0, connection.open, { virtualHost: 'nowhere', reserved1: '', reserved2: false })
  assert.equal(await client.closed(0), '530 NOT_ALLOWED - vhost nowhere not found')
})

test('methods before their time are refused', async () => {
  const door = await TestDoor.open()
  const client = door.connect()
  client.send(ownHeader)
  await client.answer(0, connection.start)
  client.method(0, connection.open, { virtualHost: '/', reserved1: '', reserved2: false })
  assert.match(await client.closed(0), /^503 COMMAND_INVALID - method 10\.40 on channel 0 before/)
  const content = door.connect()
  content.send(ownHeader)
  await content.answer(0, connection.start)
  content.send(headerFrame(1, 3))
  assert.match(await content.closed(0), /^505 UNEXPECTED_FRAME/)
})

test('a second tuning is refused', async () => {
  const door = await TestDoor.open()
  const client = await door.client(0)
  client.method(0, connection.tuneOk, { channelMax: 10, frameMax: 4096, heartbeat: 0 })
  assert.equal(
    await client.closed(0),
    '504 CHANNEL_ERROR - unexpected method in connection state running',
  )
})

test('a new secret is taken note of', async () => {
  const door = await TestDoor.open()
  const client = await door.client(0)
  const values = { newSecret: Buffer.from('s'), reason: 'it was time' }
  await client.call(0, connection.updateSecret, values, connection.updateSecretOk)
})

test('heartbeats are sent every half interval, and their absence for two is the end', async () => {
  const door = await TestDoor.open()
  const client = await door.client(0, { heartbeat: 2 })
  await door.clock.advance(1_500)
  assert.deepEqual(client.takeBytes().subarray(0, 8), Buffer.from('08000000000000ce', 'hex'))
  client.send(frame(8, 0, Buffer.alloc(0)))
  await door.clock.advance(3_500)
  assert.equal(client.isClosed, false)
  await door.clock.advance(1_500)
  assert.equal(client.isClosed, true)
  assert.match(door.lines[0] ?? '', /missed heartbeats from client, timeout: 2s/)
})

test('without heartbeats silence is no mistake', async () => {
  const door = await TestDoor.open()
  const client = await door.client(0)
  await door.clock.advance(3_600_000)
  assert.equal(client.isClosed, false)
  assert.equal(client.takeBytes().length, 0)
})

test('a heartbeat on another channel is refused', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  client.send(frame(8, 1, Buffer.alloc(0)))
  assert.match(await client.closed(0), /^505 /)
})

test('who does not greet in time is closed', async () => {
  const door = await TestDoor.open({ greetingMsMax: 1_000 })
  const client = door.connect()
  client.send(ownHeader)
  await door.clock.advance(2_000)
  assert.equal(client.isClosed, true)
})

test('exclusive queues are gone before close-ok', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  await client.declare('mine', { exclusive: true })
  const values = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 }
  await client.call(0, connection.close, values, connection.closeOk)
  assert.equal(door.messaging.queues.size, 0)
})

test('after close-ok the client ends the connection, or the broker after a while', async () => {
  const door = await TestDoor.open({ closingMsMax: 1_000 })
  const client = await door.client(1)
  const values = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 }
  await client.call(0, connection.close, values, connection.closeOk)
  client.send(headerFrame(1, 3))
  await client.nothing()
  assert.equal(client.isClosed, false)
  assert.equal(door.messaging.sessions.size, 0)
  await door.clock.advance(3_000)
  assert.equal(client.isClosed, true)
  assert.deepEqual(door.lines, [])
})

test('after a hard error all is ignored until the client agrees', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  client.method(0, connection.openOk, { reserved1: '' })
  assert.match(await client.closed(0), /^504 /)
  client.send(headerFrame(1, 3))
  client.method(1, connection.openOk, { reserved1: '' })
  await client.nothing()
  assert.equal(client.isClosed, false)
  client.method(0, connection.closeOk, {})
  await client.settled()
  assert.equal(client.isClosed, true)
  assert.equal(door.messaging.sessions.size, 0)
})

test('who does not agree to a close is closed all the same', async () => {
  const door = await TestDoor.open({ closingMsMax: 1_000 })
  const client = await door.client(1)
  client.method(0, connection.openOk, { reserved1: '' })
  await client.closed(0)
  await door.clock.advance(2_500)
  assert.equal(client.isClosed, true)
})

test('a door that closes tells its clients', async () => {
  const door = await TestDoor.open()
  const client = await door.client(1)
  const closed = door.door.close()
  assert.equal(await client.closed(0), '320 CONNECTION_FORCED - the broker is shutting down')
  client.method(0, connection.closeOk, {})
  await closed
  assert.equal(door.door.connections, 0)
})

test('there are no more connections than allowed', async () => {
  const door = await TestDoor.open({ connectionsMax: 1 })
  const first = await door.client(0)
  assert.equal(
    door.network.connect(() => undefined),
    null,
  )
  first.pipe.close()
  await first.settled()
  await door.client(0)
  assert.equal(door.door.counters.refused, 1)
})

test('golden bytes: tune, as a client of the specification reads it', async () => {
  const door = await TestDoor.open()
  const client = door.connect()
  await client.logIn()
  await client.settled()
  assert.equal(client.takeBytes().toString('hex'), '0100000000000c000a001e07ff00020000003cce')
})

test('the table of the greeting is read back as it was written', async () => {
  const door = await TestDoor.open()
  const client = door.connect()
  client.send(ownHeader)
  await client.settled()
  const bytes = client.takeBytes()
  const table = decodeTable(bytes, 7 + 4 + 2)
  assert.deepEqual(table.get('product'), {
    type: 'S',
    value: new Uint8Array(Buffer.from('RabbitMQ')),
  })
})

test('a settlement for a closed channel is no mistake; another method is one', async () => {
  const door = await TestDoor.open()
  const client = await door.client(2)
  const { channel } = await import('../../../src/protocol/amqp/methods/connection-methods.ts')
  const { basic } = await import('../../../src/protocol/amqp/methods/basic-methods.ts')
  const values = { replyCode: 200, replyText: '', classId: 0, methodId: 0 }
  await client.call(1, channel.close, values, channel.closeOk)
  client.send(methodFrame(1, basic.ack, { deliveryTag: 1, multiple: false }))
  await client.nothing()
  client.method(1, basic.qos, { prefetchSize: 0, prefetchCount: 1, global: false })
  assert.equal(await client.closed(0), "504 CHANNEL_ERROR - expected 'channel.open'")
})
