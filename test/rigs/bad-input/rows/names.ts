// Rows 12 and 42: names that want to be paths, and names that want to be lines of the log.
import { existsSync, readdirSync } from 'node:fs'
import { metadata } from '../../../../src/protocol/kafka/schema/metadata.ts'
import { create, metadataCode, prepare, produceTo } from '../ask.ts'
import { batchOf } from '../batches.ts'
import { flexibleRequest, uvarint } from '../bytes.ts'
import type { Case } from '../case.ts'
import { nameOf } from '../kafka-codes.ts'
import { closed, pause } from '../world.ts'

const invalidTopic = nameOf(17)

const badNames: readonly (readonly [shown: string, name: string])[] = [
  ["'../../etc/x'", '../../etc/x'],
  ["'.'", '.'],
  ["'..'", '..'],
  ["'a/b'", 'a/b'],
  ["'a b'", 'a b'],
  ['a NUL', 'a\0b'],
  ['the empty one', ''],
  ['250 characters', 'n'.repeat(250)],
  ['a Cyrillic letter', 'p\u0430yments'],
  ['CR, LF and an ANSI escape', 'a\r\n\x1b[31mERROR all is lost'],
  ['32,767 characters', 'n'.repeat(32_767)],
]

const created = ([shown, name]: readonly [string, string]): Case => ({
  row: 12,
  sent: `CreateTopics, topic name: ${shown}`,
  answer: `${invalidTopic}, with a message`,
  run: async ({ connect }) => {
    const { code, message } = await create(await (await connect()).greet(), { name })
    return `${nameOf(code)}, ${message ? 'with' : 'without'} a message`
  },
})

const onDemand = ([shown, name]: readonly [string, string]): Case => ({
  row: 12,
  sent: `Metadata that may create, topic name: ${shown}`,
  answer: invalidTopic,
  run: async ({ connect }) => nameOf(await metadataCode(await (await connect()).greet(), name)),
})

const internal: readonly Case[] = [
  {
    row: 12,
    sent: 'CreateTopics of __consumer_offsets',
    answer: nameOf(36),
    run: async ({ connect }) =>
      nameOf((await create(await connect(), { name: '__consumer_offsets' })).code),
  },
  {
    row: 12,
    sent: 'Produce to __consumer_offsets (as Kafka without an authorizer answers)',
    answer: invalidTopic,
    run: async ({ connect }) => {
      const client = await connect()
      await metadataCode(client, '__consumer_offsets')
      return nameOf((await produceTo(client, '__consumer_offsets', batchOf('a'))).code)
    },
  },
  {
    row: 12,
    sent: 'a topic name in the data folder, where names are never used',
    answer: 'no such file',
    run: async ({ connect, folder }) => {
      const name = 'name-never-in-a-path'
      const client = await connect()
      await prepare(client, { name })
      await produceTo(client, name, batchOf('a'))
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      const found = files.filter((file) => file.includes(name))
      return found.length === 0 && !existsSync('/etc/x') ? 'no such file' : found.join(' ')
    },
  },
]

const nasty = 'x\r\n{"level":"error","message":"forged"}\x1b[2J\u0000'

const logged: readonly Case[] = [
  {
    row: 42,
    sent: 'CR, LF, ANSI and NUL in the client id of a request that is refused',
    answer: closed,
    run: async ({ connect }) => {
      const client = await connect({ clientId: nasty })
      await client.greet()
      await create(client, { name: nasty })
      client.send(Buffer.from([0, 0, 0, 0]))
      return client.ending()
    },
  },
  {
    row: 42,
    sent: 'a client id of 32,767 bytes',
    answer: 'NONE (0)',
    run: async ({ connect }) => {
      const client = await connect({ clientId: 'i'.repeat(32_767) })
      return nameOf((await client.call(metadata, 1, { topics: [] })).brokers.length === 1 ? 0 : -1)
    },
  },
  {
    row: 42,
    sent: 'ANSI in the software name of ApiVersions 3',
    answer: 'answered',
    run: async ({ connect }) => {
      const client = await connect()
      const name = Buffer.from(nasty)
      const field = Buffer.concat([uvarint(name.length + 1), name])
      client.send(flexibleRequest(18, 3, field, field, Buffer.of(0)))
      await client.frame()
      return 'answered'
    },
  },
]

const few: readonly Case[] = [
  {
    row: 42,
    sent: '1,000 refused requests on one connection',
    answer: 'all answered, at most one line of the log',
    run: async ({ connect, broker }) => {
      const client = await (await connect()).greet()
      const before = broker.log.length
      for (let i = 0; i < 1_000; i++) {
        const { code } = await create(client, { name: 'a b' })
        if (code !== 17) return nameOf(code)
      }
      await pause(200)
      const lines = broker.log.length - before
      return `all answered, ${lines <= 1 ? 'at most one line' : `${lines} lines`} of the log`
    },
  },
  {
    row: 42,
    sent: '300 connections with bytes that are no request',
    answer: 'all closed, at most 40 lines of the log',
    run: async ({ connect, broker }) => {
      const before = broker.log.length
      for (let i = 0; i < 300; i++) {
        const client = await connect()
        client.send(Buffer.from('GET / HTTP/1.1'))
        if ((await client.ending()) !== closed) return 'one is open'
      }
      await pause(200)
      const lines = broker.log.length - before
      return `all closed, ${lines <= 40 ? 'at most 40' : lines} lines of the log`
    },
  },
]

export const names: readonly Case[] = [
  ...badNames.map(created),
  ...badNames.map(onDemand),
  ...internal,
  ...logged,
  ...few,
]
