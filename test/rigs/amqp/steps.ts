// What clients do, as the fuzzer's raw material: steps of one session, each a few frames that mean
// what they say. Names come from a small stock, so that steps meet each other's queues and
// exchanges. All follows from the random source.
import { basic, confirm, tx } from '../../../src/protocol/amqp/methods/basic-methods.ts'
import { channel, connection } from '../../../src/protocol/amqp/methods/connection-methods.ts'
import type { Kind, Method } from '../../../src/protocol/amqp/methods/schema.ts'
import { exchange, queue } from '../../../src/protocol/amqp/methods/topology-methods.ts'
import {
  below,
  emptyTable,
  hostileTable,
  longstr,
  pick,
  type Random,
  shortstr,
  someArguments,
  table,
  uint16,
  uint32,
  uint64,
} from './tables.ts'

export const channelsUsed = 3
const queues = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7'] as const
const exchanges = ['e0', 'e1', 'e2', 'e3', 'e4'] as const
const own = ['amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers', 'amq.match'] as const
const types = ['direct', 'fanout', 'topic', 'headers', 'x-consistent-hash', 'x-delayed-message']
const keys = ['', 'q0', 'q1', 'a', 'a.b', 'a.b.c', '#', '*', '#.#', '*.#.b', '3', 'a'.repeat(255)]
const tags = ['c0', 'c1', 'c2', ''] as const

export const frameOf = (type: number, channelId: number, payload: Uint8Array): Buffer =>
  Buffer.concat([
    Uint8Array.of(type),
    uint16(channelId),
    uint32(payload.length),
    payload,
    Uint8Array.of(0xce),
  ])

/** Arguments by name; what is not said is random. A table may be a hostile one. */
export function methodFrame(
  channelId: number,
  method: Method,
  said: Readonly<Record<string, unknown>>,
  random: Random,
): Buffer {
  const parts: Uint8Array[] = [uint32(method.id)]
  let bit = 8
  for (const [name, kind] of Object.entries(method.fields)) {
    const value = said[name]
    if (kind !== 'bit') {
      bit = 8
      parts.push(argument(kind, value, random))
      continue
    }
    if (bit === 8) {
      parts.push(Buffer.alloc(1))
      bit = 0
    }
    const isSet = value === undefined ? random() < 0.1 : value === true
    const octet = parts.at(-1) as Buffer
    octet[0] = (octet[0] as number) | (isSet ? 1 << bit : 0)
    bit++
  }
  return frameOf(1, channelId, Buffer.concat(parts))
}

function argument(kind: Exclude<Kind, 'bit'>, said: unknown, random: Random): Uint8Array {
  switch (kind) {
    case 'octet':
      return Uint8Array.of(typeof said === 'number' ? said : below(random, 256))
    case 'short':
      return uint16(typeof said === 'number' ? said : below(random, 4))
    case 'long':
      return uint32(typeof said === 'number' ? said : below(random, 3))
    case 'longlong':
      return uint64(typeof said === 'bigint' ? said : BigInt(below(random, 40)))
    case 'shortstr':
      return shortstr(typeof said === 'string' ? said : pick(random, keys))
    case 'longstr':
      return longstr(said instanceof Uint8Array ? said : 'text')
    case 'table':
      return said instanceof Uint8Array ? said : someTable(random)
  }
}

function someTable(random: Random): Buffer {
  const chance = random()
  if (chance < 0.55) return emptyTable
  return chance < 0.9 ? someArguments(random) : hostileTable(random)
}

const anyExchange = (random: Random): string =>
  pick(random, ['', '', '', '', ...exchanges, ...own, ...own])

// ---- Contents -----------------------------------------------------------------------------------

const expirations = [...Array(20).fill('1'), '0', '60000', '-1', 'soon', '9'.repeat(20)]

type Property = readonly [flag: number, value: (random: Random) => Uint8Array]

