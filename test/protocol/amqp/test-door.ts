// A door over a core in memory, and clients for it that send whatever a test wants and keep what
// comes back.
import assert from 'node:assert/strict'
import { isLoopback } from '../../../src/io/network.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { ok, refuse } from '../../../src/model/errors.ts'
import { type FieldTable, noFields } from '../../../src/model/message/field.ts'
import { ReplyAddresses } from '../../../src/protocol/amqp/channel/reply-addresses.ts'
import { type AmqpDoor, openAmqpDoor } from '../../../src/protocol/amqp/door.ts'
import type { Limits } from '../../../src/protocol/amqp/frames/limits.ts'
import type { LoginCheck } from '../../../src/protocol/amqp/login.ts'
import { basic, confirm, tx } from '../../../src/protocol/amqp/methods/basic-methods.ts'
import { channel, connection } from '../../../src/protocol/amqp/methods/connection-methods.ts'
import { decodeArguments, encodeMethod } from '../../../src/protocol/amqp/methods/method-codec.ts'
import type { Fields, Method, Of, Values } from '../../../src/protocol/amqp/methods/schema.ts'
import { access, exchange, queue } from '../../../src/protocol/amqp/methods/topology-methods.ts'
import { type Pipe, PipeNetwork, settled, TestClock } from '../kafka/pipe.ts'
import { MemoryMessaging } from './memory-messaging.ts'

/** guest/guest from this machine; and `other`, who may speak for everybody, with any password. */
export const guestOnly: LoginCheck = (mechanism, response, remote) => {
  const [, user = '', password] = Buffer.from(response).toString().split('\0')
  const isGuest = user === 'guest' && password === 'guest' && isLoopback(remote.host)
  if (mechanism === 'PLAIN' && isGuest) return ok({ user, tags: ['administrator'] })
  if (mechanism === 'PLAIN' && user === 'other') return ok({ user, tags: ['impersonator'] })
  return refuse('authenticationFailed', `user '${user}' has shown invalid credentials`)
}

export const allMethods: readonly Method[] = [connection, channel, access, exchange, queue, basic]
  .flatMap((of) => Object.values(of))
  .concat(Object.values(confirm), Object.values(tx)) as Method[]

export interface Frame {
  readonly type: number
  readonly channel: number
  readonly payload: Buffer
}

export const frame = (type: number, channelId: number, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(7)
  head.writeUInt8(type)
  head.writeUInt16BE(channelId, 1)
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Uint8Array.of(0xce)])
}

export const methodFrame = <F extends Fields>(
  channelId: number,
  method: Method<F>,
  values: Values<F>,
): Buffer => frame(1, channelId, encodeMethod(method, values))

/** Flags and properties; by default none. */
export const headerFrame = (
  channelId: number,
  size: number | bigint,
  properties: Uint8Array = Buffer.alloc(2),
  classId = 60,
): Buffer => {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(classId)
  head.writeBigUInt64BE(BigInt(size), 4)
  return frame(2, channelId, Buffer.concat([head, properties]))
}

/** Of the messages that are ready in a queue. */
export const bodies = (door: TestDoor, name: string): string[] =>
  (door.messaging.queues.get(name)?.ready ?? []).map(
    ({ message }) => `${Buffer.from(message.body)}`,
  )

export const bodyFrame = (channelId: number, body: Uint8Array | string): Buffer =>
  frame(3, channelId, Buffer.from(body))

export interface PublishOptions {
  exchange?: string
  mandatory?: boolean
  immediate?: boolean
  properties?: Uint8Array
}

export const publishFrames = (
  channelId: number,
  routingKey: string,
  body: string,
  options: PublishOptions = {},
): Buffer => {
  const { exchange: to = '', mandatory = false, immediate = false, properties } = options
  const values = { ticket: 0, exchange: to, routingKey, mandatory, immediate }
  const parts = [
    methodFrame(channelId, basic.publish, values),
    headerFrame(channelId, Buffer.byteLength(body), properties),
  ]
  if (body !== '') parts.push(bodyFrame(channelId, body))
  return Buffer.concat(parts)
}

/** Delivery mode 2. */
export const persistent = Buffer.from([0x10, 0, 2])

