import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Heap } from '../../src/base/heap.ts'

test('items come out in order, however they went in', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (first, second) => {
      const heap = new Heap<number>((a, b) => a < b)
      for (const n of first) heap.push(n)
      const half = first.length >> 1
      const out = Array.from({ length: half }, () => heap.pop())
      for (const n of second) heap.push(n)
      const sorted = [...first].sort((a, b) => a - b)
      assert.deepEqual(out, sorted.slice(0, half))
      const rest = [...sorted.slice(half), ...second].sort((a, b) => a - b)
      assert.equal(heap.size, rest.length)
      assert.equal(heap.peek(), rest[0])
      assert.deepEqual(
        rest.map(() => heap.pop()),
        rest,
      )
      assert.equal(heap.pop(), undefined)
      for (const n of rest) heap.push(n)
      assert.deepEqual([heap.takeAll(), heap.size], [rest, 0])
    }),
  )
})