const properties: readonly Property[] = [
  [1 << 15, () => shortstr('text/plain')],
  [1 << 13, (random) => someTable(random)],
  [1 << 12, (random) => Uint8Array.of(1 + below(random, 2))],
  [1 << 11, (random) => Uint8Array.of(below(random, 12))],
  [1 << 9, (random) => shortstr(pick(random, ['q1', 'amq.rabbitmq.reply-to', 'amq.none']))],
  [1 << 8, (random) => shortstr(pick(random, expirations))],
  [1 << 7, () => shortstr('id')],
  [1 << 6, () => uint64(2n ** 63n)],
  [1 << 4, (random) => shortstr(pick(random, ['guest', 'guest', 'guest', 'other']))],
]

export function someProperties(random: Random): Buffer {
  let flags = 0
  const parts: Uint8Array[] = []
  for (const [flag, value] of properties) {
    if (random() > 0.15) continue
    flags |= flag
    parts.push(value(random))
  }
  return Buffer.concat([uint16(flags), ...parts])
}

export const headerFrame = (
  channelId: number,
  size: bigint,
  list: Uint8Array,
  classId = 60,
  weight = 0,
): Buffer =>
  frameOf(2, channelId, Buffer.concat([uint16(classId), uint16(weight), uint64(size), list]))

/** Method, header and as many bodies as it likes. */
export function publishFrames(channelId: number, random: Random): Buffer[] {
  const to = anyExchange(random)
  const routingKey = pick(random, to === '' ? queues : keys)
  // Which is refused with a hard error.
  const immediate = random() < 0.005
  const said = { exchange: to, routingKey, immediate }
  const method = methodFrame(channelId, basic.publish, said, random)
  const size = random() < 0.05 ? below(random, 20_000) : below(random, 60)
  const frames = [method, headerFrame(channelId, BigInt(size), someProperties(random))]
  for (let left = size; left > 0; ) {
    const piece = Math.min(left, random() < 0.7 ? left : 1 + below(random, left), 4000)
    frames.push(frameOf(3, channelId, Buffer.alloc(piece, 'b')))
    left -= piece
  }
  return frames
}

// ---- Steps --------------------------------------------------------------------------------------

type Step = (channelId: number, random: Random) => Buffer[]

const call =
  (
    method: Method,
    said: (random: Random) => Readonly<Record<string, unknown>> = () => ({}),
  ): Step =>
  (channelId, random) => [methodFrame(channelId, method, said(random), random)]

const declareQueue = call(queue.declare, (random) => ({
  queue: random() < 0.03 ? '' : pick(random, queues),
  passive: random() < 0.1,
  durable: random() < 0.95,
}))

const declareExchange = call(exchange.declare, (random) => ({
  exchange: pick(random, exchanges),
  type: pick(random, types),
  passive: random() < 0.1,
  durable: random() < 0.95,
}))

const boundQueue = (random: Random) => ({
  queue: pick(random, queues),
  exchange: anyExchange(random),
})

const boundExchange = (random: Random) => ({
  destination: pick(random, exchanges),
  source: anyExchange(random),
})

/** Mostly all that there is, else one that may be. */
const settle = (random: Random) =>
  random() < 0.75
    ? { deliveryTag: 0n, multiple: true }
    : { deliveryTag: BigInt(1 + below(random, 3)), multiple: random() < 0.5 }

/** So many settlements at once, most of what is not there. */
const storm: Step = (channelId, random) =>
  Array.from({ length: 1 + below(random, 20) }, () => {
    const method = pick<Method>(random, [basic.ack, basic.nack, basic.reject])
    const deliveryTag = pick(random, [0n, 1n, 2n, 3n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n])
    return methodFrame(channelId, method, { deliveryTag, multiple: random() < 0.3 }, random)
  })

