// Runs seeds of a simulation, as its main.ts asks: `npm run sim -- --seeds N --seed FIRST --workers
// N`. Prints each seed that failed, with what the check said, what the seed had drawn and how to
// repeat it, and how often what is worth coming by was met; ends with 1 when a seed failed.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runSeeds } from './seed-pool.ts'

/** `command` starts it; `worker` runs one seed after the other. */
export async function runMain(command: string, worker: URL): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      seed: { type: 'string' },
      workers: { type: 'string', default: String(availableParallelism()) },
      failures: { type: 'string', default: '10' },
    },
  })
  const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
  const count = Number(values.seeds)
  const progressEvery = 1000
  const startedMs = performance.now()
  const sums = { events: 0, crashes: 0 }
  const covered = new Map<string, number>()
  let failed = 0
  let ran = 0

  const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`

  console.log(`seeds ${first} to ${first + count - 1}, workers: ${values.workers}`)
  await runSeeds(first, count, Number(values.workers), worker, (result) => {
    ran++
    sums.events += result.events
    sums.crashes += result.crashes
    for (const [what, times] of result.covered) covered.set(what, (covered.get(what) ?? 0) + times)
    if (result.failure !== null) {
      failed++
      console.log(`seed ${result.seed}: ${result.failure}\n  ${result.plan}`)
      console.log(`  again: npm run ${command} -- --seeds 1 --seed ${result.seed}`)
    }
    if (ran % progressEvery === 0 && ran < count)
      console.log(`${ran} of ${count} seeds, ${failed} failed, ${seconds()}`)
    return failed < Number(values.failures)
  })
  console.log([...covered].map(([what, times]) => `${what}: ${times}`).join(', '))
  console.log(
    `${ran} seeds, ${failed} failed; ${sums.crashes} crashes, ${sums.events} events in ${seconds()}`,
  )
  process.exitCode = failed === 0 ? 0 : 1
}
