// Whether what is declared again is what is there. Arguments are compared one by one, by class of
// type (model/message/field-equality.ts), in RabbitMQ's words; arguments that nobody knows do not
// count.
import { ok, type Result } from '../../model/errors.ts'
import type { FieldTable, FieldValue } from '../../model/message/field.ts'
import { sameField } from '../../model/message/field-equality.ts'
import { inequivalent } from './refusals.ts'

export function sameText(
  field: string,
  label: string,
  received: string | boolean,
  current: string | boolean,
): Result<null> {
  return received === current
    ? ok(null)
    : inequivalent(field, label, `'${received}'`, `'${current}'`)
}

/** `names`: those that count. */
export function sameArguments(
  names: Iterable<string>,
  label: string,
  received: FieldTable,
  current: FieldTable,
): Result<null> {
  for (const name of names) {
    const a = received.get(name)
    const b = current.get(name)
    if (a === b) continue
    if (a === undefined || b === undefined)
      return inequivalent(name, label, typedText(a), typedText(b))
    if (!isSame(a, b)) return inequivalent(name, label, quoted(a), quoted(b))
  }
  return ok(null)
}

/** The bytes of a text and of a string of bytes are not told apart. */
const isSame = (a: FieldValue, b: FieldValue): boolean =>
  a.type === 'x' || b.type === 'x' ? sameField(asText(a), asText(b)) : sameField(a, b)

const asText = (value: FieldValue): FieldValue =>
  value.type === 'x' ? { type: 'S', value: value.value } : value

const quoted = (value: FieldValue): string => `'${plainText(value)}'`

const typeNames: Readonly<Record<FieldValue['type'], string>> = {
  t: 'bool',
  b: 'byte',
  B: 'unsignedbyte',
  s: 'short',
  u: 'unsignedshort',
  I: 'signedint',
  i: 'unsignedint',
  l: 'long',
  L: 'long',
  f: 'float',
  d: 'double',
  D: 'decimal',
  T: 'timestamp',
  S: 'longstr',
  x: 'binary',
  A: 'array',
  F: 'table',
  V: 'void',
}

export const typeName = (value: FieldValue): string => typeNames[value.type]

function typedText(value: FieldValue | undefined): string {
  if (value === undefined) return 'none'
  return `the value '${plainText(value)}' of type '${typeName(value)}'`
}

/** For people; long ones are cut. */
export function plainText(value: FieldValue): string {
  switch (value.type) {
    case 'S':
    case 'x':
      return Buffer.from(value.value).toString('utf8').slice(0, 200)
    case 'A':
      return `array of ${value.value.length}`
    case 'F':
      return `table of ${value.value.size}`
    case 'V':
      return ''
    case 'f':
    case 'd':
      return Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value)
    default:
      return String(value.value)
  }
}
