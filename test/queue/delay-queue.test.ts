// Messages that wait for their time: in its order, across crashes exactly once, in little memory.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { delayMsOf } from '../../src/model/message/delay.ts'
import type { FieldValue } from '../../src/model/message/field.ts'
import { textField } from '../../src/model/message/field.ts'
import { MessageView } from '../../src/model/message/message.ts'
import { buildProperties, tableProperty } from '../../src/model/message/properties.ts'
import { DelayQueue } from '../../src/queue/delayed/delay-queue.ts'
import { DueTimes } from '../../src/queue/memory/due-times.ts'
import { DelayWorld } from './delay-world.ts'
import { delayedMessage, partitionSettings, TestNode, textOf, topicOf } from './queue-fixture.ts'

const seeds = 12
const lives = 4
const steps = 80

test('model: delayed messages come when they are due, once, across crashes', async () => {
  let moved = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const world = new DelayWorld(seed)
    try {
      await world.start()
      for (let life = 0; life < lives; life++) {
        for (let step = 0; step < steps; step++) await world.step()
        if (life % 3 === 2) await world.restart()
        else await world.crash()
      }
      await world.finish()
      moved += world.moved
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
  assert(moved > seeds * 100, `${moved} messages came`)
})

test('due times come in order, those of one time as they were put in', () => {
  const times = new DueTimes()
  const expected: [number, number][] = []
  for (let i = 0; i < 5000; i++) {
    const dueMs = (i * 7919) % 1009
    times.push(dueMs, i)
    expected.push([dueMs, i])
  }
  expected.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const found = expected.map((): [number, number] => {
    const next: [number, number] = [times.nextMs, times.nextOffset]
    times.pop()
    return next
  })
  assert.deepEqual(found, expected)
  assert.equal(times.nextMs, Number.POSITIVE_INFINITY)
})

test('a delay is a whole number of any type, or digits; what is not positive is none', () => {
  const delay = (field: FieldValue): number => {
    const properties = buildProperties([tableProperty(new Map([['x-delay', field]]))])
    return delayMsOf(new MessageView().set('', '', properties, new Uint8Array(0)))
  }
  for (const type of ['b', 'B', 's', 'u', 'I', 'i'] as const)
    assert.equal(delay({ type, value: 100 }), 100)
  assert.equal(delay({ type: 'l', value: 0xffff_ffffn }), 0xffff_ffff)
  assert.equal(delay({ type: 'l', value: 0x1_0000_0000n }), Number.POSITIVE_INFINITY)
  assert.equal(delay(textField('5000')), 5000)
  for (const none of ['-5', 'soon', '', '1.5']) assert.equal(delay(textField(none)), 0)
  assert.equal(delay({ type: 'I', value: -5 }), 0)
  assert.equal(delay({ type: 't', value: true }), 0)
  assert.equal(delayMsOf(new MessageView()), 0)
})

test('the clock on the wall decides: set forward, it makes messages due', async () => {
  const clock = new SimClock()
  const node = await clock.runUntil(TestNode.open(memoryDisk(), 1, 1, clock))
  const came: string[] = []
  const host = { due: (message: MessageView) => came.push(textOf(message)) }
  const place = { topic: topicOf(0), name: 'delays', partitionSettings }
  const delays = await clock.runUntil(DelayQueue.open(node.queues, place, host))
  delays.publish(delayedMessage('a', 3_600_000))
  delays.publish(delayedMessage('b', 1_800_000))
  await clock.runFor(60_000)
  assert.deepEqual(came, [])
  clock.jump(3_600_000)
  await clock.runFor(20_000)
  assert.deepEqual(came, ['b', 'a'])
  await clock.runUntil(node.close())
})
