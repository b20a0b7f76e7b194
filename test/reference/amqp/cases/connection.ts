// From the protocol header to the end of a connection: what is offered, agreed on and refused.
import type { Case, Cases } from '../case.ts'
import type { LoginOptions } from '../client/connection.ts'
import { protocolHeader } from '../client/connection.ts'
import { longString, shortString } from '../client/fields.ts'

/** A login's last answer, and what followed it up to the end of the socket if it was refused. */
async function login(t: Case, question: string, options: LoginOptions): Promise<void> {
  const connection = await t.raw()
  const answer = await connection.login(options)
  if (answer.is === 'connection.open-ok') return t.answer(question, [answer])
  t.answer(question, answer.is === 'end' ? [answer] : [answer, ...(await connection.rest())])
}

/** What is answered to the first bytes of a connection. */
async function greeting(t: Case, question: string, bytes: Buffer): Promise<void> {
  const connection = await t.raw()
  connection.write(bytes)
  t.answer(question, await connection.rest())
}

/** AMQPLAIN: the entries of a table, without its length. */
const amqplain = (user: string, password: string): Buffer =>
  Buffer.concat([
    shortString('LOGIN'),
    Buffer.from('S'),
    longString(user),
    shortString('PASSWORD'),
    Buffer.from('S'),
    longString(password),
  ])

const old = { clientProperties: {} }

