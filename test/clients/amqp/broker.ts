// The AMQP broker under test, behind one small interface, so that the same suites run against
// PolyMQ and against RabbitMQ. A restart keeps the addresses and the data.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AmqpPeer } from '../../../scripts/peers/amqp-peer.ts'
import { polymqAmqp } from '../../../scripts/peers/polymq.ts'
import { freePort } from '../../../scripts/peers/ports.ts'
import { rabbitmq } from '../../../scripts/peers/rabbitmq.ts'

export interface AmqpBroker {
  readonly name: string
  readonly port: number
  readonly managementPort: number
  /** Of the same process; null: it speaks no Kafka. */
  readonly kafkaPort: number | null
  /** With user and password, virtual host `/`. */
  readonly url: string
  /** A clean stop and a start on the same data and ports. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export const amqpPeers: Readonly<Record<string, AmqpPeer>> = { polymq: polymqAmqp, rabbitmq }

/** Starts `polymq` (as it was built) or `rabbitmq` on a new data folder. */
export const startAmqpBroker = async (name: string): Promise<AmqpBroker> => {
  const peer = amqpPeers[name]
  if (!peer) throw new Error(`no broker ${name}; there are ${Object.keys(amqpPeers).join(', ')}`)
  const dataDir = mkdtempSync(join(tmpdir(), `clients-amqp-${name}-`))
  const ports = { port: await freePort(), managementPort: await freePort() }
  const kafkaPort = await freePort()
  let running = await peer.start(dataDir, { ...ports, kafkaPort })
  return {
    name,
    ...ports,
    kafkaPort: name === 'polymq' ? kafkaPort : null,
    url: `amqp://guest:guest@127.0.0.1:${ports.port}/%2f`,
    restart: async () => {
      await running.stop()
      running = await peer.start(dataDir, { ...ports, kafkaPort })
    },
    stop: async () => {
      await running.stop()
      rmSync(dataDir, { recursive: true })
    },
  }
}
