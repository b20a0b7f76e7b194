import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SettledSet } from '../../src/queue/ledger/settled-set.ts'

const span = 9000

test('settled offsets are as in a plain set, and so are their ranges', () => {
  const offset = fc.integer({ min: 0, max: span - 1 })
  const length = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6000 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(offset, length), { maxLength: 12 }), (steps) => {
      const set = new SettledSet()
      const plain = new Set<number>()
      for (const [from, count] of steps) {
        const to = Math.min(span, from + count)
        let added = 0
        for (let o = from; o < to; o++) {
          if (plain.has(o)) continue
          plain.add(o)
          added++
        }
        // One alone goes another way, and must be new.
        if (to - from > 1 || added === 0) assert.equal(set.addRange(from, to), added)
        else set.add(from)
      }
      const copy = set.copy()
      for (const [from, count] of [...steps, [0, span] as const, [4096, 2048] as const]) {
        let inside = 0
        for (let o = from; o < from + count; o++) if (plain.has(o)) inside++
        assert.equal(copy.countIn(from, from + count), inside)
      }
      const ranges: number[] = set.lowWater > 0 ? [0, set.lowWater] : []
      set.ranges((from, to) => ranges.push(from, to))
      const expected: number[] = []
      for (let o = 0; o < span; o++) {
        assert.equal(set.has(o), plain.has(o))
        assert.equal(copy.has(o), plain.has(o))
        if (plain.has(o) && !plain.has(o - 1)) expected.push(o)
        if (plain.has(o) && !plain.has(o + 1)) expected.push(o + 1)
      }
      assert.deepEqual(ranges, expected)
      assert.equal(set.lowWater + set.above, plain.size)
    }),
    { numRuns: 200, seed: 4 },
  )
})

test('a copy does not follow', () => {
  const set = new SettledSet()
  set.addRange(10, 3000)
  const copy = set.copy()
  set.add(0)
  set.add(5)
  set.addRange(3000, 9000)
  assert.deepEqual([copy.lowWater, copy.above, copy.countIn(0, span)], [0, 2990, 2990])
  assert.equal(copy.has(5), false)
})
