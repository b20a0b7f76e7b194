import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../../src/io/sim/sim-clock.ts'
import { Pacing } from '../../../src/protocol/amqp/pacing.ts'

class Publisher {
  isPaced = false
  resumed = 0
  goOn(): void {
    this.resumed++
  }
}

function setUp() {
  const clock = new SimClock()
  return { clock, pacing: new Pacing(clock), publisher: new Publisher() }
}

test('who publishes to a crowded client waits until that has taken some', () => {
  const { pacing, publisher } = setUp()
  pacing.begin(publisher)
  pacing.crowded()
  pacing.crowded()
  pacing.end()
  assert.equal(publisher.isPaced, true)
  pacing.taken()
  assert.deepEqual([publisher.isPaced, publisher.resumed], [false, 1])
  pacing.taken()
  assert.equal(publisher.resumed, 1)
})

test('a client that does not read holds nobody up for longer than a moment', async () => {
  const { clock, pacing, publisher } = setUp()
  pacing.begin(publisher)
  pacing.crowded()
  pacing.end()
  assert.equal(publisher.isPaced, true)
  await clock.run()
  assert.deepEqual([publisher.isPaced, publisher.resumed], [false, 1])
  assert.ok(clock.monotonic() <= 10)
})

test('deliveries of a queue that caught up hold up nobody', () => {
  const { pacing, publisher } = setUp()
  pacing.begin(publisher)
  pacing.end()
  pacing.crowded()
  assert.equal(publisher.isPaced, false)
})

test('whose frames take long goes on in the next turn', async () => {
  const { clock, pacing, publisher } = setUp()
  pacing.begin(publisher)
  for (let i = 0; i < 100; i++) assert.equal(pacing.isSliceOver(publisher), false)
  clock.after(11, () => undefined)
  await clock.run()
  const answers = Array.from({ length: 4 }, () => pacing.isSliceOver(publisher))
  pacing.end()
  assert.deepEqual(answers, [false, false, false, true])
  assert.deepEqual([publisher.isPaced, publisher.resumed], [true, 0])
  await clock.run()
  assert.deepEqual([publisher.isPaced, publisher.resumed], [false, 1])
})
