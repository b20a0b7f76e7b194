import assert from 'node:assert/strict'
import test from 'node:test'
import { TimedTurns } from '../../src/base/timed-turns.ts'

test('others have their turn when time has passed, and not before', async () => {
  let nowMs = 0
  const seen: (number | string)[] = []
  const soon = (action: () => void): void => {
    seen.push('others')
    nowMs += 100
    action()
  }
  const turns = new TimedTurns({ monotonic: () => nowMs, soon })
  for (let i = 1; i <= 7; i++) {
    seen.push(i)
    nowMs += 2
    const pause = turns.next()
    if (pause !== null) await pause
  }
  assert.deepEqual(seen, [1, 2, 3, 'others', 4, 5, 6, 'others', 7])
})
