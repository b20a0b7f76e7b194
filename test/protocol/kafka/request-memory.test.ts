// Who waits for memory: in line, small requests and large ones apart, and woken only for what fits.
import assert from 'node:assert/strict'
import test from 'node:test'
import { RequestMemory } from '../../../src/protocol/kafka/request-memory.ts'

const MiB = 1 << 20

function memoryOf(budget: number) {
  let due: (() => void)[] = []
  const memory = new RequestMemory(budget, (action) => due.push(action))
  const turn = (): number => {
    const now = due
    due = []
    for (const action of now) action()
    return now.length
  }
  const resumed: string[] = []
  const held: Buffer[] = []
  const ask = (name: string, size: number): (() => void) => {
    const resume = (): void => {
      const buffer = memory.take(size)
      assert.ok(buffer, `${name} was woken for nothing`)
      held.push(buffer)
      resumed.push(name)
    }
    memory.wait(size, resume)
    return resume
  }
  return { memory, turn, resumed, held, ask }
}

test('memory goes to who waits longest, and nobody is asked who would not fit', () => {
  const { memory, turn, resumed, ask } = memoryOf(40 * MiB)
  const first = memory.take(20 * MiB)
  assert.ok(first)
  assert.equal(memory.take(3 * MiB), null)
  ask('a', 12 * MiB)
  ask('b', 12 * MiB)
  ask('c', 3 * MiB)
  assert.equal(turn(), 0)
  memory.give(first)
  assert.equal(memory.take(3 * MiB), null, 'others were there before')
  assert.deepEqual(resumed, [])
  assert.equal(turn(), 1)
  assert.deepEqual(resumed, ['a'], 'what is behind one that does not fit waits too')
})

test('small requests do not wait for large ones', () => {
  const { memory, turn, resumed, ask } = memoryOf(8 * MiB)
  const [large, one, two] = [4 * MiB, 2 * MiB, 2 * MiB].map((size) => memory.take(size))
  ask('large', 3 * MiB)
  ask('small', MiB)
  assert.ok(large && one && two)
  memory.give(one)
  turn()
  assert.deepEqual(resumed, ['small'])
  memory.give(large)
  turn()
  assert.deepEqual(resumed, ['small', 'large'])
})

test('who stops waiting in the turn in which memory comes free is not woken', () => {
  const { memory, turn, resumed, ask } = memoryOf(40 * MiB)
  const first = memory.take(20 * MiB)
  assert.ok(first)
  const waiting = Array.from({ length: 10_000 }, (_, i) => ask(`${i}`, 20 * MiB))
  memory.give(first)
  for (const resume of waiting.slice(0, -1)) memory.forget(resume)
  assert.equal(turn(), 1, 'all together are served once')
  assert.deepEqual(resumed, ['9999'])
  const last = ask('large', 20 * MiB)
  ask('less', 15 * MiB)
  memory.forget(last)
  turn()
  assert.deepEqual(resumed, ['9999'])
})
