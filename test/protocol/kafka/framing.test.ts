// What a connection makes of bytes: frames however they are cut, and the ways in which they can
// lie.
import assert from 'node:assert/strict'
import test from 'node:test'
import { apiVersions } from '../../../src/protocol/kafka/schema/api-versions.ts'
import { metadata } from '../../../src/protocol/kafka/schema/metadata.ts'
import { produce } from '../../../src/protocol/kafka/schema/produce.ts'
import { settled } from './pipe.ts'
import { requestFrame } from './request-frame.ts'
import { batchOf, framed, TestDoor } from './test-door.ts'

const hello = requestFrame(apiVersions, 0, {})
const size = (n: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(n)
  return bytes
}

test('requests are understood however their bytes are cut', async () => {
  const host = await TestDoor.open()
  const two = Buffer.concat([hello, requestFrame(metadata, 1, { topics: [] }, 2)])
  for (const piece of [1, 2, 3, 4, 5, 7, 13, two.length]) {
    const client = host.connect()
    for (let at = 0; at < two.length; at += piece) client.pipe.send(two.subarray(at, at + piece))
    assert.equal((await client.answer(apiVersions, 0)).errorCode, 0)
    assert.equal((await client.answer(metadata, 1)).controllerId, 7)
  }
})

test('a first request of 1 MiB in pieces arrives whole', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  host.broker.topics.createNow(topic('big'))
  const batch = batchOf('x'.repeat(1024 * 1024))
  const partitionData = [{ index: 0, records: batch }]
  const body = { transactionalId: null, acks: 1, timeoutMs: 1000 }
  const frame = requestFrame(produce, 9, { ...body, topicData: [{ name: 'big', partitionData }] })
  for (let at = 0; at < frame.length; at += 50_000)
    client.pipe.send(frame.subarray(at, at + 50_000))
  const answer = await client.answer(produce, 9)
  assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, 0)
  const stored = host.broker.logs.partition(host.broker.topics.named('big')?.id ?? '', 0)
  assert.deepEqual(stored.batches[0]?.bytes.subarray(16), batch.subarray(16))
})

for (const [what, bytes] of [
  ['size -1', size(-1)],
  ['size 0', size(0)],
  ['size 3', size(3)],
  ['size 0x7fffffff', size(0x7fffffff)],
  ['more than a request may have', size(100 * 1024 * 1024 + 1)],
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ['a TLS hello', Buffer.from('16030100c8010000c4030366', 'hex')],
  ['an unknown api key', framed(Buffer.from('03e7000000000001ffff', 'hex'))],
  ['a negative api key', framed(Buffer.from('fffe000000000001ffff', 'hex'))],
  ['a version that is too high', framed(Buffer.from('0003006300000001ffff', 'hex'))],
  ['Produce version 2', framed(Buffer.from('0000000200000001ffff', 'hex'))],
  ['an array of 0x7fffffff', framed(Buffer.from('0003000000000001ffff7fffffff', 'hex'))],
  ['a string of length -2', framed(Buffer.from('0003000000000001ffff00000001fffe', 'hex'))],
  ['a cut request', framed(Buffer.from('0003000000000001', 'hex'))],
] as const)
  test(`${what} closes the connection with one line, and others go on`, async () => {
    const host = await TestDoor.open()
    const other = host.connect()
    const client = host.connect()
    client.pipe.send(bytes)
    client.pipe.send(bytes)
    await settled()
    assert.ok(client.isClosed)
    assert.equal(client.frames.length, 0)
    assert.equal(host.lines.length, 1)
    assert.equal((await other.call(apiVersions, 0, {})).errorCode, 0)
  })

test('after a valid request larger ones are taken, up to socket.request.max.bytes', async () => {
  const host = await TestDoor.open({ limits: { requestBytesMax: 1_000_000 } })
  const client = host.connect()
  await client.call(apiVersions, 0, {})
  client.pipe.send(size(1_000_000))
  assert.ok(!client.isClosed)
  const greedy = host.connect()
  await greedy.call(apiVersions, 0, {})
  greedy.pipe.send(size(1_000_001))
  assert.ok(greedy.isClosed)
})

