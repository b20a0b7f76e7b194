// Rows 1, 2 and 16: what is no AMQP, connections that say too little, and frames and contents that
// are not what they should be.
import { basic } from '../../../../../src/protocol/amqp/methods/basic-methods.ts'
import { frameOf, headerFrame, methodFrame, protocolHeader } from '../../../amqp/steps.ts'
import { closed, pause } from '../../world.ts'
import { type AmqpCase, atFirst, whenOpen } from '../amqp-case.ts'

const ours = 'the header AMQP 0-9-1, closed'
const none = () => 0.5
const noProperties = Buffer.alloc(2)
const to = { exchange: '', routingKey: 'nowhere', mandatory: false, immediate: false }
const method = (id: number): Buffer => methodFrame(id, basic.publish, to, none)
const header = (id: number, size: bigint, list = noProperties): Buffer =>
  headerFrame(id, size, list)
const body = (id: number, size: number): Buffer => frameOf(3, id, Buffer.alloc(size))

const stranger = (sent: string, bytes: (random: () => number) => Uint8Array): AmqpCase => ({
  row: 1,
  sent,
  answer: ours,
  run: async ({ connect, random }) => {
    const client = await connect()
    const seen: Buffer[] = []
    client.socket.on('data', (more: Buffer) => seen.push(more))
    client.send(bytes(random))
    const ending = await client.gone()
    const isOurs = Buffer.concat(seen).toString('hex') === '414d515000000901'
    return isOurs && ending === closed ? ours : `${Buffer.concat(seen).toString('hex')}, ${ending}`
  },
})

const clientHello = Buffer.from(
  `16030100c8010000c40303${'5a'.repeat(32)}00003e130213031301${'00'.repeat(120)}`,
  'hex',
)