/** One short string. */
export const textProperty = (flag: number, text: string): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([Uint8Array.of(flag >> 8, flag & 0xff, bytes.length), bytes])
}

export class TestDoor {
  readonly clock = new TestClock()
  readonly network = new PipeNetwork()
  readonly messaging: MemoryMessaging
  readonly replyAddresses: ReplyAddresses
  readonly lines: string[] = []
  door!: AmqpDoor

  /** `beside`: another door of the same node. */
  constructor(beside?: TestDoor) {
    this.messaging = beside?.messaging ?? new MemoryMessaging()
    this.replyAddresses = beside?.replyAddresses ?? new ReplyAddresses(new SimChance(2))
  }

  static async open(limits: Partial<Limits> = {}, beside?: TestDoor): Promise<TestDoor> {
    const test = new TestDoor(beside)
    test.door = await openAmqpDoor({
      messaging: test.messaging,
      network: test.network,
      clock: test.clock,
      chance: new SimChance(1),
      address: { host: '127.0.0.1', port: 5672 },
      login: guestOnly,
      limits,
      replyAddresses: test.replyAddresses,
      report: (line) => test.lines.push(line),
    })
    return test
  }

  connect(host?: string): TestClient {
    const bytes: { rest: Buffer } = { rest: Buffer.alloc(0) }
    const pipe = this.network.connect((more) => {
      bytes.rest = Buffer.concat([bytes.rest, more])
    }, host)
    assert.ok(pipe, 'the door takes the connection')
    return new TestClient(pipe, bytes)
  }

  /** A connection that is open, with so many channels. */
  async client(channels = 1, options: GreetOptions = {}): Promise<TestClient> {
    const client = this.connect()
    await client.greet(options)
    for (let id = 1; id <= channels; id++) await client.openChannel(id)
    return client
  }
}

export interface GreetOptions {
  user?: string
  password?: string
  vhost?: string
  heartbeat?: number
  frameMax?: number
  channelMax?: number
  capabilities?: readonly string[]
}

const clientProperties = (names: readonly string[]): FieldTable =>
  new Map([
    [
      'capabilities',
      { type: 'F', value: new Map(names.map((n) => [n, { type: 't', value: true }])) },
    ],
  ])

export const allCapabilities = [
  'consumer_cancel_notify',
  'connection.blocked',
  'authentication_failure_close',
  'publisher_confirms',
  'basic.nack',
]

export class TestClient {
  readonly pipe: Pipe
  private readonly bytes: { rest: Buffer }

  constructor(pipe: Pipe, bytes: { rest: Buffer }) {
    this.pipe = pipe
    this.bytes = bytes
  }

  get isClosed(): boolean {
    return this.pipe.isClosed
  }

  /** Everything that came and was not looked at. */
  takeBytes(): Buffer {
    const { rest } = this.bytes
    this.bytes.rest = Buffer.alloc(0)
    return rest
  }

  send(...parts: Uint8Array[]): void {
    this.pipe.send(Buffer.concat(parts))
  }

  method<F extends Fields>(id: number, method: Method<F>, values: Values<F>): void {
    this.send(methodFrame(id, method, values))
  }

  async settled(): Promise<void> {
    for (let i = 0; i < 5; i++) await settled()
  }

  /** The next frame, which must be there when everything has settled. */
  async frame(): Promise<Frame> {
    const found = await this.maybeFrame()
    assert.ok(found, 'a frame has come')
    return found
  }

  async maybeFrame(): Promise<Frame | null> {
    for (let i = 0; i < 20 && this.bytes.rest.length < 8; i++) await settled()
    const { rest } = this.bytes
    if (rest.length < 8) return null
    const size = rest.readUInt32BE(3)
    assert.equal(rest[7 + size], 0xce)
    this.bytes.rest = rest.subarray(8 + size)
    return {
      type: rest.readUInt8(0),
      channel: rest.readUInt16BE(1),
      payload: rest.subarray(7, 7 + size),
    }
  }

  async nothing(): Promise<void> {
    const found = await this.maybeFrame()
    assert.equal(found, null, `nothing comes, but ${JSON.stringify(found)}`)
  }

