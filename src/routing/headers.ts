// Exchanges of type headers: a binding's arguments against the message's headers. `x-match`: all
// (also when it is missing), any, and both with-x; without it names that begin with `x-` do not
// count. A value of no type asks only that the header is there. With nothing to compare, all
// matches and any does not.
import type { FieldTable, FieldValue } from '../model/message/field.ts'
import { integerOf, textOf } from '../model/message/field.ts'
import { sameField } from '../model/message/field-equality.ts'
import type { MessageView } from '../model/message/message.ts'
import type { Edge, End, Matcher } from './matcher.ts'

export const matchKinds: readonly string[] = ['all', 'any', 'all-with-x', 'any-with-x']

interface Pattern {
  readonly isAll: boolean
  readonly wanted: readonly (readonly [string, FieldValue])[]
}

export class HeadersMatcher<T extends End> implements Matcher<T> {
  readonly isByKey = false
  readonly #patterns = new Map<Edge<T>, Pattern>()

  add(edge: Edge<T>): void {
    this.#patterns.set(edge, patternOf(edge.binding.arguments))
  }

  remove(edge: Edge<T>): void {
    this.#patterns.delete(edge)
  }

  match(_routingKey: string, message: MessageView, found: (to: T) => void): void {
    if (this.#patterns.size === 0) return
    const { headers } = message
    for (const [edge, pattern] of this.#patterns) if (matches(pattern, headers)) found(edge.to)
  }
}

function patternOf(table: FieldTable): Pattern {
  const match = textOf(table.get('x-match')) ?? 'all'
  const withX = match.endsWith('-with-x')
  const wanted = [...table].filter(([name]) => name !== 'x-match' && (withX || !isX(name)))
  return { isAll: match.startsWith('all'), wanted }
}

const isX = (name: string): boolean => name.startsWith('x-')

/** A whole number is the same as a float or a time; a text as its bytes. */
function isEqual(a: FieldValue, b: FieldValue): boolean {
  if (sameField(a, b)) return true
  if (a.type === b.type) return false
  const number = numberOf(a)
  if (number !== null) return number === numberOf(b)
  const bytes = bytesOf(a)
  const others = bytesOf(b)
  return bytes !== null && others !== null && Buffer.compare(bytes, others) === 0
}

function numberOf(field: FieldValue): number | null {
  if (field.type === 'f' || field.type === 'd') return field.value
  return field.type === 'T' ? Number(field.value) : integerOf(field)
}

const bytesOf = (field: FieldValue): Uint8Array | null =>
  field.type === 'S' || field.type === 'x' ? field.value : null

function matches({ isAll, wanted }: Pattern, headers: FieldTable): boolean {
  for (const [name, value] of wanted) {
    const header = headers.get(name)
    const isSame = header !== undefined && (value.type === 'V' || isEqual(value, header))
    if (isSame !== isAll) return isSame
  }
  return isAll
}
