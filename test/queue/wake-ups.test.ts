// One timer for all that waits for the clock, and nothing left of who does not wait any more.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { type Alarm, type Sleeper, WakeUps } from '../../src/queue/memory/wake-ups.ts'

const hour = 3_600_000

function setUp() {
  const clock = new SimClock()
  const woken: string[] = []
  const sleeper = (name: string): Sleeper => ({
    alarm: null as Alarm | null,
    wake: () => woken.push(name),
  })
  return { clock, woken, sleeper, wakeUps: new WakeUps(clock), startMs: clock.now() }
}

test('each is woken once, at the earliest time it asked for', async () => {
  const { clock, woken, sleeper, wakeUps, startMs } = setUp()
  const [a, b, c] = ['a', 'b', 'c'].map(sleeper) as [Sleeper, Sleeper, Sleeper]
  wakeUps.ask(a, startMs + 30)
  wakeUps.ask(b, startMs + 20)
  wakeUps.ask(a, startMs + 10)
  wakeUps.ask(a, startMs + 15)
  wakeUps.ask(c, startMs + 5)
  wakeUps.forget(c)
  await clock.run()
  assert.deepEqual([woken, wakeUps.size], [['a', 'b'], 0])
  wakeUps.ask(a, clock.now() + 5)
  await clock.run()
  assert.deepEqual(woken, ['a', 'b', 'a'])
})

test('of sleepers that are gone, or have asked again, little stays', () => {
  const { sleeper, wakeUps, startMs } = setUp()
  const stays = sleeper('stays')
  wakeUps.ask(stays, startMs + hour)
  for (let i = 0; i < 5000; i++) {
    const queue = sleeper('gone')
    wakeUps.ask(queue, startMs + hour)
    wakeUps.forget(queue)
    wakeUps.ask(stays, startMs + hour - i)
  }
  assert.ok(wakeUps.size <= 1001, `${wakeUps.size} alarms`)
  assert.equal(stays.alarm?.atMs, startMs + hour - 4999)
  wakeUps.stop()
})
