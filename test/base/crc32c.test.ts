import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '../../src/base/crc32c.ts'

test('the known values, whole and in pieces', () => {
  const digits = new TextEncoder().encode('123456789')
  assert.equal(crc32c(digits), 0xe3069283)
  assert.equal(crc32c(digits.subarray(4), crc32c(digits.subarray(0, 4))), 0xe3069283)
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
})
