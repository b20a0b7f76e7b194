// Metadata, topics and configurations through the door, in every version.
import assert from 'node:assert/strict'
import test from 'node:test'
import {
  alterConfigs,
  describeConfigs,
  incrementalAlterConfigs,
} from '../../../src/protocol/kafka/schema/configs.ts'
import { createPartitions, createTopics } from '../../../src/protocol/kafka/schema/create-topics.ts'
import { deleteTopics } from '../../../src/protocol/kafka/schema/delete-topics.ts'
import { describeCluster } from '../../../src/protocol/kafka/schema/describe-cluster.ts'
import { metadata } from '../../../src/protocol/kafka/schema/metadata.ts'
import { TestDoor } from './test-door.ts'

const unknownId = 'd'.repeat(32)

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

const newTopic = (name: string, more = {}) => ({
  name,
  numPartitions: 2,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...more,
})

test('Metadata tells of the node and of topics: all, none, some', async () => {
  const { client, topicId } = await open()
  for (let version = 0; version <= 13; version++) {
    const all = await client.call(metadata, version, { topics: version === 0 ? [] : null })
    assert.deepEqual(all.brokers[0], {
      nodeId: 7,
      host: 'broker.test',
      port: 19092,
      rack: version >= 1 ? 'here' : null,
    })
    if (version >= 1) assert.equal(all.controllerId, 7)
    if (version >= 2) assert.equal(all.clusterId, 'memory-cluster')
    const [topic] = all.topics
    assert.equal(topic?.name, 't')
    if (version >= 10) assert.equal(topic?.topicId, topicId)
    const [partition] = topic?.partitions ?? []
    assert.deepEqual(
      [partition?.leaderId, partition?.replicaNodes, partition?.isrNodes],
      [7, [7], [7]],
    )
    if (version >= 1)
      assert.deepEqual((await client.call(metadata, version, { topics: [] })).topics, [])
  }
})

test('Metadata makes topics only when both sides want it', async () => {
  const { client, host } = await open()
  const ask = async (name: string, allowAutoTopicCreation: boolean) =>
    (await client.call(metadata, 9, { topics: [{ name }], allowAutoTopicCreation })).topics[0]
  assert.equal((await ask('new', false))?.errorCode, 3)
  const made = await ask('new', true)
  assert.deepEqual([made?.errorCode, made?.partitions.length], [0, 4])
  assert.equal((await ask('a b', true))?.errorCode, 17)
  assert.equal((await ask('../../etc/passwd', false))?.errorCode, 17)
  host.broker.topics.autoCreate = false
  assert.equal((await ask('other', true))?.errorCode, 3)
  assert.equal(host.broker.topics.named('other'), null)
})

test('Metadata by id, from version 12 on', async () => {
  const { client, topicId } = await open()
  const ask = async (version: number, id: string) =>
    (await client.call(metadata, version, { topics: [{ topicId: id, name: null }] })).topics[0]
  assert.equal((await ask(12, topicId))?.name, 't')
  assert.deepEqual(
    [(await ask(13, unknownId))?.errorCode, (await ask(13, unknownId))?.name],
    [100, null],
  )
  assert.equal((await ask(11, topicId))?.errorCode, 42)
})

test('internal topics are shown as such', async () => {
  const { client, host } = await open()
  const numbers = { partitions: 1, replicationFactor: 1, assignments: null, configs: [] }
  host.broker.topics.createNow({ name: '__consumer_offsets', ...numbers })
  const answer = await client.call(metadata, 1, { topics: [{ name: '__consumer_offsets' }] })
  assert.equal(answer.topics[0]?.isInternal, true)
})

test('topics are made with all their configuration in the answer, in every version', async () => {
  const { client, host } = await open()
  for (let version = 2; version <= 7; version++) {
    const configs = [{ name: 'retention.ms', value: '1000' }]
    const topics = [
      newTopic(`n${version}`, { configs }),
      newTopic('t'),
      newTopic('bad name'),
      newTopic('twice'),
      newTopic('twice'),
      newTopic('both', { assignments: [{ partitionIndex: 0, brokerIds: [7] }] }),
    ]
    const body = { topics, timeoutMs: 1000, validateOnly: false }
    const answer = await client.call(createTopics, version, body)
    assert.deepEqual(
      answer.topics.map((topic) => topic.errorCode),
      [0, 36, 17, 42, 42, 42],
    )
    assert.ok(answer.topics[5]?.errorMessage)
    const [made] = answer.topics
    if (version >= 5) {
      assert.deepEqual([made?.numPartitions, made?.replicationFactor], [2, 1])
      assert.deepEqual(made?.configs?.[0], {
        name: 'retention.ms',
        value: '1000',
        readOnly: false,
        configSource: 1,
        isSensitive: false,
      })
    }
    if (version >= 7) assert.equal(made?.topicId, host.broker.topics.named('n7')?.id)
  }
  const validated = { topics: [newTopic('dry')], timeoutMs: 1, validateOnly: true }
  assert.equal((await client.call(createTopics, 7, validated)).topics[0]?.errorCode, 0)
  assert.equal(host.broker.topics.named('dry'), null)
})

test('topics grow, each with an answer', async () => {
  const { client, host } = await open()
  for (let version = 0; version <= 3; version++) {
    const grow = (name: string, count: number) => ({ name, count, assignments: null })
    const topics = [grow('t', 3 + version), grow('none', 3)]
    const body = { topics, timeoutMs: 1, validateOnly: false }
    const answer = await client.call(createPartitions, version, body)
    assert.deepEqual(
      answer.results.map((each) => [each.name, each.errorCode]),
      [
        ['t', 0],
        ['none', 3],
      ],
    )
    const less = { ...body, topics: [grow('t', 3 + version)] }
    assert.equal((await client.call(createPartitions, version, less)).results[0]?.errorCode, 37)
  }
  assert.equal(host.broker.topics.named('t')?.partitions.length, 6)
})

