// Every method of AMQP 0-9-1 with RabbitMQ's extensions, as data: its numbers, its name, its
// arguments in order. The suite's own table, read off the specification and not off src/.
import { type Fields, longString, Reader, shortString, tableBytes } from './fields.ts'

const text = `
10 10 connection.start versionMajor:octet versionMinor:octet serverProperties:table
  mechanisms:longstr locales:longstr
10 11 connection.start-ok clientProperties:table mechanism:shortstr response:longstr
  locale:shortstr
10 20 connection.secure challenge:longstr
10 21 connection.secure-ok response:longstr
10 30 connection.tune channelMax:short frameMax:long heartbeat:short
10 31 connection.tune-ok channelMax:short frameMax:long heartbeat:short
10 40 connection.open virtualHost:shortstr reserved1:shortstr reserved2:bit
10 41 connection.open-ok reserved1:shortstr
10 50 connection.close replyCode:short replyText:shortstr classId:short methodId:short
10 51 connection.close-ok
10 60 connection.blocked reason:shortstr
10 61 connection.unblocked
10 70 connection.update-secret newSecret:longstr reason:shortstr
10 71 connection.update-secret-ok
20 10 channel.open reserved1:shortstr
20 11 channel.open-ok reserved1:longstr
20 20 channel.flow active:bit
20 21 channel.flow-ok active:bit
20 40 channel.close replyCode:short replyText:shortstr classId:short methodId:short
20 41 channel.close-ok
30 10 access.request realm:shortstr exclusive:bit passive:bit active:bit write:bit read:bit
30 11 access.request-ok ticket:short
40 10 exchange.declare ticket:short exchange:shortstr type:shortstr passive:bit durable:bit
  autoDelete:bit internal:bit noWait:bit arguments:table
40 11 exchange.declare-ok
40 20 exchange.delete ticket:short exchange:shortstr ifUnused:bit noWait:bit
40 21 exchange.delete-ok
40 30 exchange.bind ticket:short destination:shortstr source:shortstr routingKey:shortstr
  noWait:bit arguments:table
40 31 exchange.bind-ok
40 40 exchange.unbind ticket:short destination:shortstr source:shortstr routingKey:shortstr
  noWait:bit arguments:table
40 51 exchange.unbind-ok
50 10 queue.declare ticket:short queue:shortstr passive:bit durable:bit exclusive:bit
  autoDelete:bit noWait:bit arguments:table
50 11 queue.declare-ok queue:shortstr messageCount:long consumerCount:long
50 20 queue.bind ticket:short queue:shortstr exchange:shortstr routingKey:shortstr noWait:bit
  arguments:table
50 21 queue.bind-ok
50 30 queue.purge ticket:short queue:shortstr noWait:bit
50 31 queue.purge-ok messageCount:long
50 40 queue.delete ticket:short queue:shortstr ifUnused:bit ifEmpty:bit noWait:bit
50 41 queue.delete-ok messageCount:long
50 50 queue.unbind ticket:short queue:shortstr exchange:shortstr routingKey:shortstr
  arguments:table
50 51 queue.unbind-ok
60 10 basic.qos prefetchSize:long prefetchCount:short global:bit
60 11 basic.qos-ok
60 20 basic.consume ticket:short queue:shortstr consumerTag:shortstr noLocal:bit noAck:bit
  exclusive:bit noWait:bit arguments:table
60 21 basic.consume-ok consumerTag:shortstr
60 30 basic.cancel consumerTag:shortstr noWait:bit
60 31 basic.cancel-ok consumerTag:shortstr
60 40 basic.publish ticket:short exchange:shortstr routingKey:shortstr mandatory:bit
  immediate:bit
60 50 basic.return replyCode:short replyText:shortstr exchange:shortstr routingKey:shortstr
60 60 basic.deliver consumerTag:shortstr deliveryTag:longlong redelivered:bit exchange:shortstr
  routingKey:shortstr
60 70 basic.get ticket:short queue:shortstr noAck:bit
60 71 basic.get-ok deliveryTag:longlong redelivered:bit exchange:shortstr routingKey:shortstr
  messageCount:long
60 72 basic.get-empty reserved1:shortstr
60 80 basic.ack deliveryTag:longlong multiple:bit
60 90 basic.reject deliveryTag:longlong requeue:bit
60 100 basic.recover-async requeue:bit
60 110 basic.recover requeue:bit
60 111 basic.recover-ok
60 120 basic.nack deliveryTag:longlong multiple:bit requeue:bit
85 10 confirm.select noWait:bit
85 11 confirm.select-ok
90 10 tx.select
90 11 tx.select-ok
90 20 tx.commit
90 21 tx.commit-ok
90 30 tx.rollback
90 31 tx.rollback-ok
`

type Type = 'octet' | 'short' | 'long' | 'longlong' | 'bit' | 'shortstr' | 'longstr' | 'table'

interface Method {
  readonly classId: number
  readonly methodId: number
  readonly name: string
  readonly fields: readonly { readonly name: string; readonly type: Type }[]
}

const methods: readonly Method[] = text
  .trim()
  .replaceAll('\n  ', ' ')
  .split('\n')
  .map((line) => {
    const [classId, methodId, name, ...fields] = line.split(' ')
    return {
      classId: Number(classId),
      methodId: Number(methodId),
      name: name as string,
      fields: fields.map((field) => {
        const [name, type] = field.split(':')
        return { name: name as string, type: type as Type }
      }),
    }
  })

