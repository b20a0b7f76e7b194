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
    if (a === b || (a !== undefined && b !== undefined && sameField(a, b))) continue
    return inequivalent(name, label, textOf(a), textOf(b))
  }
  return ok(null)
}

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

function textOf(value: FieldValue | undefined): string {
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
    default:
      return String(value.value)
  }
}
