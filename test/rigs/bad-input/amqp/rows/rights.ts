// Rows 19, 35, 37, 39, 41 and 43: what needs a permission, logins that are not what they seem,
// certificates, guest from elsewhere, permissions that are taken away, and secrets.
import { networkInterfaces } from 'node:os'
import tls from 'node:tls'
import { basic } from '../../../../../src/protocol/amqp/methods/basic-methods.ts'
import { channel, connection } from '../../../../../src/protocol/amqp/methods/connection-methods.ts'
import { exchange, queue } from '../../../../../src/protocol/amqp/methods/topology-methods.ts'
import { greeting, methodFrame, protocolHeader } from '../../../amqp/steps.ts'
import { emptyTable, entry, longstr, table } from '../../../amqp/tables.ts'
import { pause } from '../../world.ts'
import type { AmqpCase, AmqpWorld } from '../amqp-case.ts'
import { AmqpClient } from '../amqp-client.ts'
import { certificate, manage, tlsSettings, withBroker } from '../own-broker.ts'
import { declared } from './greedy.ts'

const none = () => 0.5
const text = (value: string): Buffer => Buffer.concat([Buffer.from('S'), longstr(value)])

/** What is said to a login; the client does not ask for its reason in a close of its own. */
const startOk = (mechanism: string, response: Uint8Array | string): Buffer =>
  methodFrame(
    0,
    connection.startOk,
    { clientProperties: wish, mechanism, response: Buffer.from(response), locale: 'en_US' },
    none,
  )
const wish = table(
  entry(
    'capabilities',
    Buffer.concat([
      Buffer.from('F'),
      table(entry('authentication_failure_close', Buffer.from('t\x01'))),
    ]),
  ),
)

const refused = 'connection.close 403 ACCESS_REFUSED'

const login = (sent: string, mechanism: string, response: string | Uint8Array): AmqpCase => ({
  row: 35,
  sent,
  answer: refused,
  run: async ({ connect }) => {
    const client = await connect()
    client.send(protocolHeader, startOk(mechanism, response))
    await client.until(connection.start)
    return client.answer()
  },
})

const logins: readonly AmqpCase[] = [
  login('PLAIN with a wrong password', 'PLAIN', '\0guest\0wrong'),
  login('PLAIN with an empty password', 'PLAIN', '\0guest\0'),
  login('PLAIN with three NULs', 'PLAIN', '\0guest\0guest\0'),
  login('PLAIN without NULs', 'PLAIN', 'guest guest'),
  login('PLAIN in the name of somebody else', 'PLAIN', 'admin\0guest\0guest'),
  login('PLAIN with a name of 7,000 octets', 'PLAIN', `\0${'u'.repeat(7_000)}\0guest`),
  login('AMQPLAIN without a password', 'AMQPLAIN', entry('LOGIN', text('guest'))),
  login('AMQPLAIN that is no table', 'AMQPLAIN', 'xxxxxxxx'),
  login('EXTERNAL without TLS', 'EXTERNAL', ''),
  login('a mechanism of no name', '', '\0guest\0guest'),
]

const injected: AmqpCase = {
  row: 42,
  sent: 'CR, LF, ANSI and 7,000 octets in a user name, a vhost and a queue name',
  answer: 'refused, and the log has whole printable lines',
  run: async ({ connect, broker }) => {
    const evil = `\r\n{"level":"error"}\x1b[31m\u202e${'x'.repeat(7_000)}`
    const before = broker.log.length
    for (let i = 0; i < 2; i++) {
      const client = await connect()
      client.send(protocolHeader, startOk('PLAIN', `\0${evil}\0p`))
      await client.until(connection.start)
      const got = await client.answer()
      if (got !== refused) return got
    }
    const frames = greeting(none)
    frames[3] = methodFrame(
      0,
      connection.open,
      { virtualHost: evil.slice(0, 200), reserved1: '', reserved2: false },
      none,
    )
    const client = await connect()
    client.send(...frames.slice(0, 4))
    await client.until(connection.tune)
    await client.answer()
    await pause(300)
    const lines = broker.log.slice(before)
    const isClean = lines.every((line) => /^[\x20-\x7e]{1,400}$/.test(line))
    return isClean && lines.length === 3 ? injected.answer : `${lines.length} lines: ${lines[0]}`
  },
}

