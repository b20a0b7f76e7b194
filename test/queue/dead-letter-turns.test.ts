// When dead letters leave, and what waits for what: in virtual time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import { Published } from '../../src/queue/published.ts'
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

test('nothing is settled of what still waits for room elsewhere', async () => {
  const rig = new Rig()
  const waiting: (() => void)[] = []
  const others = {
    isHeldUp: false,
    whenTaken: (action: () => void) => void waiting.push(action),
  }
  const host = new (class extends TestHost {
    override deadLetter(): boolean {
      others.isHeldUp = true
      return true
    }
  })()
  const opening = TestNode.open(rig.disk, 1, 1, rig.clock, {}, others)
  const node = await rig.clock.runUntil(opening)
  const queue = await rig.clock.runUntil(node.open(0, { deadLetters: true, maxLength: 0 }, host))
  queue.publish(messageOf('m'))
  let isDurable = false
  node.queues.flush(() => {
    isDurable = true
  })
  await rig.clock.runFor(100)
  assert.deepEqual([others.isHeldUp, isDurable], [true, false])
  assert.equal(queue.stock.ledgerLog?.logEndOffset, 0)
  others.isHeldUp = false
  for (const action of waiting) action()
  await rig.clock.runFor(100)
  assert.ok(isDurable)
  assert.equal(queue.stock.ledgerLog?.logEndOffset, 1)
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
