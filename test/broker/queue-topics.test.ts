// Queues as topics: what a door that speaks of topics sees of them.
import assert from 'node:assert/strict'
import test from 'node:test'
import { authorizedBroker } from '../../src/broker/access/authorized-broker.ts'
import type { NodeBroker } from '../../src/broker/broker.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import { partitionId } from '../../src/model/ids.ts'
import { textField } from '../../src/model/message/field.ts'
import { BatchHeader } from '../../src/model/record-batch.ts'
import { readRecords } from '../../src/model/records.ts'
import type { Topic } from '../../src/model/topic.ts'
import { batchOf } from '../log/log-fixture.ts'
import {
  confirmed,
  publish,
  queueWish,
  refusal,
  sessionOf,
  take,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const named = (node: NodeBroker, name: string): Topic => {
  const topic = node.topics.named(name)
  assert.ok(topic, `${name} is listed`)
  return topic
}

const appended = (node: NodeBroker, topic: Topic, bodies: string[]) =>
  new Promise((resolve) =>
    node.logs.append(
      [{ topic, partition: partitionId(0), batch: batchOf(bodies) }],
      'all',
      resolve,
    ),
  )

/** Of partition 0. */
async function recordsOf(node: NodeBroker, topic: Topic) {
  const log = node.store.get(topic.id, 0)
  assert.ok(log)
  const read = emptyRead()
  const want = {
    offset: log.logStartOffset,
    below: log.highWatermark,
    maxBytes: 1e6,
    mustGive: true,
  }
  assert.ok(node.store.reader.readFromMemory(log, want, read))
  const bytes = Buffer.concat(read.records)
  node.store.reader.release(read)
  const header = new BatchHeader()
  const found = []
  for (let at = 0; at < bytes.length; at += header.bytes) {
    header.moveTo(bytes, at)
    found.push(...(readRecords(header.records(), header.recordCount) ?? []))
  }
  return found
}

test('every durable queue is listed, under a name that Kafka can spell', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const name of ['orders', 'my queue', 'a.b', 'a_b'])
      value(await vhost.declareQueue(queueWish(name)))
    value(await vhost.declareQueue(queueWish('temporary', { durable: false })))
    value(await vhost.declareQueue(queueWish('mine', { exclusive: true })))
    value(await vhost.declareQueue(queueWish('', { exclusive: true })))
    const names = [...node.topics.all()].map(({ name }) => name).sort()
    assert.deepEqual(names, ['--a-5fb', '--my-20queue', 'a.b', 'orders'])
    await appended(node, named(node, '--my-20queue'), ['x'])
    await appended(node, named(node, '--a-5fb'), ['y'])
    assert.equal(await take(vhost, 'my queue'), 'x')
    assert.equal(await take(vhost, 'a_b'), 'y')
    value(await node.topics.delete(named(node, '--my-20queue')))
    assert.match(refusal(vhost.checkQueue('my queue')), /^queueNotFound/)
  }))

test('names are one namespace: what is a queue cannot be made a topic', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('temporary', { durable: false })))
    const layout = { partitions: 1, replicationFactor: 1, assignments: null, configs: [] }
    const make = async (name: string) =>
      refusal(await node.topics.create({ name, ...layout }, false))
    assert.match(await make('temporary'), /^topicExists: 'temporary' is the name of a queue/)
    assert.match(await make('--a'), /^invalidTopicName: names that begin with --/)
    assert.match(await make('__stream_offsets'), /^topicExists/)
    const onDemand = refusal(await node.topics.createOnDemand('temporary', false))
    assert.match(onDemand, /^unknownTopic/)
    value(await vhost.deleteQueue('temporary', false, false))
    assert.equal(await make('temporary'), 'ok')
  }))

test("a queue's topic says how it keeps its records, and cannot be told otherwise", () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('orders')))
    const target = { kind: 'topic', topic: named(node, 'orders') } as const
    const entries = value(node.configs.describe(target))
    const texts = ['retention.ms', 'retention.bytes', 'cleanup.policy'].map(
      (name) => entries.find((entry) => entry.name === name)?.value,
    )
    assert.deepEqual(texts, ['-1', '-1', 'delete'])
    assert.match(
      refusal(await node.configs.replace(target, new Map([['retention.ms', '1']]), false)),
      /^invalidConfig/,
    )
  }))

test('records of a queue can be read, with their headers, until they are settled', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('orders')))
    const headers = new Map([
      ['traceparent', textField('00-1-2-03')],
      ['x-kafka-key', textField('k')],
    ])
    publish(vhost, '', 'orders', 'a', { headers })
    publish(vhost, '', 'orders', 'b')
    await confirmed(node)
    const topic = named(node, 'orders')
    const [first, second] = await recordsOf(node, topic)
    assert.equal(Buffer.from(first?.value ?? []).toString(), 'a')
    assert.equal(Buffer.from(second?.value ?? []).toString(), 'b')
    assert.equal(Buffer.from(first?.key ?? []).toString(), 'k')
    const [size] = node.logs.sizes(topic)
    assert.deepEqual([size?.logStartOffset, size?.highWatermark], [0, 2])
  }))

test("a queue's rights hold for its topic, under the name of the queue", () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const name of ['a b', 'secret']) value(await vhost.declareQueue(queueWish(name)))
    const { accounts } = node
    value(await accounts.addUser('u', { password: 'secret' }, []))
    const texts = { configure: '^$', write: '^$', read: '^a b$' }
    value(await accounts.permissions.set('u', '/', texts))
    const seen = authorizedBroker(node, accounts, 'u', '/')
    assert.deepEqual(
      [...seen.topics.all()].map(({ name }) => name),
      ['--a-20b'],
    )
    assert.equal(seen.topics.named('secret'), null)
    const deleted = await seen.topics.delete(named(node, '--a-20b'))
    assert.match(refusal(deleted), /^accessRefused/)
  }))
