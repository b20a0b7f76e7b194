// Runs unmodified clients against a broker, one after another on the same one, and prints a line a case.
// `run.js [--broker polymq|kafka] [--ci] [--only NAME]...`; exits 0 only if every case passed.
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

const report = new Report()
const broker = await startBroker(values.broker)
console.log(`# ${values.broker} at ${broker.bootstrap}`)
for (const suite of suites.filter(chosen)) await suite.run(broker, report.suite(suite.name))
await report.suite('broker')('stops cleanly', () => broker.stop())
process.exit(report.close() ? 0 : 1)
