// Runs unmodified clients against a broker, one after another on the same one, and prints a line a
// case. `run.js [--broker polymq|kafka|rabbitmq] [--ci] [--only NAME]...`; exits 0 only if every
// case passed. Kafka is asked by Kafka's clients, RabbitMQ by those of AMQP, PolyMQ by all.
import { parseArgs } from 'node:util'
import { type AmqpBroker, amqpPeers, startAmqpBroker } from './amqp/broker.ts'
import { type AmqpSuite, amqpSuites } from './amqp/suites.ts'
import { recipes, startBroker } from './lib/broker.ts'
import { Report } from './lib/report.ts'
import { type Suite, suites } from './suites.ts'

const { values } = parseArgs({
  options: {
    broker: { type: 'string', default: 'polymq' },
    ci: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
  },
})

const chosen = (suite: Suite | AmqpSuite): boolean =>
  (suite.ci || !values.ci) &&
  (values.only.length === 0 || values.only.some((name) => suite.name.startsWith(name)))

// What this process started is killed when it exits; a signal alone would not make it exit so.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const report = new Report()

/** Runs Kafka's suites on one broker, if there are any. */
const runOn = async (list: readonly Suite[], partitions?: number): Promise<void> => {
  if (list.length === 0) return
  const broker = await startBroker(values.broker, partitions)
  console.log(`# ${values.broker} at ${broker.bootstrap}`)
  for (const suite of list) await suite.run(broker, report.suite(suite.name))
  await report.suite(`broker of ${list[0]?.name}`)('stops cleanly', () => broker.stop())
}

/** Runs AMQP's suites on one broker, if there are any. */
const runAmqp = async (list: readonly AmqpSuite[]): Promise<void> => {
  if (list.length === 0) return
  const check = report.suite(`AMQP broker of ${list[0]?.name}`)
  let broker: AmqpBroker | null = null
  const start = async (): Promise<void> => {
    broker = await startAmqpBroker(values.broker)
  }
  if (!(await check('starts', start)) || broker === null) return
  const { url, stop }: AmqpBroker = broker
  console.log(`# ${values.broker} at ${url}`)
  for (const suite of list) await suite.run(broker, report.suite(suite.name))
  await check('stops cleanly', stop)
}

const names = [...Object.keys(recipes), ...Object.keys(amqpPeers)]
if (!names.includes(values.broker))
  throw new Error(`no broker ${values.broker}; there are ${[...new Set(names)].join(', ')}`)

if (Object.hasOwn(recipes, values.broker)) {
  const all = suites.filter(chosen)
  await runOn(all.filter((suite) => suite.partitions === undefined))
  for (const suite of all)
    if (suite.partitions !== undefined) await runOn([suite], suite.partitions)
}
if (Object.hasOwn(amqpPeers, values.broker)) await runAmqp(amqpSuites.filter(chosen))
process.exit(report.close() ? 0 : 1)
