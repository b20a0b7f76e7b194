// Routing as one would write it down without a thought for speed: the oracle of the tests.
import type { FieldTable, FieldValue } from '../../src/model/message/field.ts'
import { textOf } from '../../src/model/message/field.ts'
import { sameField } from '../../src/model/message/field-equality.ts'
import type { Binding } from '../../src/routing/binding.ts'

/** By trying every number of words for every `#`, with each pair of rests looked at once. */
export function topicMatches(pattern: string, key: string): boolean {
  const p = pattern === '' ? [] : pattern.split('.')
  const k = key === '' ? [] : key.split('.')
  const known = new Map<number, boolean>()
  const from = (i: number, j: number): boolean => {
    const place = i * 1000 + j
    const before = known.get(place)
    if (before !== undefined) return before
    const answer =
      i === p.length
        ? j === k.length
        : p[i] === '#'
          ? from(i + 1, j) || (j < k.length && from(i, j + 1))
          : j < k.length && (p[i] === '*' || p[i] === k[j]) && from(i + 1, j + 1)
    known.set(place, answer)
    return answer
  }
  return from(0, 0)
}

export function headersMatch(wanted: FieldTable, headers: FieldTable): boolean {
  const kind = textOf(wanted.get('x-match')) ?? 'all'
  const asked = [...wanted].filter(
    ([name]) => name !== 'x-match' && (kind.endsWith('with-x') || !name.startsWith('x-')),
  )
  const holds = asked.map(([name, value]) => {
    const header = headers.get(name)
    return header !== undefined && (value.type === 'V' || isEqual(value, header))
  })
  return kind.startsWith('any') ? holds.some((h) => h) : holds.every((h) => h)
}

/** Numbers of all types by their value, texts and bytes by their bytes. */
function isEqual(a: FieldValue, b: FieldValue): boolean {
  const number = (field: FieldValue) =>
    'value' in field && ['number', 'bigint'].includes(typeof field.value) && field.type !== 'D'
      ? Number(field.value)
      : null
  const bytes = (field: FieldValue) =>
    field.type === 'S' || field.type === 'x' ? Buffer.from(field.value).toString('hex') : null
  if (number(a) !== null) return number(a) === number(b)
  return bytes(a) === null ? sameField(a, b) : bytes(a) === bytes(b)
}

export interface NaiveExchange {
  readonly type: string
  readonly alternate: string | null
}

/** Names of the queues that are reached, sorted. */
export function naiveRoute(
  exchanges: ReadonlyMap<string, NaiveExchange>,
  bindings: readonly Binding[],
  exchange: string,
  keys: readonly string[],
  headers: FieldTable,
): string[] {
  const queues = new Set<string>()
  const seen = new Set<string>()
  const visit = (name: string): void => {
    const source = exchanges.get(name)
    if (source === undefined || seen.has(name)) return
    seen.add(name)
    const matches = (b: Binding): boolean => {
      if (source.type === 'fanout') return true
      if (source.type === 'headers') return headersMatch(b.arguments, headers)
      if (source.type === 'topic') return keys.some((key) => topicMatches(b.routingKey, key))
      return keys.includes(b.routingKey)
    }
    const matched = bindings.filter((b) => b.source === name && matches(b))
    for (const { kind, target } of matched)
      if (kind === 'queue') queues.add(target)
      else visit(target)
    if (matched.length === 0 && source.alternate !== null) visit(source.alternate)
  }
  visit(exchange)
  return [...queues].sort()
}
