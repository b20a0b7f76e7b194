// When two typed values count as the same, as RabbitMQ has it: types fall into classes, so that an
// integer is the same whatever width it was sent in, and 1 is not 1.0 and not "1". Headers
// exchanges match by it, and declarations compare arguments.
import type { FieldTable, FieldValue } from './field.ts'

const classes: Readonly<Record<FieldValue['type'], string>> = {
  t: 'boolean',
  b: 'integer',
  B: 'integer',
  s: 'integer',
  u: 'integer',
  I: 'integer',
  i: 'integer',
  l: 'integer',
  L: 'integer',
  f: 'float',
  d: 'float',
  D: 'decimal',
  T: 'timestamp',
  S: 'string',
  x: 'bytes',
  A: 'array',
  F: 'table',
  V: 'void',
}

export const classOf = (value: FieldValue): string => classes[value.type]

/** Whether both are of one class and equal. */
export function sameField(a: FieldValue, b: FieldValue): boolean {
  if (classOf(a) !== classOf(b)) return false
  // What headers exchanges compare for every message and binding makes no text.
  if ((a.type === 'S' || a.type === 'x') && (b.type === 'S' || b.type === 'x'))
    return a.value.length === b.value.length && Buffer.compare(a.value, b.value) === 0
  return fieldText(a) === fieldText(b)
}

/** One text for all values of a class that are equal; different ones have different texts. */
export function fieldText(value: FieldValue): string {
  switch (value.type) {
    case 'S':
    case 'x':
      return `${classOf(value)}:${value.value.length}:${bytesText(value.value)}`
    case 'A':
      return `[${value.value.map(fieldText).join(',')}]`
    case 'F':
      return tableText(value.value)
    case 'D':
      return `decimal:${value.scale}:${value.value}`
    case 'V':
      return 'void'
    default:
      return `${classOf(value)}:${String(value.value)}`
  }
}

const bytesText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

/** The same for tables, whatever the order of their entries. */
export function tableText(table: FieldTable): string {
  const entries = [...table].map(([name, value]) => `${name.length}:${name}=${fieldText(value)}`)
  return `{${entries.sort().join(',')}}`
}
