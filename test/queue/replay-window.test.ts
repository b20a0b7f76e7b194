// Messages that stay in the log when they are settled (`x-replay-ms`).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Queue } from '../../src/queue/queue.ts'
import { subscribe, TestConsumer } from './queue-fixture.ts'
import { publishAll, Rig } from './rig.ts'

const options = { trimBytes: 100, trimEmptyBytes: 1 }
const settings = { replayMs: 60_000, deadLetters: false }

/** Publishes so many messages a second apart, and settles each. */
async function use(rig: Rig, queue: Queue, count: number): Promise<void> {
  const consumer = new TestConsumer()
  const subscription = subscribe(queue, consumer)
  for (let i = 0; i < count; i++) {
    publishAll(queue, `message ${i}`)
    for (const { id } of consumer.got.splice(0)) queue.accept(id)
    await rig.passed(1000)
  }
  subscription?.cancel()
}

const startOf = (queue: Queue): number => queue.stock.lanes[0]?.log.logStartOffset ?? -1

test('what is settled stays for the window, then goes, also in an idle queue', async () => {
  const rig = await Rig.of(1, options)
  const queue = await rig.open(settings)
  await use(rig, queue, 50)
  assert.deepEqual([queue.ready, startOf(queue)], [0, 0])
  await use(rig, queue, 50)
  const middle = startOf(queue)
  assert(middle > 0 && middle <= 40, `${middle}`)
  await rig.passed(70_000)
  assert.deepEqual([startOf(queue), queue.stock.lanes[0]?.end], [100, 100])
})

test('after a restart it is there as well, settled, and goes in time', async () => {
  const rig = await Rig.of(1, options)
  await use(rig, await rig.open(settings), 20)
  await rig.restarted()
  const again = await rig.open(settings)
  assert.deepEqual([again.ready, startOf(again)], [0, 0])
  await rig.passed(30_000)
  assert.equal(startOf(again), 0)
  await rig.passed(50_000)
  assert.equal(startOf(again), 20)
})

test('without a window it goes at once', async () => {
  const rig = await Rig.of(1, options)
  const queue = await rig.open({ deadLetters: false })
  await use(rig, queue, 20)
  assert.equal(startOf(queue), 20)
})
