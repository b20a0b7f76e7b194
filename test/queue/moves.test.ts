// What moves from queue to queue, as dead letters do: it is there once, whatever is killed, and no
// consumer sees it before that is sure.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscribe, TestConsumer, textOf } from './queue-fixture.ts'
import { publishAll, Rig } from './rig.ts'

const refusing = { maxLength: 1, overflow: 'reject-publish' } as const

test('what is moved is delivered when the write that moves it is down', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const target = await rig.open({ deadLetters: false }, 1)
  rig.host.target = target
  const [first, dead] = [new TestConsumer(), new TestConsumer()]
  subscribe(queue, first)
  subscribe(target, dead, { settled: true })
  publishAll(queue, '1', '2')
  await rig.clock.runUntil(first.has(2))
  await rig.clock.runUntil(rig.node.flush())
  for (const { id } of first.got) queue.reject(id, false, true)
  rig.node.queues.flush(null)
  assert.deepEqual([rig.host.letters.length, target.ready, target.inFlight], [2, 0, 2])
  assert.deepEqual(dead.texts, [], 'after a crash now it would come once more')
  publishAll(target, 'behind')
  await rig.clock.runUntil(dead.has(3))
  assert.deepEqual(dead.texts, ['1', '2', 'behind'])
  await rig.crashed()
  assert.deepEqual([(await rig.open()).ready, (await rig.open({}, 1)).inFlight], [0, 0])
})

test('who fetches one waits for the write, too', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const target = await rig.open({ deadLetters: false }, 1)
  rig.host.target = target
  publishAll(queue, 'm')
  const taken = await rig.clock.runUntil(queue.get(false))
  await rig.clock.runUntil(rig.node.flush())
  queue.reject(taken?.id ?? 0, false, true)
  rig.node.queues.flush(null)
  const texts: string[] = []
  const getting = target.get(true).then((got) => void texts.push(got ? textOf(got.message) : ''))
  for (let i = 0; i < 10; i++) await null
  assert.deepEqual([target.ready, texts], [1, []])
  await rig.clock.runUntil(getting)
  assert.deepEqual(texts, ['m'])
})

test('who waits when the node ends gets nothing: it has told what was delivered', async () => {
  const rig = await Rig.of()
  const queue = await rig.open()
  const target = await rig.open({ deadLetters: false }, 1)
  rig.host.target = target
  publishAll(queue, 'm')
  const taken = await rig.clock.runUntil(queue.get(false))
  queue.reject(taken?.id ?? 0, false, true)
  rig.node.queues.flush(null)
  const getting = target.get(true)
  await rig.restarted()
  assert.equal(await getting, null)
  const got = await rig.clock.runUntil((await rig.open({}, 1)).get(true))
  assert.deepEqual([got?.redelivered, got && textOf(got.message)], [false, 'm'])
})

test('no rule finds what is moved waiting where a consumer has room', async () => {
  for (const rule of [{ messageTtlMs: 0 }, { maxLength: 0 }, { maxLengthBytes: 1 }, refusing]) {
    const rig = await Rig.of()
    const queue = await rig.open({ messageTtlMs: 10 })
    const target = await rig.open({ deadLetters: false, ...rule }, 1)
    rig.host.target = target
    const consumer = new TestConsumer()
    subscribe(target, consumer)
    publishAll(queue, '1', '2', '3')
    await rig.clock.runUntil(consumer.has(3))
    assert.deepEqual(consumer.texts, ['1', '2', '3'], JSON.stringify(rule))
  }
})

test('what was moved for a consumer that has left is ready, as if it had never gone', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ messageTtlMs: 10 })
  const target = await rig.open({ deadLetters: false }, 1)
  rig.host.target = target
  const subscription = subscribe(target, new TestConsumer())
  publishAll(queue, 'late')
  while (target.inFlight === 0) await rig.clock.run(1)
  subscription?.cancel()
  await rig.passed(50)
  assert.deepEqual([target.ready, target.inFlight], [1, 0])
  const got = await rig.clock.runUntil(target.get(true))
  assert.equal(got?.redelivered, false)
})

test('what was moved, went back and is delivered says so after any end', async () => {
  for (const end of ['crashed', 'restarted'] as const) {
    const rig = await Rig.of(1, { snapshotBytes: 0 })
    const queue = await rig.open({ messageTtlMs: 10 })
    const target = await rig.open({ deadLetters: false }, 1)
    rig.host.target = target
    const first = new TestConsumer()
    const subscription = subscribe(target, first)
    publishAll(target, ...'abcdefgh')
    await rig.clock.runUntil(rig.node.flush())
    publishAll(queue, 'late')
    while (target.inFlight < 9) await rig.clock.run(1)
    subscription?.cancel()
    await rig.passed(50)
    for (const { id } of first.got) {
      target.accept(id)
      // And its ledger tells everything, now and then.
      await rig.clock.runUntil(rig.node.flush())
    }
    const second = new TestConsumer()
    subscribe(target, second)
    await rig.clock.runUntil(second.has(1))
    await rig[end]()
    const third = new TestConsumer()
    subscribe(await rig.open({ deadLetters: false }, 1), third)
    await rig.clock.runUntil(third.has(1))
    const told = [...second.got, ...third.got].map((d) => [d.text, d.redelivered])
    const expected = [
      ['late', false],
      ['late', true],
    ]
    assert.deepEqual(told, expected, end)
  }
})

test('what came by a move and is too much goes on at once', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ messageTtlMs: 10 })
  const target = await rig.open({ deadLetters: false, maxLength: 0 }, 1)
  rig.host.target = target
  publishAll(queue, 'late')
  await rig.passed(50)
  assert.deepEqual([rig.host.letters.length, target.ready, queue.ready], [1, 0, 0])
})
