// Whose turn it is among the consumers of a queue, and that nobody without room is asked in vain.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Consumers, Member } from '../../src/queue/consumers.ts'

class Counted {
  room = 0
  asked = 0
  readonly view: { readonly room: number }

  constructor() {
    const counted = this
    this.view = {
      get room() {
        counted.asked++
        return counted.room
      },
    }
  }
}

function crowd(size: number) {
  const consumers = new Consumers(false, { count: 0 })
  const queue = { resume: (member: Member) => member.wake(), leave: () => undefined }
  const all = Array.from({ length: size }, () => {
    const counted = new Counted()
    const options = { settled: false, exclusive: false, priority: 0 }
    const member = new Member(counted.view as never, options as never, queue)
    consumers.add(member)
    return { counted, member }
  })
  return { consumers, all }
}

test('who has no room is asked once, until it says that it has some', () => {
  const { consumers, all } = crowd(100)
  for (let i = 0; i < 1_000; i++) assert.equal(consumers.pick(), null)
  assert.equal(
    all.reduce((sum, { counted }) => sum + counted.asked, 0),
    100,
  )
  const one = all[42]
  assert.ok(one)
  one.counted.room = 1
  one.member.resume()
  assert.equal(consumers.pick(), one.member)
  one.counted.room = 0
  assert.equal(consumers.pick(), null)
  assert.equal(one.counted.asked, 3)
})

test('those with room have their turns one after the other, also when one leaves', () => {
  const { consumers, all } = crowd(3)
  for (const { counted } of all) counted.room = 10
  const [a, b, c] = all.map(({ member }) => member)
  assert.deepEqual([consumers.pick(), consumers.pick(), consumers.pick()], [a, b, c])
  assert.ok(b)
  consumers.remove(b)
  assert.deepEqual([consumers.pick(), consumers.pick(), consumers.pick()], [a, c, a])
})

test('those who come and go do not change whose turn it is', () => {
  const act = fc.oneof(
    fc.constant('add' as const),
    fc.constant('pick' as const),
    fc.nat().map((n) => ({ leaves: n })),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const { consumers } = crowd(0)
      let there: Member[] = []
      let next = 0
      for (const each of acts)
        if (each === 'add') {
          const queue = { resume: () => undefined, leave: () => undefined }
          const options = { settled: false, exclusive: false, priority: 0 }
          const member = new Member({ room: 1 } as never, options as never, queue)
          consumers.add(member)
          there.push(member)
        } else if (each === 'pick') {
          if (next >= there.length) next = 0
          assert.equal(consumers.pick(), there[next] ?? null)
          if (there.length > 0) next++
        } else if (there.length > 0) {
          const at = each.leaves % there.length
          consumers.remove(there[at] as Member)
          there = there.filter((_, i) => i !== at)
          if (at < next) next--
        }
      assert.deepEqual(consumers.all, there)
      assert.equal(consumers.count, there.length)
    }),
    { numRuns: 500 },
  )
})

test('where one alone is active, the next is when it leaves, and all are when all may be', () => {
  const { consumers, all } = crowd(5)
  const active = () => all.map(({ member }) => member.isActive && !member.isGone)
  assert.deepEqual(active(), [true, true, true, true, true])
  consumers.setSingle(true)
  assert.deepEqual(active(), [true, false, false, false, false])
  for (const { member } of all.slice(0, 3)) consumers.remove(member)
  assert.deepEqual(active(), [false, false, false, true, false])
  consumers.setSingle(false)
  assert.deepEqual(active(), [false, false, false, true, true])
})
