// amqplib on a whole node, in this process.
import amqplib from 'amqplib'
import type { NodeBroker } from '../../../src/broker/broker.ts'
import { memoryDisk } from '../../../src/io/memory-disk.ts'
import { realChance } from '../../../src/io/real/chance.ts'
import { realClock } from '../../../src/io/real/clock.ts'
import { realNetwork } from '../../../src/io/real/network.ts'
import { openAmqpDoor } from '../../../src/protocol/amqp/door.ts'
import { withMessaging } from '../../broker/messaging-fixture.ts'
import { guestOnly } from './test-door.ts'

export const withClient = (
  use: (connection: amqplib.ChannelModel, node: NodeBroker) => Promise<void>,
  disk = memoryDisk(),
  clientProperties: Record<string, unknown> = {},
): Promise<void> =>
  withMessaging(async (node) => {
    const door = await openAmqpDoor({
      messaging: node.messaging,
      network: realNetwork(),
      clock: realClock,
      chance: realChance,
      address: { host: '127.0.0.1', port: 0 },
      login: guestOnly,
      report: () => undefined,
    })
    const url = `amqp://guest:guest@127.0.0.1:${door.address.port}`
    try {
      const connection = await amqplib.connect(url, { clientProperties })
      await use(connection, node)
      await connection.close()
    } finally {
      await door.close()
    }
  }, disk)
