// Queues over topics that are compacted under them: all that is left comes once and in order, what
// is gone counts as gone, and nobody waits for it. The cleaner leaves batches with fewer records,
// and empty ones where a segment ends.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { Vhost } from '../../src/broker/messaging/api.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { eventLoopTurn } from '../../src/io/real/clock.ts'
import { partitionId } from '../../src/model/ids.ts'
import { keyedRecords } from '../log/log-fixture.ts'
import {
  confirmed,
  consume,
  queueWish,
  sessionOf,
  TestConsumer,
  table,
  take,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const configs: [string, string][] = [
  ['cleanup.policy', 'compact'],
  ['min.cleanable.dirty.ratio', '0'],
  ['segment.ms', '1'],
]

/** So many records, and the keys among which they take turns: bodies are `partition/offset`. */
const records = 60
const keys = 5
const perBatch = 4
/** Several batches. */
const segmentBytes = 700
/** A read that gives a piece of the log may give all of these. */
const taken = 2

async function makeTopic(node: NodeBroker, partitions: number): Promise<void> {
  const layout = { partitions, replicationFactor: 1, assignments: null, configs }
  const topic = value(await node.topics.create({ name: 'events', ...layout }, false))
  for (let partition = 0; partition < partitions; partition++) shorten(node, topic.id, partition)
}

/** Its segments are so short that much of them ends with an empty batch. */
function shorten(node: NodeBroker, id: string, partition: number): void {
  const log = node.store.get(id, partition)
  assert.ok(log)
  log.settings = { ...log.settings, segmentBytes }
}

/** Records at `offset` and the next ones; each batch becomes a segment. */
async function produce(node: NodeBroker, partition: number, offset = 0): Promise<void> {
  const topic = node.topics.named('events')
  assert.ok(topic)
  for (let from = offset; from < offset + records; from += perBatch) {
    const pairs = Array.from({ length: perBatch }, (_, i): [string, string] => [
      `k${(from + i) % keys}`,
      `${partition}/${from + i}`,
    ])
    const requests = [{ topic, partition: partitionId(partition), batch: keyedRecords(pairs) }]
    await new Promise((resolve) => node.logs.append(requests, 'all', resolve))
    await node.store.flush()
  }
  await eventLoopTurn()
}

async function compact(node: NodeBroker): Promise<void> {
  const { cleaner } = node.store
  const before = cleaner.counters.cleanings
  await cleaner.clean([...node.store.all], Date.now() + 1_000_000, 1 << 20)
  assert.ok(cleaner.counters.cleanings > before, 'there was something to compact')
}

type Rules = Parameters<typeof table>[0]

async function over(vhost: Vhost, name: string, rules: Rules = {}): Promise<number> {
  const args = table({ 'x-topic': 'events', 'x-stream-offset': 'first', ...rules })
  return value(await vhost.declareQueue(queueWish(name, { arguments: args }))).messages
}

/** The latest of each key. */
const left = (partition: number): string[] =>
  Array.from({ length: keys }, (_, i) => `${partition}/${records - keys + i}`)

const messages = (vhost: Vhost, name: string): number => value(vhost.checkQueue(name)).messages

/** Consumes and settles until `last` has come. */
async function drain(vhost: Vhost, name: string, last: string): Promise<string[]> {
  const consumer = new TestConsumer()
  consumer.room = 1000
  const { queue, cancel } = await consume(vhost, name, consumer)
  for (let settled = 0; consumer.bodies[settled - 1] !== last; settled++) {
    await consumer.has(settled + 1)
    queue.accept(consumer.deliveries[settled]?.id ?? 0)
  }
  await cancel()
  return consumer.bodies
}

const kinds: readonly (readonly [string, Rules])[] = [
  ['classic', {}],
  ['quorum', { 'x-queue-type': 'quorum' }],
  ['single active consumer', { 'x-single-active-consumer': true }],
]

for (const [kind, rules] of kinds)
  test(`what compaction took between two reads is passed over: ${kind}`, async () => {
    const disk = memoryDisk()
    await withMessaging(async (node) => {
      const { vhost } = sessionOf(node)
      await makeTopic(node, 1)
      await over(vhost, 'q', rules)
      await produce(node, 0)
      assert.equal(messages(vhost, 'q'), records)
      for (let i = 0; i < taken; i++) assert.equal(await take(vhost, 'q'), `0/${i}`)
      await compact(node)
      const got = await drain(vhost, 'q', `0/${records - 1}`)
      assert.deepEqual(got.slice(-keys), left(0))
      assert.ok(got.length < records / 2, `${got.length} came`)
      assert.equal(messages(vhost, 'q'), 0)
    }, disk)
    await withMessaging(async (node) => {
      const { vhost } = sessionOf(node)
      assert.equal(messages(vhost, 'q'), 0)
      await produce(node, 0, records)
      assert.equal(await take(vhost, 'q'), `0/${records}`)
    }, disk)
  })

test('behind a restart, gets are answered with what compaction left', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 1)
    await over(vhost, 'q')
    await produce(node, 0)
    assert.equal(await take(vhost, 'q'), '0/0')
    await compact(node)
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    assert.equal(messages(vhost, 'q'), records - 1)
    for (const body of left(0)) assert.equal(await take(vhost, 'q'), body)
    assert.equal(await take(vhost, 'q'), null)
    assert.equal(messages(vhost, 'q'), 0)
  }, disk)
})

