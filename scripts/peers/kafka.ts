// Apache Kafka as a peer: one KRaft node, broker and controller in one process, on 127.0.0.1, with
// the heap and the collector settings of its own start script and everything else at its defaults,
// except what a single node needs (replication factors of 1).
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { javaTool, kafkaVersion, launchJava } from './kafka-jars.ts'
import { type Peer, type PeerOptions, type RunningPeer, readyMsMaxDefault } from './peer.ts'
import { freePort } from './ports.ts'
import { waitReady } from './ready.ts'

export { fetchKafka, javaTool, kafkaVersion, launchJava } from './kafka-jars.ts'

export interface KafkaOptions extends PeerOptions {
  /** Heap in MB; 1024 is the default of kafka-server-start. */
  readonly heapMb?: number
}

/** The settings of kafka-run-class, without which the JVM may pick another collector. */
const jvmArgs = [
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-Djava.awt.headless=true',
]

const properties = (dataDir: string, port: number, controllerPort: number) => ({
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
  'controller.listener.names': 'CONTROLLER',
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.dirs': join(dataDir, 'logs'),
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
})

/**
 * A cluster id as Kafka writes them: 16 bytes in base64url. The first byte keeps it from starting
 * with '-'.
 */
const clusterId = (): string => Buffer.concat([Buffer.of(0), randomBytes(15)]).toString('base64url')

async function prepare(dataDir: string, config: Record<string, string>): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  const file = join(dataDir, 'server.properties')
  const lines = Object.entries(config).map(([key, value]) => `${key}=${value}\n`)
  await writeFile(file, lines.join(''))
  if (!existsSync(join(dataDir, 'logs', 'meta.properties')))
    await javaTool('kafka.tools.StorageTool', ['format', '-t', clusterId(), '-c', file])
  return file
}

/** Starts a node; on a data directory that it was started on before, with the data of then. */
export async function startKafka(
  dataDir: string,
  options: KafkaOptions = {},
): Promise<RunningPeer> {
  const port = options.port ?? (await freePort())
  const config = { ...properties(dataDir, port, await freePort()), ...options.settings }
  const file = await prepare(dataDir, config)
  const heapMb = options.heapMb ?? 1024
  const startedAt = performance.now()
  const child = await launchJava('kafka.Kafka', [file], {
    heapMb,
    jvmArgs: [`-Xms${heapMb}m`, ...jvmArgs],
    cwd: dataDir,
  })
  const readyMs = await waitReady(child, port, startedAt, options.readyMsMax ?? readyMsMaxDefault)
  return {
    pid: child.pid,
    port,
    bootstrap: `127.0.0.1:${port}`,
    readyMs,
    stop: () => child.end('SIGTERM', 120_000),
    kill: () => child.end('SIGKILL'),
  }
}

/** Kafka as it comes: an acknowledgement says that the page cache has the record. */
export const kafka: Peer = {
  name: 'kafka',
  acknowledgement: `Apache Kafka ${kafkaVersion} at its defaults: in the page cache, not synced`,
  topicConfig: {},
  start: startKafka,
}

/** Kafka asked to promise what PolyMQ promises. */
export const kafkaFsync: Peer = {
  name: 'kafka-fsync',
  acknowledgement: `Apache Kafka ${kafkaVersion}, topics with flush.messages=1: synced to disk`,
  topicConfig: { 'flush.messages': '1' },
  start: startKafka,
}
