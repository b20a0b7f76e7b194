// PolyMQ as a peer: the built command line of this repository, as a user starts it.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AmqpPeer, AmqpPeerOptions } from './amqp-peer.ts'
import { launch } from './child.ts'
import { type Peer, type PeerOptions, type RunningPeer, readyMsMaxDefault } from './peer.ts'
import { freePort } from './ports.ts'
import { answersAmqp, waitReady } from './ready.ts'
import { root } from './root.ts'

/** Starts the broker; on a data directory that it was started on before, with the data of then. */
export async function startPolymq(
  dataDir: string,
  options: PeerOptions = {},
): Promise<RunningPeer> {
  const port = options.port ?? (await freePort())
  const metricsPort = await freePort()
  await mkdir(dataDir, { recursive: true })
  const settings = Object.entries(options.settings ?? {}).flatMap(([key, value]) => [
    '--set',
    `${key}=${value}`,
  ])
  const main = join(root, 'build', 'polymq.js')
  const startedAt = performance.now()
  const child = await launch(process.execPath, [
    ...[main, 'start', '--json', '--data', join(dataDir, 'data')],
    ...['--listen', `kafka=127.0.0.1:${port}`],
    ...['--listen', `metrics=127.0.0.1:${metricsPort}`],
    ...settings,
  ])
  const readyMs = await waitReady(child, port, startedAt, options.readyMsMax ?? readyMsMaxDefault)
  return {
    pid: child.pid,
    port,
    bootstrap: `127.0.0.1:${port}`,
    readyMs,
    stop: () => child.end('SIGTERM'),
    kill: () => child.end('SIGKILL'),
  }
}

export const polymq: Peer = {
  name: 'polymq',
  acknowledgement: 'PolyMQ at its defaults: written and synced to disk',
  topicConfig: {},
  start: startPolymq,
}

/** The same process, measured and asked at its AMQP door. */
export async function startPolymqAmqp(
  dataDir: string,
  options: AmqpPeerOptions = {},
): Promise<RunningPeer> {
  const port = options.port ?? (await freePort())
  await mkdir(dataDir, { recursive: true })
  const { managementPort } = options
  const listeners = {
    kafka: options.kafkaPort ?? (await freePort()),
    amqp: port,
    ...(managementPort !== undefined && { http: managementPort }),
    metrics: await freePort(),
  }
  const main = join(root, 'build', 'polymq.js')
  const { definitions } = options
  const definitionsFile = join(dataDir, 'definitions.json')
  if (definitions !== undefined) await writeFile(definitionsFile, JSON.stringify(definitions))
  const startedAt = performance.now()
  const child = await launch(process.execPath, [
    ...[main, 'start', '--json', '--data', join(dataDir, 'data')],
    ...(definitions === undefined ? [] : ['--set', `polymq.definitions.file=${definitionsFile}`]),
    ...Object.entries(listeners).flatMap(([name, p]) => ['--listen', `${name}=127.0.0.1:${p}`]),
  ])
  const readyMsMax = options.readyMsMax ?? readyMsMaxDefault
  const readyMs = await waitReady(child, port, startedAt, readyMsMax, answersAmqp)
  return {
    pid: child.pid,
    port,
    bootstrap: `127.0.0.1:${port}`,
    readyMs,
    stop: () => child.end('SIGTERM'),
    kill: () => child.end('SIGKILL'),
  }
}

export const polymqAmqp: AmqpPeer = { ...polymq, start: startPolymqAmqp }
