import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { Published } from '../../src/queue/published.ts'
import { messageOf, subscribe, TestConsumer, TestNode } from './queue-fixture.ts'
import { publishAll, Rig } from './rig.ts'

test('a queue delivers in order, settles, and is empty after a restart', async () => {
  const disk = memoryDisk()
  const node = await TestNode.open(disk)
  const queue = await node.open(0)
  for (let i = 0; i < 5; i++)
    assert.equal(queue.publish(messageOf(`m${i}`)), Published.routed | Published.stored)
  await node.flush()
  assert.equal(queue.ready, 5)
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  assert.deepEqual(consumer.texts, ['m0', 'm1', 'm2', 'm3', 'm4'])
  for (const { id } of consumer.got) queue.accept(id)
  assert.equal(queue.inFlight, 0)
  await node.close()
  const again = await TestNode.open(disk)
  assert.equal((await again.open(0)).ready, 0)
  await again.close()
})

test('what is not settled is ready after a restart, and told to be redelivered', async () => {
  const disk = memoryDisk()
  const node = await TestNode.open(disk)
  const queue = await node.open(0)
  const consumer = new TestConsumer(3)
  subscribe(queue, consumer)
  for (let i = 0; i < 6; i++) queue.publish(messageOf(`m${i}`))
  assert.deepEqual(consumer.texts, ['m0', 'm1', 'm2'])
  queue.accept(consumer.got[1]?.id ?? 0)
  await node.close()
  const again = await TestNode.open(disk)
  const reopened = await again.open(0)
  assert.equal(reopened.ready, 5)
  assert.equal(reopened.readyBytes, 10)
  const second = new TestConsumer()
  subscribe(reopened, second)
  await second.has(5)
  assert.deepEqual(
    second.got.map((d) => `${d.text}${d.redelivered ? ' again' : ''}`),
    ['m0 again', 'm2 again', 'm3', 'm4', 'm5'],
  )
  await again.close()
})

test('what was there when the node was killed may have been delivered, and says so', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  publishAll(queue, 'm0', 'm1', 'm2')
  await rig.clock.runUntil(rig.node.flush())
  const consumer = new TestConsumer(1)
  subscribe(queue, consumer, { settled: true })
  assert.deepEqual(consumer.texts, ['m0'], 'and nothing was told of it yet')
  await rig.crashed()
  const again = new TestConsumer(1)
  subscribe(await rig.open(), again)
  await rig.clock.runUntil(again.has(1))
  assert.deepEqual([again.texts, again.got[0]?.redelivered], [['m0'], true])
})

test('after an orderly end only what was delivered says so, before a kill too', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  publishAll(queue, 'm0', 'm1', 'm2')
  await rig.clock.runUntil(rig.node.flush())
  const consumer = new TestConsumer(1)
  subscribe(queue, consumer)
  await rig.restarted()
  const told = async (): Promise<boolean[]> => {
    const all = new TestConsumer()
    const subscription = subscribe(await rig.open(), all)
    await rig.clock.runUntil(all.has(3))
    subscription?.cancel()
    return all.got.map((d) => d.redelivered)
  }
  assert.deepEqual(await told(), [true, false, false])
  await rig.crashed()
  await rig.open()
  await rig.restarted()
  assert.deepEqual(await told(), [true, true, true])
})

test('a start reads no more of a backlog than was published since the last mark', async () => {
  const disk = memoryDisk()
  const options = { markBytes: 10_000 }
  const node = await TestNode.open(disk, 1, 1, realClock, options)
  const queue = await node.open(0)
  for (let i = 0; i < 200; i++) {
    queue.publish(messageOf('x'.repeat(1000)))
    await node.flush()
  }
  // As after a kill: nothing is said at the end.
  const started = async (): Promise<number> => {
    const again = await TestNode.open(disk, 1, 1, realClock, options)
    const { counters } = again.store.reader
    const opened = await again.open(0)
    assert.deepEqual([opened.ready, opened.readyBytes], [200, 200_000])
    await again.flush()
    return counters.memoryBytes + counters.diskBytes
  }
  assert.ok((await started()) < 30_000)
})

test('while much comes back in pieces nothing is delivered, then all in its order', async () => {
  const node = await TestNode.open(memoryDisk())
  const queue = await node.open(0)
  const first = new TestConsumer(6)
  subscribe(queue, first)
  for (let i = 0; i < 8; i++) queue.publish(messageOf(`m${i}`))
  queue.hold(1)
  for (const { id } of first.got.slice(0, 3)) queue.reject(id, true, true)
  const second = new TestConsumer()
  subscribe(queue, second)
  await node.flush()
  queue.publish(messageOf('m8'))
  const got = queue.get(true)
  await node.flush()
  assert.deepEqual(second.texts, [])
  for (const { id } of first.got.slice(3)) queue.reject(id, true, true)
  queue.hold(-1)
  await second.has(8)
  const texts = [...second.texts, (await got)?.message.body.toString() ?? ''].sort()
  assert.deepEqual(second.texts, [...second.texts].sort())
  assert.equal(new Set(texts).size, 9)
  await node.close()
})
