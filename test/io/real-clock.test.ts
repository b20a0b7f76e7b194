import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realChance } from '../../src/io/real/chance.ts'
import { eventLoopTurn, realClock } from '../../src/io/real/clock.ts'

test('the clocks run, timers fire unless cancelled', async () => {
  const before = realClock.monotonic()
  assert.ok(Math.abs(realClock.now() - Date.now()) < 1000)
  const fired: string[] = []
  realClock.after(0, () => fired.push('cancelled')).cancel()
  realClock.after(2 ** 40, () => fired.push('far')).cancel()
  realClock.after(-5, () => fired.push('past'))
  realClock.soon(() => fired.push('soon'))
  while (fired.length < 2) await eventLoopTurn()
  assert.deepEqual(fired.sort(), ['past', 'soon'])
  assert.ok(realClock.monotonic() >= before)
})

test('chance: range, shape', () => {
  assert.equal(realChance.int(1), 0)
  assert.ok(realChance.int(2 ** 31) < 2 ** 31)
  assert.match(realChance.uuid(), /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
  assert.equal(realChance.bytes(5).length, 5)
})
