// A queue that nobody has used is nothing but its definition, and nobody can tell.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { partitionId } from '../../src/model/ids.ts'
import { ledgerPartition } from '../../src/queue/queues.ts'
import { batchOf } from '../log/log-fixture.ts'
import {
  confirmed,
  publish,
  queueWish,
  refusal,
  sessionOf,
  table,
  take,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const usedOf = (node: NodeBroker, name: string) =>
  node.messaging.vhosts.get('/')?.queues.get(name)?.used

/** Partitions of its topic that the log knows. */
const logsOf = (node: NodeBroker, name: string): number => {
  const id = node.topics.named(name)?.id ?? ''
  return [0, ledgerPartition].filter((p) => node.store.get(id, p) !== undefined).length
}

test('looking at it, purging and deleting it does not make it', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const name of ['idle', 'other']) value(await vhost.declareQueue(queueWish(name)))
    value(await vhost.declareQueue(queueWish('idle')))
    assert.deepEqual(value(vhost.checkQueue('idle')), { name: 'idle', messages: 0, consumers: 0 })
    assert.equal(value(await vhost.purgeQueue('idle')), 0)
    const topic = node.topics.named('idle')
    assert.ok(topic)
    assert.deepEqual(node.logs.sizes(topic), [
      { partition: 0, bytes: 0, logStartOffset: 0, highWatermark: 0, damagedFrom: null },
    ])
    assert.deepEqual([usedOf(node, 'idle'), logsOf(node, 'idle')], [null, 0])
    assert.equal(value(await vhost.deleteQueue('idle', true, true)), 0)
    assert.match(refusal(vhost.checkQueue('idle')), /^queueNotFound/)
    assert.equal(usedOf(node, 'other'), null)
  }))

test('the first message makes it, also one of a Kafka client, and a restart knows', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const name of ['idle', 'published', 'produced'])
      value(await vhost.declareQueue(queueWish(name)))
    publish(vhost, '', 'published', 'by AMQP')
    await confirmed(node)
    const topic = node.topics.named('produced')
    assert.ok(topic)
    const request = { topic, partition: partitionId(0), batch: batchOf(['by Kafka']) }
    await new Promise((done) => node.logs.append([request], 'all', done))
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    assert.deepEqual([usedOf(node, 'idle'), logsOf(node, 'idle')], [null, 0])
    assert.equal(await take(vhost, 'published'), 'by AMQP')
    assert.equal(await take(vhost, 'produced'), 'by Kafka')
    publish(vhost, '', 'idle', 'late')
    assert.equal(await take(vhost, 'idle'), 'late')
  }, disk)
})

test('what holds for it by its arguments and by policies holds from its first use', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('short')))
    const [name, vhostName, applyTo] = ['short', '/', 'queues'] as const
    const limit = { name, vhost: vhostName, pattern: '^short$', applyTo, priority: 0 }
    value(await node.policies.set('user', { ...limit, definition: { 'max-length': 1 } }))
    await node.messaging.policiesFollowed('/')
    assert.equal(usedOf(node, 'short'), null)
    for (const body of ['first', 'second']) publish(vhost, '', 'short', body)
    await confirmed(node)
    assert.equal(await take(vhost, 'short'), 'second')
    const expiring = queueWish('expiring', { arguments: table({ 'x-expires': 60_000 }) })
    value(await vhost.declareQueue(expiring))
    assert.ok(usedOf(node, 'expiring'), 'its time runs from its declaration')
  }))
