// A short run of the fuzzer; `npm run fuzz` is the long one.
import assert from 'node:assert/strict'
import test from 'node:test'
import { fuzzKafka } from '../../rigs/fuzz-kafka.ts'

test('the door survives 3,000 requests, whole and mutated', async (t) => {
  const seed = 1 + Math.floor(Math.random() * 1e9)
  t.diagnostic(`seed ${seed}`)
  const report = await fuzzKafka(3_000, seed)
  assert.equal(report.sent, 3_000)
  assert.ok(report.closed > 0 && report.answered > 0, JSON.stringify(report))
})
