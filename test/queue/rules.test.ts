import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { Published } from '../../src/queue/published.ts'
import { batchOf } from '../log/log-fixture.ts'
import { messageOf, subscribe, TestConsumer, TestNode } from './queue-fixture.ts'
import { publishAll, Rig } from './rig.ts'

const { routed, stored, rejected } = Published

test('consumers take turns, and higher priority goes first while it has room', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const [a, b, c] = [new TestConsumer(2), new TestConsumer(), new TestConsumer()]
  subscribe(queue, a, { priority: 5 })
  subscribe(queue, b)
  subscribe(queue, c)
  publishAll(queue, '1', '2', '3', '4', '5')
  assert.deepEqual([a.texts, b.texts, c.texts], [['1', '2'], ['3', '5'], ['4']])
})

test('of single active consumers the next takes over, also what comes back', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ singleActiveConsumer: true })
  const [a, b] = [new TestConsumer(), new TestConsumer()]
  const first = subscribe(queue, a)
  const second = subscribe(queue, b)
  publishAll(queue, '1', '2')
  assert.deepEqual([first?.isActive, second?.isActive, b.texts], [true, false, []])
  first?.cancel()
  for (const { id } of a.got) queue.reject(id, true, false)
  publishAll(queue, '3')
  await rig.turn()
  assert.equal(second?.isActive, true)
  assert.deepEqual(b.texts, ['1', '2', '3'])
  assert.deepEqual(
    b.got.map((d) => d.redelivered),
    [true, true, false],
  )
})

test('an exclusive consumer is alone', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const subscription = subscribe(queue, new TestConsumer(), { exclusive: true })
  assert.equal(queue.isExclusive, true)
  assert.equal(subscribe(queue, new TestConsumer()), null)
  subscription?.cancel()
  assert.notEqual(subscribe(queue, new TestConsumer()), null)
  assert.equal(subscribe(queue, new TestConsumer(), { exclusive: true }), null)
})

test('where only one is active, none is exclusive', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ singleActiveConsumer: true })
  assert.equal(subscribe(queue, new TestConsumer(), { exclusive: true }), null)
  assert.notEqual(subscribe(queue, new TestConsumer()), null)
})

test('deliveries tell of those before, and of failures among them', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  publishAll(queue, 'a')
  for (const failed of [true, false, true]) {
    queue.reject(consumer.got.at(-1)?.id ?? 0, true, failed)
    await rig.turn()
  }
  assert.deepEqual(
    consumer.got.map(({ failures, deliveries }) => [failures, deliveries]),
    [
      [0, 0],
      [1, 1],
      [1, 2],
      [2, 3],
    ],
  )
})

test('what comes back expires as if it had never left', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  queue.publish(messageOf('brief', { expiration: '50' }))
  const got = await rig.clock.runUntil(queue.get(false))
  await rig.passed(100)
  assert.deepEqual(rig.host.letters, [])
  queue.reject(got?.id ?? 0, true, false)
  await rig.turn()
  assert.deepEqual([queue.ready, rig.host.letters], [0, [['expired', 'brief']]])
})

test('what comes back goes to its old place', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const a = new TestConsumer(3)
  const subscription = subscribe(queue, a)
  publishAll(queue, '1', '2', '3', '4', '5')
  subscription?.cancel()
  for (const i of [2, 0, 1]) queue.reject(a.got[i]?.id ?? 0, true, i === 1)
  const b = new TestConsumer()
  subscribe(queue, b)
  await rig.turn()
  assert.deepEqual(b.texts, ['1', '2', '3', '4', '5'])
  assert.deepEqual(
    b.got.map((d) => d.failures),
    [0, 1, 0, 0, 0],
  )
})

test('transient messages in flight come back from memory, between those of the log', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const a = new TestConsumer()
  const subscription = subscribe(queue, a)
  publishAll(queue, '1')
  assert.equal(queue.publish(messageOf('2', { transient: true })), routed)
  assert.equal(queue.publish(messageOf('3', { transient: true })), routed)
  publishAll(queue, '4')
  assert.ok(rig.node.queues.counters.keptBytes > 0)
  subscription?.cancel()
  for (const { id } of [...a.got].reverse()) queue.reject(id, true, false)
  const b = new TestConsumer()
  subscribe(queue, b)
  await rig.turn()
  assert.deepEqual(b.texts, ['1', '2', '3', '4'])
  for (const { id } of b.got) queue.accept(id)
  assert.equal(rig.node.queues.counters.keptBytes, 0)
  assert.equal(queue.stock.lanes[0]?.end, 2)
})