/** A step and how often it comes. */
const steps: readonly (readonly [number, Step])[] = [
  [30, publishFrames],
  [8, declareQueue],
  [4, declareExchange],
  [4, call(queue.bind, boundQueue)],
  [2, call(queue.unbind, boundQueue)],
  [2, call(exchange.bind, boundExchange)],
  [1, call(exchange.unbind, boundExchange)],
  [1, call(exchange.delete, (random) => ({ exchange: pick(random, exchanges) }))],
  [2, call(queue.delete, (random) => ({ queue: pick(random, queues) }))],
  [1, call(queue.purge, (random) => ({ queue: pick(random, queues) }))],
  [
    8,
    call(basic.consume, (random) => ({
      queue: pick(random, [...queues, 'amq.rabbitmq.reply-to']),
      consumerTag: pick(random, tags),
    })),
  ],
  [3, call(basic.cancel, (random) => ({ consumerTag: pick(random, tags) }))],
  [5, call(basic.get, (random) => ({ queue: pick(random, queues) }))],
  [3, call(basic.qos, (random) => ({ prefetchSize: 0, prefetchCount: below(random, 5) }))],
  [8, call(basic.ack, settle)],
  [4, call(basic.nack, settle)],
  [1, call(basic.reject, settle)],
  [2, call(basic.recover, (random) => ({ requeue: random() < 0.97 }))],
  [1, call(basic.recoverAsync, (random) => ({ requeue: random() < 0.97 }))],
  [2, call(confirm.select)],
  [1, call(tx.select)],
  [1, call(tx.commit)],
  [0.5, call(tx.rollback)],
  [1, call(channel.flow, () => ({ active: true }))],
  [1, storm],
  [1, (_, random) => [methodFrame(0, connection.updateSecret, {}, random)]],
  [1, () => [frameOf(8, 0, Buffer.alloc(0))]],
]

const weights = steps.reduce((sum, [weight]) => sum + weight, 0)

/** The frames of one step, on one of the open channels. */
export function someStep(random: Random): Buffer[] {
  const channelId = 1 + below(random, channelsUsed)
  let at = random() * weights
  for (const [weight, step] of steps) {
    at -= weight
    if (at < 0) return step(channelId, random)
  }
  return publishFrames(channelId, random)
}

/** Queues and exchanges that most steps find, and a consumer. */
export const furniture = (random: Random): Buffer[] => [
  ...queues
    .slice(0, 4)
    .map((name) => methodFrame(1, queue.declare, { queue: name, ...plain }, random)),
  ...exchanges
    .slice(0, 3)
    .map((name) =>
      methodFrame(1, exchange.declare, { exchange: name, type: 'topic', ...plain }, random),
    ),
  methodFrame(2, basic.consume, { queue: 'q1', consumerTag: 'f', ...plain }, random),
]

const plain = {
  passive: false,
  durable: true,
  exclusive: false,
  autoDelete: false,
  internal: false,
  arguments: emptyTable,
}

// ---- The beginning of a session -----------------------------------------------------------------

export const protocolHeader = Buffer.from('AMQP\0\0\x09\x01', 'latin1')

const capabilities = table(
  ...['consumer_cancel_notify', 'connection.blocked', 'basic.nack', 'publisher_confirms'].map(
    (name) => Buffer.concat([shortstr(name), Buffer.from('t\x01')]),
  ),
)

const clientProperties = table(
  Buffer.concat([shortstr('capabilities'), Buffer.from('F'), capabilities]),
)

/** Everything until the channels are open, as one who does not wait for answers sends it. */
export function greeting(random: Random, password = 'guest'): Buffer[] {
  const said = {
    clientProperties,
    mechanism: 'PLAIN',
    response: Buffer.from(`\0guest\0${password}`),
    locale: 'en_US',
  }
  const tune = { channelMax: 2047, frameMax: 131_072, heartbeat: 0 }
  const open = { virtualHost: '/', reserved1: '', reserved2: false }
  return [
    protocolHeader,
    methodFrame(0, connection.startOk, said, random),
    methodFrame(0, connection.tuneOk, tune, random),
    methodFrame(0, connection.open, open, random),
    ...Array.from({ length: channelsUsed }, (_, i) =>
      methodFrame(i + 1, channel.open, { reserved1: '' }, random),
    ),
  ]
}
