// Turns shared by several who go through much: so many items each, whoever takes them, in order.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Slices } from '../../src/base/slices.ts'

/** A clock whose turns the test ends. */
function handClock() {
  const due: (() => void)[] = []
  return {
    due,
    soon: (action: () => void) => {
      due.push(action)
    },
    /** The next turn, until nobody does anything any more. */
    async turn(): Promise<void> {
      for (const action of due.splice(0)) action()
      for (let i = 0; i < 50; i++) await Promise.resolve()
    },
  }
}

test('all users together do so many items in a turn, and the rest waits in order', async () => {
  const clock = handClock()
  const slices = new Slices(clock, 10)
  const done: string[] = []
  const work = async (name: string, items: number): Promise<void> => {
    for (let i = 0; i < items; i++) {
      if (!slices.take()) await slices.next()
      done.push(name)
    }
  }
  const all = Promise.all([work('a', 8), work('b', 8), work('c', 8)])
  const inTurn = (): string => done.splice(0).join('')
  assert.equal(inTurn(), 'aaaaaaaabb')
  await clock.turn()
  assert.equal(inTurn(), 'bbbbbbcccc')
  await clock.turn()
  assert.equal(inTurn(), 'cccc')
  await all
})

test('nobody is asked for turns while nothing is done, and each is whole again', async () => {
  const clock = handClock()
  const slices = new Slices(clock, 2)
  assert.equal(clock.due.length, 0)
  assert.ok(slices.take() && slices.take())
  assert.ok(!slices.take())
  assert.equal(clock.due.length, 1)
  await clock.turn()
  assert.equal(clock.due.length, 0)
  assert.ok(slices.take() && slices.take() && !slices.take())
})

test('whoever comes later does not pass those who wait', async () => {
  const clock = handClock()
  const slices = new Slices(clock, 1)
  assert.ok(slices.take())
  const order: number[] = []
  for (let i = 0; i < 3; i++) void slices.next().then(() => order.push(i))
  assert.ok(!slices.take())
  for (let i = 0; i < 3; i++) await clock.turn()
  assert.deepEqual(order, [0, 1, 2])
})
