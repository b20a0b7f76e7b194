// The space of what is settled behind messages that stay.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Queue } from '../../src/queue/queue.ts'
import { subscribe, TestConsumer } from './queue-fixture.ts'
import { publishAll, Rig } from './rig.ts'

const options = { trimBytes: 1000, trimEmptyBytes: 1, reclaimBytes: 10_000, markBytes: 1000 }
const filler = 'x'.repeat(100)
const textOf = (n: number): string => `${n} ${filler}`

const bytesOf = (queue: Queue): number => queue.stock.lanes[0]?.log.bytes ?? -1

/** Publishes messages from..to and settles all but each `keptOneIn`th; flushes them to segments. */
async function use(rig: Rig, queue: Queue, from: number, to: number, keptOneIn: number) {
  const consumer = new TestConsumer()
  const subscription = subscribe(queue, consumer)
  const held: number[] = []
  for (let n = from; n < to; n++) {
    publishAll(queue, textOf(n))
    await rig.turn()
    for (const { id, text } of consumer.got.splice(0))
      if (Number.parseInt(text, 10) % keptOneIn === 0) held.push(id)
      else queue.accept(id)
    if (n % 50 === 49) await rig.clock.runUntil(rig.node.store.flush())
  }
  for (const id of held) queue.reject(id, true, false)
  subscription?.cancel()
  await rig.turn()
  await rig.clock.runUntil(rig.node.store.flush())
}

const reclaim = (rig: Rig): Promise<void> => rig.clock.runUntil(rig.node.queues.reclaim())

async function takeAll(rig: Rig, queue: Queue): Promise<number[]> {
  const consumer = new TestConsumer()
  const subscription = subscribe(queue, consumer)
  await rig.passed(100)
  subscription?.cancel()
  await rig.turn()
  return consumer.got.map(({ text }) => Number.parseInt(text, 10))
}

const kept = [0, 100, 200, 300]

test('what is settled goes, and what stays is read, also after a crash', async () => {
  const rig = await Rig.of(1, options)
  const queue = await rig.open({ deadLetters: false })
  await use(rig, queue, 0, 400, 100)
  const before = bytesOf(queue)
  const { readyBytes } = queue
  assert.ok(before > 40_000)
  await reclaim(rig)
  assert.ok(bytesOf(queue) < before / 5, `${bytesOf(queue)} of ${before}`)
  assert.deepEqual(await takeAll(rig, queue), kept)
  await rig.crashed()
  const again = await rig.open({ deadLetters: false })
  assert.deepEqual([again.ready, again.readyBytes], [4, readyBytes])
  assert.deepEqual(await takeAll(rig, again), kept)
  assert.deepEqual(rig.node.reported, [])
})

test('it is done again only when there is as much to gain', async () => {
  const rig = await Rig.of(1, options)
  const queue = await rig.open({ deadLetters: false })
  await use(rig, queue, 0, 400, 100)
  const { counters } = rig.node.store.reclaimer
  await reclaim(rig)
  await reclaim(rig)
  assert.equal(counters.reclaims, 1)
  await use(rig, queue, 400, 450, 100)
  await reclaim(rig)
  assert.equal(counters.reclaims, 1)
  await use(rig, queue, 450, 800, 100)
  await reclaim(rig)
  assert.equal(counters.reclaims, 2)
  assert.deepEqual(await takeAll(rig, queue), [...kept, 400, 500, 600, 700])
})

test('what is to be read again for a while stays as long', async () => {
  const rig = await Rig.of(1, options)
  const queue = await rig.open({ deadLetters: false, replayMs: 60_000 })
  await use(rig, queue, 0, 400, 100)
  const before = bytesOf(queue)
  await reclaim(rig)
  assert.equal(bytesOf(queue), before)
  await rig.passed(70_000)
  await reclaim(rig)
  assert.ok(bytesOf(queue) < before / 5)
  assert.deepEqual(await takeAll(rig, queue), kept)
})

test('a queue that is deleted meanwhile is gone', async () => {
  const rig = await Rig.of(1, options)
  const queue = await rig.open({ deadLetters: false })
  await use(rig, queue, 0, 400, 100)
  const reclaimed = rig.node.queues.reclaim()
  const dropped = queue.drop()
  await rig.clock.runUntil(Promise.all([reclaimed, dropped]).then(() => undefined))
  await reclaim(rig)
  assert.deepEqual(rig.node.reported, [])
})

test('what is left of a segment goes on to be worth it, whatever becomes of others', async () => {
  const rig = await Rig.of(1, { ...options, reclaimBytes: 1 })
  const queue = await rig.open({ deadLetters: false })
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  const ids = new Map<number, number>()
  const put = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) publishAll(queue, textOf(n))
    await rig.turn()
    for (const { id, text } of consumer.got.splice(0)) ids.set(Number.parseInt(text, 10), id)
    await rig.clock.runUntil(rig.node.store.flush())
  }
  const settle = async (...numbers: number[]): Promise<void> => {
    for (const n of numbers) queue.accept(ids.get(n) ?? -1)
    await rig.turn()
    await reclaim(rig)
  }
  await put(0, 20)
  await settle(...Array.from({ length: 10 }, (_, i) => 2 * i + 1))
  const [first] = queue.stock.lanes[0]?.log.segments ?? []
  // Each time less than half of what the first segment holds, and another that is gone at once.
  for (const [round, gone] of [[2, 4, 6, 8], [10, 12], [14]].entries()) {
    const from = 100 * (round + 1)
    await put(from, from + 20)
    await settle(...gone, ...Array.from({ length: 20 }, (_, i) => from + i))
  }
  const [last] = queue.stock.lanes[0]?.log.segments ?? []
  assert.ok((last?.bytes ?? 0) * 2 < (first?.bytes ?? 0) * 1.5, `${last?.bytes} of ${first?.bytes}`)
  assert.equal(queue.inFlight, 3)
})

test('how much a segment holds is known after a start, too', async () => {
  const rig = await Rig.of(1, { ...options, reclaimBytes: 5_000 })
  const queue = await rig.open({ deadLetters: false })
  await use(rig, queue, 0, 400, 4)
  await reclaim(rig)
  const before = bytesOf(queue)
  assert.equal(queue.ready, 100)
  // A third of what is left, which is not worth it, then a start, then a little more.
  const consumer = new TestConsumer(60)
  const subscription = subscribe(queue, consumer)
  await rig.passed(100)
  for (const { id, text } of consumer.got.splice(0, 35))
    if (Number.parseInt(text, 10) > 0) queue.accept(id)
  subscription?.cancel()
  await rig.turn()
  await reclaim(rig)
  await rig.restarted()
  const again = await rig.open({ deadLetters: false })
  const next = new TestConsumer(40)
  subscribe(again, next)
  await rig.passed(100)
  for (const { id, text } of next.got) if (Number.parseInt(text, 10) > 0) again.accept(id)
  await rig.turn()
  await reclaim(rig)
  assert.ok(bytesOf(again) < before * 0.7, `${bytesOf(again)} of ${before}`)
})
