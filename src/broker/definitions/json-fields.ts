// Arguments between JSON and typed fields: what people and files write, and what declarations keep.
// JSON knows one kind of number: a whole one becomes a long, another one a double. Not every field
// has a JSON form that leads back to it; a declaration compares by class, and that is kept.
import type { FieldTable, FieldValue } from '../../model/message/field.ts'
import { textField } from '../../model/message/field.ts'

/** Deeper ones are no arguments. */
const depthMax = 16

/** Null: not an object of such values. */
export function tableOf(value: unknown, depth = 0): FieldTable | null {
  if (value === undefined) return new Map()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const table = new Map<string, FieldValue>()
  for (const [name, each] of Object.entries(value)) {
    const field = fieldOf(each, depth + 1)
    if (field === null || Buffer.byteLength(name) > 255) return null
    table.set(name, field)
  }
  return table
}

function fieldOf(value: unknown, depth: number): FieldValue | null {
  if (depth > depthMax) return null
  if (value === null) return { type: 'V' }
  if (typeof value === 'boolean') return { type: 't', value }
  if (typeof value === 'string') return textField(value)
  if (typeof value === 'number')
    return Number.isSafeInteger(value)
      ? { type: 'l', value: BigInt(value) }
      : { type: 'd', value: Number(value) }
  if (Array.isArray(value)) {
    const fields = value.map((each) => fieldOf(each, depth + 1))
    return fields.includes(null) ? null : { type: 'A', value: fields as FieldValue[] }
  }
  const table = tableOf(value, depth)
  return table && { type: 'F', value: table }
}

export const jsonOf = (table: FieldTable): Record<string, unknown> =>
  Object.fromEntries([...table].map(([name, value]) => [name, jsonOfField(value)]))

function jsonOfField(field: FieldValue): unknown {
  switch (field.type) {
    case 'V':
      return null
    case 'S':
    case 'x':
      return Buffer.from(field.value).toString('utf8')
    case 'l':
    case 'L':
    case 'T':
      return Number(field.value)
    case 'D':
      return field.value / 10 ** field.scale
    case 'A':
      return field.value.map(jsonOfField)
    case 'F':
      return jsonOf(field.value)
    default:
      return field.value
  }
}
