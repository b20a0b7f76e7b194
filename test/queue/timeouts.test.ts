// Consumers that keep deliveries for too long.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Queue } from '../../src/queue/queue.ts'
import { messageOf, TestConsumer } from './queue-fixture.ts'
import { publishAll, Rig } from './rig.ts'

function join(queue: Queue, timeoutMs: number | null, room: number): TestConsumer {
  const consumer = new TestConsumer(room)
  const wish = { settled: false, exclusive: false, priority: 0, timeoutMs }
  queue.consume(consumer, wish)?.resume()
  return consumer
}

test('whoever has a delivery for too long is cancelled alone; what it had goes back', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ consumerTimeoutMs: 10_000 })
  const slow = join(queue, null, 2)
  const patient = join(queue, Number.POSITIVE_INFINITY, 1)
  publishAll(queue, '1', '2', '3')
  queue.publish(messageOf('4', { transient: true }))
  assert.deepEqual([slow.texts, patient.texts, queue.inFlight], [['1', '3'], ['2'], 3])
  queue.accept(slow.got[1]?.id ?? 0)
  await rig.passed(9_900)
  assert.equal(slow.cancelReason, null)
  await rig.passed(200)
  assert.equal(slow.cancelReason, 'timeout')
  assert.deepEqual([patient.cancelReason, queue.inFlight, queue.consumerCount], [null, 1, 1])
  assert.deepEqual(rig.host.leftQueues, [queue.name])
  const other = join(queue, null, 5)
  assert.deepEqual(other.texts, ['1', '4'])
  assert.deepEqual([other.got[0]?.failures, other.got[0]?.redelivered], [1, true])
  for (const { id } of other.got) queue.accept(id)
  await rig.passed(100_000)
  assert.equal(other.cancelReason, null)
})

test('who settles in time goes on for ever; a shorter time of the consumer counts', async () => {
  const rig = await Rig.of(1, { consumerTimeoutMs: 60_000 })
  const queue = await rig.open()
  const diligent = join(queue, null, 1000)
  for (let i = 0; i < 50; i++) {
    publishAll(queue, String(i))
    await rig.passed(10_000)
    queue.accept(diligent.got[i]?.id ?? 0)
  }
  assert.equal(diligent.cancelReason, null)
  diligent.room = 0
  const hasty = join(queue, 500, 1)
  publishAll(queue, 'x')
  await rig.passed(540)
  assert.equal(hasty.cancelReason, 'timeout')
})

test('a time that changes holds for what is out already', async () => {
  const rig = await Rig.of(1, { consumerTimeoutMs: 60_000 })
  const queue = await rig.open()
  const consumer = join(queue, null, 1)
  publishAll(queue, '1')
  await rig.passed(2000)
  queue.configure({ ...queue.settings, consumerTimeoutMs: 5000 })
  await rig.passed(2900)
  assert.equal(consumer.cancelReason, null)
  queue.configure({ ...queue.settings, consumerTimeoutMs: 10_000 })
  await rig.passed(4900)
  assert.equal(consumer.cancelReason, null)
  queue.configure({ ...queue.settings, consumerTimeoutMs: 1000 })
  await rig.passed(100)
  assert.equal(consumer.cancelReason, 'timeout')
})

test('what a consumer left behind when it cancelled itself goes back too', async () => {
  const rig = await Rig.of(1, { consumerTimeoutMs: 1_000 })
  const queue = await rig.open()
  const consumer = new TestConsumer()
  const subscription = queue.consume(consumer, { settled: false, exclusive: false, priority: 0 })
  publishAll(queue, '1')
  subscription?.cancel()
  await rig.passed(1_100)
  assert.deepEqual([queue.ready, queue.inFlight, rig.host.leftQueues], [1, 0, []])
})
