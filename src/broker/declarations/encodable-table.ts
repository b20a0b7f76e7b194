// Tables as they can be written again. A name of bytes that are no UTF-8 has grown when it was
// read; those that no longer fit a short string go, so that no client can make a table that cannot
// be stored. Called before every `encodeTable` of what came from a client.
import type { FieldTable, FieldValue } from '../../model/message/field.ts'
import { shortStringMax } from '../../model/message/field-codec.ts'

export function encodable(table: FieldTable): FieldTable {
  const fitting = [...table].filter(([name]) => Buffer.byteLength(name) <= shortStringMax)
  return new Map(fitting.map(([name, value]) => [name, encodableValue(value)]))
}

function encodableValue(value: FieldValue): FieldValue {
  if (value.type === 'F') return { type: 'F', value: encodable(value.value) }
  if (value.type === 'A') return { type: 'A', value: value.value.map(encodableValue) }
  return value
}
