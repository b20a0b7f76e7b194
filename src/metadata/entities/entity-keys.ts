// The keys under which what queues are made of is kept in the metadata store, and their values.
// Only what is durable stands there. Parts of a key are escaped as in a URL, so that a name may
// hold whatever a client has put into it. A change to a layout raises its "v".
//
//   /vhosts/<vhost>              {"v":1,"description","tags":[],"defaultQueueType"}; of an older
//                                release {"v":1} alone
//   /exchanges/<vhost>/<name>    {"v":1,"type","autoDelete","internal","arguments"}, with
//                                "topic":<id> if messages wait at it
//   /queues/<vhost>/<name>       {"v":1,"topic":<id>,"lanes","autoDelete","arguments"}
//   /bindings/<vhost>/<source>/<q|e>/<target>/<n>
//                                {"v":1,"routingKey","arguments"}
//
// "arguments" is a field table as bytes (AMQP 0-9-1, section 4.2.5.5) in base64, so that types
// stay; <n> tells the bindings between two apart: a UUID. Parsing says null for what it does not
// understand, and the caller stops rather than guess.
import { type TopicId, topicId } from '../../model/ids.ts'
import { parseValue } from '../keys.ts'

export const vhostPrefix = '/vhosts/'
export const exchangePrefix = '/exchanges/'
export const queuePrefix = '/queues/'
export const bindingPrefix = '/bindings/'

const joined = (prefix: string, parts: readonly string[]): string =>
  prefix + parts.map((part) => encodeURIComponent(part)).join('/')

export const vhostKey = (vhost: string): string => joined(vhostPrefix, [vhost])
export const exchangeKey = (vhost: string, name: string): string =>
  joined(exchangePrefix, [vhost, name])
export const queueKey = (vhost: string, name: string): string => joined(queuePrefix, [vhost, name])

export interface BindingEnds {
  readonly source: string
  readonly kind: 'queue' | 'exchange'
  readonly target: string
}

export const bindingKey = (vhost: string, ends: BindingEnds, id: string): string =>
  joined(bindingPrefix, [vhost, ends.source, ends.kind === 'queue' ? 'q' : 'e', ends.target, id])

/** The parts of a key behind `prefix`; null: it was not made here. */
export function partsOf(prefix: string, key: string, count: number): readonly string[] | null {
  const parts = key.slice(prefix.length).split('/')
  if (!key.startsWith(prefix) || parts.length !== count) return null
  try {
    return parts.map((part) => decodeURIComponent(part))
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

export interface ExchangeValue {
  readonly type: string
  readonly autoDelete: boolean
  readonly internal: boolean
  /** A field table as bytes. */
  readonly arguments: Uint8Array
  /** Of the log in which messages wait. */
  readonly topic?: TopicId | undefined
}

export interface QueueValue {
  /** Of its partitions in the log. */
  readonly topic: TopicId
  /** One for each priority. */
  readonly lanes: number
  readonly autoDelete: boolean
  readonly arguments: Uint8Array
}

export interface BindingValue {
  readonly routingKey: string
  readonly arguments: Uint8Array
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** What people have noted of a vhost, and the type of its queues that are declared without one. */
export interface VhostValue {
  readonly description: string
  readonly tags: readonly string[]
  readonly defaultQueueType: 'classic' | 'quorum' | 'stream'
}

export const plainVhost: VhostValue = { description: '', tags: [], defaultQueueType: 'classic' }

export const encodeVhost = (value: VhostValue): string => JSON.stringify({ v: 1, ...value })

export const encodeExchange = (value: ExchangeValue): string =>
  JSON.stringify({ v: 1, ...value, arguments: base64(value.arguments) })

export const encodeQueue = (value: QueueValue): string =>
  JSON.stringify({ v: 1, ...value, arguments: base64(value.arguments) })

export const encodeBinding = (value: BindingValue): string =>
  JSON.stringify({ v: 1, ...value, arguments: base64(value.arguments) })

const isTopicId = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)

export function parseVhost(text: string): VhostValue | null {
  const value = parseValue(text)
  if (value === null) return null
  const { description = '', tags = [], defaultQueueType: type = 'classic' } = value
  if (typeof description !== 'string' || !Array.isArray(tags)) return null
  if (!tags.every((tag) => typeof tag === 'string')) return null
  if (type !== 'classic' && type !== 'quorum' && type !== 'stream') return null
  return { description, tags, defaultQueueType: type }
}

export function parseExchange(text: string): ExchangeValue | null {
  const { type, autoDelete, internal, arguments: table, topic } = parseValue(text) ?? {}
  if (typeof type !== 'string' || typeof table !== 'string') return null
  if (typeof autoDelete !== 'boolean' || typeof internal !== 'boolean') return null
  const bytes = Buffer.from(table, 'base64')
  if (topic === undefined) return { type, autoDelete, internal, arguments: bytes }
  if (!isTopicId(topic)) return null
  return { type, autoDelete, internal, arguments: bytes, topic: topicId(topic) }
}

export function parseQueue(text: string): QueueValue | null {
  const { topic, lanes, autoDelete, arguments: table } = parseValue(text) ?? {}
  if (!isTopicId(topic)) return null
  if (!Number.isSafeInteger(lanes) || Number(lanes) < 1 || Number(lanes) > 256) return null
  if (typeof autoDelete !== 'boolean' || typeof table !== 'string') return null
  const bytes = Buffer.from(table, 'base64')
  return { topic: topicId(topic), lanes: Number(lanes), autoDelete, arguments: bytes }
}

export function parseBinding(text: string): BindingValue | null {
  const { routingKey, arguments: table } = parseValue(text) ?? {}
  if (typeof routingKey !== 'string' || typeof table !== 'string') return null
  return { routingKey, arguments: Buffer.from(table, 'base64') }
}
