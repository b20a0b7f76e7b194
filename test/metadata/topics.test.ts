import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { Configs } from '../../src/metadata/configs.ts'
import { EmbeddedStore } from '../../src/metadata/embedded-store.ts'
import { Image } from '../../src/metadata/image.ts'
import { type NewTopic, Topics } from '../../src/metadata/topics.ts'
import { describeTopicConfig } from '../../src/model/config/describe-config.ts'
import { resolveTopicSettings } from '../../src/model/config/topic-settings.ts'
import { nodeId, topicId } from '../../src/model/ids.ts'

const now = { validateOnly: false }
const wish = (name: string, more: Partial<NewTopic> = {}): NewTopic => ({
  name,
  partitions: 1,
  replicationFactor: 1,
  assignments: null,
  configs: [],
  ...more,
})

async function node(settings: readonly (readonly [string, string])[] = []) {
  const disk = memoryDisk()
  const store = await EmbeddedStore.open(disk, 'metadata')
  const image = await Image.open(store, nodeId(1), new Map(settings))
  const topics = new Topics(store, image, new SimChance(1))
  const create = async (topic: NewTopic, options = now) => {
    const [result] = await topics.create([topic], options)
    assert.ok(result)
    return result
  }
  return { disk, store, image, topics, configs: new Configs(store, image), create }
}

const errorOf = (result: { ok: boolean; error?: string }) => (result.ok ? 'ok' : result.error)

test('a topic is created, found, grown, deleted, and listeners hear of it', async () => {
  const { image, topics, create, store, disk } = await node()
  const events: string[] = []
  image.onChange((e) => events.push(e.kind))
  const made = await create(wish('orders', { partitions: 2, configs: [['retention.ms', '5']] }))
  assert.ok(made.ok)
  assert.deepEqual(image.topic('orders'), made.value)
  assert.deepEqual(image.topicById(made.value.id), made.value)
  const grown = await topics.grow({ name: 'orders', partitions: 5, assignments: null }, now)
  assert.ok(grown.ok)
  assert.equal(image.topic('orders')?.partitions.length, 5)
  assert.equal(image.partitionCount, 5)
  const again = await Image.open(store, nodeId(1), new Map())
  assert.deepEqual([...again.topics()], [...image.topics()])
  again.close()
  assert.equal(errorOf(await topics.delete({ id: made.value.id })), 'ok')
  assert.equal(image.topic('orders'), null)
  assert.equal(image.partitionCount, 0)
  assert.deepEqual(events, ['created', 'changed', 'deleted'])
  assert.deepEqual((await store.range('')).entries, [])
  const second = await create(wish('orders'))
  assert.ok(second.ok && second.value.id !== made.value.id)
  await store.close()
  const reopened = await EmbeddedStore.open(disk, 'metadata')
  const image2 = await Image.open(reopened, nodeId(1), new Map())
  assert.equal(image2.topic('orders')?.id, second.value.id)
})

