// PolyMQ as a peer that speaks AMQP: the built command line with that one listener. It starts with
// what a fresh node holds; other definitions are not known to the command line.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AmqpPeer, AmqpPeerOptions } from './amqp-peer.ts'
import { launch } from './child.ts'
import { type RunningPeer, readyMsMaxDefault } from './peer.ts'
import { freePort } from './ports.ts'
import { answersAmqp, waitReady } from './ready.ts'
import { root } from './root.ts'

async function start(dataDir: string, options: AmqpPeerOptions = {}): Promise<RunningPeer> {
  const port = options.port ?? (await freePort())
  await mkdir(dataDir, { recursive: true })
  const startedAt = performance.now()
  const child = await launch(process.execPath, [
    ...[join(root, 'build', 'polymq.js'), 'start', '--json', '--data', join(dataDir, 'data')],
    ...['--listen', `amqp=127.0.0.1:${port}`],
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

export const polymqAmqp: AmqpPeer = { name: 'polymq', start }
