// A queue whose log or ledger has lost records: it confirms nothing that it could not deliver, and
// is of use again when it is purged.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { Published } from '../../src/queue/published.ts'
import type { Queue } from '../../src/queue/queue.ts'
import { ledgerPartition } from '../../src/queue/queues.ts'
import { diskOf, filesOf } from '../log/folder-files.ts'
import { until } from '../stream/stream-world.ts'
import { messageOf, subscribe, TestConsumer, TestNode, topicOf } from './queue-fixture.ts'

const { routed, stored, rejected } = Published

const durable = (node: TestNode): Promise<void> =>
  new Promise((resolve) => node.queues.flush(resolve))

/** What a node that was killed leaves, with one byte of the journal turned. */
async function damagedAt(
  work: (node: TestNode, queue: Queue) => Promise<void>,
  find: (journal: Buffer, node: TestNode) => number,
) {
  const disk = memoryDisk()
  const node = await TestNode.open(disk)
  await work(node, await node.open(0))
  const files = new Map(await filesOf(disk))
  const journal = files.get('journal/000000.wal') as Buffer
  const at = find(journal, node)
  journal.writeUInt8(journal.readUInt8(at) ^ 1, at)
  return diskOf(files)
}

/** Three messages in the journal, of which the second is damaged. */
const damagedJournal = () =>
  damagedAt(
    async (node, queue) => {
      for (const text of ['first', 'second', 'third']) {
        queue.publish(messageOf(text))
        await durable(node)
      }
    },
    (journal) => journal.indexOf('second'),
  )

test('a damaged queue confirms nothing, delivers what is before, and serves again', async () => {
  const disk = await damagedJournal()
  const node = await TestNode.open(disk)
  assert.match(node.reported.join('\n'), /out of service: partition 0 of topic 0+ from offset 1 on/)
  const queue = await node.open(0)
  assert.equal(queue.publish(messageOf('lost')), routed | rejected)
  assert.equal(queue.refuses(messageOf('lost')), true)
  const consumer = new TestConsumer()
  const subscription = subscribe(queue, consumer)
  await consumer.has(1)
  assert.deepEqual(consumer.texts, ['first'])
  subscription?.cancel()
  queue.accept(consumer.got[0]?.id ?? 0)
  queue.purge()
  await durable(node)
  await node.close()
  const again = await TestNode.open(disk)
  const served = await again.open(0)
  assert.equal(served.ready, 0)
  assert.equal(served.publish(messageOf('new')), routed | stored)
  const last = new TestConsumer()
  subscribe(served, last)
  assert.deepEqual((await last.has(1)).texts, ['new'])
  await again.close()
})

/** Three batches in a segment, of which one cannot be read. */
async function damagedSegment(options: { skipsDamaged: boolean }, damaged = 'second') {
  const disk = memoryDisk()
  const node = await TestNode.open(disk, 1, 1, realClock, options)
  const queue = await node.open(0)
  for (const text of ['first', 'second', 'third']) {
    queue.publish(messageOf(text))
    queue.publish(messageOf(`${text} too`))
    await durable(node)
  }
  await node.store.flush()
  const [name] = await disk.list('segments')
  const file = await disk.open(`segments/${name}`, { access: 'write' })
  const bytes = Buffer.alloc(await file.size())
  await file.read(bytes, 0)
  await file.write([Uint8Array.of(0x21)], bytes.indexOf(damaged))
  await file.close()
  return { disk, node, queue }
}

test('a batch of a segment that cannot be read holds a queue up', async () => {
  const { node, queue } = await damagedSegment({ skipsDamaged: false })
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  await consumer.has(2)
  await until(() => node.reported.length === 2)
  assert.match(node.reported[1] ?? '', /offset 2 cannot be read; .*polymq\.damaged\.queues=skip$/)
  assert.deepEqual([consumer.texts, queue.ready], [['first', 'first too'], 4])
  await node.close()
})

test('or is passed over, where the node is told so, and leaves no bytes behind', async () => {
  const { disk, node, queue } = await damagedSegment({ skipsDamaged: true })
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  await consumer.has(4)
  assert.deepEqual(consumer.texts, ['first', 'first too', 'third', 'third too'])
  assert.match(node.reported[1] ?? '', /passed over .* from offset 2 on \(messages: 2\)/)
  assert.deepEqual([queue.ready, queue.inFlight, queue.stock.lost], [0, 4, 2])
  for (const { id } of consumer.got) queue.accept(id)
  assert.equal(queue.readyBytes, 0)
  queue.publish(messageOf('fourth'))
  assert.deepEqual([(await consumer.has(5)).texts[4], queue.stock.lanes[0]?.bytes], ['fourth', 6])
  await durable(node)
  await node.close()
  const again = await TestNode.open(disk, 1, 1, realClock, { skipsDamaged: true })
  const served = await again.open(0)
  assert.deepEqual([served.ready, served.readyBytes, served.stock.lanes[0]?.bytes], [1, 6, 6])
  await again.close()
})

