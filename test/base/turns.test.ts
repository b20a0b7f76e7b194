import assert from 'node:assert/strict'
import test from 'node:test'
import { Turns } from '../../src/base/turns.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'

test('others have their turn after every so many items, and not before', async () => {
  const clock = new SimClock()
  const turns = new Turns(clock, 3)
  const seen: (number | string)[] = []
  const work = async (): Promise<void> => {
    clock.soon(() => seen.push('another'))
    for (let i = 1; i <= 7; i++) {
      seen.push(i)
      const pause = turns.next()
      if (pause === null) continue
      await pause
      seen.push('paused')
    }
  }
  await clock.runUntil(work())
  assert.deepEqual(seen, [1, 2, 3, 'another', 'paused', 4, 5, 6, 'paused', 7])
})
