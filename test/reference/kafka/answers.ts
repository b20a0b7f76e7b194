// The answers of one run of the Java suite: one per question, in order. Compared by their JSON;
// messages stand beside them for the reader and are never compared.
import type { Difference } from './differences.ts'

export interface Answer {
  readonly id: string
  readonly answer: unknown
  readonly message?: string
}

/** Reads the lines that the suite prints. */
export const parseAnswers = (lines: string): Answer[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer)

export interface Verdict {
  readonly passed: number
  /** One text for each question that fails, ready to print. */
  readonly failures: readonly string[]
  /** The listed differences that occurred, with the questions they excused. */
  readonly excused: ReadonlyMap<Difference, readonly string[]>
}

/** Object keys in one order, so that equal answers have equal texts. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  ) ?? 'nothing'

const show = (answer: Answer | undefined): string =>
  answer === undefined
    ? '(not answered)'
    : canonical(answer.answer) + (answer.message === undefined ? '' : `  (${answer.message})`)

const matches = (difference: Difference, id: string): boolean =>
  typeof difference.id === 'string' ? difference.id === id : difference.id.test(id)

/**
 * Compares two runs question by question. A difference passes only if it is listed; a listed one
 * must occur, unless none of its questions was asked.
 */
export function compare(
  reference: readonly Answer[],
  ours: readonly Answer[],
  listed: readonly Difference[],
): Verdict {
  const theirs = new Map(reference.map((a) => [a.id, a]))
  const mine = new Map(ours.map((a) => [a.id, a]))
  const excused = new Map<Difference, string[]>()
  const failures: string[] = []
  let passed = 0
  for (const id of new Set([...theirs.keys(), ...mine.keys()])) {
    const [a, b] = [theirs.get(id), mine.get(id)]
    const excuse = listed.find((d) => matches(d, id))
    const same = a !== undefined && b !== undefined && canonical(a.answer) === canonical(b.answer)
    if (excuse) excused.set(excuse, [...(excused.get(excuse) ?? []), ...(same ? [] : [id])])
    if (same || excuse) passed += 1
    else failures.push(`${id}\n  Kafka:  ${show(a)}\n  PolyMQ: ${show(b)}`)
  }
  for (const [difference, ids] of excused)
    if (ids.length === 0) failures.push(`${difference.id}: listed as different, yet it is the same`)
  return { passed, failures, excused }
}
