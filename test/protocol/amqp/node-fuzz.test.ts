// A short run of the fuzzer over a whole node: `npm run fuzz:amqp` runs long ones.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzAmqp } from '../../rigs/fuzz-amqp.ts'

test('four thousand frames of sessions, more or less wrong, against a whole node', async () => {
  const report = await fuzzAmqp(4_000, 1)
  assert.ok(report.sent >= 4_000 && report.watched > 50 && report.published > 200)
  assert.ok(Object.keys(report.closes).length > 3, 'several ways to go wrong')
})
