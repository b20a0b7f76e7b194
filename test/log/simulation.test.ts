// A short form of the simulation; the long one is `npm run sim`.
import assert from 'node:assert/strict'
import test from 'node:test'
import { runSeed } from '../rigs/sim/run-seed.ts'

const budgetMs = 1500

test('seeds of random work and crashes lose nothing', async () => {
  const first = Math.floor(Math.random() * 1_000_000_000)
  const startedMs = performance.now()
  for (let seed = first; performance.now() - startedMs < budgetMs; seed++) {
    const { failure, plan } = await runSeed(seed)
    assert.equal(failure, null, `seed ${seed}: ${failure}\n${plan}`)
  }
})

test('a seed runs the same way each time', async () => {
  for (const seed of [32, 75, 5020]) {
    const { failure, hash } = await runSeed(seed)
    assert.equal(failure, null)
    assert.equal((await runSeed(seed)).hash, hash)
  }
})
