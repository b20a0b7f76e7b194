// Answers keep their bounds whatever is asked: long names in words, questions asked again and
// again, more than one answer may hold.
import assert from 'node:assert/strict'
import test from 'node:test'
import {
  alterConfigs,
  describeConfigs,
  incrementalAlterConfigs,
} from '../../../src/protocol/kafka/schema/configs.ts'
import { createPartitions, createTopics } from '../../../src/protocol/kafka/schema/create-topics.ts'
import { deleteTopics } from '../../../src/protocol/kafka/schema/delete-topics.ts'
import { describeGroups } from '../../../src/protocol/kafka/schema/describe-groups.ts'
import { produce } from '../../../src/protocol/kafka/schema/produce.ts'
import { batchOf, type TestClient, TestDoor } from './test-door.ts'

const longName = 'x'.repeat(32_767)
const resource = { resourceType: 2, resourceName: longName, configs: [] }

const versions = (oldest: number, newest: number): number[] =>
  Array.from({ length: newest - oldest + 1 }, (_, i) => oldest + i)

const askOfLongName: readonly ((client: TestClient) => Promise<void>)[] = [
  async (client) => {
    const topicData = [{ name: longName, partitionData: [{ index: 0, records: batchOf('x') }] }]
    for (const version of versions(8, 12)) {
      const request = { transactionalId: null, acks: -1, timeoutMs: 1, topicData }
      const { responses } = await client.call(produce, version, request)
      assert.equal(responses[0]?.partitionResponses[0]?.errorCode, 3)
    }
  },
  async (client) => {
    const resources = [{ ...resource, configurationKeys: null }]
    for (const version of versions(1, 4)) {
      const { results } = await client.call(describeConfigs, version, {
        resources,
        includeSynonyms: true,
      })
      assert.notEqual(results[0]?.errorCode, 0)
    }
  },
  async (client) => {
    for (const api of [alterConfigs, incrementalAlterConfigs])
      for (const version of versions(...api.versions)) {
        const asked = { resources: [resource], validateOnly: false }
        const { responses } = await client.call(api as typeof alterConfigs, version, asked)
        assert.notEqual(responses[0]?.errorCode, 0)
      }
  },
  async (client) => {
    const topics = [{ name: longName, count: 2, assignments: null }]
    for (const version of versions(...createPartitions.versions)) {
      const asked = { topics, timeoutMs: 1, validateOnly: false }
      const { results } = await client.call(createPartitions, version, asked)
      assert.notEqual(results[0]?.errorCode, 0)
    }
  },
  async (client) => {
    const topics = [
      { name: longName, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
    ]
    for (const version of versions(...createTopics.versions)) {
      const asked = { topics, timeoutMs: 1, validateOnly: false }
      const { topics: answered } = await client.call(createTopics, version, asked)
      assert.equal(answered[0]?.errorCode, 17)
    }
  },
  async (client) => {
    for (const version of versions(1, 5)) {
      const asked = { topicNames: [longName], timeoutMs: 1 }
      const { responses } = await client.call(deleteTopics, version, asked)
      assert.equal(responses[0]?.errorCode, 3)
    }
  },
  async (client) => {
    for (const version of versions(...describeGroups.versions)) {
      const { groups } = await client.call(describeGroups, version, { groups: [longName] })
      assert.equal(groups[0]?.groupId, longName)
    }
  },
]

test('a refusal of the longest name fits its field', async () => {
  const host = await TestDoor.open()
  for (const ask of askOfLongName) await ask(host.connect())
  for (const line of host.lines)
    assert.ok(line.length < 5000, `a line of ${line.length} characters`)
})

test('what is asked again in the same request is answered once', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  const broker = { resourceType: 4, resourceName: '7', configurationKeys: null }
  const resources = Array.from({ length: 1000 }, () => broker)
  const { results } = await client.call(describeConfigs, 4, { resources, includeSynonyms: true })
  assert.equal(results.length, 1)
  const groups = Array.from({ length: 1000 }, () => 'g')
  assert.equal((await client.call(describeGroups, 6, { groups })).groups.length, 1)
})

test('an answer beyond the bound ends the connection, with a line, and nothing else', async () => {
  const host = await TestDoor.open({ limits: { answerBytesMax: 200_000 } })
  const [client, other] = [host.connect(), host.connect()]
  const groups = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(10_000, 'x'))
  client.send(describeGroups, 6, { groups })
  await host.clock.advance(1)
  assert.equal(client.isClosed, true)
  assert.match(host.lines[0] ?? '', /more than 200000 bytes: ask for less at a time/)
  assert.equal((await other.call(describeGroups, 6, { groups: ['g'] })).groups.length, 1)
})

test('the topics of one request have a bound together', async () => {
  const client = (await TestDoor.open()).connect()
  const bare = { replicationFactor: 1, assignments: [], configs: [] }
  const asked = (count: number, numPartitions: number) => ({
    topics: Array.from({ length: count }, (_, i) => ({ name: `t${i}`, numPartitions, ...bare })),
    timeoutMs: 1000,
    validateOnly: true,
  })
  const codesOf = async (count: number, partitions: number): Promise<Set<number>> => {
    const { topics } = await client.call(createTopics, 7, asked(count, partitions))
    return new Set(topics.map((topic) => topic.errorCode))
  }
  assert.deepEqual(await codesOf(100, 100), new Set([0]))
  assert.deepEqual(await codesOf(100, 101), new Set([44]))
  assert.deepEqual(await codesOf(10_001, -1), new Set([44]))
})