const strangers: readonly AmqpCase[] = [
  stranger('random bytes', (random) =>
    Buffer.from(Array.from({ length: 64 }, () => Math.floor(random() * 256))),
  ),
  stranger('a TLS ClientHello', () => clientHello),
  stranger('an HTTP GET', () => Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')),
  stranger('a Kafka request', () => Buffer.from('00000010001200000000000100046b6b6b6b', 'hex')),
  stranger('the header of AMQP 1.0', () => Buffer.from('AMQP\x00\x01\x00\x00', 'latin1')),
  stranger('the header of AMQP 1.0 with SASL', () => Buffer.from('AMQP\x03\x01\x00\x00', 'latin1')),
  stranger('the header of AMQP 0-8', () => Buffer.from('AMQP\x01\x01\x08\x00', 'latin1')),
  atFirst(
    1,
    'the right header, then a frame of 2^31 octets',
    () => Buffer.concat([protocolHeader, Buffer.from('01000080000000', 'hex')]),
    'connection.start',
  ),
]

const slow: AmqpCase = {
  row: 2,
  sent: '300 connections: silent, with one byte a second, or silent behind the header',
  answer: 'all closed within 13 s',
  isLong: true,
  run: async ({ connect, isShort }) => {
    const clients = await Promise.all(Array.from({ length: isShort ? 90 : 300 }, () => connect()))
    for (const [i, client] of clients.entries()) if (i % 3 === 2) client.send(protocolHeader)
    let sent = 0
    const drip = setInterval(() => {
      const byte = protocolHeader.subarray(sent, sent + 1)
      if (++sent < 8)
        for (const [i, client] of clients.entries()) if (i % 3 === 1) client.send(byte)
    }, 1_000)
    const until = performance.now() + 13_000
    while (clients.some((client) => !client.isClosed) && performance.now() < until) await pause(200)
    clearInterval(drip)
    const left = clients.filter((client) => !client.isClosed).length
    return left === 0 ? slow.answer : `${left} open`
  },
}

const hard = (code: string): string => `connection.close ${code}`
const [frameError, syntax] = [hard('501 FRAME_ERROR'), hard('502 SYNTAX_ERROR')]
const unexpected = hard('505 UNEXPECTED_FRAME')
const channelError = hard('504 CHANNEL_ERROR')

const heads: readonly AmqpCase[] = [
  whenOpen(16, 'a frame larger than frame_max', [Buffer.from('0100010fffffff', 'hex')], frameError),
  whenOpen(16, 'a frame of 2^32-1 octets', [Buffer.from('010001ffffffff', 'hex')], frameError),
  whenOpen(
    16,
    'a frame whose end is not 0xCE',
    [Buffer.concat([method(1).subarray(0, -1), Uint8Array.of(0xcd)])],
    frameError,
  ),
  whenOpen(16, 'a frame of type 9', [frameOf(9, 1, Buffer.alloc(10))], frameError),
  whenOpen(16, 'a method frame of 3 octets', [frameOf(1, 1, Buffer.alloc(3))], frameError),
  whenOpen(16, 'a heartbeat on channel 1', [frameOf(8, 1, Buffer.alloc(0))], unexpected),
  whenOpen(16, 'a method on a channel that is not open', [method(77)], channelError),
]

const contents: readonly AmqpCase[] = [
  whenOpen(16, 'a body frame without a header', [method(1), body(1, 5)], unexpected),
  whenOpen(16, 'a body frame without a method', [body(1, 5)], unexpected),
  whenOpen(16, 'a header without a method', [header(1, 5n)], unexpected),
  whenOpen(16, 'a header, and a second one', [method(1), header(1, 5n), header(1, 5n)], unexpected),
  whenOpen(16, 'a method in the middle of a content', [method(1), method(1)], unexpected),
  whenOpen(16, 'a body longer than declared', [method(1), header(1, 5n), body(1, 6)], frameError),
  whenOpen(
    16,
    'a body longer than declared, in two frames',
    [method(1), header(1, 5n), body(1, 3), body(1, 3)],
    frameError,
  ),
  whenOpen(
    16,
    'a header of class 10',
    [method(1), headerFrame(1, 0n, noProperties, 10)],
    unexpected,
  ),
  whenOpen(
    16,
    'body-size 2^64-1',
    [method(1), header(1, 2n ** 64n - 1n)],
    'channel.close 406 PRECONDITION_FAILED',
  ),
  whenOpen(
    16,
    'body-size one above max_message_size',
    [method(1), header(1, 16n * 1024n * 1024n + 1n)],
    'channel.close 406 PRECONDITION_FAILED',
  ),
  whenOpen(
    16,
    'a header without flags',
    [method(1), frameOf(2, 1, Buffer.from('003c00000000000000000005', 'hex'))],
    frameError,
  ),
  whenOpen(
    16,
    'flags without their values',
    [method(1), header(1, 5n, Buffer.from('fffc', 'hex'))],
    syntax,
  ),
]

const halfway: AmqpCase = {
  row: 16,
  sent: 'a content of 1 MB of which half comes, and then nothing',
  answer: 'closed within 45 s',
  isLong: true,
  run: async ({ connect }) => {
    const client = await (await connect()).open()
    client.send(method(1), header(1, 1_000_000n), body(1, 100_000))
    const ending = await client.gone(45_000)
    return ending === closed ? halfway.answer : ending
  },
}

const crowd: AmqpCase = {
  row: 16,
  sent: '150 contents of 16 MiB that are begun and left, where 768 MiB are kept for such',
  answer: 'others served meanwhile, memory below 1400 MB',
  isLong: true,
  run: async ({ connect, broker, note }) => {
    const size = 16 * 1024 * 1024
    const clients = await Promise.all(
      Array.from({ length: 150 }, async () => (await connect()).open()),
    )
    const half = Array.from({ length: 80 }, () => body(1, 100_000))
    for (const client of clients) client.send(method(1), header(1, BigInt(size)), ...half)
    await pause(4_000)
    const { peakMb } = broker.memory()
    note(`${peakMb.toFixed(0)} MB at most`)
    return peakMb < 1400 ? crowd.answer : `${peakMb.toFixed(0)} MB`
  },
}

export const frames: readonly AmqpCase[] = [
  ...strangers,
  slow,
  ...heads,
  ...contents,
  halfway,
  crowd,
]
