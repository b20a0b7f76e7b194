// Runs unmodified clients against a broker, one after another on the same one, and prints a line a
// case. `run.js [--broker polymq|kafka] [--ci] [--only NAME]...`; exits 0 only if every case
// passed.
import { parseArgs } from 'node:util'
import { startBroker } from './lib/broker.ts'
import { Report } from './lib/report.ts'
import { type Suite, suites } from './suites.ts'

const { values } = parseArgs({
  options: {
    broker: { type: 'string', default: 'polymq' },
    ci: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
  },
})

const chosen = (suite: Suite): boolean =>
  (suite.ci || !values.ci) &&
  (values.only.length === 0 || values.only.some((name) => suite.name.startsWith(name)))

// What this process started is killed when it exits; a signal alone would not make it exit so.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const report = new Report()

/** Runs suites on one broker, if there are any. */
const runOn = async (list: readonly Suite[], partitions?: number): Promise<void> => {
  if (list.length === 0) return
  const broker = await startBroker(values.broker, partitions)
  console.log(`# ${values.broker} at ${broker.bootstrap}`)
  for (const suite of list) await suite.run(broker, report.suite(suite.name))
  await report.suite(`broker of ${list[0]?.name}`)('stops cleanly', () => broker.stop())
}

const all = suites.filter(chosen)
await runOn(all.filter((suite) => suite.partitions === undefined))
for (const suite of all) if (suite.partitions !== undefined) await runOn([suite], suite.partitions)
process.exit(report.close() ? 0 : 1)
