// Runs the seeds that a thread is sent, one at a time, and answers with what came of each. The
// workers of the simulations call it.
import { parentPort } from 'node:worker_threads'
import type { SeedResult } from './run-seed.ts'

/** Every so often a seed runs twice: a run that depends on more than its seed is of no use. */
const twiceOneIn = 50

export function answerSeeds(runSeed: (seed: number) => Promise<SeedResult>): void {
  parentPort?.on('message', (seed: number) => {
    void checked(seed, runSeed).then((result) => parentPort?.postMessage(result))
  })
}

async function checked(
  seed: number,
  runSeed: (seed: number) => Promise<SeedResult>,
): Promise<SeedResult> {
  const result = await runSeed(seed)
  if (seed % twiceOneIn !== 0) return result
  const again = await runSeed(seed)
  if (again.hash === result.hash) return result
  return { ...result, failure: `two runs differ: ${result.hash}, ${again.hash}` }
}
