import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolicyPasses } from '../../src/broker/policies/policy-passes.ts'
import type { Clock } from '../../src/io/clock.ts'

/** Each step takes as long as a turn lasts; others come when `turn` is called. */
function passing() {
  let nowMs = 0
  let others: (() => void) | null = null
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    after: () => assert.fail('nothing waits for a time'),
    soon: (action) => {
      others = action
    },
  }
  const steps: string[] = []
  const things = new Map([
    ['a', ['a1', 'a2', 'a3']],
    ['b', ['b1']],
  ])
  function* policiesChanged(vhost: string): Generator<void> {
    for (const thing of things.get(vhost) ?? []) {
      steps.push(thing)
      nowMs += 5
      yield
    }
  }
  const passes = new PolicyPasses(clock, (vhost) =>
    things.has(vhost) ? { policiesChanged: () => policiesChanged(vhost) } : undefined,
  )
  const turn = async (): Promise<void> => {
    const go = others
    others = null
    go?.()
    await new Promise(setImmediate)
  }
  return { passes, things, steps, turn, isWaiting: () => others !== null }
}

test('others come between what follows a policy; what changes again comes once more', async () => {
  const { passes, steps, turn, isWaiting } = passing()
  passes.begin(['a'])
  assert.deepEqual(steps, ['a1'])
  await turn()
  assert.deepEqual(steps, ['a1', 'a2'])
  passes.begin(['b', 'a', 'b'])
  assert.deepEqual(steps, ['a1', 'a2'])
  while (isWaiting()) await turn()
  assert.deepEqual(steps, ['a1', 'a2', 'a3', 'b1', 'a1', 'a2', 'a3'])
  passes.begin(['b'])
  assert.equal(steps.at(-1), 'b1')
})

test('what is made meanwhile is not left out, and a vhost that is gone is', async () => {
  const { passes, things, steps, turn, isWaiting } = passing()
  passes.begin(['a', 'b'])
  things.get('a')?.push('a4')
  things.delete('b')
  while (isWaiting()) await turn()
  assert.deepEqual(steps, ['a1', 'a2', 'a3', 'a4'])
})

test('who waits is told when the vhost follows the newest policies', async () => {
  const { passes, steps, turn, isWaiting } = passing()
  passes.begin(['a', 'b'])
  const told: string[] = []
  const tell = (vhost: string) =>
    void passes.followed(vhost).then(() => told.push(`${vhost} behind ${steps.length}`))
  for (const vhost of ['a', 'a', 'b', 'other']) tell(vhost)
  await turn()
  passes.begin(['a'])
  while (isWaiting()) await turn()
  assert.deepEqual(told, ['other behind 1', 'b behind 5', 'a behind 7', 'a behind 7'])
  tell('a')
  await turn()
  assert.equal(told.length, 5)
})

test('nothing follows behind the end, and nobody waits for it', async () => {
  const { passes, steps, turn } = passing()
  passes.begin(['a'])
  const followed = passes.followed('a')
  passes.stop()
  await followed
  await passes.followed('a')
  await turn()
  passes.begin(['b'])
  assert.deepEqual(steps, ['a1'])
})
