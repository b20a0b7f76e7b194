// node-rdkafka's own end-to-end suite, from its package, run by mocha: every `it` of it is a case
// here. The topics are those that its run_docker.sh creates.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import type { Broker } from './lib/broker.ts'
import { run } from './lib/child.ts'
import type { Check } from './lib/report.ts'

const topics = ['test', 'test2', 'test3', 'test4', 'test5', 'test6']
const specs = ['admin', 'both', 'consumer', 'groups', 'producer']
const transactionSpec = 'producer-transaction'
const caseTimeoutMs = 60_000
const specTimeoutMs = 200_000
/**
 * Left out, because they fail against Apache Kafka 4.2 as well: this version of the client sends an
 * empty value as null.
 */
const failsEverywhere = 'empty (payload|key|buffer key) and empty (key|value)'

/** The client crashed, or turned in itself until it was stopped. */
class ClientCrash extends Error {}

interface Result {
  readonly fullTitle: string
  readonly err: { readonly message?: string; readonly stack?: string }
}

interface Results {
  readonly tests: readonly Result[]
  readonly failures: readonly Result[]
}

const createTopics = async (bootstrap: string): Promise<void> => {
  const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({
    topics: topics.map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })),
  })
  await admin.disconnect()
}

/**
 * With any broker this client now and then does not come to its end: a consume loop keeps a message
 * that nobody frees, so that its threads wait for one another in `disconnect` and the hook after
 * the case runs into its timeout (the same stacks beside Apache Kafka 4.2 and beside PolyMQ); or it
 * crashes; or its main thread spins in libuv after the last answer. So a file goes on behind a case
 * that passed and then stalled; a broker at fault stalls in every attempt.
 */
const attempts = 4

const passed = ({ err }: Result): boolean => err.message === undefined

const stalled = ({ fullTitle, err }: Result): boolean =>
  fullTitle.includes('"after each" hook') && /^Timeout of/.test(err.message ?? '')

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Runs one file of the suite; what had its turn before the client fell is not run again. */
const runSpec = async (dir: string, spec: string, bootstrap: string): Promise<Results> => {
  const tests: Result[] = []
  for (let attempt = 1; ; attempt++) {
    const omit = [failsEverywhere, ...tests.map((test) => `^${escaped(test.fullTitle)}$`)]
    try {
      const results = await runSpecOnce(dir, spec, bootstrap, omit.join('|'))
      tests.push(...results.tests)
      if (attempt === attempts || !results.failures.every(stalled) || !results.tests.every(passed))
        return { tests, failures: results.failures }
      if (results.failures.length === 0) return { tests, failures: [] }
      console.log(`# the client hung in ${spec} after ${tests.at(-1)?.fullTitle}; on with the rest`)
    } catch (error) {
      if (!(error instanceof ClientCrash) || attempt === attempts) throw error
      console.log(`# the client crashed in ${spec}, once more: ${error.message.split('\n')[0]}`)
    }
  }
}

/** Mocha writes its results to a file, since the cases print themselves. */
const runSpecOnce = async (
  dir: string,
  spec: string,
  bootstrap: string,
  omit: string,
): Promise<Results> => {
  const outDir = mkdtempSync(join(tmpdir(), 'e2e-'))
  const out = join(outDir, 'results.json')
  const mocha = join(dir, 'node_modules/.bin/mocha')
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${out}`]
  const timing = ['--exit', '--timeout', String(caseTimeoutMs)]
  const cases = ['--grep', omit, '--invert', `e2e/${spec}.spec.js`]
  const done = await run(mocha, [...reporter, ...timing, ...cases], {
    cwd: join(dir, 'node_modules/node-rdkafka'),
    env: { KAFKA_HOST: bootstrap },
    timeoutMs: specTimeoutMs,
  })
  try {
    return JSON.parse(readFileSync(out, 'utf8')) as Results
  } catch (cause) {
    const output = `${done.stdout}\n${done.stderr}`.slice(-2000)
    const message = `mocha gave no results (${done.signal ?? done.code})\n${output}`
    throw done.signal !== null ? new ClientCrash(message) : new Error(message, { cause })
  } finally {
    rmSync(outDir, { recursive: true })
  }
}

/** `dir` is where node-rdkafka and mocha are installed. */
export const runE2e = async (dir: string, broker: Broker, check: Check): Promise<void> => {
  await check('has its topics', () => createTopics(broker.bootstrap))
  if (!broker.hasTransactions) console.log(`# left out, the broker has none: ${transactionSpec}`)
  for (const spec of broker.hasTransactions ? [...specs, transactionSpec] : specs) {
    let results: Results = { tests: [], failures: [] }
    await check(
      `${spec}: runs to its end`,
      async () => {
        results = await runSpec(dir, spec, broker.bootstrap)
        if (results.tests.length === 0) throw new Error('no case ran')
      },
      attempts * specTimeoutMs + 10_000,
    )
    const tested = new Set(results.tests.map((test) => test.fullTitle))
    const hooks = results.failures.filter((failure) => !tested.has(failure.fullTitle))
    for (const { fullTitle, err } of [...results.tests, ...hooks]) {
      await check(`${spec}: ${fullTitle}`, async () => {
        if (err.message !== undefined) throw new Error(err.stack ?? err.message)
      })
    }
  }
}