test('higher priorities go first, in order within each', async () => {
  const rig = await Rig.of(4)
  const queue = await rig.open({ priorities: 3 })
  for (const [text, priority] of [
    ['a', 1],
    ['b', 3],
    ['c', 9],
    ['d', 0],
    ['e', 1],
  ] as const)
    queue.publish(messageOf(text, { priority }))
  queue.publish(messageOf('f'))
  await rig.restarted(4)
  const again = await rig.open({ priorities: 3 })
  const consumer = new TestConsumer()
  subscribe(again, consumer)
  await rig.clock.runUntil(consumer.has(6))
  assert.deepEqual(consumer.texts, ['b', 'c', 'a', 'e', 'd', 'f'])
})

test('messages expire at the head: by the queue, by themselves, by the lesser', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ messageTtlMs: 100 })
  queue.publish(messageOf('slow', { expiration: '1000' }))
  queue.publish(messageOf('quick', { expiration: '10' }))
  await rig.passed(50)
  assert.equal(queue.ready, 2)
  await rig.passed(60)
  assert.deepEqual(rig.host.letters, [
    ['expired', 'slow'],
    ['expired', 'quick'],
  ])
  assert.equal(queue.ready, 0)
})

test('a later head expires at its time, also after a restart', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  publishAll(queue, 'stays')
  queue.publish(messageOf('goes', { expiration: '500' }))
  await rig.restarted()
  const again = await rig.open()
  await rig.passed(20)
  const got = await rig.clock.runUntil(again.get(true))
  assert.equal(Buffer.from(got?.message.body ?? []).toString(), 'stays')
  await rig.passed(400)
  assert.equal(again.ready, 1)
  await rig.passed(200)
  assert.deepEqual(rig.host.letters, [['expired', 'goes']])
})

test('what went straight to a consumer expires at its time when it comes back', async () => {
  for (const transient of [false, true])
    for (const byQueue of [false, true]) {
      const rig = await Rig.of()
      const queue = await rig.open(byQueue ? { messageTtlMs: 200 } : {})
      const consumer = new TestConsumer(2)
      const subscription = subscribe(queue, consumer)
      const message = byQueue ? { transient } : { transient, expiration: '200' }
      for (const text of ['early', 'late']) queue.publish(messageOf(text, message))
      subscription?.cancel()
      queue.reject(consumer.got[0]?.id ?? 0, true, false)
      await rig.passed(190)
      assert.deepEqual([queue.ready, rig.host.letters], [1, []])
      await rig.passed(20)
      assert.deepEqual(rig.host.letters, [['expired', 'early']])
      queue.reject(consumer.got[1]?.id ?? 0, true, false)
      await rig.turn()
      assert.deepEqual([queue.ready, rig.host.letters.length], [0, 2])
    }
})

test('what waits to be tried again expires, also after a restart', async () => {
  const retry = { growth: 'linear', on: 'all', minMs: 1000, maxMs: 1000 } as const
  const rig = await Rig.of()
  const settings = { messageTtlMs: 200, retry }
  const queue = await rig.open(settings)
  const consumer = new TestConsumer(1)
  subscribe(queue, consumer)?.cancel()
  publishAll(queue, 'a')
  const got = await rig.clock.runUntil(queue.get(false))
  queue.reject(got?.id ?? 0, true, true)
  await rig.turn()
  await rig.restarted()
  const again = await rig.open(settings)
  await rig.passed(1500)
  assert.deepEqual([again.ready, again.delayed, rig.host.letters], [0, 0, [['expired', 'a']]])
})

test('a time to live of 0: delivered now or never', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ messageTtlMs: 0 })
  publishAll(queue, 'lost')
  assert.deepEqual(rig.host.letters, [['expired', 'lost']])
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  publishAll(queue, 'taken')
  assert.deepEqual(consumer.texts, ['taken'])
})

test('too many: the head is dropped', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ maxLength: 2, maxLengthBytes: 10 })
  publishAll(queue, '1', '2', '3')
  await rig.turn()
  assert.equal(queue.ready, 2)
  publishAll(queue, '1234567890')
  await rig.turn()
  assert.equal(queue.ready, 1)
  assert.deepEqual(rig.host.letters, [
    ['maxlen', '1'],
    ['maxlen', '2'],
    ['maxlen', '3'],
  ])
})

