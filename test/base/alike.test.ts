import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alike } from '../../src/base/alike.ts'

test('equal values are one, and many different ones are forgotten', () => {
  const alike = new Alike<object>()
  const [first, other] = [{}, {}]
  assert.equal(alike.same('a', first), first)
  assert.equal(alike.same('a', other), first)
  assert.equal(alike.same('b', other), other)
  for (let i = 0; i < 300; i++) alike.same(`value ${i}`, {})
  assert.equal(alike.same('a', other), other)
})