const canary: AmqpCase = {
  row: 43,
  sent: 'a secret as the password of PLAIN and AMQPLAIN, in update-secret and in a user name',
  answer: 'it is nowhere in the log, the metrics or the answers',
  run: async ({ connect, broker }) => {
    const secret = 'canary-5f0c2e'
    const seen: Buffer[] = []
    const plain = Buffer.concat([entry('LOGIN', text('guest')), entry('PASSWORD', text(secret))])
    for (const start of [startOk('PLAIN', `\0guest\0${secret}`), startOk('AMQPLAIN', plain)]) {
      const client = await connect()
      client.socket.on('data', (bytes: Buffer) => seen.push(bytes))
      client.send(protocolHeader, start)
      await client.until(connection.start)
      await client.answer()
    }
    const open = await (await connect()).open()
    const said = { newSecret: Buffer.from(secret), reason: 'x' }
    await open.call(0, connection.updateSecret, said, connection.updateSecretOk)
    await pause(300)
    const metrics = await fetch(`http://127.0.0.1:${broker.portOf('metrics')}/metrics`)
    const places = [broker.log.join('\n'), await metrics.text(), Buffer.concat(seen).toString()]
    return places.some((place) => place.includes(secret)) ? 'it is there' : canary.answer
  },
}

// ---- Users with few permissions -----------------------------------------------------------------

const listen = ['amqp=127.0.0.1:0', 'http=127.0.0.1:0', 'metrics=127.0.0.1:0']

/** A broker with a user `few` who may configure, write and read what begins with `few`. */
const withFew = (
  world: AmqpWorld,
  name: string,
  use: (inside: AmqpWorld, few: AmqpClient, http: number) => Promise<string>,
): Promise<string> =>
  withBroker(world, name, { listen }, async (inside) => {
    const http = inside.broker.portOf('http')
    await manage(http, 'PUT', 'users/few', { password: 'few', tags: '' })
    await permit(http, '^few')
    const few = await inside.connect()
    few.send(protocolHeader, startOk('PLAIN', '\0few\0few'), ...greeting(none).slice(2))
    for (let i = 0; i < 3; i++) await few.until(channel.openOk)
    return use(inside, few, http)
  })

const permit = (http: number, pattern: string): Promise<number> =>
  manage(http, 'PUT', 'permissions/%2F/few', { configure: pattern, write: pattern, read: pattern })

const permissions: AmqpCase = {
  row: 19,
  sent:
    'without permission: declare, also passively, bind, unbind, an alternate exchange, a dead ' +
    'letter exchange, publish, consume, get, purge, delete',
  answer: 'channel.close 403 ACCESS_REFUSED to each, whether it is there or not',
  run: (world) =>
    withFew(world, 'few', async ({ connect }, few) => {
      const guest = await (await connect()).open()
      await guest.call(1, queue.declare, { ...declared, queue: 'secret' }, queue.declareOk)
      const own = { ...declared, queue: 'few-q' }
      await few.call(1, queue.declare, own, queue.declareOk)
      const refusals: string[] = []
      for (const name of ['secret', 'missing']) {
        const to = { exchange: 'amq.topic', queue: name, routingKey: 'k', arguments: emptyTable }
        const dead = table(entry('x-dead-letter-exchange', text(name)))
        const other = table(entry('alternate-exchange', text(name)))
        const made = { ...declared, internal: false, type: 'fanout' }
        const calls = [
          methodFrame(1, queue.declare, { ...declared, queue: name }, none),
          methodFrame(1, queue.declare, { ...declared, queue: name, passive: true }, none),
          methodFrame(1, exchange.declare, { ...made, exchange: name, passive: true }, none),
          methodFrame(1, queue.bind, to, none),
          methodFrame(1, queue.unbind, to, none),
          methodFrame(1, queue.bind, { ...to, queue: 'few-q' }, none),
          methodFrame(1, queue.declare, { ...own, queue: 'few-d', arguments: dead }, none),
          methodFrame(1, exchange.declare, { ...made, exchange: 'few-e', arguments: other }, none),
          methodFrame(1, basic.consume, { queue: name, consumerTag: 'c', noAck: true }, none),
          methodFrame(1, basic.get, { queue: name, noAck: true }, none),
          methodFrame(1, queue.purge, { queue: name }, none),
          methodFrame(1, queue.delete, { queue: name }, none),
        ]
        for (const call of calls) {
          few.send(call)
          refusals.push(await few.answer())
          await few.call(1, channel.open, { reserved1: '' }, channel.openOk)
        }
      }
      few.publish(1, 'amq.topic', 'k', Buffer.from('x'))
      refusals.push(await few.answer())
      const wrong = refusals.flatMap((got, i) =>
        got === 'channel.close 403 ACCESS_REFUSED' ? [] : [`${i}: ${got}`],
      )
      return wrong.length === 0 ? permissions.answer : wrong.join('; ')
    }),
}