test('what is last of all, or all of it, leaves no bytes behind either', async () => {
  const { disk, node, queue } = await damagedSegment({ skipsDamaged: true }, 'third')
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  await consumer.has(4)
  for (const { id } of consumer.got) queue.accept(id)
  await until(() => queue.stock.lost === 2 && queue.readyBytes === 0)
  assert.deepEqual([queue.ready, queue.stock.lanes[0]?.bytes], [0, 0])
  await node.close()
  const again = await TestNode.open(disk, 1, 1, realClock, { skipsDamaged: true })
  const served = await again.open(0)
  assert.deepEqual([served.ready, served.readyBytes, served.stock.lanes[0]?.bytes], [0, 0, 0])
  await again.close()
})

test('nor what was passed over before a restart, once the rest is gone', async () => {
  const { disk, node, queue } = await damagedSegment({ skipsDamaged: true })
  for (let i = 0; i < 3; i++) queue.accept((await queue.get(false))?.id ?? 0)
  assert.deepEqual([queue.stock.lost, queue.ready], [2, 1])
  await durable(node)
  await node.close()
  const again = await TestNode.open(disk, 1, 1, realClock, { skipsDamaged: true })
  const served = await again.open(0)
  served.accept((await served.get(false))?.id ?? 0)
  assert.deepEqual([served.ready, served.readyBytes, served.stock.lanes[0]?.bytes], [0, 0, 0])
  await again.close()
})

test('what the journal has lost is passed over, too, and the queue takes more', async () => {
  const disk = await damagedJournal()
  const node = await TestNode.open(disk, 1, 1, realClock, { skipsDamaged: true })
  const queue = await node.open(0)
  assert.equal(queue.publish(messageOf('fourth')), routed | stored)
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  assert.deepEqual((await consumer.has(3)).texts, ['first', 'third', 'fourth'])
  assert.match(node.reported.join('\n'), /passed over .* from offset 1 on \(to offset 2\)/)
  for (const { id } of consumer.got) queue.accept(id)
  assert.deepEqual([queue.ready, queue.readyBytes, queue.stock.lanes[0]?.bytes], [0, 0, 0])
  await durable(node)
  await node.close()
  const again = await TestNode.open(disk, 1, 1, realClock, { skipsDamaged: true })
  const served = await again.open(0)
  assert.deepEqual([served.ready, served.publish(messageOf('fifth'))], [0, routed | stored])
  await again.close()
})

test('a purge behind what was passed over, and of what came back, leaves no bytes', async () => {
  const { disk, node, queue } = await damagedSegment({ skipsDamaged: true })
  await node.close()
  assert.equal(queue.ready, 6)
  const again = await TestNode.open(disk, 1, 1, realClock, { skipsDamaged: true })
  const served = await again.open(0)
  const got = [await served.get(false), await served.get(false), await served.get(false)]
  assert.equal(served.ready, 1)
  for (const each of got) served.reject(each?.id ?? 0, true, false)
  assert.equal(served.ready, 4)
  served.purge()
  assert.deepEqual([served.ready, served.readyBytes, served.stock.lanes[0]?.bytes], [0, 0, 0])
  await again.close()
})

test('a ledger that has lost records goes on from a snapshot', async () => {
  const topic = topicOf(0)
  const disk = await damagedAt(
    async (node, queue) => {
      for (const text of ['settled', 'ready']) queue.publish(messageOf(text))
      await durable(node)
      const got = await queue.get(false)
      queue.accept(got?.id ?? 0)
      await durable(node)
      queue.publish(messageOf('behind'))
      await durable(node)
    },
    (_, node) => (node.store.get(topic, ledgerPartition)?.tail.lsn(0) ?? 0) + 70,
  )
  const node = await TestNode.open(disk)
  const queue = await node.open(0)
  assert.match(node.reported.join('\n'), /messages that were settled may come again/)
  assert.equal(queue.ready, 3)
  queue.publish(messageOf('more'))
  queue.accept((await queue.get(false))?.id ?? 0)
  await durable(node)
  await node.close()
  const again = await TestNode.open(disk)
  assert.equal(again.store.get(topic, ledgerPartition)?.damagedFrom, null)
  assert.equal((await again.open(0)).ready, 3)
  await again.close()
})
