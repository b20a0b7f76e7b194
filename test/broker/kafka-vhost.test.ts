// Another vhost than `/` for Kafka's clients: its queues and streams are the topics, it cannot be
// deleted, and it may be changed while there are no topics but queues.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { EmbeddedStore } from '../../src/metadata/embedded-store.ts'
import {
  confirmed,
  publish,
  queueWish,
  refusal,
  sessionOf,
  table,
  take,
  value,
} from './messaging-fixture.ts'
import { withNodeOn } from './node-fixture.ts'

async function withVhost(
  disk: Disk,
  vhost: string | null,
  use: (node: NodeBroker) => Promise<void>,
): Promise<void> {
  const settings: Record<string, string> = vhost === null ? {} : { 'polymq.kafka.vhost': vhost }
  await withNodeOn(disk, settings, async (node) => {
    await node.accounts.makeDefaultUser()
    for (const name of node.messaging.vhosts.keys())
      value(
        await node.accounts.permissions.set('guest', name, {
          configure: '.*',
          write: '.*',
          read: '.*',
        }),
      )
    await use(node)
  })
}

const topicNames = (node: NodeBroker): string[] =>
  [...node.topics.all()].map(({ name }) => name).sort()

const stream = (name: string) => queueWish(name, { arguments: table({ 'x-queue-type': 'stream' }) })

const layout = { partitions: 2, replicationFactor: 1, assignments: null, configs: [] }

test('queues and streams of the vhost are topics, and topics are streams of it', async () => {
  const disk = memoryDisk()
  await withVhost(disk, 'shop', async (node) => {
    const shop = sessionOf(node, 'shop').vhost
    const other = sessionOf(node).vhost
    value(await shop.declareQueue(queueWish('orders')))
    value(await shop.declareQueue(stream('events')))
    value(await other.declareQueue(queueWish('orders')))
    value(await other.declareQueue(stream('hidden')))
    value(await node.topics.create({ name: 'made', ...layout }, false))
    assert.deepEqual(topicNames(node), ['events', 'made', 'orders'])
    value(shop.checkQueue('made'))
    assert.match(refusal(other.checkQueue('made')), /^queueNotFound/)
    const topic = node.topics.named('orders')
    assert.ok(topic)
    assert.equal(
      node.messaging.queueOf(topic),
      node.messaging.vhosts.get('shop')?.queues.get('orders'),
    )
    publish(shop, '', 'orders', 'a')
    publish(other, '', 'orders', 'b')
    await confirmed(node)
    assert.match(refusal(await node.messaging.deleteVhost('shop')), /^notAllowed: .*kafka.vhost/)
  })
  await withVhost(disk, 'shop', async (node) => {
    assert.deepEqual(topicNames(node), ['events', 'made', 'orders'])
    assert.equal(await take(sessionOf(node, 'shop').vhost, 'orders'), 'a')
    assert.equal(await take(sessionOf(node).vhost, 'orders'), 'b')
    value(sessionOf(node, 'shop').vhost.checkQueue('made'))
    value(sessionOf(node).vhost.checkQueue('hidden'))
    const topic = node.topics.named('orders')
    assert.ok(topic)
    value(await node.topics.delete(topic))
    assert.match(refusal(sessionOf(node, 'shop').vhost.checkQueue('orders')), /^queueNotFound/)
  })
})

test('queues are listed anew when another vhost is set, and keep their messages', async () => {
  const disk = memoryDisk()
  await withVhost(disk, null, async (node) => {
    value(await node.messaging.putVhost('shop', { ...plainAbout, description: 'kept' }))
    value(
      await node.accounts.permissions.set('guest', 'shop', {
        configure: '.*',
        write: '.*',
        read: '.*',
      }),
    )
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('orders')))
    value(await vhost.declareQueue(queueWish('bills')))
    value(await sessionOf(node, 'shop').vhost.declareQueue(queueWish('orders')))
    value(await sessionOf(node, 'shop').vhost.declareQueue(queueWish('my queue')))
    publish(vhost, '', 'bills', 'bill')
    publish(sessionOf(node, 'shop').vhost, '', 'orders', 'order')
    await confirmed(node)
    assert.deepEqual(topicNames(node), ['bills', 'orders'])
  })
  await withVhost(disk, 'shop', async (node) => {
    assert.equal(node.messaging.vhosts.get('shop')?.about.description, 'kept')
    assert.deepEqual(topicNames(node), ['--my-20queue', 'orders'])
    assert.equal(await take(sessionOf(node).vhost, 'bills'), 'bill')
    assert.equal(await take(sessionOf(node, 'shop').vhost, 'orders'), 'order')
  })
  await withVhost(disk, null, async (node) => {
    assert.deepEqual(topicNames(node), ['bills', 'orders'])
  })
})

const plainAbout = { description: '', tags: [], defaultQueueType: 'classic' } as const

test('a change that a crash has cut short is gone on with at the next start', async () => {
  const disk = memoryDisk()
  await withVhost(disk, null, async (node) => {
    const { vhost } = sessionOf(node)
    for (const name of ['a', 'b', 'c']) value(await vhost.declareQueue(queueWish(name)))
    publish(vhost, '', 'b', 'kept')
    await confirmed(node)
  })
  // One is not listed yet, and another still is, though it is none of the vhost's.
  const store = await EmbeddedStore.open(disk, 'metadata')
  const topics = (await store.range('/topics/')).entries
  const gone = topics.find(({ key }) => key === '/topics/b')
  const id = /"id":"(.*?)"/.exec(gone?.value ?? '')?.[1]
  assert.ok(id !== undefined)
  await store.txn({ delete: ['/topics/b', '/names/b', `/partitions/${id}/0`] })
  await store.txn({ delete: ['/queues/%2F/c'] })
  await store.close()
  await withVhost(disk, null, async (node) => {
    assert.deepEqual(topicNames(node), ['a', 'b'])
    assert.equal(await take(sessionOf(node).vhost, 'b'), 'kept')
  })
})

test('topics with records of their own keep their vhost: the start is refused', async () => {
  const disk = memoryDisk()
  const isRefused = async (vhost: string | null, words: RegExp) => {
    await assert.rejects(
      withVhost(disk, vhost, async () => assert.fail('it started')),
      (cause: Error) => cause.name === 'KafkaVhostError' && words.test(cause.message),
    )
  }
  await withVhost(disk, 'shop', async (node) => {
    value(await node.topics.create({ name: 'made', ...layout }, false))
    value(await sessionOf(node).vhost.declareQueue(stream('events')))
  })
  await isRefused(null, /topics .* of the vhost 'shop' \('made'\); set polymq.kafka.vhost=shop, or/)
  await isRefused('x'.repeat(256), /^polymq.kafka.vhost: the name of a vhost has at most 255/)
  await withVhost(disk, 'shop', async (node) => {
    const topic = node.topics.named('made')
    assert.ok(topic)
    value(await node.topics.delete(topic))
  })
  await isRefused('/', /streams that were made in that vhost .* \('events'\); set .*=shop, or/)
  await withVhost(disk, 'shop', async (node) => {
    value(await sessionOf(node).vhost.deleteQueue('events', false, false))
  })
  await withVhost(disk, '/', async (node) => assert.deepEqual(topicNames(node), []))
})
