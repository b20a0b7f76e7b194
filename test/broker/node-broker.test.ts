// One node as doors see it: its own topics, and what it says of partitions and settings.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { FetchAnswer, FetchPartition } from '../../src/broker/api.ts'
import type { NodeBroker } from '../../src/broker/broker.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { EmbeddedStore } from '../../src/metadata/embedded-store.ts'
import type { Result } from '../../src/model/errors.ts'
import { partitionId } from '../../src/model/ids.ts'
import type { Topic } from '../../src/model/topic.ts'
import { batchOf } from '../log/log-fixture.ts'
import { withNodeOn } from './node-fixture.ts'

/** A node in memory, for one test. */
const withNode = (
  use: (node: NodeBroker) => Promise<void>,
  disk = memoryDisk(),
  nodeId = '1',
): Promise<void> =>
  withNodeOn(disk, { 'offsets.topic.num.partitions': '3', 'node.id': nodeId }, use)

const create = (node: NodeBroker, name: string): Promise<Result<Topic>> =>
  node.topics.create(
    { name, partitions: 1, replicationFactor: -1, assignments: null, configs: [] },
    false,
  )

async function made(node: NodeBroker, name: string): Promise<Topic> {
  const topic = await create(node, name)
  assert.ok(topic.ok)
  return topic.value
}

const errorOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.error)
const first = partitionId(0)

test('the topic of the groups is made by the node, whoever asks for it', () =>
  withNode(async (node) => {
    assert.equal(errorOf(await create(node, '__consumer_offsets')), 'topicExists')
    assert.equal(node.topics.named('__consumer_offsets'), null)
    const topic = await node.topics.createOnDemand('__consumer_offsets', false)
    assert.ok(topic.ok)
    assert.equal(topic.value.internal, true)
    assert.equal(topic.value.partitions.length, 3)
    assert.equal(topic.value.config.get('cleanup.policy'), 'compact')
    const grown = await node.topics.addPartitions(topic.value, 4, null, false)
    assert.equal(errorOf(grown), 'invalidPartitions', 'groups would be looked for elsewhere')
  }))

test("names that clients take for a broker's own are internal, and one is for nobody", () =>
  withNode(async (node) => {
    assert.equal((await made(node, '__transaction_state')).internal, true)
    assert.equal(errorOf(await create(node, '__cluster_metadata')), 'invalidRequest')
    const onDemand = await node.topics.createOnDemand('__cluster_metadata', false)
    assert.equal(errorOf(onDemand), 'unknownTopic')
  }))

test('an empty partition knows its epoch, and none that is newer', () =>
  withNode(async (node) => {
    const topic = await made(node, 't')
    assert.deepEqual(node.logs.endOfEpoch(topic, first, 0, -1), {
      ok: true,
      value: { epoch: 0, endOffset: 0 },
    })
    assert.deepEqual(node.logs.endOfEpoch(topic, first, 1, -1), {
      ok: true,
      value: { epoch: -1, endOffset: -1 },
    })
  }))

const fetchOne = (node: NodeBroker, topic: Topic, asked: Partial<FetchPartition>) =>
  new Promise<FetchAnswer>((resolve) => {
    const epochs = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 }
    const whole = { topic, partition: first, offset: 0, maxBytes: 1000, ...epochs, ...asked }
    const partitions = [whole]
    const bounds = {
      minBytes: 0,
      watches: true,
      maxWaitMs: 0,
      maxBytes: 1000,
      committedOnly: false,
    }
    node.logs.fetch({ partitions, ...bounds }, resolve)
  })

test('a fetch that is refused tells nothing of the log', () =>
  withNode(async (node) => {
    const topic = await made(node, 't')
    const batch = batchOf(['a'])
    await new Promise((resolve) =>
      node.logs.append([{ topic, partition: first, batch }], 'all', resolve),
    )
    for (const asked of [{ offset: 2 }, { offset: 0, lastFetchedEpoch: 1 }]) {
      const answer = await fetchOne(node, topic, asked)
      answer.release()
      const { error, highWatermark, logStartOffset } = answer.outcomes[0] ?? {}
      assert.deepEqual([error, highWatermark, logStartOffset], ['offsetOutOfRange', -1, -1])
    }
    const good = await fetchOne(node, topic, { lastFetchedEpoch: 0 })
    good.release()
    assert.equal(good.outcomes[0]?.highWatermark, 1)
  }))

test('what is set for all nodes is told apart from what this one has', () =>
  withNode(async (node) => {
    const set = (id: typeof node.nodeId | null, value: string) =>
      node.configs.change(
        { kind: 'node', node: id },
        [{ name: 'log.segment.bytes', action: 'set', value }],
        false,
      )
    assert.equal(errorOf(await set(null, '2000000')), 'ok')
    assert.equal(errorOf(await set(node.nodeId, '3000000')), 'ok')
    const forAll = node.configs.describe({ kind: 'node', node: null })
    assert.ok(forAll.ok)
    assert.deepEqual(
      forAll.value.map(({ name, value, synonyms }) => [name, value, synonyms.length]),
      [['log.segment.bytes', '2000000', 1]],
    )
  }))