test('a queue over a topic that was compacted before, of several partitions', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 3)
    for (const partition of [0, 1, 2]) await produce(node, partition)
    await compact(node)
    await over(vhost, 'q')
    const got: string[] = []
    for (let body = await take(vhost, 'q'); body !== null; body = await take(vhost, 'q'))
      got.push(body)
    assert.deepEqual(
      got.filter((body) => body.startsWith('1/')),
      left(1),
    )
    assert.deepEqual(got.sort(), [0, 1, 2].flatMap(left).sort())
    assert.equal(messages(vhost, 'q'), 0)
  }))

test('compaction while a queue reads', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 1)
    await produce(node, 0)
    await over(vhost, 'q')
    const [got] = await Promise.all([drain(vhost, 'q', `0/${records - 1}`), compact(node)])
    assert.deepEqual(got.slice(-keys), left(0))
    const places = got.map((body) => Number(body.slice(2)))
    assert.deepEqual(
      places,
      [...new Set(places)].sort((a, b) => a - b),
    )
    assert.equal(messages(vhost, 'q'), 0)
  }))

test('in flight, returned, delayed, leaving: whose record is gone is gone', async () => {
  const disk = memoryDisk()
  const letters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' }
  const delays = { 'x-delayed-retry-type': 'all', 'x-delayed-retry-min': 20 }
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await makeTopic(node, 1)
    await over(vhost, 'back')
    await over(vhost, 'later', delays)
    await over(vhost, 'kept', {
      ...letters,
      'x-queue-type': 'quorum',
      'x-dead-letter-strategy': 'at-least-once',
    })
    await produce(node, 0)
    for (const name of ['back', 'later', 'kept']) {
      const consumer = new TestConsumer()
      consumer.room = perBatch + taken
      const subscription = await consume(vhost, name, consumer)
      await consumer.has(perBatch + taken)
      for (const { id } of consumer.deliveries) {
        // One stays in flight.
        if (id === consumer.deliveries[1]?.id) continue
        subscription.queue.reject(id, name !== 'kept', true)
      }
    }
    await confirmed(node)
    await compact(node)
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('dead')))
    for (const name of ['back', 'later', 'kept']) {
      assert.deepEqual(await drain(vhost, name, `0/${records - 1}`), left(0), name)
      const used = node.messaging.vhosts.get('/')?.queues.get(name)?.queue
      while (used && used.ready + used.inFlight + used.delayed > 0) await eventLoopTurn()
    }
    assert.equal(await take(vhost, 'dead'), null)
  }, disk)
})