const revoked: AmqpCase = {
  row: 41,
  sent: 'permissions taken away while a client publishes and consumes',
  answer:
    'to the consumer, which knows of no basic.cancel, the next publish and the next get: ' +
    'channel.close 403 ACCESS_REFUSED',
  run: (world) =>
    withFew(world, 'revoked', async (_, few, http) => {
      await few.call(1, queue.declare, { ...declared, queue: 'few-q' }, queue.declareOk)
      const ex = { ...declared, exchange: 'few-e', type: 'fanout', internal: false }
      await few.call(1, exchange.declare, ex, exchange.declareOk)
      await few.confirms(2)
      few.publish(2, 'few-e', '', Buffer.from('x'))
      await few.until(basic.ack)
      const read = { queue: 'few-q', consumerTag: 'c', noAck: true }
      await few.call(3, basic.consume, read, basic.consumeOk)
      await permit(http, '^$')
      const consumer = await few.answer()
      few.publish(2, 'few-e', '', Buffer.from('y'))
      const publish = await few.answer()
      few.method(1, basic.get, { queue: 'few-q', noAck: true })
      const get = await few.answer()
      const all = new Set([consumer, publish, get])
      return all.size === 1 && all.has('channel.close 403 ACCESS_REFUSED')
        ? revoked.answer
        : [...all].join(', ')
    }),
}

const elsewhere: AmqpCase = {
  row: 39,
  sent: 'guest from an address that is not loopback',
  answer: refused,
  run: (world) =>
    withBroker(world, 'elsewhere', { listen: ['amqp=0.0.0.0:0'] }, async ({ connect, note }) => {
      const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
      const other = all.find(({ internal, family }) => !internal && family === 'IPv4')
      if (other === undefined) {
        note('this machine has no such address: not asked')
        return refused
      }
      const client = await connect({ host: other.address })
      client.send(protocolHeader, startOk('PLAIN', '\0guest\0guest'))
      await client.until(connection.start)
      return client.answer()
    }),
}

// ---- TLS ----------------------------------------------------------------------------------------

const overTls = (port: number, more: tls.ConnectionOptions): Promise<string> =>
  new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, ca: certificate('ca.pem'), servername: 'localhost' }
    const socket = tls.connect({ ...options, ...more }, () => {
      const client = AmqpClient.over(socket)
      client.send(protocolHeader)
      void client.answer(3_000).then((got) => {
        client.close()
        resolve(got)
      })
    })
    socket.on('error', () => resolve('closed'))
  })

const certificates: AmqpCase = {
  row: 37,
  sent:
    'to the port with TLS, where clients show a certificate: AMQP in plain text, random ' +
    'bytes, no ' +
    'certificate, and the right one at last',
  answer: 'closed, closed, closed, connection.start',
  run: (world) =>
    withBroker(
      world,
      'tls',
      { listen: ['amqps=127.0.0.1:0'], settings: tlsSettings },
      async ({ connect, broker, random }) => {
        const got: string[] = []
        for (const bytes of [
          protocolHeader,
          Buffer.from(Array.from({ length: 100 }, () => Math.floor(random() * 256))),
        ]) {
          const client = await connect()
          client.send(bytes)
          got.push(await client.gone(12_000))
        }
        got.push(await overTls(broker.port, {}))
        const [cert, key] = [certificate('client.pem'), certificate('client.key')]
        got.push(await overTls(broker.port, { cert, key }))
        return got.join(', ')
      },
    ),
}

export const rights: readonly AmqpCase[] = [
  ...logins,
  injected,
  canary,
  permissions,
  revoked,
  elsewhere,
  certificates,
]
