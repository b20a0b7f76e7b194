import assert from 'node:assert/strict'
import test from 'node:test'
import { Deadline, Deadlines } from '../../src/coordinator/deadlines.ts'
import { ManualClock, SeededChance } from './world.ts'

test('deadlines: each runs once, in order of time, whatever was moved or cancelled', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const chance = new SeededChance(seed)
    const clock = new ManualClock()
    const deadlines = new Deadlines(clock)
    const all = Array.from({ length: 50 }, () => new Deadline())
    const expected = new Map<number, number>()
    const ran: [atMs: number, index: number][] = []
    for (let step = 0; step < 300; step++) {
      const i = chance.int(all.length)
      const deadline = all[i]!
      if (chance.int(4) === 0) {
        deadlines.cancel(deadline)
        expected.delete(i)
      } else {
        const ms = 1 + chance.int(1_000)
        deadlines.arm(deadline, ms, () => ran.push([clock.monotonic(), i]))
        expected.set(i, ms)
      }
    }
    assert.equal(deadlines.size, expected.size, `seed ${seed}`)
    clock.advance(1_000)
    const times = ran.map(([atMs]) => atMs)
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
      `seed ${seed}`,
    )
    assert.deepEqual(new Map(ran.map(([atMs, i]) => [i, atMs])), expected, `seed ${seed}`)
    assert.equal(ran.length, expected.size, `seed ${seed}`)
    assert.equal(clock.timersSet, 0)
  }
})

test('deadlines: ten thousand take one timer, and closing drops them all', () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock)
  const ignore = (): void => assert.fail('a closed one does not run')
  for (let i = 0; i < 10_000; i++) deadlines.arm(new Deadline(), 1_000 + i, ignore)
  assert.equal(clock.timersSet, 1)
  deadlines.close()
  deadlines.arm(new Deadline(), 1, ignore)
  assert.equal(deadlines.size, 0)
  clock.advance(20_000)
})
