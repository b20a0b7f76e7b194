// The answers of one run of a suite: one per question, in order. Compared by their JSON; messages
// stand beside them for the reader and are never compared.

/** A place where PolyMQ answers otherwise than the reference, on purpose. */
export interface Difference {
  /** The id of one question, or a pattern over ids. */
  readonly id: string | RegExp
  /**
   * Where in the answer, when it is not all of it: a pattern over paths, `.topics[0].errorCode`.
   */
  readonly at?: RegExp
  /**
   * What PolyMQ answers there: a part of it, with the fields that count. Without it, PolyMQ may
   * answer anything else.
   */
  readonly expected?: unknown
  /** One sentence for the reader of the door's page. */
  readonly reason: string
}

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
  /** What became of each question, by its id. */
  readonly outcomes: ReadonlyMap<string, Outcome>
}

/** The same answer; another one, of which each place is listed; or another one. */
export type Outcome = 'equal' | 'listed' | 'open'

/** How many questions of each area came out how; an area is what stands before the first dot. */
export function areasOf({ outcomes }: Verdict): Map<string, Record<Outcome, number>> {
  const areas = new Map<string, Record<Outcome, number>>()
  for (const [id, outcome] of outcomes) {
    const name = id.slice(0, id.indexOf('.'))
    const area = areas.get(name) ?? { equal: 0, listed: 0, open: 0 }
    area[outcome] += 1
    areas.set(name, area)
  }
  return areas
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

/** The places where two answers differ, as paths such as `.topics[0].errorCode`. */
export function differingPaths(a: unknown, b: unknown, at = ''): string[] {
  if (canonical(a) === canonical(b)) return []
  if (!isPlain(a) || !isPlain(b) || Array.isArray(a) !== Array.isArray(b)) return [at]
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return [at]
  const [theirs, ours] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    differingPaths(theirs[key], ours[key], Array.isArray(a) ? `${at}[${key}]` : `${at}.${key}`),
  )
}

const isPlain = (value: unknown): value is object => value !== null && typeof value === 'object'

const asks = ({ id }: Difference, question: string): boolean =>
  typeof id === 'string' ? id === question : id.test(question)

/** In place of a path: nothing excuses an answer that is not there. */
const unanswered = null

const covers = (difference: Difference, question: string, path: string | null): boolean =>
  path !== unanswered && asks(difference, question) && (difference.at?.test(path) ?? true)

const isAsExpected = ({ expected }: Difference, ours: Answer | undefined): boolean =>
  expected === undefined || (ours !== undefined && isPart(expected, ours.answer))

/** True if all that `part` says is in `whole`; lists are of one length. */
export function isPart(part: unknown, whole: unknown): boolean {
  if (!isPlain(part)) return Object.is(part, whole)
  if (!isPlain(whole) || Array.isArray(part) !== Array.isArray(whole)) return false
  if (Array.isArray(part) && part.length !== (whole as unknown[]).length) return false
  return Object.entries(part).every(([key, value]) =>
    isPart(value, (whole as Record<string, unknown>)[key]),
  )
}

/**
 * Compares two runs question by question. A question passes when each place where the answers
 * differ is listed; a listed difference must occur, unless none of its questions was asked.
 */
export function compare(
  reference: readonly Answer[],
  ours: readonly Answer[],
  listed: readonly Difference[],
  referenceName = 'Kafka',
): Verdict {
  const theirs = new Map(reference.map((a) => [a.id, a]))
  const mine = new Map(ours.map((a) => [a.id, a]))
  const ids = [...new Set([...theirs.keys(), ...mine.keys()])]
  const occurred = new Set<Difference>()
  const outcomes = new Map<string, Outcome>()
  const failures: string[] = []
  for (const id of ids) {
    const [a, b] = [theirs.get(id), mine.get(id)]
    const paths = a && b ? differingPaths(a.answer, b.answer) : [unanswered]
    const excuses = paths.map((path) =>
      listed.find((d) => covers(d, id, path) && isAsExpected(d, b)),
    )
    for (const excuse of excuses) if (excuse) occurred.add(excuse)
    const isOpen = excuses.includes(undefined)
    outcomes.set(id, isOpen ? 'open' : paths.length > 0 ? 'listed' : 'equal')
    if (isOpen) failures.push(`${id}\n  ${referenceName}: ${show(a)}\n  PolyMQ: ${show(b)}`)
  }
  const passed = ids.length - failures.length
  for (const difference of listed)
    if (!occurred.has(difference) && ids.some((id) => asks(difference, id)))
      failures.push(`${difference.id}: listed as different, yet it is the same`)
  return { passed, failures, outcomes }
}
