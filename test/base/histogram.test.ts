import assert from 'node:assert/strict'
import test from 'node:test'
import { Histogram } from '../../src/base/histogram.ts'

test('a value on a bound belongs to its bucket; what is above all has its own', () => {
  const histogram = new Histogram([1, 10])
  for (const value of [0, 1, 1.5, 10, 11]) histogram.observe(value)
  assert.deepEqual(histogram.counts, [2, 2, 1])
  assert.equal(histogram.sum, 23.5)
})
