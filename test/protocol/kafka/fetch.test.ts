// Fetch in all its versions, and its sessions (KIP-227).
import assert from 'node:assert/strict'
import test from 'node:test'
import { partitionId } from '../../../src/model/ids.ts'
import type { Topic } from '../../../src/model/topic.ts'
import { deleteRecords } from '../../../src/protocol/kafka/schema/delete-topics.ts'
import { type FetchRequest, fetch } from '../../../src/protocol/kafka/schema/fetch.ts'
import {
  listOffsets,
  offsetForLeaderEpoch,
} from '../../../src/protocol/kafka/schema/list-offsets.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import { batchOf, type TestClient, TestDoor } from './test-door.ts'

type Request = Draft<typeof FetchRequest>

async function open(limits = {}) {
  const host = await TestDoor.open({ limits })
  const topics = ['a', 'b'].map((name) => {
    const numbers = { partitions: 2, replicationFactor: 1, assignments: null, configs: [] }
    const made = host.broker.topics.createNow({ name, ...numbers })
    assert.ok(made.ok)
    return made.value
  })
  const append = (topic: Topic | undefined, partition: number, value: string) => {
    assert.ok(topic)
    const request = { topic, partition: partitionId(partition), batch: batchOf(value) }
    host.broker.logs.append([request], 'written', () => undefined)
  }
  return { host, client: host.connect(), topics, append }
}

const base = { maxWaitMs: 0, minBytes: 1, maxBytes: 1 << 20, isolationLevel: 0 }
const from = (partition: number, fetchOffset: number | bigint) => ({
  partition,
  fetchOffset: BigInt(fetchOffset),
  partitionMaxBytes: 1 << 20,
})

/** What an answer tells: topic, partition, error, bytes of records. */
async function told(client: TestClient, version: number, request: Partial<Request>) {
  const answer = await client.call(fetch, version, { ...base, topics: [], ...request })
  const partitions = answer.responses.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((each) => ({
      topic: version >= 13 ? topicId : topic,
      partition: each.partitionIndex,
      error: each.errorCode,
      bytes: each.records?.length ?? -1,
      whole: each,
    })),
  )
  return { error: answer.errorCode, sessionId: answer.sessionId, partitions }
}

const short = (answer: Awaited<ReturnType<typeof told>>) =>
  answer.partitions.map(({ topic, partition, error, bytes }) => [topic, partition, error, bytes])

const one = batchOf('x').length

test('every version returns whole batches with their places', async () => {
  const { client, topics, append } = await open()
  append(topics[0], 0, 'x')
  append(topics[0], 0, 'y')
  for (let version = 4; version <= 18; version++) {
    const named = { topic: 'a', topicId: topics[0]?.id ?? '' }
    const answer = await told(client, version, { topics: [{ ...named, partitions: [from(0, 1)] }] })
    const found = answer.partitions[0]?.whole
    assert.equal(found?.errorCode, 0)
    assert.equal(found?.highWatermark, 2)
    assert.equal(found?.lastStableOffset, 2)
    if (version >= 5) assert.equal(found?.logStartOffset, 0)
    if (version >= 11) assert.equal(found?.preferredReadReplica, -1)
    assert.equal(found?.records?.length, one)
  }
})

test('what is not there does not end the wait for what is', async () => {
  const { host, client, topics, append } = await open()
  const asked = [
    { topic: 'none', partitions: [from(0, 0)] },
    { topic: 'a', partitions: [from(2, 0), from(0, 0)] },
  ]
  const told = client.call(fetch, 12, { ...base, maxWaitMs: 500, topics: asked })
  let isTold = false
  void told.then(() => (isTold = true))
  await host.clock.advance(499)
  assert.equal(isTold, false)
  append(topics[0], 0, 'x')
  const errors = (await told).responses.flatMap((t) => t.partitions.map((p) => p.errorCode))
  assert.deepEqual(errors, [3, 3, 0])
})

