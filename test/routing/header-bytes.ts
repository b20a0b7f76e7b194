// Properties that hold nothing but a headers table, as bytes: what tests publish. Written apart
// from the codec of model/message, so that the tests of routing hang on nothing else.
import type { FieldTable, FieldValue } from '../../src/model/message/field.ts'
import { property } from '../../src/model/message/properties.ts'

export function headerBytes(headers: FieldTable): Uint8Array {
  const flags = Buffer.alloc(2)
  flags.writeUInt16BE(headers.size === 0 ? 0 : property.headers)
  return headers.size === 0 ? flags : Buffer.concat([flags, tableBytes(headers)])
}

function tableBytes(table: FieldTable): Buffer {
  const parts = [...table].flatMap(([name, value]) => [
    Buffer.from([Buffer.byteLength(name)]),
    Buffer.from(name),
    valueBytes(value),
  ])
  return sized(Buffer.concat(parts))
}

function valueBytes(value: FieldValue): Buffer {
  const letter = Buffer.from(value.type)
  const rest = Buffer.alloc(value.type === 'I' ? 4 : 8)
  switch (value.type) {
    case 't':
      return Buffer.concat([letter, Buffer.from([value.value ? 1 : 0])])
    case 'I':
      rest.writeInt32BE(value.value)
      return Buffer.concat([letter, rest])
    case 'l':
      rest.writeBigInt64BE(value.value)
      return Buffer.concat([letter, rest])
    case 'd':
      rest.writeDoubleBE(value.value)
      return Buffer.concat([letter, rest])
    case 'S':
    case 'x':
      return Buffer.concat([letter, sized(value.value)])
    case 'A':
      return Buffer.concat([letter, sized(Buffer.concat(value.value.map(valueBytes)))])
    case 'F':
      return Buffer.concat([letter, tableBytes(value.value)])
    case 'V':
      return letter
    default:
      throw new Error(`tests do not send fields of type ${value.type}`)
  }
}

function sized(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
