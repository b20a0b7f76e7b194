// Arguments and tags as files of definitions write them, in JSON: a whole number becomes a long,
// another one a double. Declarations compare by class, so that width does not matter.
import { wideLong } from '../../base/wide-integers.ts'
import { type FieldTable, type FieldValue, textField } from '../../model/message/field.ts'
import { depthMax } from '../../model/message/field-codec.ts'

/** Tags: a list, or words with commas between them, as older releases of RabbitMQ wrote them. */
export function tagsOf(tags: unknown): string[] | null {
  const list: unknown = typeof tags === 'string' ? tags.split(',') : tags
  if (!Array.isArray(list) || !list.every((tag) => typeof tag === 'string')) return null
  return list.map((tag) => tag.trim()).filter((tag) => tag !== '')
}

/** Null: not an object of such values. */
export function tableOf(value: unknown, depth = 0): FieldTable | null {
  if (value === undefined || value === null) return new Map()
  // What an empty table becomes in some clients.
  if (Array.isArray(value) && value.length === 0) return new Map()
  if (typeof value !== 'object' || Array.isArray(value)) return null
  const table = new Map<string, FieldValue>()
  for (const [name, each] of Object.entries(value)) {
    const field = fieldOf(each, depth + 1)
    if (field === null || Buffer.byteLength(name) > 255) return null
    table.set(name, field)
  }
  return table
}

function ofText(text: string): FieldValue {
  const long = wideLong(text)
  return long === null ? textField(text) : { type: 'l', value: long }
}

function fieldOf(value: unknown, depth: number): FieldValue | null {
  if (depth > depthMax) return null
  if (value === null) return { type: 'V' }
  if (typeof value === 'boolean') return { type: 't', value }
  if (typeof value === 'string') return ofText(value)
  // A number with too many digits is read as infinite.
  if (typeof value === 'number' && !Number.isFinite(value)) return null
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
