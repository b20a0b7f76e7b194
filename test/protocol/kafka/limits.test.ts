// The limits of the door inside those of the process.
import assert from 'node:assert/strict'
import test from 'node:test'
import { defaultLimits, limitsWithin } from '../../../src/protocol/kafka/limits.ts'

const gibi = 2 ** 30

test('where there is enough, nothing changes', () => {
  assert.deepEqual(limitsWithin(defaultLimits, 1_000_000, 64 * gibi), defaultLimits)
})

test('with few descriptors or little memory the door asks for less', () => {
  const { connectionsMax, requestBytesMax, partialBytesMax } = limitsWithin(
    defaultLimits,
    256,
    gibi / 4,
  )
  assert.equal(connectionsMax, 128)
  assert.equal(requestBytesMax, gibi / 32)
  assert.equal(partialBytesMax, gibi / 32)
})
