// Properties with other headers: the bytes around the headers stay as they are. Publishing (BCC) and
// dead-lettering call it.
import type { FieldTable, FieldValue } from '../../model/message/field.ts'
import { encodeTable } from '../../model/message/field-codec.ts'
import { placeOf, property } from '../../model/message/properties.ts'

/** `properties` are well-formed. No `headers` at all: the property goes. */
export function withHeaders(properties: Uint8Array, headers: FieldTable): Uint8Array {
  const flags = flagsOf(properties)
  const from = startOf(properties, property.headers)
  const before = placeOf(properties, property.headers)
  const until = before < 0 ? from : before + 4 + Buffer.from(properties).readUInt32BE(before)
  const table = headers.size === 0 ? new Uint8Array(0) : encodeTable(encodable(headers))
  const left = flags & ~property.headers
  return Buffer.concat([
    flagBytes(headers.size === 0 ? left : left | property.headers),
    properties.subarray(2, from),
    table,
    properties.subarray(until),
  ])
}

export function withoutExpiration(properties: Uint8Array): Uint8Array {
  const at = placeOf(properties, property.expiration)
  if (at < 0) return properties
  return Buffer.concat([
    flagBytes(flagsOf(properties) & ~property.expiration),
    properties.subarray(2, at),
    properties.subarray(at + 1 + (properties[at] as number)),
  ])
}

const nameBytesMax = 255

/** Names of bytes that are no UTF-8 grow when they are read, and those that no longer fit go. */
function encodable(table: FieldTable): FieldTable {
  const fitting = [...table].filter(([name]) => Buffer.byteLength(name) <= nameBytesMax)
  return new Map(fitting.map(([name, value]) => [name, encodableValue(value)]))
}

function encodableValue(value: FieldValue): FieldValue {
  if (value.type === 'F') return { type: 'F', value: encodable(value.value) }
  if (value.type === 'A') return { type: 'A', value: value.value.map(encodableValue) }
  return value
}

const flagsOf = (properties: Uint8Array): number =>
  properties.length < 2 ? 0 : ((properties[0] as number) << 8) | (properties[1] as number)

function flagBytes(flags: number): Uint8Array {
  return Uint8Array.of(flags >> 8, flags & 0xff)
}

/** Where the value of `flag` stands, or would. */
function startOf(properties: Uint8Array, flag: number): number {
  const flags = flagsOf(properties) | flag
  const probe = Buffer.from(properties.length < 2 ? [0, 0] : properties)
  probe.writeUInt16BE(flags & 0xffff)
  return placeOf(probe, flag)
}
