// RabbitMQ as a peer: the package of Debian 12 (3.10.8), installed if it is not there, as a node of
// its own: directories, node name, ports, cookie and port mapper (epmd) belong to this start, and
// end with it. Everything else is at its defaults. The service of the package is never started.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AmqpPeer, type AmqpPeerOptions, firstDefinitions } from './amqp-peer.ts'
import { type Child, type Exit, launch, run } from './child.ts'
import { type RunningPeer, readyMsMaxDefault } from './peer.ts'
import { freePort } from './ports.ts'
import { answersAmqp, waitReady } from './ready.ts'

/** The version that answers are recorded from. */
export const rabbitmqVersion = '3.10.8'

const server = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** Installs the package, which takes root, unless it is there. */
export async function installRabbitmq(): Promise<void> {
  if (existsSync(server)) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  await run('apt-get', ['install', '-y', '--no-install-recommends', 'rabbitmq-server'], { env })
}

/** What the client suites need besides; each costs the node time for every message. */
const plugins = ['rabbitmq_management', 'rabbitmq_consistent_hash_exchange']

interface Ports {
  readonly amqp: number
  readonly dist: number
  readonly epmd: number
}

async function prepare(dir: string, options: AmqpPeerOptions): Promise<void> {
  await mkdir(dir, { recursive: true })
  const cookie = join(dir, '.erlang.cookie')
  if (!existsSync(cookie)) {
    await writeFile(cookie, randomBytes(16).toString('hex'))
    await chmod(cookie, 0o400)
  }
  const definitions = join(dir, 'definitions.json')
  await writeFile(definitions, JSON.stringify(options.definitions ?? firstDefinitions))
  const { managementPort } = options
  const management = ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${managementPort}`]
  const lines = [
    ...[`load_definitions = ${definitions}`, 'log.console.level = warning'],
    ...(managementPort === undefined ? [] : management),
  ]
  await writeFile(join(dir, 'rabbitmq.conf'), `${lines.join('\n')}\n`)
  const enabled = managementPort === undefined ? '' : plugins.join(',')
  await writeFile(join(dir, 'enabled_plugins'), `[${enabled}].\n`)
}

const environment = (dir: string, ports: Ports): Record<string, string | undefined> => ({
  PATH: process.env['PATH'],
  LANG: 'C.UTF-8',
  HOME: dir,
  ERL_EPMD_PORT: String(ports.epmd),
  ERL_EPMD_ADDRESS: '127.0.0.1',
  RABBITMQ_NODENAME: 'polymq-peer@localhost',
  RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
  RABBITMQ_NODE_PORT: String(ports.amqp),
  RABBITMQ_DIST_PORT: String(ports.dist),
  RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
  RABBITMQ_LOG_BASE: join(dir, 'log'),
  RABBITMQ_LOGS: '-',
  RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
  RABBITMQ_CONF_ENV_FILE: join(dir, 'none'),
  RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
  RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'config'),
  RABBITMQ_PID_FILE: join(dir, 'pid'),
  // The script becomes the node instead of watching it, so that a signal reaches the node.
  RABBITMQ_ALLOW_INPUT: '1',
})

/** Starts a node; on a data directory that it was started on before, with the data of then. */
export async function startRabbitmq(
  dataDir: string,
  options: AmqpPeerOptions = {},
): Promise<RunningPeer> {
  await installRabbitmq()
  const amqp = options.port ?? (await freePort())
  const ports = { amqp, dist: await freePort(), epmd: await freePort() }
  const dir = join(dataDir, 'rabbitmq')
  await prepare(dir, options)
  const env = environment(dir, ports)
  const mapper = await launch('epmd', ['-port', `${ports.epmd}`, '-address', '127.0.0.1'], { env })
  const startedAt = performance.now()
  const child = await launch(server, ['-noinput'], { env, cwd: dir })
  const readyMsMax = options.readyMsMax ?? readyMsMaxDefault
  try {
    const readyMs = await waitReady(child, amqp, startedAt, readyMsMax, answersAmqp)
    return {
      pid: child.pid,
      port: amqp,
      bootstrap: `127.0.0.1:${amqp}`,
      readyMs,
      stop: () => endBoth(child, mapper, 'SIGTERM'),
      kill: () => endBoth(child, mapper, 'SIGKILL'),
    }
  } catch (error) {
    await endBoth(child, mapper, 'SIGKILL')
    throw error
  }
}

async function endBoth(node: Child, mapper: Child, signal: NodeJS.Signals): Promise<Exit> {
  const exit = await node.end(signal)
  await mapper.end('SIGKILL')
  return exit
}

export const rabbitmq: AmqpPeer = {
  name: 'rabbitmq',
  acknowledgement: `RabbitMQ ${rabbitmqVersion}, durable classic queue: confirmed after a sync`,
  topicConfig: {},
  start: startRabbitmq,
}
