// The order of a connection's requests and answers, its limits, and how it ends.
import assert from 'node:assert/strict'
import test from 'node:test'
import { apiVersions } from '../../../src/protocol/kafka/schema/api-versions.ts'
import { fetch } from '../../../src/protocol/kafka/schema/fetch.ts'
import { joinGroup } from '../../../src/protocol/kafka/schema/join-group.ts'
import { metadata } from '../../../src/protocol/kafka/schema/metadata.ts'
import { produce } from '../../../src/protocol/kafka/schema/produce.ts'
import { settled } from './pipe.ts'
import { batchOf, type TestClient, TestDoor } from './test-door.ts'

const version = 9

async function openWithTopic(limits = {}) {
  const host = await TestDoor.open({ limits })
  const numbers = { partitions: 1, replicationFactor: 1, assignments: null, configs: [] }
  host.broker.topics.createNow({ name: 't', ...numbers })
  return host
}

function sendProduce(client: TestClient, value: string, acks = 1): void {
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: batchOf(value) }] }]
  client.send(produce, version, { transactionalId: null, acks, timeoutMs: 1000, topicData })
}

async function produced(client: TestClient): Promise<number | undefined> {
  return (await client.answer(produce, version)).responses[0]?.partitionResponses[0]?.baseOffset
}

function sendFetch(client: TestClient, maxWaitMs: number, fetchOffset = 0n): void {
  const partition = { partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }
  const topics = [{ topic: 't', partitions: [partition] }]
  client.send(fetch, 4, { maxWaitMs, minBytes: 1, maxBytes: 1e6, isolationLevel: 0, topics })
}

test('Produces are answered in order, whichever is durable first', async () => {
  const host = await openWithTopic()
  host.broker.logs.commitsAtOnce = false
  const client = host.connect()
  for (const value of ['a', 'b', 'c']) sendProduce(client, value)
  client.send(apiVersions, 0, {})
  await settled()
  assert.equal(client.frames.length, 0)
  host.broker.logs.commit(true)
  assert.deepEqual(
    [await produced(client), await produced(client), await produced(client)],
    [0, 1, 2],
  )
  assert.equal((await client.answer(apiVersions, 0)).errorCode, 0)
})

test('a Fetch that finds too many partitions watched waits for its time only', async () => {
  const host = await openWithTopic({ fetchWaitPartitionsMax: 1 })
  const [first, second] = [host.connect(), host.connect()]
  sendFetch(first, 60_000)
  sendFetch(second, 60_000)
  await host.clock.advance(499)
  assert.equal(second.frames.length, 0, 'its client would ask again at once')
  await host.clock.advance(1)
  assert.equal((await second.answer(fetch, 4)).responses.length, 1)
  assert.equal(first.frames.length, 0)
  first.pipe.close()
  sendFetch(second, 60_000)
  await host.clock.advance(59_999)
  assert.equal(second.frames.length, 0, 'there is room again')
  await host.clock.advance(1)
  assert.equal((await second.answer(fetch, 4)).responses.length, 1)
  sendFetch(second, 60_000)
  await host.clock.advance(59_999)
  assert.equal(second.frames.length, 0, 'and the one before has given its room back')
})

test('a request behind a waiting Fetch waits for it; the answers come in order', async () => {
  const host = await openWithTopic()
  const client = host.connect()
  sendFetch(client, 500)
  client.send(apiVersions, 0, {})
  await settled()
  assert.equal(client.frames.length, 0)
  await host.clock.advance(500)
  const answer = await client.answer(fetch, 4)
  assert.equal(answer.responses[0]?.partitions[0]?.errorCode, 0)
  assert.equal(answer.responses[0]?.partitions[0]?.records?.length, 0)
  assert.equal((await client.answer(apiVersions, 0)).errorCode, 0)
})

test('answers of one turn leave in one write', async () => {
  const host = await openWithTopic()
  let writes = 0
  const pipe = host.network.connect(() => void writes++)
  const frame = Buffer.from('0000000a0012000000000001ffff', 'hex')
  pipe?.send(Buffer.concat(Array.from({ length: 10 }, () => frame)))
  await settled()
  assert.equal(writes, 1)
})

test('who sends without reading is not read any more, and goes on when he reads', async () => {
  const host = await openWithTopic({ waitingRequestsMax: 8, unsentBytesMax: 100 })
  const client = host.connect()
  client.pipe.isStuck = true
  for (let i = 0; i < 40; i++) client.send(apiVersions, 0, {})
  await settled()
  assert.ok(client.pipe.waitsToBeRead)
  const sentBefore = client.frames.length
  assert.ok(sentBefore < 5)
  client.pipe.unstick()
  for (let i = 0; i < 40; i++) assert.equal((await client.answer(apiVersions, 0)).errorCode, 0)
})

