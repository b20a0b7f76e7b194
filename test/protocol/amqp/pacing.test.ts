import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../../src/io/sim/sim-clock.ts'
import { Pacing } from '../../../src/protocol/amqp/pacing.ts'

class Publisher {
  readonly pace = { isHeld: false, turn: 0, sliceEnd: 0 }
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
  assert.equal(publisher.pace.isHeld, true)
  pacing.taken()
  assert.deepEqual([publisher.pace.isHeld, publisher.resumed], [false, 1])
  pacing.taken()
  assert.equal(publisher.resumed, 1)
})

test('a client that does not read holds nobody up for longer than a moment', async () => {
  const { clock, pacing, publisher } = setUp()
  pacing.begin(publisher)
  pacing.crowded()
  pacing.end()
  assert.equal(publisher.pace.isHeld, true)
  await clock.run()
  assert.deepEqual([publisher.pace.isHeld, publisher.resumed], [false, 1])
  assert.ok(clock.monotonic() <= 10)
})

test('deliveries of a queue that caught up hold up nobody', () => {
  const { pacing, publisher } = setUp()
  pacing.begin(publisher)
  pacing.end()
  pacing.crowded()
  assert.equal(publisher.pace.isHeld, false)
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
  assert.deepEqual([publisher.pace.isHeld, publisher.resumed], [true, 0])
  await clock.run()
  assert.deepEqual([publisher.pace.isHeld, publisher.resumed], [false, 1])
})

test('whose frames are read again and again in a turn has one slice for them all', async () => {
  const { clock, pacing, publisher } = setUp()
  const other = new Publisher()
  const isOver = (connection: Publisher): boolean => {
    pacing.begin(connection)
    const answers = Array.from({ length: 4 }, () => pacing.isSliceOver(connection))
    pacing.end()
    return answers.includes(true)
  }
  // The time passes without a turn: an answer of the core needs none.
  const start = clock.monotonic()
  let passedMs = 0
  clock.monotonic = () => start + passedMs
  const seen: boolean[] = []
  for (passedMs = 0; passedMs <= 12; passedMs += 3) seen.push(isOver(publisher))
  assert.deepEqual(seen, [false, false, false, false, true])
  assert.equal(isOver(other), false)
  await clock.run()
  assert.deepEqual([publisher.resumed, publisher.pace.isHeld], [1, false])
  assert.equal(isOver(publisher), false)
})
