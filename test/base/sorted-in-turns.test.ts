import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sortedInTurns } from '../../src/base/sorted-in-turns.ts'
import { TimedTurns } from '../../src/base/timed-turns.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'

const standing = { monotonic: () => 0, soon: (go: () => void) => go() }

test('any number of items comes out as a plain sort has them', async () => {
  const chance = new SimChance(7)
  for (const length of [0, 1, 2, 1023, 1024, 1025, 2048, 5000]) {
    const items = Array.from({ length }, (_, place) => ({ key: chance.int(300), place }))
    const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key
    const got = await sortedInTurns(items, compare, new TimedTurns(standing))
    assert.deepEqual(got, [...items].sort(compare), `${length}`)
  }
})

test('others have their turn while much is sorted', async () => {
  let [now, given] = [0, 0]
  const clock = {
    monotonic: () => now++,
    soon: (go: () => void) => {
      given++
      go()
    },
  }
  const items = Array.from({ length: 20_000 }, (_, i) => -i)
  await sortedInTurns(items, (a, b) => a - b, new TimedTurns(clock))
  assert.ok(given > 10, `${given}`)
})
