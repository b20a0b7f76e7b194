import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchingNames } from '../../../src/admin/management/matching-names.ts'
import { StillClock } from './api-fixture.ts'

/** Time goes on with each name, and turns are counted. */
class PassingClock extends StillClock {
  turns = 0

  override soon(action: () => void): void {
    this.turns++
    super.soon(action)
  }
}

test('names that take long are matched in turns, all of them', async () => {
  const clock = new PassingClock()
  const slow = (name: string): boolean => {
    clock.pass(2)
    return name.endsWith('1')
  }
  const names = Array.from({ length: 30 }, (_, i) => `q${i}`)
  assert.deepEqual([...(await matchingNames(clock, slow, names))], ['q1', 'q11', 'q21'])
  assert.equal(clock.turns, 10)
  assert.equal((await matchingNames(clock, () => true, names)).size, 30)
  assert.equal(clock.turns, 10)
})
