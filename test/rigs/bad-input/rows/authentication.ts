// Row 6: authentication where nobody asks for it, and other requests where a file of users is set.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { metadata } from '../../../../src/protocol/kafka/schema/metadata.ts'
import { saslAuthenticate, saslHandshake } from '../../../../src/protocol/kafka/schema/sasl.ts'
import { BrokerProcess } from '../broker-process.ts'
import { int32 } from '../bytes.ts'
import type { Case } from '../case.ts'
import { nameOf } from '../kafka-codes.ts'
import { RawClient } from '../raw-client.ts'
import { closed } from '../world.ts'

const unasked: readonly Case[] = [
  {
    row: 6,
    sent: 'SaslHandshake where nobody asks for it',
    answer: nameOf(34),
    run: async ({ connect }) => {
      const answer = await (await connect()).call(saslHandshake, 1, { mechanism: 'PLAIN' })
      return nameOf(answer.errorCode)
    },
  },
  {
    row: 6,
    sent: 'SaslAuthenticate without a handshake',
    answer: nameOf(34),
    run: async ({ connect }) => {
      const authBytes = Buffer.from('\0user\0password')
      return nameOf((await (await connect()).call(saslAuthenticate, 2, { authBytes })).errorCode)
    },
  },
]

/** Sent to a broker of its own, whose clients must authenticate. */
const guarded = (
  sent: string,
  answer: string,
  use: (client: RawClient) => Promise<string>,
): Case => ({
  row: 6,
  sent: `${sent}, where clients must authenticate`,
  answer,
  run: async ({ folder }) => {
    const users = join(folder, 'users')
    writeFileSync(users, 'alice=secret\n', { mode: 0o600 })
    const settings = { 'polymq.users.file': users }
    const broker = await BrokerProcess.start(join(folder, 'guarded'), { settings })
    const client = await RawClient.connect(broker.port)
    try {
      return await use(client)
    } finally {
      client.close()
      await broker.stop()
    }
  },
})

const asked: readonly Case[] = [
  guarded('Metadata before authentication', closed, async (client) => {
    client.request(metadata, 1, { topics: null })
    return client.ending()
  }),
  guarded('a size of 64 KiB and one after ApiVersions', closed, async (client) => {
    await client.greet()
    client.send(int32(64 * 1024 + 1))
    return client.ending()
  }),
  guarded('a wrong password', `${nameOf(58)}, then closed`, async (client) => {
    await client.call(saslHandshake, 1, { mechanism: 'PLAIN' })
    const authBytes = Buffer.from('\0alice\0wrong')
    const { errorCode } = await client.call(saslAuthenticate, 2, { authBytes })
    return `${nameOf(errorCode)}, then ${await client.ending()}`
  }),
]

export const authentication: readonly Case[] = [...unasked, ...asked]