test('too many: what is published is refused, and dead-lettered if so wished', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ maxLength: 1, overflow: 'reject-publish' })
  assert.deepEqual(publishAll(queue, '1', '2'), [routed | stored, routed | rejected])
  assert.deepEqual(rig.host.letters, [])
  queue.configure({ ...queue.settings, overflow: 'reject-publish-dlx' })
  assert.deepEqual(publishAll(queue, '3'), [routed | rejected])
  assert.deepEqual(rig.host.letters, [['maxlen', '3']])
})

test('rejected messages, and those that failed too often, are dead-lettered', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ deliveryLimit: 2 })
  rig.host.target = await rig.open({}, 1)
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  publishAll(queue, 'bad', 'worse')
  queue.reject(consumer.got[0]?.id ?? 0, false, true)
  for (let i = 1; i <= 3; i++) {
    queue.reject(consumer.got[i]?.id ?? 0, true, true)
    await rig.turn()
  }
  assert.deepEqual(
    consumer.got.map((d) => d.failures),
    [0, 0, 1, 2],
  )
  assert.deepEqual(rig.host.letters, [
    ['rejected', 'bad'],
    ['delivery_limit', 'worse'],
  ])
  assert.deepEqual([queue.ready, queue.inFlight, rig.host.target.ready], [0, 0, 2])
})

test('failures are known after a restart', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const consumer = new TestConsumer(2)
  const subscription = subscribe(queue, consumer)
  publishAll(queue, '1', '2', '3')
  subscription?.cancel()
  queue.reject(consumer.got[1]?.id ?? 0, true, true)
  await rig.restarted()
  const again = await rig.open()
  const second = new TestConsumer()
  subscribe(again, second)
  await rig.clock.runUntil(second.has(3))
  assert.deepEqual(
    second.got.map((d) => [d.text, d.redelivered, d.failures]),
    [
      ['1', true, 0],
      ['2', true, 1],
      ['3', false, 0],
    ],
  )
})

test('what comes back waits: longer each time, up to a bound, also across a restart', async () => {
  const rig = await Rig.of()
  const retry = { growth: 'exponential', on: 'failed', minMs: 100, maxMs: 250 } as const
  const queue = await rig.open({ retry })
  const consumer = new TestConsumer()
  const subscription = subscribe(queue, consumer)
  publishAll(queue, 'x')
  for (const [i, ms] of [100, 200, 250].entries()) {
    queue.reject(consumer.got[i]?.id ?? 0, true, true)
    await rig.passed(ms - 5)
    assert.deepEqual([consumer.got.length, queue.delayed, queue.ready], [i + 1, 1, 0])
    await rig.passed(10)
    assert.equal(consumer.got.length, i + 2)
  }
  subscription?.cancel()
  queue.reject(consumer.got[3]?.id ?? 0, true, true)
  await rig.restarted()
  const again = await rig.open({ retry })
  assert.deepEqual([again.delayed, again.ready, again.readyBytes], [1, 0, 0])
  await rig.passed(300)
  assert.deepEqual([again.delayed, again.ready, again.readyBytes], [0, 1, 1])
})

test('a queue that nobody uses expires; consumers, gets and declarations are use', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ expiresMs: 100 })
  await rig.passed(80)
  assert.equal(await rig.clock.runUntil(queue.get(true)), null)
  await rig.passed(80)
  const subscription = subscribe(queue, new TestConsumer())
  await rig.passed(300)
  assert.deepEqual(rig.host.unusedQueues, [])
  subscription?.cancel()
  await rig.passed(80)
  queue.touch()
  await rig.passed(90)
  assert.deepEqual(rig.host.unusedQueues, [])
  await rig.passed(50)
  assert.deepEqual(rig.host.unusedQueues, ['queue 0'])
})

test('what comes back from who has got it is use', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ expiresMs: 100 })
  publishAll(queue, 'a')
  const got = await rig.clock.runUntil(queue.get(false))
  await rig.passed(80)
  queue.reject(got?.id ?? 0, true, false)
  await rig.passed(80)
  assert.deepEqual([rig.host.unusedQueues, queue.ready], [[], 1])
  await rig.passed(50)
  assert.deepEqual(rig.host.unusedQueues, ['queue 0'])
})

