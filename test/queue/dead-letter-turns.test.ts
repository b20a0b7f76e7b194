// When dead letters leave, and what waits for what: in virtual time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import { Published } from '../../src/queue/published.ts'
import type { QueueOptions } from '../../src/queue/queue-options.ts'
import { messageOf, subscribe, TestConsumer, TestHost, TestNode } from './queue-fixture.ts'

class Rig {
  readonly clock = new SimClock()
  readonly disk = new SimDisk(this.clock, new SimChance(1), {})
  readonly host = new TestHost()

  open(lanes = 1, options: Partial<QueueOptions> = {}): Promise<TestNode> {
    return this.clock.runUntil(TestNode.open(this.disk, 2, lanes, this.clock, options))
  }
}

test('a dead letter of a message that expires at once is waited for by its confirm', async () => {
  const rig = new Rig()
  const node = await rig.open()
  const settings = { deadLetters: true, messageTtlMs: 0 }
  const queue = await rig.clock.runUntil(node.open(0, settings, rig.host))
  assert.equal(queue.publish(messageOf('m')), Published.routed | Published.stored)
  assert.deepEqual(rig.host.letters, [['expired', 'm']])
})

test('a start sends no dead letters before it is told that it knows where to', async () => {
  const rig = new Rig()
  const node = await rig.open()
  node.queues.rest()
  const settings = { deadLetters: true, maxLength: 0 }
  const queue = await rig.clock.runUntil(node.open(0, settings, rig.host))
  queue.publish(messageOf('m'))
  await rig.clock.runFor(100)
  assert.deepEqual(rig.host.letters, [])
  node.queues.begin()
  await rig.clock.runFor(100)
  assert.deepEqual(rig.host.letters, [['maxlen', 'm']])
})

test('lanes that are read from the disk do not take their pieces from each other', async () => {
  const rig = new Rig()
  const node = await rig.open(4)
  const queue = await rig.clock.runUntil(node.open(0, { priorities: 3 }))
  for (let i = 0; i < 40; i++) queue.publish(messageOf(`m${i}`, { priority: i % 4 }))
  await rig.clock.runUntil(node.close())
  const again = await rig.open(4, { pieceBytes: 1 })
  const settings = { deadLetters: true, priorities: 3, messageTtlMs: 1_000_000 }
  const reopened = await rig.clock.runUntil(again.open(0, settings, rig.host))
  const consumer = new TestConsumer()
  subscribe(reopened, consumer)
  await rig.clock.run(20_000)
  assert.equal(consumer.got.length, 40)
})

test('what is read while the node closes holds nothing up', async () => {
  const rig = new Rig()
  const node = await rig.open()
  const queue = await rig.clock.runUntil(node.open(0))
  for (let i = 0; i < 40; i++) queue.publish(messageOf(`m${i} ${'x'.repeat(5000)}`))
  await rig.clock.runUntil(node.flush())
  await rig.clock.runUntil(node.store.flush())
  subscribe(queue, new TestConsumer())
  await rig.clock.runUntil(node.close())
})

test('while the journal is full, an expired message does not keep the node busy', async () => {
  const rig = new Rig()
  const node = await rig.open()
  const queue = await rig.clock.runUntil(
    node.open(0, { deadLetters: true, messageTtlMs: 5 }, rig.host),
  )
  const other = await rig.clock.runUntil(node.open(1))
  rig.host.target = other
  queue.publish(messageOf('m'))
  for (let i = 0; i < 100; i++) other.publish(messageOf(`m${i} ${'x'.repeat(5000)}`))
  await rig.clock.runFor(200)
  assert.deepEqual(rig.host.letters, [['expired', 'm']])
  await rig.clock.runUntil(node.close())
})
