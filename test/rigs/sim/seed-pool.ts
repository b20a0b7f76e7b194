// Spreads seeds over threads, so that a run takes all the cores that it may. A seed's result does
// not depend on the thread that ran it, nor on what ran there before. Used by run-main.ts.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { SeedResult } from './run-seed.ts'

/** Runs `count` seeds from `first` on, until `told` of a result, in any order, answers false. */
export async function runSeeds(
  first: number,
  count: number,
  workers: number,
  script: URL,
  told: (result: SeedResult) => boolean,
): Promise<void> {
  let next = first
  let goesOn = true
  const run = async (): Promise<void> => {
    const worker = new Worker(script)
    while (goesOn && next < first + count) {
      worker.postMessage(next++)
      const [result] = (await once(worker, 'message')) as [SeedResult]
      goesOn = told(result) && goesOn
    }
    await worker.terminate()
  }
  await Promise.all(Array.from({ length: workers }, run))
}
