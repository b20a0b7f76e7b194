// rabbit-hole's own tests, from the module as it is published: the Go client of the management API
// that Terraform's provider is made of. Every case of theirs is a case here. They know the default
// ports alone, which lead to the broker under test while they run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mustRun, run } from '../lib/child.ts'
import type { Check } from '../lib/report.ts'
import { sources } from '../lib/tools.ts'
import type { AmqpBroker } from './broker.ts'
import { managementPort, relay } from './go-suite.ts'
import { type Case, reportCases } from './own-suites.ts'

const suiteTimeoutMs = 390_000
const module = 'github.com/michaelklishin/rabbit-hole/v3'
const amqpPort = 5672

const notFederated = 'there are no federation links and no shovels'
const otherPort = 'the listener has a port of its own here'
const ofParameters = 'PUT /api/parameters/{component}/{vhost}/{name}'
const omitted: Readonly<Record<string, string>> = {
  'GET /api/federation-links/{vhost} when there are links returns the list of links': notFederated,
  'GET /shovels/{vhost} reports status of Shovels in target virtual host': notFederated,
  [`${ofParameters} when the parameter does not exist creates the parameter`]:
    'it finds what the case about federation links has left',
  'ProtocolPorts returns a map of enabled protocols => ports': otherPort,
  'GET /health/checks/port-listener/5672 returns decoded response': otherPort,
}

interface Spec {
  readonly ContainerHierarchyTexts: readonly string[] | null
  readonly LeafNodeType: string
  readonly LeafNodeText: string
  readonly State: string
  readonly Failure?: { readonly Message?: string; readonly ForwardedPanic?: string }
}

/** The folder of the module. */
const folder = async (): Promise<string> => {
  const cwd = join(sources, 'amqp/rabbit-hole')
  const options = { cwd, timeoutMs: 600_000 }
  await mustRun('go', ['mod', 'download', module], options)
  const { stdout } = await mustRun('go', ['list', '-m', '-f', '{{.Dir}}', module], options)
  return stdout.trim()
}

/** What their script for continuous integration makes of a new RabbitMQ. */
const prepare = async (port: number): Promise<void> => {
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`
  const put = async (path: string, body: object): Promise<void> => {
    const url = `http://127.0.0.1:${port}/api${path}`
    const wish = { method: 'PUT', headers: { authorization }, body: JSON.stringify(body) }
    const { ok, status } = await fetch(url, wish)
    if (!ok) throw new Error(`PUT ${path}: ${status}`)
  }
  const everything = { configure: '.*', write: '.*', read: '.*' }
  await put('/vhosts/rabbit%2Fhole', {})
  await put('/permissions/rabbit%2Fhole/guest', everything)
  await put('/users/policymaker', { password: 'policymaker', tags: 'policymaker' })
  await put('/permissions/%2F/policymaker', everything)
  await put('/cluster-name', { name: 'rabbitmq@localhost' })
}

const caseOf = ({ ContainerHierarchyTexts, LeafNodeText, State, Failure }: Spec): Case => {
  const title = [...(ContainerHierarchyTexts ?? []).slice(1), LeafNodeText].join(' ')
  const { Message = State, ForwardedPanic = '' } = Failure ?? {}
  return { title, error: State === 'passed' ? null : `${Message}\n${ForwardedPanic}` }
}

const casesOf = async (cwd: string): Promise<Case[]> => {
  const dir = mkdtempSync(join(tmpdir(), 'rabbit-hole-'))
  try {
    const report = join(dir, 'report.json')
    const args = ['test', '-count=1', '-timeout=360s', '.', `-ginkgo.json-report=${report}`]
    const env = { GOMEGA_DEFAULT_EVENTUALLY_TIMEOUT: '5s' }
    const done = await run('go', args, { cwd, env, timeoutMs: suiteTimeoutMs })
    if (done.timedOut) throw new Error(`go test took too long\n${done.stdout.slice(-2_000)}`)
    const [suite] = JSON.parse(readFileSync(report, 'utf8')) as { SpecReports: Spec[] }[]
    const specs = suite?.SpecReports ?? []
    return specs
      .filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State !== 'skipped')
      .map(caseOf)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

export const runRabbitHoleSuite = async (broker: AmqpBroker, check: Check): Promise<void> => {
  let cwd = ''
  const install = async (): Promise<void> => {
    cwd = await folder()
  }
  if (!(await check('is fetched', install, 1_200_000))) return
  const relays: Server[] = []
  const lead = async (): Promise<void> => {
    const ports = [
      [amqpPort, broker.port],
      [managementPort, broker.managementPort],
    ] as const
    for (const [from, to] of ports) {
      const server = await relay(from, to)
      if (server === null) throw new Error(`port ${from} is taken`)
      relays.push(server)
    }
  }
  try {
    if (!(await check('has the default ports', lead))) return
    if (!(await check('the broker is prepared', () => prepare(broker.managementPort)))) return
    await reportCases(check, omitted, () => casesOf(cwd))
  } finally {
    for (const server of relays) server.close()
  }
}
