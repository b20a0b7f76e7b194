// Rows 17 and 18: field tables and strings that lie or have too much of everything, and methods
// that are out of state, of a wrong type, or settle what is not there.
import { basic, confirm, tx } from '../../../../../src/protocol/amqp/methods/basic-methods.ts'
import { channel, connection } from '../../../../../src/protocol/amqp/methods/connection-methods.ts'
import type { Method } from '../../../../../src/protocol/amqp/methods/schema.ts'
import { exchange, queue } from '../../../../../src/protocol/amqp/methods/topology-methods.ts'
import { frameOf, greeting, headerFrame, methodFrame, protocolHeader } from '../../../amqp/steps.ts'
import { entry, longstr, shortstr, table, uint16, uint32 } from '../../../amqp/tables.ts'
import { type AmqpCase, atFirst, whenOpen } from '../amqp-case.ts'
import type { Said } from '../amqp-client.ts'

const none = () => 0.5
const on = (id: number, method: Method, said: Said = {}): Buffer =>
  methodFrame(id, method, said, none)

const declared = {
  queue: 'bad',
  passive: false,
  durable: false,
  exclusive: false,
  autoDelete: false,
  nowait: false,
}
const declare = (fields: Uint8Array): Buffer =>
  on(1, queue.declare, { ...declared, queue: '', exclusive: true, arguments: fields })

const int = (value: number): Buffer => Buffer.concat([Buffer.from('I'), uint32(value)])
const text = (value: string): Buffer => Buffer.concat([Buffer.from('S'), longstr(value)])
const nothing = Buffer.from('V')

/** The length of each level is that of all within. */
function nested(kind: 'F' | 'A', depth: number): Buffer {
  const each = kind === 'F' ? 7 : 5
  const parts: Uint8Array[] = []
  for (let i = depth; i > 0; i--) {
    const length = uint32((i - 1) * each)
    parts.push(kind === 'F' ? Buffer.concat([shortstr('n'), Buffer.from('F'), length]) : length)
    if (kind === 'A') parts.push(Buffer.from('A'))
  }
  if (kind === 'F') return longstr(Buffer.concat(parts))
  const inner = Buffer.concat(parts).subarray(0, -1)
  return table(entry('n', Buffer.concat([Buffer.from('A'), inner])))
}

const syntax = 'connection.close 502 SYNTAX_ERROR'
const precondition = 'channel.close 406 PRECONDITION_FAILED'
const made = 'queue.declare-ok'

const tables: readonly AmqpCase[] = [
  ['a table nested 10,000 deep', nested('F', 10_000), syntax],
  ['an array nested 10,000 deep', nested('A', 10_000), syntax],
  ['a table nested 33 deep', nested('F', 33), syntax],
  ['a table whose length is past the end', uint32(0x7fffffff), syntax],
  ['a string in a table that ends behind it', table(entry('x', uint32(0x53000fff))), syntax],
  ['a field of type ?', table(entry('x', Buffer.from('?1'))), syntax],
  ['a name without a value', table(shortstr('name')), syntax],
  ['30,000 fields', table(...Array.from({ length: 30_000 }, () => entry('k', nothing))), made],
  ['a field called __proto__', table(entry('__proto__', int(1))), made],
  ['a name of 255 octets', table(entry('n'.repeat(255), int(1))), made],
  ['NUL in a name and a value', table(entry('a\0b', text('c\0d'))), made],
].map(([sent, fields, answer]) =>
  whenOpen(17, `queue.declare with ${sent}`, [declare(fields as Buffer)], answer as string),
)

const publish = (list: Uint8Array): readonly Buffer[] => {
  const to = { exchange: '', routingKey: 'nowhere', mandatory: true, immediate: false }
  return [on(1, basic.publish, to), headerFrame(1, 0n, list)]
}
const withHeaders = (fields: Uint8Array): Buffer => Buffer.concat([uint16(1 << 13), fields])

const strings: readonly AmqpCase[] = [
  whenOpen(
    17,
    'a queue name of 255 octets with NUL within',
    [on(1, queue.declare, { ...declared, queue: `${'q'.repeat(250)}\0long`, exclusive: true })],
    made,
  ),
  whenOpen(17, 'headers nested 10,000 deep', publish(withHeaders(nested('F', 10_000))), syntax),
  whenOpen(
    17,
    'headers of 100 KB, returned',
    publish(withHeaders(table(entry('h', text('x'.repeat(100_000)))))),
    'basic.return',
  ),
  whenOpen(17, 'headers past the end', publish(withHeaders(uint32(0xffffff))), syntax),
]

