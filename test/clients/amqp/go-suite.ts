// amqp091-go's own tests, those that need a broker included, from the module as it is published:
// every test of theirs is a case here.
import { existsSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { mustRun, run } from '../lib/child.ts'
import type { Check } from '../lib/report.ts'
import { sources } from '../lib/tools.ts'
import type { AmqpBroker } from './broker.ts'
import { type Case, reportCases } from './own-suites.ts'

const suiteTimeoutMs = 390_000
const module = 'github.com/rabbitmq/amqp091-go'

/** They ask the management API to drop connections, at its default port. */
export const managementPort = 15_672
const askingManagement = '^TestConnectionRecovery'

/**
 * Passes connections to a default port on to the broker's; null if somebody else has the port.
 */
export const relay = (from: number, port: number): Promise<Server | null> =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      const onward = connect(port, '127.0.0.1')
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        one.on('error', () => other.destroy())
        one.on('close', () => other.destroy())
        one.pipe(other)
      }
    })
    server.once('error', () => resolve(null))
    server.listen(from, '127.0.0.1', () => resolve(server))
  })

interface Event {
  readonly Action: string
  readonly Test?: string
  readonly Output?: string
}

/** The folder of the module that the Go client is built with. */
const folder = async (): Promise<string> => {
  const cwd = join(sources, 'amqp/go')
  const options = { cwd, timeoutMs: 600_000 }
  await mustRun('go', ['mod', 'download'], options)
  const { stdout } = await mustRun('go', ['list', '-m', '-f', '{{.Dir}}', module], options)
  const dir = stdout.trim()
  if (!existsSync(dir)) throw new Error(`no folder of ${module}`)
  return dir
}

/** The tests at the top; what a subtest says is part of its test. Skipped ones are left out. */
const casesOf = (lines: readonly string[]): Case[] => {
  const output = new Map<string, string>()
  const cases: Case[] = []
  for (const line of lines) {
    if (!line.startsWith('{')) continue
    const { Action, Test, Output = '' } = JSON.parse(line) as Event
    const title = Test?.split('/')[0]
    if (Test === undefined || title === undefined) continue
    if (Action === 'output') output.set(title, (output.get(title) ?? '') + Output)
    if (Test !== title) continue
    if (Action === 'pass') cases.push({ title, error: null })
    if (Action === 'fail') cases.push({ title, error: output.get(title) ?? 'it failed' })
  }
  return cases
}

export const runGoSuite = async (broker: AmqpBroker, check: Check): Promise<void> => {
  let cwd = ''
  const install = async (): Promise<void> => {
    cwd = await folder()
  }
  if (!(await check('is fetched', install, 1_200_000))) return
  const management = await relay(managementPort, broker.managementPort)
  if (!management) console.log(`# left out, port ${managementPort} is taken: ${askingManagement}`)
  const skipped = management ? [] : ['-skip', askingManagement]
  await reportCases(check, {}, async () => {
    const limits = ['-count=1', '-timeout=360s', ...skipped]
    const args = ['test', '-json', '-tags', 'integration', ...limits, '.']
    const env = { AMQP_URL: `amqp://guest:guest@127.0.0.1:${broker.port}/` }
    const done = await run('go', args, { cwd, env, timeoutMs: suiteTimeoutMs })
    const cases = casesOf(done.stdout.split('\n'))
    if (done.timedOut || (done.code !== 0 && cases.every(({ error }) => error === null)))
      throw new Error(`go test gave no results\n${`${done.stdout}${done.stderr}`.slice(-2_000)}`)
    return cases
  })
  management?.close()
}
