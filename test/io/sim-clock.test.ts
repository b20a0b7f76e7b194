import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'

test('events run by time, then in the order they were made; promises go on between', async () => {
  const clock = new SimClock()
  const ran: string[] = []
  clock.after(5, () => ran.push('late'))
  clock.after(1, () => {
    ran.push('first')
    clock.soon(() => ran.push('soon'))
    void Promise.resolve()
      .then(() => undefined)
      .then(() => ran.push('promise'))
  })
  clock.after(1, () => ran.push('second'))
  clock.after(2, () => ran.push('cancelled')).cancel()
  await clock.run()
  assert.deepEqual(ran, ['first', 'promise', 'second', 'soon', 'late'])
  assert.equal(clock.monotonic(), 5)
})

test('the wall clock jumps, the other does not', async () => {
  const clock = new SimClock()
  const start = clock.now()
  clock.jump(-1000)
  await clock.runFor(10)
  assert.equal(clock.now(), start - 990)
  assert.equal(clock.monotonic(), 10)
})

test('a promise that nothing settles is found out', async () => {
  await assert.rejects(new SimClock().runUntil(new Promise(() => undefined)), /stands still/)
})

test('what goes round at one time is found out', async () => {
  const clock = new SimClock()
  const again = (): void => clock.soon(again)
  again()
  await assert.rejects(clock.runFor(1), /goes round in a circle/)
})

test('chance: same seed, same numbers; in range; spread', () => {
  const draw = (seed: number) => {
    const chance = new SimChance(seed)
    return Array.from({ length: 1000 }, () => chance.int(10))
  }
  assert.deepEqual(draw(1), draw(1))
  assert.notDeepEqual(draw(1), draw(2))
  for (let n = 0; n < 10; n++) assert.ok(Math.abs(draw(3).filter((x) => x === n).length - 100) < 50)
  assert.match(new SimChance(1).uuid(), /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
})