test('topics are deleted by name, and from version 6 on by id', async () => {
  const { client, host } = await open()
  for (let version = 1; version <= 5; version++) {
    const made = { topics: [newTopic('gone')], timeoutMs: 1, validateOnly: false }
    await client.call(createTopics, 7, made)
    const body = { topicNames: ['gone', 'none'], timeoutMs: 1 }
    const answer = await client.call(deleteTopics, version, body)
    assert.deepEqual(
      answer.responses.map((each) => each.errorCode),
      [0, 3],
    )
  }
  const id = host.broker.topics.named('t')?.id ?? ''
  const nil = '0'.repeat(32)
  const topics = [
    { name: null, topicId: unknownId },
    { name: 't', topicId: id },
    { name: null, topicId: nil },
  ]
  const wrong = await client.call(deleteTopics, 6, { topics, timeoutMs: 1 })
  assert.deepEqual(
    wrong.responses.map((each) => each.errorCode),
    [100, 42, 42],
  )
  const twice = [
    { name: 't', topicId: nil },
    { name: null, topicId: id },
  ]
  const refused = await client.call(deleteTopics, 6, { topics: twice, timeoutMs: 1 })
  assert.deepEqual(
    refused.responses.map((each) => each.errorCode),
    [42, 42],
  )
  const byId = { topics: [{ name: null, topicId: id }], timeoutMs: 1 }
  const deleted = (await client.call(deleteTopics, 6, byId)).responses[0]
  assert.deepEqual([deleted?.errorCode, deleted?.name], [0, 't'])
})

test('configurations are described with source, synonyms, type and words', async () => {
  const { client } = await open()
  for (let version = 1; version <= 4; version++) {
    const resource = (resourceType: number, resourceName: string) => ({
      resourceType,
      resourceName,
      configurationKeys: null,
    })
    const resources = [
      resource(2, 't'),
      resource(2, 'none'),
      resource(4, '7'),
      resource(4, '8'),
      resource(4, 'x'),
      resource(8, '7'),
    ]
    const asked = { resources, includeSynonyms: true, includeDocumentation: true }
    const answer = await client.call(describeConfigs, version, asked)
    assert.deepEqual(
      answer.results.map((each) => each.errorCode),
      [0, 3, 0, 42, 42, 42],
    )
    const [entry] = answer.results[0]?.configs ?? []
    assert.deepEqual([entry?.name, entry?.configSource], ['retention.ms', 5])
    assert.equal(entry?.synonyms.length, 1)
    if (version >= 3) assert.deepEqual([entry?.configType, entry?.documentation], [5, 'how long'])
  }
})

test('configurations are altered one resource apart from the other', async () => {
  const { client, host } = await open()
  const set = (name: string, value: string | null, configOperation = 0) => ({
    name,
    value,
    configOperation,
  })
  const of = (resourceName: string, ...configs: ReturnType<typeof set>[]) => ({
    resourceType: 2,
    resourceName,
    configs,
  })
  for (const version of [0, 1]) {
    const resources = [of('none', set('retention.ms', '1')), of('t', set('retention.ms', '5'))]
    const body = { resources, validateOnly: false }
    const answer = await client.call(incrementalAlterConfigs, version, body)
    assert.deepEqual(
      answer.responses.map((each) => each.errorCode),
      [3, 0],
    )
    assert.equal(host.broker.topics.named('t')?.config.get('retention.ms'), '5')
  }
  for (const [resources, code] of [
    [[of('t', set('what', '1'))], 40],
    [[of('', set('retention.ms', '1'))], 42],
    [[of('t', set('retention.ms', null))], 42],
    [[of('t', set('retention.ms', '1', 9))], 42],
    [[of('t', set('retention.ms', '1'), set('retention.ms', '2'))], 42],
    [[of('t', set('retention.ms', '1')), of('t', set('retention.ms', '1'))], 42],
    [[of('t', set('retention.ms', null, 1))], 0],
  ] as const) {
    const body = { resources, validateOnly: true }
    const answer = await client.call(incrementalAlterConfigs, 1, body)
    assert.equal(answer.responses[0]?.errorCode, code)
  }
  for (const version of [0, 1, 2]) {
    const resources = [of('t', set('retention.ms', '6')), of('none', set('retention.ms', '6'))]
    const body = { resources, validateOnly: false }
    const answer = await client.call(alterConfigs, version, body)
    assert.deepEqual(
      answer.responses.map((each) => each.errorCode),
      [0, 3],
    )
  }
})

test('DescribeCluster tells of this node, and that it is no controller listener', async () => {
  const { client } = await open()
  for (let version = 0; version <= 2; version++) {
    const asked = { includeClusterAuthorizedOperations: true }
    const answer = await client.call(describeCluster, version, asked)
    assert.deepEqual(
      [answer.errorCode, answer.clusterId, answer.controllerId],
      [0, 'memory-cluster', 7],
    )
    assert.equal(answer.brokers[0]?.port, 19092)
    assert.ok(answer.clusterAuthorizedOperations > 0)
  }
  const controllers = { includeClusterAuthorizedOperations: false, endpointType: 2 }
  assert.equal((await client.call(describeCluster, 1, controllers)).errorCode, 114)
  assert.equal(
    (await client.call(describeCluster, 1, { ...controllers, endpointType: 9 })).errorCode,
    115,
  )
})
