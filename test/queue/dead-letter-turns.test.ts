// When dead letters leave, and what waits for what: in virtual time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import { Published } from '../../src/queue/published.ts'
import type { QueueSettings } from '../../src/queue/queue-settings.ts'
import { messageOf, TestHost, TestNode } from './queue-fixture.ts'

class Rig {
  readonly clock = new SimClock()
  readonly disk = new SimDisk(this.clock, new SimChance(1), {})
  readonly host = new TestHost()

  open(): Promise<TestNode> {
    return this.clock.runUntil(TestNode.open(this.disk, 2, 1, this.clock))
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

/** Where dead letters go has no room after the first. */
class Elsewhere extends TestHost {
  isHeldUp = false
  readonly #waiting: (() => void)[] = []

  whenTaken(action: () => void): void {
    this.#waiting.push(action)
  }

  override deadLetter(): boolean {
    this.isHeldUp = true
    return true
  }

  hasRoom(): void {
    this.isHeldUp = false
    for (const action of this.#waiting.splice(0)) action()
  }
}

/** Publishes to a queue of such dead letters; `isDurable`: what was flushed then. */
async function publishElsewhere(rig: Rig, settings: Partial<QueueSettings>) {
  const others = new Elsewhere()
  const opening = TestNode.open(rig.disk, 1, 1, rig.clock, {}, others)
  const node = await rig.clock.runUntil(opening)
  const opened = node.open(0, { deadLetters: true, ...settings }, others)
  const queue = await rig.clock.runUntil(opened)
  const told = { others, node, queue, isDurable: false }
  queue.publish(messageOf('m'))
  node.queues.flush(() => {
    told.isDurable = true
  })
  await rig.clock.runFor(100)
  assert.deepEqual([others.isHeldUp, told.isDurable], [true, false])
  return told
}

test('nothing is settled of what still waits for room elsewhere', async () => {
  const rig = new Rig()
  const told = await publishElsewhere(rig, { maxLength: 0 })
  const { ledgerLog } = told.queue.stock
  assert.equal(ledgerLog?.logEndOffset, 0)
  told.others.hasRoom()
  await rig.clock.runFor(100)
  assert.ok(told.isDurable)
  assert.equal(ledgerLog?.logEndOffset, 1)
})

test('what went elsewhere at once is confirmed when there is room, and a close ends', async () => {
  const rig = new Rig()
  const told = await publishElsewhere(rig, { messageTtlMs: 0 })
  const closed = told.node.close()
  told.others.hasRoom()
  await rig.clock.runFor(100)
  assert.ok(told.isDurable)
  await rig.clock.runUntil(closed)
})

test('who asks when nothing is held up any more is told, though nothing is written', async () => {
  const rig = new Rig()
  const node = await rig.open()
  await rig.clock.runFor(100)
  let isTold = false
  node.queues.whenTaken(() => {
    isTold = true
  })
  assert.ok(!isTold, 'in another turn')
  await rig.clock.runFor(100)
  assert.ok(isTold)
})

test('small messages with large properties are placed before they are too many', async () => {
  const rig = new Rig()
  const opening = TestNode.open(rig.disk, 1, 1, rig.clock, { unplacedBytes: 1000 })
  const node = await rig.clock.runUntil(opening)
  const queue = await rig.clock.runUntil(node.open(0))
  const message = messageOf('m')
  const count = Math.ceil(1000 / (message.body.length + message.properties.length)) + 1
  for (let n = 0; n < count; n++) queue.publish(message)
  assert.ok(node.queues.isHeldUp(0))
})

test('no dead letter leaves when the node has begun to close', async () => {
  const rig = new Rig()
  const node = await rig.open()
  const settings = { deadLetters: true, messageTtlMs: 20 }
  const queue = await rig.clock.runUntil(node.open(0, settings, rig.host))
  queue.publish(messageOf('m'))
  await rig.clock.runUntil(node.flush())
  const closed = node.queues.close()
  await rig.clock.runFor(100)
  await closed
  queue.wake()
  await rig.clock.runFor(100)
  assert.deepEqual(rig.host.letters, [])
})