test('partial requests share a budget: those beyond it are read when memory is free', async () => {
  const host = await TestDoor.open({ limits: { partialBytesMax: 150_000 } })
  host.broker.topics.createNow(topic('t'))
  const [first, second] = [host.connect(), host.connect()]
  for (const client of [first, second]) await client.call(apiVersions, 0, {})
  const frame = produceFrame('t', 'x'.repeat(100_000))
  first.pipe.send(frame.subarray(0, 60_000))
  second.pipe.send(frame.subarray(0, 60_000))
  second.pipe.send(frame.subarray(60_000))
  assert.ok(second.pipe.waitsToBeRead, 'the second is not read any more')
  first.pipe.send(frame.subarray(60_000))
  assert.equal((await first.answer(produce, 9)).responses.length, 1)
  assert.equal((await second.answer(produce, 9)).responses.length, 1)
})

test('large requests that do not go on leave room for the small ones', async () => {
  const host = await TestDoor.open()
  host.broker.topics.createNow(topic('t'))
  for (let i = 0; i < 6; i++) {
    const greedy = host.connect()
    await greedy.call(apiVersions, 0, {})
    greedy.pipe.send(size(99 * 1024 * 1024))
  }
  const client = host.connect()
  const frame = produceFrame('t', 'x'.repeat(1_000_000))
  await client.call(apiVersions, 0, {})
  client.pipe.send(frame.subarray(0, 500_000))
  client.pipe.send(frame.subarray(500_000))
  assert.equal((await client.answer(produce, 9)).responses.length, 1)
})

test('a request that comes byte by byte is given up', async () => {
  const host = await TestDoor.open()
  const [drip, steady] = [host.connect(), host.connect()]
  const frame = produceFrame('t', 'x'.repeat(4_000_000))
  for (const client of [drip, steady]) await client.call(apiVersions, 0, {})
  drip.pipe.send(frame.subarray(0, 100))
  for (let at = 0, i = 0; at < frame.length; i++, at += 100_000) {
    if (i < 70 && !drip.isClosed) drip.pipe.send(Buffer.of(0))
    steady.pipe.send(frame.subarray(at, at + 100_000))
    await host.clock.advance(1_000)
  }
  for (let i = 0; i < 40; i++) {
    if (!drip.isClosed) drip.pipe.send(Buffer.of(0))
    await host.clock.advance(1_000)
  }
  assert.ok(drip.isClosed)
  assert.match(host.lines[0] ?? '', /a request of 4000\d+ bytes was not whole after/)
  assert.equal((await steady.answer(produce, 9)).responses.length, 1)
})

test('half a request is given up, and so is a client that never says hello', async () => {
  const host = await TestDoor.open()
  const slow = host.connect()
  const silent = host.connect()
  const good = host.connect()
  await slow.call(apiVersions, 0, {})
  await good.call(apiVersions, 0, {})
  slow.pipe.send(size(50_000))
  for (let i = 0; i < 12; i++) {
    silent.pipe.send(Buffer.of(0))
    await host.clock.advance(1_000)
    if (i < 3) assert.ok(!silent.isClosed)
    if (silent.isClosed) break
  }
  assert.ok(silent.isClosed)
  assert.ok(!slow.isClosed)
  await host.clock.advance(40_000)
  assert.ok(slow.isClosed)
  assert.ok(!good.isClosed)
  await host.clock.advance(600_000)
  assert.ok(good.isClosed, 'connections.max.idle.ms')
  assert.equal(host.door.connections, 0)
})

function topic(name: string) {
  const numbers = { partitions: 1, replicationFactor: 1 }
  return { name, ...numbers, assignments: null, configs: [] }
}

function produceFrame(name: string, value: string): Buffer {
  const partitionData = [{ index: 0, records: batchOf(value) }]
  const body = { transactionalId: null, acks: 1, timeoutMs: 1000 }
  return requestFrame(produce, 9, { ...body, topicData: [{ name, partitionData }] })
}

test('who speaks another protocol is told apart', async () => {
  const words = async (bytes: Uint8Array): Promise<string> => {
    const host = await TestDoor.open()
    host.connect().pipe.send(bytes)
    await settled()
    return host.lines.join()
  }
  assert.match(await words(Buffer.from('POST /topics HTTP/1.1\r\n')), /an HTTP request/)
  assert.match(await words(Buffer.from('16030300c801', 'hex')), /a TLS handshake/)
  assert.match(await words(Buffer.from('AMQP\0\0\x09\x01')), /an AMQP header/)
  assert.match(await words(size(-2)), /a request of -2 bytes/)
})