  /** The arguments of the next frame, which must be this method. */
  async answer<F extends Fields>(id: number, method: Method<F>): Promise<Values<F>> {
    const { type, channel: on, payload } = await this.frame()
    const got = type === 1 ? nameOf(payload) : `a frame of type ${type}`
    assert.deepEqual([got, on], [method.name, id], described(payload))
    return decodeArguments(method, payload, 4, payload.length)
  }

  call<F extends Fields, G extends Fields>(
    id: number,
    method: Method<F>,
    values: Values<F>,
    answer: Method<G>,
  ): Promise<Values<G>> {
    this.method(id, method, values)
    return this.answer(id, answer)
  }

  /** A header frame and the body behind it. */
  async content(id: number): Promise<{ properties: Buffer; body: Buffer }> {
    const header = await this.frame()
    assert.deepEqual([header.type, header.channel], [2, id])
    const size = Number(header.payload.readBigUInt64BE(4))
    const bodies: Buffer[] = []
    for (let left = size; left > 0; ) {
      const { type, payload } = await this.frame()
      assert.equal(type, 3)
      bodies.push(payload)
      left -= payload.length
    }
    return { properties: header.payload.subarray(12), body: Buffer.concat(bodies) }
  }

  async delivery(id: number): Promise<Of<typeof basic.deliver> & { body: string }> {
    const method = await this.answer(id, basic.deliver)
    const { body } = await this.content(id)
    return { ...method, body: body.toString() }
  }

  /** How the channel is closed, or with 0 the connection: `404 NOT_FOUND - ...`. */
  async closed(id: number): Promise<string> {
    const { replyCode, replyText } = await this.answer(
      id,
      id === 0 ? connection.close : channel.close,
    )
    return `${replyCode} ${replyText}`
  }

  async greet(options: GreetOptions = {}): Promise<void> {
    await this.logIn(options)
    const { vhost = '/', heartbeat = 0, frameMax = 131_072, channelMax = 2047 } = options
    await this.answer(0, connection.tune)
    this.method(0, connection.tuneOk, { channelMax, frameMax, heartbeat })
    const open = { virtualHost: vhost, reserved1: '', reserved2: false }
    await this.call(0, connection.open, open, connection.openOk)
  }

  async logIn(options: GreetOptions = {}): Promise<void> {
    const { user = 'guest', password = 'guest', capabilities = allCapabilities } = options
    this.send(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
    await this.answer(0, connection.start)
    this.method(0, connection.startOk, {
      clientProperties: clientProperties(capabilities),
      mechanism: 'PLAIN',
      response: Buffer.from(`\0${user}\0${password}`),
      locale: 'en_US',
    })
  }

  async openChannel(id: number): Promise<void> {
    await this.call(id, channel.open, { reserved1: '' }, channel.openOk)
  }

  declare(name: string, options: Partial<Of<typeof queue.declare>> = {}, id = 1) {
    return this.call(
      id,
      queue.declare,
      { ...declaration, queue: name, ...options },
      queue.declareOk,
    )
  }

  consume(name: string, options: Partial<Of<typeof basic.consume>> = {}, id = 1) {
    const values = { ...consumption, queue: name, ...options }
    return this.call(id, basic.consume, values, basic.consumeOk)
  }
}

export const declaration: Of<typeof queue.declare> = {
  ticket: 0,
  queue: '',
  passive: false,
  durable: true,
  exclusive: false,
  autoDelete: false,
  nowait: false,
  arguments: noFields,
}

export const consumption: Of<typeof basic.consume> = {
  ticket: 0,
  queue: '',
  consumerTag: 'c',
  noLocal: false,
  noAck: false,
  exclusive: false,
  nowait: false,
  arguments: noFields,
}

const nameOf = (payload: Buffer): string =>
  allMethods.find(({ id }) => id === payload.readUInt32BE(0))?.name ?? 'unknown'

function described(payload: Buffer): string {
  const method = allMethods.find(({ id }) => payload.length >= 4 && id === payload.readUInt32BE(0))
  if (method === undefined) return payload.toString('hex')
  return `${method.name} ${JSON.stringify(decodeArguments(method, payload, 4, payload.length))}`
}
