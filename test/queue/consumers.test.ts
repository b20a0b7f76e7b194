// Whose turn it is among the consumers of a queue, and that nobody without room is asked in vain.
import assert from 'node:assert/strict'
import { test } from 'node:test'
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
  const queue = { resume: (member: Member) => consumers.resumed(member), leave: () => undefined }
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