test('creation is refused as Kafka refuses it', async () => {
  const { create, topics } = await node()
  await create(wish('a.b'))
  const cases: [string, NewTopic][] = [
    ['invalidTopicName', wish('a b')],
    ['invalidTopicName', wish('')],
    ['invalidTopicName', wish('..')],
    ['invalidTopicName', wish('x'.repeat(250))],
    ['invalidTopicName', wish('a_b')],
    ['topicExists', wish('a.b')],
    ['invalidPartitions', wish('t', { partitions: 0 })],
    ['policyViolation', wish('t', { partitions: 10_001 })],
    ['invalidReplicationFactor', wish('t', { replicationFactor: 3 })],
    ['invalidReplicationFactor', wish('t', { replicationFactor: 0 })],
    ['invalidConfig', wish('t', { configs: [['no.such', '1']] })],
    ['invalidConfig', wish('t', { configs: [['segment.bytes', '10']] })],
    ['invalidConfig', wish('t', { configs: [['remote.storage.enable', 'true']] })],
    ['invalidReplicaAssignment', wish('t', { assignments: new Map([[0, [7]]]) })],
    ['invalidReplicaAssignment', wish('t', { assignments: new Map([[0, [1, 1]]]) })],
    ['invalidReplicaAssignment', wish('t', { assignments: new Map([[1, [1]]]) })],
    ['invalidReplicaAssignment', wish('t', { assignments: new Map([[0, []]]) })],
    ['ok', wish('t', { partitions: -1, replicationFactor: -1 })],
  ]
  for (const [expected, topic] of cases) assert.equal(errorOf(await create(topic)), expected)
  const twice = await topics.create([wish('d'), wish('e'), wish('d')], now)
  assert.deepEqual(twice.map(errorOf), ['invalidRequest', 'ok', 'invalidRequest'])
  const both = await topics.create([wish('p.q'), wish('p_q')], now)
  assert.deepEqual(both.map(errorOf), ['ok', 'invalidTopicName'])
  assert.equal(errorOf(await topics.delete({ name: 'nope' })), 'unknownTopic')
  assert.equal(errorOf(await topics.delete({ id: topicId('f'.repeat(32)) })), 'unknownTopicId')
  for (const partitions of [0, 1])
    assert.equal(
      errorOf(await topics.grow({ name: 'a.b', partitions, assignments: null }, now)),
      'invalidPartitions',
    )
})

test('the replication factor is clamped where the broker is told to', async () => {
  const { create } = await node([['polymq.clamp.replication.factor', 'true']])
  assert.equal(errorOf(await create(wish('t', { replicationFactor: 3 }))), 'ok')
})

test('validateOnly writes nothing', async () => {
  const { create, image, store } = await node()
  assert.ok((await create(wish('t'), { validateOnly: true })).ok)
  assert.equal(image.topic('t'), null)
  assert.equal(store.revision, 0)
})

test('configurations of topic and broker change, and the settings with them', async () => {
  const { create, configs, image } = await node([['log.retention.hours', '2']])
  await create(wish('t'))
  const settings = () =>
    resolveTopicSettings(image.topic('t')?.config ?? new Map(), image.brokerValues)
  const alter = (action: 'set' | 'delete' | 'append' | 'subtract', name: string, value: string) =>
    configs.changeTopic('t', { operations: [{ name, action, value }] }, now)
  assert.equal(settings().retentionMs, 7_200_000)
  const broker = { operations: [{ name: 'log.retention.ms', action: 'set', value: '9' }] } as const
  assert.equal(errorOf(await configs.changeBroker(null, broker, now)), 'ok')
  assert.equal(settings().retentionMs, 9)
  assert.equal(errorOf(await alter('append', 'cleanup.policy', 'compact')), 'ok')
  assert.equal(image.topic('t')?.config.get('cleanup.policy'), 'delete,compact')
  await alter('subtract', 'cleanup.policy', 'delete')
  assert.deepEqual(settings().cleanup, { delete: false, compact: true })
  assert.equal(errorOf(await alter('append', 'retention.ms', '1')), 'invalidConfig')
  assert.equal(errorOf(await alter('delete', 'no.such', '')), 'ok')
  await alter('set', 'retention.ms', '-1')
  assert.equal(settings().retentionMs, Infinity)
  const described = describeTopicConfig(image.topic('t')?.config ?? new Map(), image.brokerValues)
  const entry = described.find((e) => e.name === 'retention.ms')
  assert.deepEqual(
    entry?.synonyms.map((s) => [s.name, s.value, s.source]),
    [
      ['retention.ms', '-1', 'topic'],
      ['log.retention.ms', '9', 'dynamicDefaultBroker'],
      ['log.retention.hours', '2', 'staticBroker'],
      ['log.retention.hours', '168', 'default'],
    ],
  )
  await configs.changeTopic('t', { all: [['segment.ms', '7']] }, now)
  assert.deepEqual([...(image.topic('t')?.config ?? [])], [['segment.ms', '7']])
  const readOnly = { operations: [{ name: 'num.partitions', action: 'set', value: '9' }] } as const
  assert.equal(errorOf(await configs.changeBroker(nodeId(1), readOnly, now)), 'invalidRequest')
})