// ---- Row 18 -------------------------------------------------------------------------------------

const first =
  (...frames: readonly Uint8Array[]) =>
  () =>
    Buffer.concat([protocolHeader, ...frames])

/** What comes behind connection.start. */
const outOfOrder = (sent: string, frames: readonly Uint8Array[], answer: string): AmqpCase => ({
  row: 18,
  sent,
  answer,
  run: async ({ connect }) => {
    const client = await connect()
    client.send(first(...frames)())
    await client.until(connection.start)
    for (;;) {
      const got = await client.answer()
      if (got !== 'connection.tune') return got
    }
  },
})

const hello = greeting(none)
const startOk = hello[1] as Buffer
const tuneOk = hello[2] as Buffer
const invalid = 'connection.close 503 COMMAND_INVALID'
const wrongTune = { channelMax: 9_000, frameMax: 131_072, heartbeat: 0 }

const greetings: readonly AmqpCase[] = [
  atFirst(18, 'the header only', first(), 'connection.start'),
  outOfOrder('channel.open before the login', [on(1, channel.open, { reserved1: '' })], invalid),
  outOfOrder('a publish before connection.open', [startOk, tuneOk, ...publish(uint16(0))], invalid),
  outOfOrder('tune-ok before start-ok', [tuneOk], invalid),
  outOfOrder('start-ok twice', [startOk, startOk], invalid),
  outOfOrder(
    'tune-ok with a channel_max that was not offered',
    [startOk, on(0, connection.tuneOk, wrongTune)],
    'connection.close 530 NOT_ALLOWED',
  ),
  whenOpen(18, 'tune-ok on an open connection', [tuneOk], 'connection.close 504 CHANNEL_ERROR'),
]

const open = on(1, channel.open, { reserved1: '' })
const settle = (method: Method, deliveryTag: bigint, multiple = false): Buffer =>
  on(1, method, { deliveryTag, multiple, requeue: true })
const wish = { exclusive: true, arguments: table(entry('x-max-length', text('many'))) }

const methods: readonly AmqpCase[] = [
  whenOpen(18, 'channel.open twice', [open], 'connection.close 504 CHANNEL_ERROR'),
  whenOpen(18, 'a method of class 99', [frameOf(1, 1, Buffer.alloc(9, 99))], invalid),
  whenOpen(
    18,
    "a method that is a broker's",
    [on(1, basic.deliver, { consumerTag: '', exchange: '', routingKey: '' })],
    invalid,
  ),
  whenOpen(
    18,
    'a method that ends in the middle',
    [frameOf(1, 1, Buffer.from('0032000a000005', 'hex'))],
    syntax,
  ),
  whenOpen(18, 'basic.ack of an unknown tag', [settle(basic.ack, 9n)], precondition),
  whenOpen(18, 'basic.ack of tag 0', [settle(basic.ack, 0n)], precondition),
  whenOpen(18, 'basic.ack of tag 2^64-1', [settle(basic.ack, 2n ** 64n - 1n)], precondition),
  whenOpen(18, 'basic.nack of an unknown tag', [settle(basic.nack, 9n, true)], precondition),
  whenOpen(18, 'basic.reject of an unknown tag', [settle(basic.reject, 9n)], precondition),
  whenOpen(18, 'tx.commit without tx.select', [on(1, tx.commit)], precondition),
  whenOpen(
    18,
    'tx.select on a channel with confirms',
    [on(1, confirm.select, { nowait: true }), on(1, tx.select)],
    precondition,
  ),
  whenOpen(
    18,
    'x-max-length that is a text',
    [on(1, queue.declare, { ...declared, queue: '', ...wish })],
    precondition,
  ),
  whenOpen(
    18,
    'a queue declared again with another x-max-length',
    [3, 4].map((length) =>
      on(1, queue.declare, {
        ...declared,
        queue: 'again',
        nowait: length === 3,
        exclusive: true,
        arguments: table(entry('x-max-length', int(length))),
      }),
    ),
    precondition,
  ),
  whenOpen(
    18,
    'an exchange of no known type',
    [
      on(1, exchange.declare, {
        exchange: 'odd',
        type: 'x-odd',
        passive: false,
        nowait: false,
        arguments: table(),
      }),
    ],
    precondition,
  ),
  whenOpen(
    18,
    'basic.get from a queue that is not there',
    [on(1, basic.get, { queue: 'nowhere', noAck: true })],
    'channel.close 404 NOT_FOUND',
  ),
]

export const methodRows: readonly AmqpCase[] = [...tables, ...strings, ...greetings, ...methods]
