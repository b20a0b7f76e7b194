// A thread that runs the seeds it is sent, one at a time, and answers with what came of each.
// Started by seed-pool.ts.
import { parentPort } from 'node:worker_threads'
import { runSeed, type SeedResult } from './run-seed.ts'

/** Every so often a seed runs twice: a run that depends on more than its seed is of no use. */
const twiceOneIn = 50

async function checked(seed: number): Promise<SeedResult> {
  const result = await runSeed(seed)
  if (seed % twiceOneIn !== 0) return result
  const again = await runSeed(seed)
  if (again.hash === result.hash) return result
  return { ...result, failure: `two runs differ: ${result.hash}, ${again.hash}` }
}

parentPort?.on('message', (seed: number) => {
  void checked(seed).then((result) => parentPort?.postMessage(result))
})
