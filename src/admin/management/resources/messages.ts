// Publishing to an exchange and looking into a queue, one call at a time: for people and scripts.

import { brief } from '../../../base/json.ts'
import { ofLong } from '../../../base/wide-integers.ts'
import { Published } from '../../../broker/messaging/api.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import type { ErrorName, Result } from '../../../model/errors.ts'
import { shortStringMax } from '../../../model/message/field-codec.ts'
import { MessageView } from '../../../model/message/message.ts'
import {
  buildProperties,
  octetProperty,
  type PropertyValue,
  placeOf,
  property,
  tableProperty,
  textProperties,
  textProperty,
  timestampProperty,
} from '../../../model/message/properties.ts'
import { plainTable } from '../../../model/message/readable-headers.ts'
import { badRequest, json, must, noContent, notFound, Refused } from '../answer.ts'
import { type Call, integerIn, type JsonBody, tableIn, textIn, textWithin } from '../call.ts'
import { flushed, queueOf } from './queues.ts'

const keyOf = (name: string): string => name.replaceAll('-', '_')

// ---- Publishing ---------------------------------------------------------------------------------

export async function publishMessage(call: Call): Promise<HttpAnswer> {
  const body = call.bodyWith('routing_key', 'properties', 'payload', 'payload_encoding')
  const exchange = call.exchange()
  const session = call.session()
  const given = tableLike(body['properties'])
  checkSender(call, given)
  const properties = propertiesOf(given)
  if (call.node.messaging.isHeldUp(0)) throw badRequest('the node takes no messages now')
  const publisher = session.publisher(exchange)
  const message = new MessageView().set(
    exchange,
    shortText(body, 'routing_key'),
    properties,
    payloadOf(body),
  )
  const to = mustTake(publisher)
  const went = to.publish(message)
  if (went < 0) mustTake(to.refusal ?? { ok: false, error: 'unknownServerError', message: '' })
  await flushed(call)
  return json({ routed: (went & Published.routed) !== 0 })
}

const channelCodes: Partial<Record<ErrorName, string>> = {
  exchangeNotFound: '404 NOT_FOUND',
  accessRefused: '403 ACCESS_REFUSED',
}

/** What closes a channel is told in the words with which it does. */
function mustTake<T>(result: Result<T>): T {
  if (result.ok) return result.value
  const code = channelCodes[result.error]
  if (code !== undefined) throw badRequest(`${code} - ${result.message}`)
  return must(result)
}

const replyQueue = 'amq.rabbitmq.reply-to'

/** As at the AMQP door: nobody says to be another, and there is no consumer to answer to. */
function checkSender({ caller }: Call, properties: JsonBody): void {
  const { user_id: user, reply_to: replyTo } = properties
  if (user !== undefined && user !== caller.user && !caller.tags.includes('impersonator')) {
    const claim = `user_id property set to '${brief(user, 255)}'`
    const fault = `${claim} but authenticated user was '${caller.user}'`
    throw badRequest(`406 PRECONDITION_FAILED - ${fault}`)
  }
  if (replyTo === replyQueue)
    throw badRequest('406 PRECONDITION_FAILED - fast reply consumer does not exist')
}

function payloadOf(body: JsonBody): Buffer {
  const payload = textWithin(body, 'payload')
  const encoding = textWithin(body, 'payload_encoding')
  if (encoding === 'string') return Buffer.from(payload)
  if (encoding !== 'base64') throw badRequest(`unsupported encoding ${encoding.slice(0, 40)}`)
  if (!isBase64(payload)) throw badRequest('not_base64')
  return Buffer.from(payload, 'base64')
}

