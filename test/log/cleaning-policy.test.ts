// When cleaning is due, and where it starts and ends.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type CleanableSegment, chooseCleaning } from '../../src/log/compaction/cleaning-policy.ts'

const segment = (baseOffset: number, bytes: number, timeMs = 0): CleanableSegment => ({
  bytes,
  baseOffset,
  nextOffset: baseOffset + 10,
  maxTimestamp: timeMs,
  createdMs: timeMs,
})
const settings = {
  dirtyRatioMin: 0.5,
  compactionLagMsMin: 0,
  compactionLagMsMax: Number.POSITIVE_INFINITY,
}
const four = [segment(10, 100), segment(20, 100), segment(30, 100), segment(40, 101)]

test('the dirty share decides, and has to be more than the ratio', () => {
  assert.deepEqual(chooseCleaning(four, settings, 1000, 0), { from: 10, to: 50 })
  assert.deepEqual(chooseCleaning(four, settings, 1000, 30), { from: 30, to: 50 })
  assert.equal(chooseCleaning(four, settings, 1000, 40), null)
  assert.equal(chooseCleaning([segment(0, 5), segment(10, 5)], settings, 1000, 10), null)
  assert.deepEqual(chooseCleaning(four, settings, 1000, 35), { from: 35, to: 50 })
})

test('nothing dirty, nothing to do', () => {
  const eager = { ...settings, dirtyRatioMin: 0, compactionLagMsMax: 0 }
  assert.equal(chooseCleaning([], eager, 1000, 0), null)
  assert.equal(chooseCleaning(four, eager, 1000, 50), null)
})

test('a log that was cut below where cleaning ended starts anew', () => {
  assert.deepEqual(chooseCleaning(four, settings, 1000, 51), { from: 10, to: 50 })
})

test('segments that are too young wait, with all that follow', () => {
  const lag = { ...settings, compactionLagMsMin: 100 }
  const log = [segment(0, 10, 500), segment(10, 10, 901), segment(20, 10, 500)]
  assert.deepEqual(chooseCleaning(log, lag, 1000, 0), { from: 0, to: 10 })
  assert.deepEqual(chooseCleaning(log, lag, 1001, 0), { from: 0, to: 30 })
  assert.equal(chooseCleaning(log, lag, 1000, 10), null)
})

test('a segment that is overdue is cleaned whatever its share', () => {
  const log = [segment(0, 1000), segment(10, 1, 500)]
  const lag = { ...settings, compactionLagMsMax: 400 }
  assert.equal(chooseCleaning(log, lag, 900, 10), null)
  assert.deepEqual(chooseCleaning(log, lag, 901, 10), { from: 10, to: 20 })
})
