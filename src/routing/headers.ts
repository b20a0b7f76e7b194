// Exchanges of type headers: a binding's arguments against the message's headers. `x-match`: all
// (also when it is missing), any, and both with-x; without it names that begin with `x-` do not
// count. A value of no type asks only that the header is there. With nothing to compare, all
// matches and any does not. Every binding is looked at for every message, and what is compared
// counts against its budget.
import type { FieldTable, FieldValue } from '../model/message/field.ts'
import { integerOf, textOf } from '../model/message/field.ts'
import { encodeTable } from '../model/message/field-codec.ts'
import { sameField } from '../model/message/field-equality.ts'
import type { MessageView } from '../model/message/message.ts'
import type { Budget, Edge, End, Matcher } from './matcher.ts'

export const matchKinds: readonly string[] = ['all', 'any', 'all-with-x', 'any-with-x']

interface Wanted {
  readonly name: string
  readonly value: FieldValue
  /** Of lists and tables; null: of others. */
  readonly text: string | null
}

interface Pattern {
  readonly isAll: boolean
  readonly wanted: readonly Wanted[]
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

  match(_routingKey: string, message: MessageView, found: (to: T) => void, budget: Budget): void {
    if (this.#patterns.size === 0) return
    const headers = new Headers(message.headers)
    for (const [edge, pattern] of this.#patterns) {
      budget.left--
      if (matches(pattern, headers, budget)) found(edge.to)
      if (budget.left < 0) return
    }
  }
}

function patternOf(table: FieldTable): Pattern {
  const match = textOf(table.get('x-match')) ?? 'all'
  const withX = match.endsWith('-with-x')
  const entries = [...table].filter(([name]) => name !== 'x-match' && (withX || !isX(name)))
  const wanted = entries.map(([name, value]) => ({ name, value, text: textOfMany(value) }))
  return { isAll: match.startsWith('all'), wanted }
}

/** RabbitMQ compares what is within with its types, and the entries of a table in their order. */
const exactText = (value: FieldValue): string =>
  Buffer.from(encodeTable(new Map([['', value]]))).toString('latin1')

const textOfMany = (value: FieldValue): string | null =>
  value.type === 'A' || value.type === 'F' ? exactText(value) : null

/** Of one message. What may be long is made a text once, however many bindings want it. */
class Headers {
  readonly #table: FieldTable
  readonly #texts = new Map<string, string>()

  constructor(table: FieldTable) {
    this.#table = table
  }

  has({ name, value, text }: Wanted): boolean {
    // Who gets a blind copy is told to nobody.
    const header = name === 'BCC' ? undefined : this.#table.get(name)
    if (header === undefined) return false
    if (value.type === 'V') return true
    if (text === null) return isEqual(value, header)
    return value.type === header.type && text === this.#textOf(name, header)
  }

  #textOf(name: string, header: FieldValue): string {
    const known = this.#texts.get(name)
    if (known !== undefined) return known
    const text = exactText(header)
    this.#texts.set(name, text)
    return text
  }
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

function matches({ isAll, wanted }: Pattern, headers: Headers, budget: Budget): boolean {
  for (const each of wanted) {
    budget.left--
    if (headers.has(each) !== isAll) return !isAll
  }
  return isAll
}
