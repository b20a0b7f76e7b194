// What is refused stands in the log too: once for each connection, with the thing and what is
// wrong.
import assert from 'node:assert/strict'
import test from 'node:test'
import { createTopics } from '../../../src/protocol/kafka/schema/create-topics.ts'
import { joinGroup } from '../../../src/protocol/kafka/schema/join-group.ts'
import { metadata } from '../../../src/protocol/kafka/schema/metadata.ts'
import { produce } from '../../../src/protocol/kafka/schema/produce.ts'
import { batchOf, TestDoor } from './test-door.ts'

const newTopic = (name: string) => ({
  topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  timeoutMs: 1000,
  validateOnly: false,
})

const corrupt = (name: string) => {
  const records = Buffer.from(batchOf('x'))
  records.writeUInt32BE(1, 17)
  const topicData = [{ name, partitionData: [{ index: 0, records }] }]
  return { transactionalId: null, acks: 1, timeoutMs: 1000, topicData }
}

test('a refusal is logged once for each connection, and the connection stays', async () => {
  const host = await TestDoor.open()
  for (let clients = 1; clients <= 2; clients++) {
    const client = host.connect()
    for (let i = 0; i < 3; i++) {
      const { topics } = await client.call(createTopics, 5, newTopic('a b'))
      assert.equal(topics[0]?.errorCode, 17)
    }
    await client.call(createTopics, 5, newTopic(`good-${clients}`))
    assert.equal(host.lines.length, clients)
    assert.equal(client.isClosed, false)
  }
  const [line = ''] = host.lines
  assert.match(
    line,
    /^refused a request from 127\.0\.0\.1:\d+: CreateTopics: a topic name may hold/,
  )
})

test('the line names what was refused, escaped', async () => {
  const host = await TestDoor.open()
  await host.connect().call(createTopics, 5, newTopic('t'))
  await host.connect().call(produce, 9, corrupt('t'))
  await host.connect().call(metadata, 9, {
    topics: [{ name: 'a b' }],
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  await host.connect().call(joinGroup, 5, {
    groupId: 'g\n\u001b[31m',
    sessionTimeoutMs: 0,
    rebalanceTimeoutMs: 0,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [],
  })
  const [produced = '', asked = '', joined = ''] = host.lines
  assert.match(produced, /Produce: topic 't', partition 0: the record batch does not match its/)
  assert.match(asked, /Metadata: a topic name may hold letters/)
  assert.match(
    joined,
    /JoinGroup: group 'g\\u000a\\u001b\[31m': the session timeout of 0 ms is not within/,
  )
})

test('what belongs to the course of the protocol is not logged', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  await client.call(createTopics, 5, newTopic('t'))
  const again = await client.call(createTopics, 5, newTopic('t'))
  assert.equal(again.topics[0]?.errorCode, 36)
  const { errorCode } = await client.call(joinGroup, 5, {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.alloc(1) }],
  })
  assert.equal(errorCode, 79)
  assert.deepEqual(host.lines, [])
})

test('a produce without acknowledgement closes with words that name the batch', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  await client.call(createTopics, 5, newTopic('t'))
  client.send(produce, 9, { ...corrupt('t'), acks: 0 })
  assert.equal(client.isClosed, true)
  assert.match(host.lines[0] ?? '', /a produce with acks=0 failed: the record batch does not match/)
})