test('what is not there is told at once when nothing else is asked, or wrong', async () => {
  const { client } = await open()
  const asked = [
    { topic: 'none', partitions: [from(0, 0)] },
    { topic: 'a', partitions: [from(2, 0), from(0, 5), from(1, 2n ** 63n - 1n)] },
  ]
  const answer = await told(client, 12, { maxWaitMs: 60_000, topics: asked })
  assert.deepEqual(short(answer), [
    ['none', 0, 3, 0],
    ['a', 2, 3, 0],
    ['a', 0, 1, 0],
    ['a', 1, 1, 0],
  ])
  const byId = [{ topicId: 'e'.repeat(32), partitions: [from(0, 0)] }]
  const unknown = await told(client, 13, { maxWaitMs: 60_000, topics: byId })
  assert.equal(unknown.partitions[0]?.error, 100)
})

test('followers are refused; wild numbers are bounded', async () => {
  const { client } = await open()
  const topics = [{ topic: 'a', partitions: [from(0, 0)] }]
  assert.equal((await told(client, 4, { replicaId: 3, topics })).partitions[0]?.error, 6)
  const wild = { minBytes: 2 ** 31 - 1, maxBytes: 0, maxWaitMs: -5, topics }
  assert.equal((await told(client, 4, wild)).partitions[0]?.error, 0)
})

test('a session tells what became of a topic whose id is gone', async () => {
  const { host, client, topics } = await open()
  const topicId = topics[0]?.id ?? ''
  const asked = [{ topicId, partitions: [from(0, 0)] }]
  const { sessionId } = await told(client, 13, { sessionId: 0, sessionEpoch: 0, topics: asked })
  const gone = topics[0]
  assert.ok(gone)
  await host.broker.topics.delete(gone)
  const next = (sessionEpoch: number, more = {}) =>
    told(client, 13, { sessionId, sessionEpoch, ...more })
  assert.deepEqual(short(await next(1)), [[topicId, 0, 3, 0]])
  const numbers = { partitions: 2, replicationFactor: 1, assignments: null, configs: [] }
  host.broker.topics.createNow({ name: 'a', ...numbers })
  assert.deepEqual(short(await next(2)), [[topicId, 0, 103, 0]])
  assert.deepEqual(short(await next(3, { topics: asked })), [[topicId, 0, 103, 0]])
  const anew = await told(client, 13, { sessionId: 0, sessionEpoch: -1, topics: asked })
  assert.deepEqual(short(anew), [[topicId, 0, 100, 0]], 'without a session nobody knew it')
})

test('a session names only changes, and its answers only news', async () => {
  const { client, topics, append } = await open()
  append(topics[0], 0, 'x')
  const asked = [
    { topic: 'a', partitions: [from(0, 0), from(1, 0)] },
    { topic: 'b', partitions: [from(0, 0)] },
  ]
  const first = await told(client, 12, { sessionId: 0, sessionEpoch: 0, topics: asked })
  assert.notEqual(first.sessionId, 0)
  assert.equal(first.partitions.length, 3)
  const { sessionId } = first
  const moved = [{ topic: 'a', partitions: [from(0, 1)] }]
  const quiet = await told(client, 12, { sessionId, sessionEpoch: 1, topics: moved })
  assert.deepEqual([quiet.error, quiet.sessionId, quiet.partitions], [0, sessionId, []])
  append(topics[1], 0, 'x')
  const news = await told(client, 12, { sessionId, sessionEpoch: 2 })
  assert.deepEqual(short(news), [['b', 0, 0, one]])
  const forgottenTopicsData = [{ topic: 'b', partitions: [0] }]
  append(topics[0], 1, 'x')
  const without = await told(client, 12, { sessionId, sessionEpoch: 3, forgottenTopicsData })
  assert.deepEqual(short(without), [['a', 1, 0, one]])
  const wrong = await told(client, 12, { sessionId, sessionEpoch: 3 })
  assert.deepEqual([wrong.error, wrong.partitions.length], [71, 0])
  const byId = await told(client, 13, { sessionId, sessionEpoch: 4 })
  assert.equal(byId.error, 106)
  const closing = await told(client, 12, { sessionId, sessionEpoch: -1, topics: moved })
  assert.equal(closing.sessionId, 0)
  assert.equal((await told(client, 12, { sessionId, sessionEpoch: 4 })).error, 70)
})