const byName = new Map(methods.map((m) => [m.name, m]))
const byIds = new Map(methods.map((m) => [m.classId * 65536 + m.methodId, m]))

/** What an argument may be given as; what is not given is 0, '' or false. */
export type Arguments = Readonly<Record<string, unknown>>

/** Methods that a content follows. */
export const withContent = new Set([
  'basic.publish',
  'basic.return',
  'basic.deliver',
  'basic.get-ok',
])

const write: Readonly<Record<Exclude<Type, 'bit'>, (value: unknown) => Buffer>> = {
  octet: (value) => Buffer.of(Number(value ?? 0)),
  short: (value) => number(2, value),
  long: (value) => number(4, value),
  longlong: (value) => number(8, value),
  shortstr: (value) => shortString((value ?? '') as string),
  longstr: (value) => longString((value ?? '') as string),
  // Bytes are taken as they are: tables that lie about their length.
  table: (value) => (Buffer.isBuffer(value) ? value : tableBytes((value ?? {}) as Fields)),
}

const number = (length: number, value: unknown): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt((value ?? 0) as number))
  return bytes.subarray(8 - length)
}

/** The payload of a method frame. */
export function methodBytes(name: string, args: Arguments = {}): Buffer {
  const method = byName.get(name)
  if (!method) throw new Error(`no method ${name}`)
  const unknown = Object.keys(args).find((key) => !method.fields.some((f) => f.name === key))
  if (unknown !== undefined) throw new Error(`${name} has no argument ${unknown}`)
  const parts = [number(2, method.classId), number(2, method.methodId)]
  let bits: number[] | null = null
  for (const { name: field, type } of method.fields) {
    if (type !== 'bit') {
      bits = null
      parts.push(write[type](args[field]))
      continue
    }
    if (bits === null) parts.push(Buffer.alloc(1))
    bits ??= []
    const octet = parts.at(-1) as Buffer
    if (args[field]) octet[0] = (octet[0] as number) | (1 << bits.length)
    bits.push(1)
  }
  return Buffer.concat(parts)
}

export interface Item {
  /** The method, `end` when the socket has ended, `silence` when nothing came in time. */
  readonly is: string
  readonly [field: string]: unknown
}

/** A method frame as JSON: its name and every argument but reserved ones. */
export function readMethod(payload: Buffer): Item {
  const reader = new Reader(payload)
  const [classId, methodId] = [reader.short(), reader.short()]
  const method = byIds.get(classId * 65536 + methodId)
  if (!method) return { is: `method ${classId}.${methodId}` }
  const item: Record<string, unknown> = {}
  let bits = 0
  let octet = 0
  for (const { name, type } of method.fields) {
    if (type === 'bit') {
      if (bits % 8 === 0) octet = reader.octet()
      if (!name.startsWith('reserved')) item[name] = ((octet >> (bits % 8)) & 1) === 1
      bits += 1
      continue
    }
    bits = 0
    const value = reader[type]()
    if (!name.startsWith('reserved')) item[name] = value
  }
  if (reader.left > 0) item['behind'] = reader.left
  return { is: method.name, ...item }
}

const properties: readonly (readonly [string, 'shortstr' | 'table' | 'octet' | 'longlong'])[] = [
  ['contentType', 'shortstr'],
  ['contentEncoding', 'shortstr'],
  ['headers', 'table'],
  ['deliveryMode', 'octet'],
  ['priority', 'octet'],
  ['correlationId', 'shortstr'],
  ['replyTo', 'shortstr'],
  ['expiration', 'shortstr'],
  ['messageId', 'shortstr'],
  ['timestamp', 'longlong'],
  ['type', 'shortstr'],
  ['userId', 'shortstr'],
  ['appId', 'shortstr'],
  ['clusterId', 'shortstr'],
]

/** Flags and values of a property list. */
export function propertyBytes(given: Arguments): Buffer {
  const unknown = Object.keys(given).find((key) => !properties.some(([name]) => name === key))
  if (unknown !== undefined) throw new Error(`there is no property ${unknown}`)
  let flags = 0
  const parts: Buffer[] = []
  for (const [index, [name, type]] of properties.entries()) {
    if (!(name in given)) continue
    flags |= 1 << (15 - index)
    parts.push(write[type](given[name]))
  }
  return Buffer.concat([number(2, flags), ...parts])
}

/** The payload of a content header frame. */
export const headerBytes = (bodySize: number, propertyList: Buffer, classId = 60): Buffer =>
  Buffer.concat([number(2, classId), number(2, 0), number(8, bodySize), propertyList])

export interface ContentHeader {
  readonly bodySize: number
  readonly properties: Readonly<Record<string, unknown>>
}

export function readHeader(payload: Buffer): ContentHeader {
  const reader = new Reader(payload)
  reader.take(4)
  const bodySize = Number(reader.longlong())
  const flags = reader.short()
  const found: Record<string, unknown> = {}
  for (const [index, [name, type]] of properties.entries())
    if (flags & (1 << (15 - index))) found[name] = reader[type]()
  return { bodySize, properties: found }
}