const kindOf = new Map<string, 'digit' | 'space' | 'padding'>([
  ...[...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map(
    (digit) => [digit, 'digit'] as const,
  ),
  ...[...' \t\r\n'].map((space) => [space, 'space'] as const),
  ['=', 'padding'],
])

/** Digits, then padding, and white space anywhere. One pass: the text is large, and anybody's. */
function isBase64(text: string): boolean {
  const found = { digit: 0, space: 0, padding: 0 }
  for (const each of text) {
    const kind = kindOf.get(each)
    if (kind === undefined || (kind === 'digit' && found.padding > 0)) return false
    found[kind]++
  }
  return found.padding <= 2 && (found.digit + found.padding) % 4 === 0
}

function tableLike(value: unknown): JsonBody {
  if (Array.isArray(value) && value.length === 0) return {}
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonBody
  throw badRequest('properties is not an object')
}

function shortText(body: JsonBody, name: string): string {
  const text = textIn(body, name)
  if (Buffer.byteLength(text) > shortStringMax)
    throw badRequest(`${name} has more than ${shortStringMax} bytes`)
  return text
}

function propertiesOf(given: JsonBody): Uint8Array {
  const values: PropertyValue[] = []
  for (const [name, flag] of Object.entries(textProperties))
    if (given[keyOf(name)] !== undefined)
      values.push(textProperty(flag, shortText(given, keyOf(name))))
  if (given['cluster_id'] !== undefined)
    values.push(textProperty(property.clusterId, shortText(given, 'cluster_id')))
  for (const [name, flag] of [
    ['delivery_mode', property.deliveryMode],
    ['priority', property.priority],
  ] as const) {
    const value = integerIn(given, name, -1)
    if (flag === property.deliveryMode && (value === 0 || value > 2))
      throw badRequest('delivery_mode is 1 or 2')
    if (value > 255) throw badRequest(`${name} is more than 255`)
    if (value >= 0) values.push(octetProperty(flag, value))
  }
  const timestamp = integerIn(given, 'timestamp', -1)
  if (timestamp >= 0) values.push(timestampProperty(timestamp))
  const headers = tableIn(given, 'headers')
  if (headers.size > 0) values.push(tableProperty(headers))
  const expiration = given['expiration']
  const isDuration = typeof expiration === 'string' && /^\d{1,10}$/.test(expiration)
  if (expiration !== undefined && !isDuration)
    throw badRequest(`invalid expiration '${brief(expiration)}'`)
  return buildProperties(values)
}

// ---- Looking ------------------------------------------------------------------------------------

const ackModes = [
  'ack_requeue_true',
  'ack_requeue_false',
  'reject_requeue_true',
  'reject_requeue_false',
] as const
type AckMode = (typeof ackModes)[number]

const countMax = 10_000
const bytesMax = 16 << 20

interface Taken {
  readonly id: number
  readonly queue: { accept(id: number): void; reject(id: number, re: boolean, f: boolean): void }
}

/** `count` below 0: as many as one answer may hold, as RabbitMQ counts down past 0. */
export async function getMessages(call: Call): Promise<HttpAnswer> {
  const body = call.bodyWith('count', 'ackmode', 'encoding')
  const session = call.session()
  const mode = ackModes.find((each) => each === textIn(body, 'ackmode'))
  if (mode === undefined) throw badRequest(`ackmode is one of ${ackModes.join(', ')}`)
  const encoding = textIn(body, 'encoding')
  if (encoding !== 'auto' && encoding !== 'base64')
    throw badRequest(`Unsupported encoding ${encoding.slice(0, 40)}.`)
  const isBase64 = encoding === 'base64'
  const truncate = Math.max(0, integerIn(body, 'truncate', Number.POSITIVE_INFINITY))
  const asked = integerIn(body, 'count', 1)
  const count = asked < 0 ? countMax : Math.min(asked, countMax)
  const taken: Taken[] = []
  const shown: unknown[] = []
  let bytes = 0
  while (shown.length < count && bytes < bytesMax) {
    const found = await session.get(call.part('name'), mode === 'ack_requeue_false')
    if (!found.ok && found.error === 'queueNotFound')
      throw new Refused(404, 'not_found', `NOT_FOUND - ${found.message}`)
    const got = must(found)
    if (got === null) break
    const { message, redelivered, remaining, id, queue } = got
    taken.push({ id, queue })
    bytes += Math.min(message.body.length, truncate) + message.properties.length
    shown.push({
      payload_bytes: message.body.length,
      redelivered,
      exchange: message.exchange,
      routing_key: message.routingKey,
      message_count: remaining,
      properties: objectOrList(shownProperties(message)),
      ...payloadShown(message.body.subarray(0, truncate), isBase64),
    })
  }
  settle(taken, mode)
  await flushed(call)
  return json(shown)
}

/** What is requeued is, backwards, put before what came behind it. */
function settle(taken: readonly Taken[], mode: AckMode): void {
  if (mode === 'ack_requeue_false') return
  for (const { id, queue } of [...taken].reverse())
    queue.reject(id, mode !== 'reject_requeue_false', mode === 'reject_requeue_false')
}

function payloadShown(body: Uint8Array, isBase64: boolean) {
  const bytes = Buffer.from(body)
  const text = bytes.toString('utf8')
  if (!isBase64 && Buffer.from(text, 'utf8').equals(bytes))
    return { payload: text, payload_encoding: 'string' }
  return { payload: bytes.toString('base64'), payload_encoding: 'base64' }
}

/** RabbitMQ writes an object without fields as a list, and rabbitmqadmin looks for that. */
const objectOrList = (shown: Record<string, unknown>): unknown =>
  Object.keys(shown).length === 0 ? [] : shown

function shownProperties(message: MessageView): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [name, flag] of Object.entries(textProperties)) {
    const text = message.text(flag)
    if (text !== null) shown[keyOf(name)] = text
  }
  const { timestamp, priority, headers } = message
  if (timestamp !== null) shown['timestamp'] = ofLong(timestamp)
  if (priority >= 0) shown['priority'] = priority
  const at = placeOf(message.properties, property.deliveryMode)
  if (at >= 0) shown['delivery_mode'] = message.properties[at]
  if (headers.size > 0) shown['headers'] = plainTable(headers)
  return shown
}

// ---- Actions ------------------------------------------------------------------------------------

/** sync and cancel_sync are of mirrors, which there are none of. */
export function actOnQueue(call: Call): HttpAnswer {
  const { action } = call.bodyWith('action')
  queueOf(call)
  if (action === 'sync' || action === 'cancel_sync') return noContent
  throw badRequest(`unknown action ${brief(action)}`)
}

/** Declares, publishes, gets: whether messages go through the node. */
export async function aliveness(call: Call): Promise<HttpAnswer> {
  const name = 'aliveness-test'
  if (!call.node.messaging.vhosts.has(call.part('vhost'))) throw notFound()
  const session = call.session()
  const wish = { name, durable: false, exclusive: false, autoDelete: false, arguments: new Map() }
  must(await session.declareQueue(wish))
  const properties = buildProperties([octetProperty(property.deliveryMode, 1)])
  const message = new MessageView().set('', name, properties, Buffer.from('test_message'))
  must(session.publisher('')).publish(message)
  const got = must(await session.get(name, true))
  await flushed(call)
  if (got !== null) return json({ status: 'ok' })
  return json({ status: 'failed', reason: 'the message did not come back' }, 503)
}