export const connection: Cases = {
  async start(t) {
    const connection = await t.raw()
    connection.write(protocolHeader)
    const start = await connection.next()
    const properties = start['serverProperties'] as Record<string, unknown>
    t.answer('version', [start['versionMajor'], start['versionMinor']])
    t.answer('mechanisms', String(start['mechanisms']).split(' ').sort())
    t.answer('locales', start['locales'])
    const capabilities = (properties['capabilities'] as { F: Record<string, unknown> }).F
    for (const [name, value] of Object.entries(capabilities)) t.answer(`capability.${name}`, value)
    t.answer('product', properties['product'])
    t.answer('productVersion', properties['version'])
    t.answer('properties', Object.keys(properties).sort())
    connection.startOk()
    t.answer('tune', await connection.next())
    connection.method(0, 'connection.tune-ok', { channelMax: 2047, frameMax: 131_072 })
    t.answer('open', await connection.call(0, 'connection.open', { virtualHost: '/' }))
  },

  async mechanisms(t) {
    await login(t, 'plain', {})
    await login(t, 'amqplain', { mechanism: 'AMQPLAIN', response: amqplain('guest', 'guest') })
    await login(t, 'amqplain.wrong', { mechanism: 'AMQPLAIN', response: amqplain('guest', 'no') })
    await login(t, 'amqplain.noTable', { mechanism: 'AMQPLAIN', response: 'nonsense' })
    await login(t, 'unknown', { mechanism: 'NONE' })
    await login(t, 'lowerCase', { mechanism: 'plain' })
    await login(t, 'empty', { mechanism: '' })
  },

  async plain(t) {
    await login(t, 'wrongPassword', { password: 'wrong' })
    await login(t, 'unknownUser', { user: 'nobody' })
    await login(t, 'emptyPassword', { password: '' })
    await login(t, 'withAuthorizationId', { response: 'other\0guest\0guest' })
    await login(t, 'noPassword', { response: '\0guest' })
    await login(t, 'emptyResponse', { response: '' })
    await login(t, 'noSeparators', { response: 'guest' })
    await login(t, 'fourParts', { response: '\0guest\0guest\0more' })
  },

  async 'plain.oldClient'(t) {
    await login(t, 'wrongPassword', { ...old, password: 'wrong' })
    await login(t, 'unknownUser', { ...old, user: 'nobody' })
    await login(t, 'good', old)
  },

  async vhost(t) {
    await login(t, 'default', { vhost: '/' })
    await login(t, 'other', { vhost: 'other' })
    await login(t, 'unknown', { vhost: 'unknown' })
    await login(t, 'empty', { vhost: '' })
    await login(t, 'withoutSlash', { vhost: '%2F' })
    await login(t, 'notPermitted', { user: 'limited', password: 'secret', vhost: 'other' })
    await login(t, 'noPermissions', { user: 'nowhere', password: 'secret' })
  },

  async frameMax(t) {
    await login(t, 'equal', { frameMax: 131_072 })
    await login(t, 'lower', { frameMax: 65_536 })
    await login(t, 'min4096', { frameMax: 4096 })
    await login(t, 'min8192', { frameMax: 8192 })
    await login(t, 'below4096', { frameMax: 4095 })
    await login(t, 'one', { frameMax: 1 })
    await login(t, 'higher', { frameMax: 131_073 })
    await login(t, 'none', { frameMax: 0 })
  },

  async channelMax(t) {
    await login(t, 'lower', { channelMax: 10 })
    await login(t, 'higher', { channelMax: 2048 })
    await login(t, 'most', { channelMax: 65_535 })
    await login(t, 'none', { channelMax: 0 })
    const two = await t.connect({ channelMax: 2 })
    t.answer('first', await two.call(1, 'channel.open'))
    t.answer('last', await two.call(2, 'channel.open'))
    two.method(3, 'channel.open')
    t.answer('beyond', await two.rest())
  },

  async heartbeat(t) {
    await login(t, 'none', { heartbeat: 0 })
    await login(t, 'higher', { heartbeat: 600 })
    const connection = await t.connect({ heartbeat: 1 })
    await t.poll(
      async () => connection.heartbeats,
      (count) => count >= 1,
    )
    t.answer('sent', connection.heartbeats >= 1)
    t.answer('missed', await connection.rest())
  },

  async 'heartbeat.kept'(t) {
    const connection = await t.connect({ heartbeat: 1 })
    const channel = await connection.open(1)
    const beat = () => connection.frame(8, 0, Buffer.alloc(0))
    await t.poll(
      async () => {
        beat()
        return connection.heartbeats
      },
      (count) => count >= 6,
    )
    t.answer('alive', await channel.call('basic.qos'))
    connection.frame(8, 1, Buffer.alloc(0))
    t.answer('onChannel', await channel.call('basic.qos'))
    connection.frame(8, 0, Buffer.from('x'))
    t.answer('withPayload', await channel.call('basic.qos'))
  },

  async header(t) {
    const version = (a: number, b: number, c: number, d: number) =>
      Buffer.concat([Buffer.from('AMQP'), Buffer.of(a, b, c, d)])
    await greeting(t, 'amqp1', version(0, 1, 0, 0))
    await greeting(t, 'amqp1.sasl', version(3, 1, 0, 0))
    await greeting(t, 'amqp1.tls', version(2, 1, 0, 0))
    await greeting(t, 'amqp0-10', version(1, 1, 0, 10))
    await greeting(t, 'amqp0-9-2', version(0, 0, 9, 2))
    await greeting(t, 'unknown', version(9, 9, 9, 9))
    await greeting(t, 'http', Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await greeting(t, 'noise', Buffer.from('\x01\x02\x03\x04\x05\x06\x07\x08'))
    await greeting(t, 'wrongLetters', Buffer.from('AMQQ\0\0\x09\x01', 'latin1'))
    const old = await t.raw()
    old.write(version(1, 1, 0, 9))
    t.answer('amqp0-9', (await old.next()).is)
    const older = await t.raw()
    older.write(version(1, 1, 8, 0))
    const start = await older.next()
    t.answer('amqp0-8', [start.is, start['versionMajor'], start['versionMinor']])
    const split = await t.raw()
    split.write(protocolHeader.subarray(0, 3))
    split.write(protocolHeader.subarray(3))
    t.answer('inPieces', (await split.next()).is)
  },

  async order(t) {
    const beforeStart = await t.raw()
    beforeStart.write(protocolHeader)
    await beforeStart.next()
    beforeStart.method(0, 'connection.open', { virtualHost: '/' })
    t.answer('openBeforeStartOk', await beforeStart.rest())
    const channelFirst = await t.raw()
    channelFirst.write(protocolHeader)
    await channelFirst.next()
    channelFirst.method(1, 'channel.open')
    t.answer('channelBeforeStartOk', await channelFirst.rest())
    const beforeTune = await t.raw()
    beforeTune.write(protocolHeader)
    await beforeTune.next()
    beforeTune.startOk()
    await beforeTune.next()
    beforeTune.method(0, 'connection.open', { virtualHost: '/' })
    t.answer('openBeforeTuneOk', await beforeTune.rest())
    const beforeOpen = await t.raw()
    beforeOpen.write(protocolHeader)
    await beforeOpen.next()
    beforeOpen.startOk()
    await beforeOpen.next()
    beforeOpen.method(0, 'connection.tune-ok', { channelMax: 2047, frameMax: 131_072 })
    beforeOpen.method(1, 'channel.open')
    t.answer('channelBeforeOpen', await beforeOpen.rest())
  },

  async again(t) {
    const open = await t.connect()
    open.method(0, 'connection.open', { virtualHost: '/' })
    t.answer('open', await open.rest())
    const tune = await t.connect()
    tune.method(0, 'connection.tune-ok', { channelMax: 2047, frameMax: 131_072 })
    t.answer('tune', await tune.rest())
    const start = await t.connect()
    start.startOk()
    t.answer('start', await start.rest())
  },

  async close(t) {
    const plain = await t.connect()
    plain.method(0, 'connection.close', { replyCode: 200, replyText: 'bye' })
    t.answer('plain', await plain.next())
    const withChannel = (await t.channel()).connection
    withChannel.method(0, 'connection.close', { replyCode: 541, replyText: 'broken' })
    t.answer('withChannel', await withChannel.next())
    const handshake = await t.raw()
    handshake.write(protocolHeader)
    await handshake.next()
    handshake.method(0, 'connection.close', { replyCode: 200 })
    t.answer('beforeStartOk', await handshake.rest())
    const unasked = await t.connect()
    unasked.method(0, 'connection.close-ok')
    t.answer('closeOkUnasked', await unasked.rest())
  },

  async 'close.ignores'(t) {
    const connection = await t.connect()
    connection.answersCloses = false
    connection.method(0, 'connection.open', { virtualHost: '/' })
    t.answer('first', await connection.next())
    connection.method(1, 'channel.open')
    connection.method(0, 'connection.close', { replyCode: 200 })
    t.answer('meanwhile', await connection.next())
  },

  async updateSecret(t) {
    const connection = await t.connect()
    const args = { newSecret: 'guest', reason: 'test' }
    t.answer('same', await connection.call(0, 'connection.update-secret', args))
    const other = { newSecret: 'other', reason: 'test' }
    t.answer('other', await connection.call(0, 'connection.update-secret', other))
    t.answer('goesOn', (await connection.call(1, 'channel.open')).is)
  },

  async fromServer(t) {
    for (const name of ['connection.blocked', 'connection.secure-ok', 'connection.start']) {
      const connection = await t.connect()
      connection.method(0, name)
      t.answer(name, await connection.rest())
    }
  },
}
