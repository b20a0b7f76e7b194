import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultLimits, limitsWithin } from '../../../src/protocol/amqp/frames/limits.ts'

const gibi = 1 << 30

test('with plenty of everything the limits are what they are', () => {
  const granted = { openFiles: 1_000_000, memoryBytes: 64 * gibi, heapBytes: 8 * gibi }
  assert.deepEqual(limitsWithin(defaultLimits, granted), defaultLimits)
})

test('a small process has limits that fit it', () => {
  const granted = { openFiles: 1024, memoryBytes: gibi / 4, heapBytes: gibi / 8 }
  const limits = limitsWithin(defaultLimits, granted)
  assert.equal(limits.connectionsMax, 512)
  assert.equal(limits.partialBytesMax, gibi / 32)
  assert.equal(limits.unsentBytesMaxTogether, gibi / 32)
  assert.equal(limits.unackedMaxTogether, Math.floor(gibi / 32 / 300))
})