test('a partition that failed is told again when it is well', async () => {
  const { client, host, topics } = await open()
  const asked = [{ topic: 'b', partitions: [from(0, 0)] }]
  const { sessionId } = await told(client, 12, { sessionEpoch: 0, topics: asked })
  host.broker.topics.byName.delete('b')
  const failed = await told(client, 12, { sessionId, sessionEpoch: 1 })
  assert.deepEqual(short(failed), [['b', 0, 3, 0]])
  if (topics[1]) host.broker.topics.byName.set('b', topics[1])
  const well = await told(client, 12, { sessionId, sessionEpoch: 2 })
  assert.deepEqual(short(well), [['b', 0, 0, 0]])
})

test('without room for a session there is none; old ones make place', async () => {
  const { client, host } = await open({ fetchSessionsMax: 2 })
  const asked = { sessionEpoch: 0, topics: [{ topic: 'a', partitions: [from(0, 0)] }] }
  const ids = []
  for (let i = 0; i < 3; i++) ids.push((await told(client, 12, asked)).sessionId)
  assert.ok(ids[0] && ids[1])
  assert.equal(ids[2], 0)
  await host.clock.advance(121_000)
  assert.notEqual((await told(client, 12, asked)).sessionId, 0)
  const gone = await told(client, 12, { sessionId: ids[0] ?? 0, sessionEpoch: 1 })
  assert.equal(gone.error, 70)
})

test('ListOffsets: each special timestamp from its version on', async () => {
  const { client, topics, append } = await open()
  append(topics[0], 0, 'x')
  const ask = async (version: number, timestamp: bigint, partitionIndex = 0) => {
    const asked = [{ name: 'a', partitions: [{ partitionIndex, timestamp }] }]
    const answer = await client.call(listOffsets, version, { replicaId: -1, topics: asked })
    const found = answer.topics[0]?.partitions[0]
    return [found?.errorCode, found?.offset, found?.timestamp]
  }
  for (let version = 1; version <= 11; version++) {
    assert.deepEqual(await ask(version, -1n), [0, 1, -1])
    assert.deepEqual(await ask(version, -2n), [0, 0, -1])
    assert.deepEqual(await ask(version, 1000n), [0, 0, 1000])
    assert.deepEqual(await ask(version, 1001n), [0, -1, -1])
    assert.deepEqual(await ask(version, 2n ** 63n - 1n), [0, -1, -1])
    assert.deepEqual(await ask(version, -1n, 5), [3, -1, -1])
    assert.deepEqual(await ask(version, -7n), [35, -1, -1])
    assert.equal((await ask(version, -3n))[0], version >= 7 ? 0 : 35)
    assert.equal((await ask(version, -4n))[0], version >= 8 ? 0 : 35)
    assert.equal((await ask(version, -5n))[0], version >= 9 ? 0 : 35)
    assert.equal((await ask(version, -6n))[0], version >= 11 ? 0 : 35)
  }
})

test('DeleteRecords and OffsetForLeaderEpoch answer per partition', async () => {
  const { client, topics, append } = await open()
  append(topics[0], 0, 'x')
  for (const version of [0, 1, 2]) {
    const partitions = [0, 9].map((partitionIndex) => ({ partitionIndex, offset: -1n }))
    const body = { topics: [{ name: 'a', partitions }], timeoutMs: 1000 }
    const answer = await client.call(deleteRecords, version, body)
    assert.deepEqual(
      answer.topics[0]?.partitions.map((each) => [each.errorCode, each.lowWatermark]),
      [
        [0, 1],
        [3, -1],
      ],
    )
  }
  for (const version of [2, 3, 4]) {
    const asked = [0, 9].map((partition) => ({ partition, currentLeaderEpoch: -1, leaderEpoch: 0 }))
    const answer = await client.call(offsetForLeaderEpoch, version, {
      topics: [{ topic: 'a', partitions: asked }],
    })
    assert.deepEqual(
      answer.topics[0]?.partitions.map((each) => [
        each.errorCode,
        each.leaderEpoch,
        each.endOffset,
      ]),
      [
        [0, 0, 1],
        [3, -1, -1],
      ],
    )
  }
})
