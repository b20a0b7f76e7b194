import assert from 'node:assert/strict'
import test from 'node:test'
import { Pace } from '../../src/base/pace.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'

/** Milliseconds that it takes to spend `pieces` of 1,000 bytes. */
async function timeFor(pieces: number, bytesPerSecond: number): Promise<number> {
  const clock = new SimClock()
  const pace = new Pace(clock)
  pace.setRate(bytesPerSecond)
  const work = async (): Promise<void> => {
    for (let i = 0; i < pieces; i++) await pace.spend(1000)
  }
  await clock.runUntil(work())
  return clock.monotonic()
}

test('work on bytes is held below the rate', async () => {
  const ms = await timeFor(1000, 100_000)
  assert.ok(ms > 9_800 && ms <= 10_001, `${ms} ms`)
  assert.equal(await timeFor(1000, Number.POSITIVE_INFINITY), 0)
  assert.equal(await timeFor(1000, 1.7976931348623157e308), 0)
})

test('who sleeps is woken when the rate is lifted', async () => {
  const clock = new SimClock()
  const pace = new Pace(clock)
  pace.setRate(1)
  const spending = pace.spend(1e9)
  pace.setRate(Number.POSITIVE_INFINITY)
  await clock.runUntil(spending)
  await clock.runUntil(pace.spend(1e9))
  assert.equal(clock.monotonic(), 0)
})