test('a topic may change between sync and async, but not to memory or back', () =>
  withNode(async (node) => {
    const topic = await made(node, 't')
    const set = async (name: string, value: string): Promise<string> => {
      const wish = { name: 'polymq.flush', action: 'set', value } as const
      const target = node.topics.named(name) ?? assert.fail(name)
      const done = await node.configs.change({ kind: 'topic', topic: target }, [wish], false)
      return done.ok ? 'ok' : done.message
    }
    const flushOf = (): string | undefined => node.store.get(topic.id, 0)?.settings.flush
    assert.equal(await set('t', 'async'), 'ok')
    assert.equal(flushOf(), 'async')
    assert.equal(await set('t', 'sync'), 'ok')
    assert.equal(flushOf(), 'sync')
    assert.match(await set('t', 'memory'), /chosen when a topic is made/)
    assert.equal(flushOf(), 'sync')
    const configs = [['polymq.flush', 'memory']] as const
    const layout = { partitions: 1, replicationFactor: -1, assignments: null }
    const inMemory = await node.topics.create({ name: 'm', ...layout, configs }, false)
    assert.ok(inMemory.ok)
    assert.match(await set('m', 'sync'), /chosen when a topic is made/)
    const forAll = { name: 'polymq.flush', action: 'set', value: 'memory' } as const
    const all = await node.configs.change({ kind: 'node', node: null }, [forAll], false)
    assert.match(all.ok ? '' : all.message, /it takes one of sync, async/)
  }))

test('what is only in memory is not compacted, and nobody is told that it is', () =>
  withNode(async (node) => {
    const layout = { partitions: 1, replicationFactor: -1, assignments: null }
    const making = async (name: string, configs: readonly (readonly [string, string])[]) => {
      const done = await node.topics.create({ name, ...layout, configs }, false)
      return done.ok ? 'ok' : done.message
    }
    const inMemory = ['polymq.flush', 'memory'] as const
    const refused = /is not compacted: set cleanup\.policy=delete/
    assert.match(await making('both', [inMemory, ['cleanup.policy', 'delete,compact']]), refused)
    assert.equal(await making('m', [inMemory]), 'ok')
    const topic = node.topics.named('m') ?? assert.fail()
    const wish = { name: 'cleanup.policy', action: 'append', value: 'compact' } as const
    const changed = await node.configs.change({ kind: 'topic', topic }, [wish], false)
    assert.match(changed.ok ? '' : changed.message, refused)
  }))

test('where topics are in memory, what the node has to remember is not', async () => {
  const disk = memoryDisk()
  await withNodeOn(disk, { 'polymq.flush': 'memory' }, async (node) => {
    const topic = await node.topics.createOnDemand('__consumer_offsets', false)
    assert.ok(topic.ok)
    assert.equal(node.store.get(topic.value.id, 0)?.settings.flush, 'sync')
    const plain = await made(node, 't')
    assert.equal(node.store.get(plain.id, 0)?.settings.flush, 'memory')
  })
})

test('a full disk refuses records at the door of the broker, and takes them again', () =>
  withNode(
    async (node) => {
      const topic = await made(node, 't')
      const produce = () =>
        new Promise((resolve) =>
          node.logs.append(
            [{ topic, partition: first, batch: batchOf(['a']) }],
            'all',
            (outcomes) => resolve(outcomes[0]?.error),
          ),
        )
      assert.equal(await produce(), null)
      // A bound that no disk in memory with a limit can meet.
      await node.store.lookAtSpace(2 ** 50)
      assert.equal(await produce(), 'storageError')
      await node.store.lookAtSpace(0)
      assert.equal(await produce(), null)
    },
    memoryDisk(2 ** 40),
  ))

test('a data folder belongs to the node that made it, whatever it holds', async () => {
  const disk = memoryDisk()
  const nobody = async (): Promise<void> => undefined
  await withNode(nobody, disk, '5')
  await assert.rejects(withNode(nobody, disk, '1'), /that of node 5, and node\.id is 1/)
  await withNode(async (node) => assert.equal(node.nodeId, 5), disk, '5')
})

test('metadata that tells no node is that of node 1', async () => {
  const disk = memoryDisk()
  const metadata = await EmbeddedStore.open(disk, 'metadata')
  await metadata.txn({ put: [{ key: '/cluster', value: 'A'.repeat(22) }] })
  await metadata.close()
  const nobody = async (): Promise<void> => undefined
  await assert.rejects(withNode(nobody, disk, '0'), /that of node 1, and node\.id is 0/)
  await withNode(nobody, disk)
})
