// The property list of a content header: which flag stands for what, where in the bytes a value
// begins, whether bytes are a list at all, and lists made anew. AMQP 0-9-1, sections 4.2.6.1 and
// 1.8 ("basic" properties).
import { assert } from '../../base/assert.ts'
import { WireError } from '../../wire/wire-error.ts'
import type { FieldTable } from './field.ts'
import { encodeTable, shortStringMax } from './field-codec.ts'
import { scanTable } from './field-scan.ts'

/** The flag of each property. */
export const property = {
  contentType: 1 << 15,
  contentEncoding: 1 << 14,
  headers: 1 << 13,
  deliveryMode: 1 << 12,
  priority: 1 << 11,
  correlationId: 1 << 10,
  replyTo: 1 << 9,
  expiration: 1 << 8,
  messageId: 1 << 7,
  timestamp: 1 << 6,
  type: 1 << 5,
  userId: 1 << 4,
  appId: 1 << 3,
  clusterId: 1 << 2,
} as const

const octets = property.deliveryMode | property.priority

/** Index of the value of `flag` in well-formed properties; -1: not set. */
export function placeOf(properties: Uint8Array, flag: number): number {
  if (properties.length < 2) return -1
  const flags = ((properties[0] as number) << 8) | (properties[1] as number)
  if ((flags & flag) === 0) return -1
  let at = 2
  for (let each = 1 << 15; each !== flag; each >>>= 1)
    if ((flags & each) !== 0) at += lengthAt(properties, at, each)
  return at
}

function lengthAt(properties: Uint8Array, at: number, flag: number): number {
  if ((octets & flag) !== 0) return 1
  if (flag === property.timestamp) return 8
  if (flag === property.headers) return 4 + uint32(properties, at)
  return 1 + (properties[at] as number)
}

const uint32 = (b: Uint8Array, at: number): number =>
  (((b[at] as number) << 24) |
    ((b[at + 1] as number) << 16) |
    ((b[at + 2] as number) << 8) |
    (b[at + 3] as number)) >>>
  0

/** Bits 1 and 0: no property, and a second word of flags, which nobody sends. */
const unknownFlags = 0x3

/** What is wrong with bytes that a client sent as properties; null: they are well-formed. */
export function propertiesFault(properties: Uint8Array): string | null {
  if (properties.length < 2) return 'properties have no flags'
  const flags = ((properties[0] as number) << 8) | (properties[1] as number)
  if ((flags & unknownFlags) !== 0) return 'properties have unknown flags'
  let at = 2
  for (let each = 1 << 15; each > unknownFlags; each >>>= 1) {
    if ((flags & each) === 0) continue
    const prefix = each === property.headers ? 4 : 1
    if (at + prefix > properties.length) return 'properties end too early'
    const from = at
    at += lengthAt(properties, at, each)
    if (at > properties.length) return 'properties end too early'
    if (each === property.headers) {
      const fault = tableFault(properties, from)
      if (fault !== null) return fault
    }
  }
  return at === properties.length ? null : 'properties end before their frame does'
}

function tableFault(bytes: Uint8Array, at: number): string | null {
  try {
    scanTable(bytes, at)
    return null
  } catch (error) {
    if (error instanceof WireError) return error.message
    throw error
  }
}

/** The flags of the properties that are short strings, by the names of the specification. */
export const textProperties = {
  'content-type': property.contentType,
  'content-encoding': property.contentEncoding,
  'correlation-id': property.correlationId,
  'reply-to': property.replyTo,
  expiration: property.expiration,
  'message-id': property.messageId,
  type: property.type,
  'user-id': property.userId,
  'app-id': property.appId,
} as const

/** A property and its value as it stands on the wire. */
export type PropertyValue = readonly [flag: number, value: Uint8Array]

export const octetProperty = (flag: number, value: number): PropertyValue => [
  flag,
  Uint8Array.of(value),
]

export const tableProperty = (table: FieldTable): PropertyValue => [
  property.headers,
  encodeTable(table),
]

/** `text` has at most 255 bytes. */
export function textProperty(flag: number, text: string): PropertyValue {
  const bytes = Buffer.from(text, 'utf8')
  assert(bytes.length <= shortStringMax, 'a property is a short string')
  return [flag, Buffer.concat([Uint8Array.of(bytes.length), bytes])]
}

export function timestampProperty(secondsSince1970: number): PropertyValue {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(secondsSince1970))
  return [property.timestamp, bytes]
}

/** A property list of these values, in any order, each flag once. */
export function buildProperties(values: readonly PropertyValue[]): Uint8Array {
  const ordered = [...values].sort(([a], [b]) => b - a)
  const flags = ordered.reduce((all, [flag]) => all | flag, 0)
  return Buffer.concat([Uint8Array.of(flags >>> 8, flags & 0xff), ...ordered.map(([, v]) => v)])
}

/** Well-formed properties, with those of `by` in the place of their own, and without `dropped`. */
export function changeProperties(
  properties: Uint8Array,
  by: readonly PropertyValue[],
  dropped = 0,
): Uint8Array {
  const replaced = by.reduce((flags, [flag]) => flags | flag, dropped)
  const kept: PropertyValue[] = []
  for (let each = 1 << 15; each > unknownFlags; each >>>= 1) {
    const at = (replaced & each) === 0 ? placeOf(properties, each) : -1
    if (at >= 0) kept.push([each, properties.subarray(at, at + lengthAt(properties, at, each))])
  }
  return buildProperties([...kept, ...by])
}
