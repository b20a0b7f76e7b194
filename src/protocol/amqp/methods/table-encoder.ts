// Field tables as this door sends them itself, in its greeting: a counterpart of model/message's
// decoder, whose layout it writes. Tables of messages pass through as they came.
import type { FieldTable, FieldValue } from '../../../model/message/field.ts'

export function encodeTable(table: FieldTable): Buffer {
  const parts: Uint8Array[] = []
  for (const [name, value] of table) {
    const bytes = Buffer.from(name)
    parts.push(Uint8Array.of(bytes.length), bytes, encodeValue(value))
  }
  return withLength(Buffer.concat(parts))
}

function withLength(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function encodeValue(value: FieldValue): Buffer {
  const type = Buffer.from(value.type)
  switch (value.type) {
    case 'V':
      return type
    case 'S':
    case 'x':
      return Buffer.concat([type, withLength(value.value)])
    case 'F':
      return Buffer.concat([type, encodeTable(value.value)])
    case 'A':
      return Buffer.concat([type, withLength(Buffer.concat(value.value.map(encodeValue)))])
    default:
      return Buffer.concat([type, encodeNumber(value)])
  }
}

type Numeric = Exclude<FieldValue, { type: 'V' | 'S' | 'x' | 'F' | 'A' }>

function encodeNumber(field: Numeric): Buffer {
  const bytes = Buffer.alloc(8)
  switch (field.type) {
    case 't':
      return bytes.subarray(0, bytes.writeUInt8(field.value ? 1 : 0))
    case 'b':
      return bytes.subarray(0, bytes.writeInt8(field.value))
    case 'B':
      return bytes.subarray(0, bytes.writeUInt8(field.value))
    case 's':
      return bytes.subarray(0, bytes.writeInt16BE(field.value))
    case 'u':
      return bytes.subarray(0, bytes.writeUInt16BE(field.value))
    case 'I':
      return bytes.subarray(0, bytes.writeInt32BE(field.value))
    case 'i':
      return bytes.subarray(0, bytes.writeUInt32BE(field.value))
    case 'f':
      return bytes.subarray(0, bytes.writeFloatBE(field.value))
    case 'd':
      return bytes.subarray(0, bytes.writeDoubleBE(field.value))
    case 'T':
      return bytes.subarray(0, bytes.writeBigUInt64BE(BigInt(field.value)))
    case 'l':
    case 'L':
      return bytes.subarray(0, bytes.writeBigInt64BE(field.value))
    case 'D':
      bytes.writeUInt8(field.scale)
      return bytes.subarray(0, bytes.writeInt32BE(field.value, 1))
  }
}
