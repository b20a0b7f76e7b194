// The clients' own test suites, as their repositories hold them: every case of theirs is a case
// here. They name the default port in places; node/default-port.mjs leads that to the broker under
// test.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { run } from '../lib/child.ts'
import type { Check } from '../lib/report.ts'
import { sources, sourceTool } from '../lib/tools.ts'
import type { AmqpBroker } from './broker.ts'

export interface Case {
  readonly title: string
  /** Null if it passed. */
  readonly error: string | null
}

const suiteTimeoutMs = 400_000
const nodeFile = (name: string): string => join(sources, 'amqp/node', name)

const redirected = (broker: AmqpBroker): Record<string, string> => ({
  NODE_OPTIONS: `--import ${pathToFileURL(nodeFile('default-port.mjs')).href}`,
  AMQP_PORT: String(broker.port),
  URL: `amqp://127.0.0.1:${broker.port}`,
})

/** Runs a suite, then reports its cases one by one; those in `omitted` (title: reason) are not. */
export const reportCases = async (
  check: Check,
  omitted: Readonly<Record<string, string>>,
  suite: () => Promise<readonly Case[]>,
): Promise<void> => {
  let cases: readonly Case[] = []
  const body = async (): Promise<void> => {
    cases = await suite()
    if (cases.length === 0) throw new Error('no case ran')
  }
  await check('runs to its end', body, suiteTimeoutMs + 10_000)
  for (const { title, error } of cases) {
    const reason = omitted[title]
    if (reason !== undefined) console.log(`# left out: ${title}: ${reason}`)
    else
      await check(title, async () => {
        if (error !== null) throw new Error(error.slice(0, 2_000))
      })
  }
}

interface Line {
  readonly title: string
  readonly error: string | null
  readonly skipped: boolean
}

const amqplibCases = async (dir: string, broker: AmqpBroker): Promise<Case[]> => {
  const reporter = `--test-reporter=${pathToFileURL(nodeFile('lines-reporter.mjs')).href}`
  const options = ['--test', '--test-timeout=20000', reporter, '--test-reporter-destination=stdout']
  const done = await run(process.execPath, options, {
    ...{ cwd: join(dir, 'repo'), env: redirected(broker), timeoutMs: suiteTimeoutMs },
  })
  if (done.code !== 0 && done.code !== 1) throw new Error(`${done.stdout}\n${done.stderr}`)
  const lines = done.stdout.split('\n').filter((line) => line.startsWith('{"title":'))
  return lines.map((line) => JSON.parse(line) as Line).filter(({ skipped }) => !skipped)
}

export const runAmqplibSuite = async (broker: AmqpBroker, check: Check): Promise<void> => {
  let dir = ''
  const install = async (): Promise<void> => {
    dir = await sourceTool('amqplib-suite', 'amqp-node/amqplib', 'v2.0.1', ['claire@0.4.1'])
  }
  if (!(await check('is fetched', install, 1_200_000))) return
  const omitted = { 'Connect > Connect API > ipv6': 'the broker listens on 127.0.0.1 alone' }
  await reportCases(check, omitted, () => amqplibCases(dir, broker))
}

interface VitestResults {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/** Those that need a broker and no TLS; those of types need a type checker alone. */
const amqpClientFiles = ['test.ts', 'amqp-session.ts', 'amqp-codec-registry.ts']

const amqpClientCases = async (dir: string, broker: AmqpBroker): Promise<Case[]> => {
  const outDir = mkdtempSync(join(tmpdir(), 'vitest-'))
  const out = join(outDir, 'results.json')
  const files = amqpClientFiles.map((file) => `test/${file}`)
  const vitest = join(dir, 'node_modules/.bin/vitest')
  const reporter = ['--reporter=json', `--outputFile=${out}`, '--testTimeout=20000']
  const done = await run(vitest, ['run', ...reporter, ...files], {
    ...{ cwd: join(dir, 'repo'), env: redirected(broker), timeoutMs: suiteTimeoutMs },
  })
  try {
    const results = JSON.parse(readFileSync(out, 'utf8')) as VitestResults
    return results.testResults.flatMap(({ assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'passed' || status === 'failed')
        .map(({ fullName, status, failureMessages }) => ({
          title: fullName.trim(),
          error: status === 'passed' ? null : failureMessages.join('\n'),
        })),
    )
  } catch (cause) {
    const output = `${done.stdout}\n${done.stderr}`.slice(-2_000)
    throw new Error(`vitest gave no results (${done.signal ?? done.code})\n${output}`, { cause })
  } finally {
    rmSync(outDir, { recursive: true })
  }
}

export const runAmqpClientSuite = async (broker: AmqpBroker, check: Check): Promise<void> => {
  let dir = ''
  const install = async (): Promise<void> => {
    const repository = 'cloudamqp/amqp-client.js'
    dir = await sourceTool('amqp-client-suite', repository, 'v4.1.0', ['vitest@3.2.4'])
  }
  if (!(await check('is fetched', install, 1_200_000))) return
  await reportCases(check, {}, () => amqpClientCases(dir, broker))
}
