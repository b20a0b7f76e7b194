// Dead letters that stay until somebody takes them (`x-dead-letter-strategy: at-least-once`).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Queue } from '../../src/queue/queue.ts'
import type { QueueSettings } from '../../src/queue/queue-settings.ts'
import { messageOf, subscribe, TestConsumer } from './queue-fixture.ts'
import { publishAll, Rig } from './rig.ts'

const keeping: Partial<QueueSettings> = {
  deadLetters: true,
  keepsDeadLetters: true,
  overflow: 'reject-publish',
}
const small: Partial<QueueSettings> = { maxLength: 2, overflow: 'reject-publish' }

async function rejectAll(rig: Rig, queue: Queue, ...texts: string[]): Promise<void> {
  publishAll(queue, ...texts)
  const consumer = new TestConsumer()
  const subscription = subscribe(queue, consumer)
  await rig.clock.runUntil(consumer.has(texts.length))
  subscription?.cancel()
  for (const { id } of consumer.got) queue.reject(id, false, true)
  rig.node.queues.flush(null)
}

async function take(rig: Rig, queue: Queue): Promise<string[]> {
  // What has moved is delivered when that is durable.
  await rig.clock.runUntil(rig.node.flush())
  const consumer = new TestConsumer()
  const subscription = subscribe(queue, consumer, { settled: true })
  rig.node.queues.flush(null)
  subscription?.cancel()
  return consumer.texts
}

test('a full target gets dead letters once it has room, in order; others go on', async () => {
  const rig = await Rig.of()
  const queue = await rig.open(keeping)
  const target = await rig.open({ ...small, deadLetters: false }, 1)
  rig.host.target = target
  await rejectAll(rig, queue, '1', '2', '3', '4', '5')
  assert.deepEqual([target.ready, queue.ready, queue.inFlight], [2, 0, 3])
  publishAll(queue, 'ready')
  assert.deepEqual(await take(rig, queue), ['ready'])
  assert.deepEqual(await take(rig, target), ['1', '2'])
  assert.equal(target.ready, 0, 'they are tried again after a while')
  await rig.passed(1100)
  assert.deepEqual(await take(rig, target), ['3', '4'])
  await rig.passed(5000)
  assert.deepEqual(await take(rig, target), ['5'])
  assert.equal(queue.inFlight, 0)
})

test('they are there after a crash, as what they are, also those that have expired', async () => {
  const rig = await Rig.of()
  const settings = { ...keeping, messageTtlMs: 1000 }
  const queue = await rig.open(settings)
  await rejectAll(rig, queue, '1', '2')
  publishAll(queue, '3')
  await rig.passed(2000)
  assert.deepEqual([queue.ready, queue.inFlight], [0, 3])
  await rig.clock.runUntil(rig.node.flush())
  await rig.crashed()
  const again = await rig.open(settings)
  assert.deepEqual([again.ready, again.readyBytes, again.inFlight], [0, 0, 3])
  rig.host.target = await rig.open({ deadLetters: false }, 1)
  await rig.passed(100_000)
  assert.deepEqual(rig.host.letters, [
    ['rejected', '1'],
    ['rejected', '2'],
    ['expired', '3'],
  ])
  await rig.clock.runUntil(rig.node.flush())
  await rig.crashed()
  assert.equal((await rig.open(settings)).inFlight, 0)
  assert.equal((await rig.open({ deadLetters: false }, 1)).ready, 3)
})

test('a queue that can keep no more delivers nothing until they are taken', async () => {
  const rig = await Rig.of(1, { leavingMax: 2 })
  const queue = await rig.open(keeping)
  await rejectAll(rig, queue, '1', '2')
  publishAll(queue, '3')
  assert.deepEqual(await take(rig, queue), [])
  assert.equal(await queue.get(true), null)
  rig.host.target = await rig.open({ deadLetters: false }, 1)
  await rig.passed(1100)
  assert.deepEqual(await take(rig, queue), ['3'])
})

test('what has expired waits in such a queue, and costs nothing until it may leave', async () => {
  const rig = await Rig.of(1, { leavingMax: 1 })
  const queue = await rig.open({ ...keeping, messageTtlMs: 1000 })
  publishAll(queue, '1', '2', '3')
  await rig.passed(5000)
  assert.deepEqual([queue.ready, queue.inFlight], [2, 1])
  rig.host.target = await rig.open({ deadLetters: false }, 1)
  await rig.passed(100_000)
  assert.deepEqual([queue.ready, queue.inFlight, rig.host.target.ready], [0, 0, 3])
})

test('a letter of memory stays too; without the strategy what nobody takes is gone', async () => {
  const rig = await Rig.of()
  const queue = await rig.open(keeping)
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  queue.publish(messageOf('1', { transient: true }))
  queue.reject(consumer.got[0]?.id ?? 0, false, true)
  await rig.turn()
  assert.equal(queue.inFlight, 1)
  queue.configure({ ...queue.settings, keepsDeadLetters: false })
  await rig.turn()
  assert.deepEqual([queue.inFlight, rig.host.letters], [0, [['rejected', '1']]])
})
