// What readers of another protocol see of a message's properties, as headers of its record, and
// what properties a record of another protocol has. The message itself keeps its properties as the
// bytes they came in, so this table need not be lossless; it is published in
// docs/protocols/amqp.md.
//
//   property or header             header of the record
//   content-type                   content-type
//   another short string, NAME     amqp.NAME, as amqp.message-id
//   timestamp                      amqp.timestamp, seconds since 1970 in digits
//   delivery-mode, priority        none (amqp.priority is understood)
//   user-id                        amqp.user-id, but nobody has checked that of another producer:
//                                  it stays an entry of the headers
//   entry NAME of the headers      NAME: strings and bytes as they are, numbers and booleans as
//                                  text, void as null, tables and arrays as JSON; none where a
//                                  property has that name
//
// The other way, what is not UTF-8 becomes bytes (type x), and the record's key is x-kafka-key.
import { jsonText } from '../../base/json.ts'
import { ofLong } from '../../base/wide-integers.ts'
import { type FieldTable, type FieldValue, textField } from './field.ts'
import { shortStringMax } from './field-codec.ts'
import type { MessageView } from './message.ts'
import {
  buildProperties,
  octetProperty,
  type PropertyValue,
  property,
  tableProperty,
  textProperties,
  textProperty,
  timestampProperty,
} from './properties.ts'

export interface RecordHeader {
  readonly name: string
  readonly value: Uint8Array | null
}

const prefix = 'amqp.'
const unprefixed = 'content-type'
/** The entry that holds a record's key. */
export const keyHeader = 'x-kafka-key'
export const timestampHeader = `${prefix}timestamp`

const none: readonly RecordHeader[] = []
const silent = property.deliveryMode | property.priority

const flagsOf = (properties: Uint8Array): number =>
  ((properties[0] ?? 0) << 8) | (properties[1] ?? 0)

/** Nothing is seen of them. */
export const isSilent = (properties: Uint8Array): boolean => (flagsOf(properties) & ~silent) === 0

/** The header that stands for a property of this name. */
export const nameOfProperty = (name: string): string => (name === unprefixed ? name : prefix + name)

/** None for the plain message: one whose properties say only how to deliver it. */
export function readableHeaders(message: MessageView): readonly RecordHeader[] {
  const { properties } = message
  if (isSilent(properties)) return none
  const flags = flagsOf(properties)
  const headers: RecordHeader[] = []
  for (const [name, flag] of Object.entries(textProperties)) {
    const text = (flags & flag) === 0 ? null : message.text(flag)
    if (text !== null) headers.push({ name: nameOfProperty(name), value: Buffer.from(text) })
  }
  const { timestamp } = message
  if (timestamp !== null)
    headers.push({ name: timestampHeader, value: Buffer.from(String(timestamp)) })
  const ofProperties = new Set(headers.map(({ name }) => name))
  for (const [name, value] of message.headers)
    if (!ofProperties.has(name)) headers.push({ name, value: readable(value) })
  return headers
}

function readable(value: FieldValue): Uint8Array | null {
  switch (value.type) {
    case 'S':
    case 'x':
      return value.value
    case 'V':
      return null
    default: {
      if ('value' in value && typeof value.value === 'bigint') return Buffer.from(`${value.value}`)
      const plain = plainOf(value)
      return Buffer.from(typeof plain === 'object' ? jsonText(plain) : String(plain))
    }
  }
}

/** A value for `jsonText`. */
export function plainOf(value: FieldValue): unknown {
  switch (value.type) {
    case 'S':
      return Buffer.from(value.value).toString('utf8')
    case 'x':
      return Buffer.from(value.value).toString('base64')
    case 'l':
    case 'L':
    case 'T':
      return ofLong(BigInt(value.value))
    case 'D':
      return value.value / 10 ** value.scale
    case 'A':
      return value.value.map(plainOf)
    case 'F':
      return plainTable(value.value)
    case 'V':
      return null
    default:
      return value.value
  }
}

export const plainTable = (table: FieldTable): Record<string, unknown> =>
  Object.fromEntries([...table].map(([name, value]) => [name, plainOf(value)]))

// ---- From a record of another protocol ---------------------------------------------------------

/** Properties of a record that no AMQP client published; durable, as its log is. */
export function propertiesOfRecord(
  key: Uint8Array | null,
  headers: readonly RecordHeader[],
  timestampMs: number,
): Uint8Array {
  const values = new Map<number, PropertyValue>()
  const put = (value: PropertyValue): unknown => values.set(value[0], value)
  put(octetProperty(property.deliveryMode, 2))
  if (timestampMs >= 0) put(timestampProperty(Math.floor(timestampMs / 1000)))
  const entries = new Map<string, FieldValue>()
  if (key !== null) entries.set(keyHeader, fieldOf(key))
  for (const { name, value } of headers) {
    const found = value === null ? null : asProperty(name, Buffer.from(value).toString('utf8'))
    if (found !== null) put(found)
    else if (Buffer.byteLength(name) <= shortStringMax) entries.set(name, fieldOf(value))
  }
  if (entries.size > 0) put(tableProperty(entries))
  return buildProperties([...values.values()])
}

/** The property that a header stands for; null: it is an entry of the headers. */
function asProperty(name: string, text: string): PropertyValue | null {
  const own = name === unprefixed ? name : name.startsWith(prefix) ? name.slice(prefix.length) : ''
  if (own === 'timestamp' && /^\d{1,15}$/.test(text)) return timestampProperty(Number(text))
  if (own === 'priority' && /^\d{1,2}$/.test(text))
    return octetProperty(property.priority, Number(text))
  if (own === 'user-id' || !Object.hasOwn(textProperties, own)) return null
  if (Buffer.byteLength(text) > shortStringMax) return null
  return textProperty(textProperties[own as keyof typeof textProperties], text)
}

function fieldOf(value: Uint8Array | null): FieldValue {
  if (value === null) return { type: 'V' }
  const text = Buffer.from(value).toString('utf8')
  const isText = Buffer.from(text, 'utf8').equals(value)
  return isText ? textField(text) : { type: 'x', value: Uint8Array.from(value) }
}