test('who takes no answers is parted with when others wait for the memory', async () => {
  const host = await openWithTopic({ standstillMsMax: 10_000 })
  const [stuck, slow] = [host.connect(), host.connect()]
  for (const client of [stuck, slow]) {
    client.pipe.isStuck = true
    client.send(apiVersions, 0, {})
  }
  await host.clock.advance(30_000)
  assert.equal(stuck.isClosed, false, 'nobody waits')
  host.broker.logs.readsWait = true
  slow.pipe.untakenBytes--
  await host.clock.advance(5_000)
  assert.equal(stuck.isClosed, true)
  assert.match(host.lines[0] ?? '', /took nothing of its answers for [0-9]{5} ms while others/)
  assert.equal(slow.isClosed, false)
  await host.clock.advance(2_000)
  assert.equal(slow.isClosed, true)
  assert.equal(host.lines.length, 2)
  const next = host.connect()
  next.pipe.isStuck = true
  next.send(apiVersions, 0, {})
  await host.clock.advance(2_000)
  assert.equal(next.isClosed, false)
  await host.clock.advance(2_000)
  assert.equal(next.isClosed, true, 'those who wait have waited for long')
})

test('acks=0 is not answered; its error closes the connection', async () => {
  const host = await openWithTopic()
  const client = host.connect()
  sendProduce(client, 'a', 0)
  assert.equal((await client.call(apiVersions, 0, {})).errorCode, 0)
  assert.equal(client.frames.length, 0)
  const topicData = [{ name: 'none', partitionData: [{ index: 0, records: batchOf('x') }] }]
  client.send(produce, version, { transactionalId: null, acks: 0, timeoutMs: 1, topicData })
  await settled()
  assert.ok(client.isClosed)
})

test('a Fetch whose connection goes is cancelled; records are released in any case', async () => {
  const host = await openWithTopic()
  const waiting = host.connect()
  sendFetch(waiting, 10_000)
  await settled()
  waiting.pipe.close()
  assert.equal(host.broker.logs.cancelled, 1)
  const client = host.connect()
  sendProduce(client, 'a')
  await produced(client)
  sendFetch(client, 0)
  await client.answer(fetch, 4)
  assert.equal(host.broker.logs.unreleased, 0)
  client.pipe.isStuck = true
  sendFetch(client, 0)
  await settled()
  assert.equal(host.broker.logs.unreleased, 1)
  client.pipe.close()
  assert.equal(host.broker.logs.unreleased, 0)
})

test('a parked JoinGroup whose connection goes is answered to nobody', async () => {
  const host = await openWithTopic()
  const client = host.connect()
  client.send(joinGroup, 0, {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.of(1) }],
  })
  client.pipe.close()
  await host.clock.advance(5_000)
  assert.equal(host.door.connections, 0)
})

test('max.connections and max.connections.per.ip', async () => {
  const host = await openWithTopic({ connectionsMax: 9, connectionsPerIpMax: 2 })
  host.door.limitConnections({ connectionsMax: 3, connectionsPerIpMax: 2 })
  const first = host.connect('10.0.0.1')
  host.connect('10.0.0.1')
  assert.equal(host.tryConnect('10.0.0.1'), null)
  host.connect('10.0.0.2')
  assert.equal(host.tryConnect('10.0.0.3'), null)
  first.pipe.close()
  assert.ok(host.tryConnect('10.0.0.1'))
})

test('the lines about clients are escaped, short and few', async () => {
  const host = await openWithTopic()
  for (let i = 0; i < 100; i++) host.connect().pipe.send(Buffer.from('\r\n\x1b[31m'))
  assert.ok(host.lines.length <= 20)
  assert.ok(host.lines.every((line) => /^[\x20-\x7e]{1,256}$/.test(line)))
})

test('close answers what is under way, and takes nothing new', async () => {
  const host = await openWithTopic()
  host.broker.logs.commitsAtOnce = false
  const client = host.connect()
  const idle = host.connect()
  sendProduce(client, 'a')
  const closed = host.door.close()
  await settled()
  assert.ok(idle.isClosed)
  assert.equal(host.tryConnect(), null)
  host.broker.logs.commit()
  assert.equal(await produced(client), 0)
  await settled()
  assert.ok(client.isClosed)
  await host.clock.advance(20)
  await closed
})

test('while the log is held up, Produces wait unread, and others are served', async () => {
  const host = await openWithTopic()
  host.broker.logs.isFull = true
  const [first, second] = [host.connect(), host.connect()]
  for (const client of [first, second, first, second]) sendProduce(client, 'a')
  await settled()
  assert.ok(first.pipe.waitsToBeRead && second.pipe.waitsToBeRead)
  assert.equal((await host.connect().call(metadata, 0, { topics: [] })).topics.length, 1)
  second.pipe.close()
  host.broker.logs.take()
  assert.deepEqual([await produced(first), await produced(first)], [0, 1])
})

test('close answers a fetch that waits', async () => {
  const host = await openWithTopic()
  const client = host.connect()
  sendFetch(client, 100_000)
  const closed = host.door.close()
  const { responses } = await client.answer(fetch, 4)
  assert.equal(responses[0]?.partitions[0]?.errorCode, 0)
  await host.clock.advance(20)
  await closed
  assert.ok(client.isClosed)
})

test('close does not wait for ever', async () => {
  const host = await openWithTopic({ drainMsMax: 1_000 })
  host.broker.logs.commitsAtOnce = false
  const client = host.connect()
  sendProduce(client, 'a')
  const closed = host.door.close()
  await host.clock.advance(1_100)
  await closed
  assert.ok(client.isClosed)
})

test('a connection keeps what it is told of topics, also for old versions', async () => {
  const host = await openWithTopic()
  const client = host.connect()
  const answer = await client.call(metadata, 0, { topics: [] })
  assert.deepEqual(
    answer.topics.map((topic) => topic.name),
    ['t'],
  )
})
