// Runs seeds of the log's simulation: `npm run sim -- --seeds N --seed FIRST`. Prints each seed
// that failed, with what the check said and what the seed had drawn; ends with 1 when one did.
import { parseArgs } from 'node:util'
import { runSeed } from './run-seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    failures: { type: 'string', default: '10' },
  },
})
const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
const count = Number(values.seeds)
const startedMs = performance.now()
let events = 0
let crashes = 0
let failed = 0
let ran = 0
console.log(`seeds ${first} to ${first + count - 1}`)
for (let seed = first; seed < first + count && failed < Number(values.failures); seed++) {
  const result = await runSeed(seed)
  ran++
  events += result.events
  crashes += result.crashes
  // Every so often a seed runs twice: a run that depends on more than its seed could not be
  // repeated.
  const again = ran % 50 === 1 ? await runSeed(seed) : result
  const failure =
    again.hash === result.hash ? result.failure : `two runs differ: ${result.hash}, ${again.hash}`
  if (failure === null) continue
  failed++
  console.log(`seed ${seed}: ${failure}\n  ${result.plan}`)
}
const seconds = (performance.now() - startedMs) / 1000
console.log(
  `${ran} seeds, ${failed} failed; ${crashes} crashes, ${events} events in ${seconds.toFixed(1)} s`,
)
process.exitCode = failed === 0 ? 0 : 1
