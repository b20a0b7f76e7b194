// Produce in all its versions, and what it refuses.
import assert from 'node:assert/strict'
import test from 'node:test'
import { initProducerId } from '../../../src/protocol/kafka/schema/init-producer-id.ts'
import { produce } from '../../../src/protocol/kafka/schema/produce.ts'
import { batchOf, type TestClient, TestDoor } from './test-door.ts'

const absentId = 'f'.repeat(32)

async function open() {
  const host = await TestDoor.open()
  const made = host.broker.topics.createNow({
    name: 't',
    partitions: 2,
    replicationFactor: 1,
    assignments: null,
    configs: [],
  })
  assert.ok(made.ok)
  return { host, client: host.connect(), topicId: made.value.id }
}

interface Asked {
  readonly name?: string
  readonly topicId?: string
  readonly index?: number
  readonly records?: Uint8Array | null
  readonly acks?: number
  readonly transactionalId?: string
}

async function produceOne(client: TestClient, version: number, asked: Asked) {
  const { name = 't', topicId = absentId, index = 0, records = batchOf('a', 'b') } = asked
  const { acks = -1, transactionalId = null } = asked
  const topicData = [{ name, topicId, partitionData: [{ index, records }] }]
  const body = { transactionalId, acks, timeoutMs: 1000, topicData }
  const answer = await client.call(produce, version, body)
  const partition = answer.responses[0]?.partitionResponses[0]
  assert.ok(partition)
  return partition
}

test('every version appends, by name up to 12 and by id in 13', async () => {
  const { client, topicId } = await open()
  let expected = 0
  for (let version = 3; version <= 13; version++)
    for (const acks of [1, -1]) {
      const answer = await produceOne(client, version, { topicId, acks })
      assert.equal(answer.errorCode, 0)
      assert.equal(answer.baseOffset, expected)
      assert.equal(answer.logAppendTimeMs, -1)
      if (version >= 5) assert.equal(answer.logStartOffset, 0)
      expected += 2
    }
})

const zstdBatch = batchOf('z')
zstdBatch[22] = 4
const brokenBatch = batchOf('x')
brokenBatch[30] = (brokenBatch[30] ?? 0) ^ 1
const oldBatch = batchOf('x')
oldBatch[16] = 1

for (const [what, version, asked, code] of [
  ['an unknown topic', 9, { name: 'none' }, 3],
  ['an unknown topic id', 13, {}, 100],
  ['an unknown partition', 9, { index: 2 }, 3],
  ['a negative partition', 9, { index: -1 }, 3],
  ['acks 2', 9, { acks: 2 }, 21],
  ['a transactional id', 9, { transactionalId: 'tx' }, 53],
  ['no records', 9, { records: null }, 87],
  ['empty records', 9, { records: new Uint8Array(0) }, 87],
  ['a broken batch', 9, { records: brokenBatch }, 2],
  ['a batch of magic 1', 9, { records: oldBatch }, 2],
  ['a cut batch', 9, { records: batchOf('x').subarray(0, 50) }, 2],
  ['zstd in version 6', 6, { records: zstdBatch }, 76],
] as const)
  test(`${what} is refused with ${code}`, async () => {
    const { client, host } = await open()
    const answer = await produceOne(client, version, asked)
    assert.equal(answer.errorCode, code)
    assert.equal(answer.baseOffset, -1)
    if (version >= 8) assert.ok((answer.errorMessage ?? '').length > 20)
    assert.equal((await produceOne(client, 9, {})).baseOffset, 0, 'nothing was appended')
    const isCommon = code === 3 || code === 100
    assert.equal(host.lines.length, isCommon ? 0 : 1, 'the log tells of mistakes')
  })

test('a refusal names the topic and the partition', async () => {
  const { client } = await open()
  const answer = await produceOne(client, 9, { name: 'none' })
  assert.equal(answer.errorMessage, "topic 'none', partition 0: no such topic or partition")
})

test('by an id it is named in the log, and the id told as tools spell it', async () => {
  const { client, host, topicId } = await open()
  const cut = { topicId, records: batchOf('x').subarray(0, 50) }
  await produceOne(client, 13, cut)
  assert.match(host.lines[0] ?? '', /Produce: topic 't', partition 0: /)
  const answer = await produceOne(client, 13, { topicId: 'fb'.repeat(16) })
  assert.match(answer.errorMessage ?? '', /^topic '-_v7-_v7-_v7-_v7-_v7-w', partition 0: /)
})

test('internal topics are not for clients', async () => {
  const { client, host } = await open()
  const numbers = { partitions: 1, replicationFactor: 1, assignments: null, configs: [] }
  host.broker.topics.createNow({ name: '__consumer_offsets', ...numbers })
  const answer = await produceOne(client, 9, { name: '__consumer_offsets' })
  assert.equal(answer.errorCode, 17)
})

test('one bad partition does not hold up the others, and answers keep their places', async () => {
  const { client } = await open()
  const records = batchOf('x')
  const partitionData = [0, 9, 1].map((index) => ({ index, records }))
  const topicData = [{ name: 't', partitionData }]
  const body = { transactionalId: null, acks: 1, timeoutMs: 1, topicData }
  const answer = await client.call(produce, 9, body)
  assert.deepEqual(
    answer.responses[0]?.partitionResponses.map((each) => [each.index, each.errorCode]),
    [
      [0, 0],
      [9, 3],
      [1, 0],
    ],
  )
})

test('a Produce of nothing is answered with nothing', async () => {
  const { client } = await open()
  const body = { transactionalId: null, acks: 1, timeoutMs: 1, topicData: [] }
  assert.deepEqual((await client.call(produce, 9, body)).responses, [])
})

test('InitProducerId gives new ids, and refuses transactional ids with a final error', async () => {
  const { client } = await open()
  const seen = new Set<number>()
  for (let version = 0; version <= 5; version++) {
    const body = { transactionalId: null, transactionTimeoutMs: 1000 }
    const answer = await client.call(initProducerId, version, body)
    assert.equal(answer.errorCode, 0)
    assert.equal(answer.producerEpoch, 0)
    seen.add(answer.producerId)
    const refused = await client.call(initProducerId, version, { ...body, transactionalId: 'tx' })
    assert.equal(refused.errorCode, 53)
    assert.equal(refused.producerId, -1)
  }
  for (const half of [{ producerId: 5 }, { producerEpoch: 5 }]) {
    const body = { transactionalId: null, transactionTimeoutMs: 1000, ...half }
    assert.equal((await client.call(initProducerId, 5, body)).errorCode, 42)
  }
  assert.equal(seen.size, 6)
})
