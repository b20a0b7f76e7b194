import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countdown } from '../../src/base/countdown.ts'

test('the last of the calls is the one that counts', () => {
  let ended = 0
  const done = countdown(3, () => {
    ended++
  })
  done()
  done()
  assert.equal(ended, 0)
  done()
  assert.equal(ended, 1)
})