test('purge takes what is ready and leaves what is in flight', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const consumer = new TestConsumer(2)
  const subscription = subscribe(queue, consumer)
  publishAll(queue, '1', '2', '3', '4')
  queue.reject(consumer.got[0]?.id ?? 0, true, false)
  assert.equal(queue.purge(), 3)
  assert.deepEqual([queue.ready, queue.readyBytes, queue.inFlight], [0, 0, 1])
  subscription?.cancel()
  queue.reject(consumer.got[1]?.id ?? 0, true, false)
  await rig.restarted()
  const again = await rig.open()
  assert.deepEqual([again.ready, again.readyBytes], [1, 1])
})

test('a dropped queue tells its consumers, and leaves nothing', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const consumer = new TestConsumer(1)
  subscribe(queue, consumer)
  queue.publish(messageOf('1', { transient: true }))
  publishAll(queue, '2')
  await rig.clock.runUntil(queue.drop())
  assert.equal(rig.node.queues.counters.keptBytes, 0)
  assert.equal(consumer.cancelReason, 'queueDeleted')
  queue.accept(consumer.got[0]?.id ?? 0)
  assert.deepEqual(publishAll(queue, '3'), [routed])
  await rig.turn()
  assert.equal(rig.node.store.get(queue.topic, 0), undefined)
})

test('settlements are on the disk within 10 ms without anybody waiting', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  publishAll(queue, '1', '2')
  await rig.clock.runUntil(rig.node.flush())
  queue.accept(consumer.got[0]?.id ?? 0)
  rig.node.queues.flush(null)
  await rig.passed(40)
  const clock = new SimClock()
  const node = await clock.runUntil(TestNode.open(rig.disk.crash(clock), 2, 1, clock))
  assert.equal((await clock.runUntil(node.open(0))).ready, 1)
})

test('a queue that is not durable leaves nothing, and asks nobody to wait', async () => {
  const rig = await Rig.of()
  const place = { topic: 'f'.repeat(32), name: 'short', partitionSettings: rig.node.settings }
  const settings = { ...(await rig.open()).settings, durable: false }
  const queue = rig.node.queues.create(place, settings, rig.host)
  assert.deepEqual(publishAll(queue, '1', '2'), [routed, routed])
  await rig.turn()
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  await rig.clock.runUntil(consumer.has(2))
  for (const { id } of consumer.got) queue.accept(id)
  await rig.restarted()
  assert.equal(rig.node.store.get(place.topic, 0), undefined)
})

test('what others append to the log is in the queue, behind what was there', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  publishAll(queue, '1')
  rig.node.queues.flush(null)
  const log = rig.node.store.get(queue.topic, 0)
  const { journal } = rig.node.store
  assert.equal(log?.append(journal, batchOf(['two', 'three']), 0, 1000).error, null)
  queue.afterForeignAppend()
  publishAll(queue, '4')
  assert.deepEqual([queue.ready, queue.readyBytes], [4, 10])
  const consumer = new TestConsumer()
  subscribe(queue, consumer)
  await rig.clock.runUntil(consumer.has(4))
  assert.deepEqual(consumer.texts, ['1', 'two', 'three', '4'])
  for (const { id } of consumer.got) queue.accept(id)
  assert.deepEqual([queue.ready, queue.readyBytes], [0, 0])
})

test('more than the journal takes at once waits, and nothing is lost', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const large = 'x'.repeat(20_000)
  for (let i = 0; i < 20; i++) queue.publish(messageOf(`${i} ${large}`))
  let isDurable = false
  rig.node.queues.flush(() => {
    isDurable = true
  })
  assert.deepEqual([rig.node.queues.isHeldUp(0), isDurable], [true, false])
  await rig.clock.runUntil(new Promise<void>((resolve) => rig.node.queues.whenTaken(resolve)))
  await rig.clock.runUntil(rig.node.flush())
  assert.equal(isDurable, true)
  const clock = new SimClock()
  const node = await clock.runUntil(TestNode.open(rig.disk.crash(clock), 2, 1, clock))
  const again = await clock.runUntil(node.open(0))
  const consumer = new TestConsumer()
  subscribe(again, consumer)
  await clock.runUntil(consumer.has(20))
  assert.deepEqual(
    consumer.texts.map((t) => Number.parseInt(t, 10)),
    Array.from({ length: 20 }, (_, i) => i),
  )
})

test('a message that no journal takes is refused', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  assert.deepEqual(publishAll(queue, 'x'.repeat(100_000)), [routed | rejected])
})
