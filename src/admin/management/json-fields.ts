// Arguments and headers as JSON and back: strings, whole numbers as int64, other numbers as
// doubles, tables and arrays of them. What RabbitMQ's API does with them.
import { type FieldTable, type FieldValue, textField } from '../../model/message/field.ts'
import { shortStringMax } from '../../model/message/field-codec.ts'
import { badRequest } from './answer.ts'

const depthMax = 16

/** Throws Refused. */
export function tableOf(value: unknown, name: string): FieldTable {
  if (value === undefined || value === null) return new Map()
  // What an empty table becomes in some clients.
  if (Array.isArray(value) && value.length === 0) return new Map()
  if (typeof value !== 'object' || Array.isArray(value))
    throw badRequest(`${name} is not an object`)
  return objectOf(value as Record<string, unknown>, 0)
}

function objectOf(value: Readonly<Record<string, unknown>>, depth: number): FieldTable {
  if (depth > depthMax) throw badRequest('objects are nested too deeply')
  const fields = Object.entries(value).map(([name, each]): [string, FieldValue] => {
    if (Buffer.byteLength(name) > shortStringMax)
      throw badRequest(`a name has at most ${shortStringMax} bytes`)
    return [name, fieldOf(each, depth)]
  })
  return new Map(fields)
}

function fieldOf(value: unknown, depth: number): FieldValue {
  if (depth > depthMax) throw badRequest('arrays are nested too deeply')
  switch (typeof value) {
    case 'string':
      return textField(value)
    case 'boolean':
      return { type: 't', value }
    case 'number':
      return Number.isSafeInteger(value)
        ? { type: 'l', value: BigInt(value) }
        : { type: 'd', value }
    default:
  }
  if (value === null || value === undefined) return { type: 'V' }
  if (Array.isArray(value))
    return { type: 'A', value: value.map((each) => fieldOf(each, depth + 1)) }
  return { type: 'F', value: objectOf(value as Record<string, unknown>, depth + 1) }
}
