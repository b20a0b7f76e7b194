// A pattern of names in a permission, as people write it for RabbitMQ: a regular expression that
// may match anywhere in the name unless it is anchored; the empty one matches only the empty name.
// Patterns come from people and names from clients, so that matching must never take more than
// linear time: the usual ones (any, `^literal$`, `^prefix`, and such with `|` between them) are
// compared as text, the others are left to RE2, whose syntax has no backreferences and no
// look-around, except here at the very beginning: `^(?!amq\.)`, which many permissions have.
// Called by the authorizer, and by whoever sets permissions.
import { assert } from '../../base/assert.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'

/** Names that a pattern can say without an engine. */
export type NameSet =
  | { readonly kind: 'any' }
  | { readonly kind: 'literal' | 'prefix'; readonly text: string }

export type Matches = (name: string) => boolean

export interface Compiled {
  readonly matches: Matches
  /** That one letter of a name may have to go through; 0: it needs no engine. */
  readonly steps: number
}

/** Characters of a pattern: bounds the engine's program. */
export const patternLengthMax = 1024

const anyText = /^\^?\.\*\$?$/
const simpleText = /^\^((?:[^\\^$.*+?()[\]{}|]|\\[^\w\s])*)(\$|\.\*\$?)?$/

/** The alternatives of a pattern that needs no engine, or null. */
export function simpleNames(pattern: string): readonly NameSet[] | null {
  const names = partsOf(pattern).map((part) => part.names)
  return names.every((each) => each !== null) ? names : null
}

/** An alternative of a pattern, and the names that it stands for; null: it needs the engine. */
export interface PatternPart {
  readonly text: string
  readonly names: NameSet | null
}

/** None: of no name. */
export function partsOf(pattern: string): readonly PatternPart[] {
  if (pattern === '' || pattern === '^$') return []
  return alternativesOf(pattern).map((text) => ({ text, names: namesOf(text) }))
}

function namesOf(alternative: string): NameSet | null {
  if (anyText.test(alternative)) return { kind: 'any' }
  const [whole, escaped = '', end] = simpleText.exec(alternative) ?? []
  if (whole === undefined) return null
  const text = escaped.replace(/\\(.)/g, '$1')
  if (end === '$') return { kind: 'literal', text }
  return text === '' ? { kind: 'any' } : { kind: 'prefix', text }
}

export function alternativeOf(name: NameSet): string {
  if (name.kind === 'any') return '.*'
  return `^${escapedName(name.text)}${name.kind === 'literal' ? '$' : ''}`
}

/** A name as the part of a pattern that matches it and nothing else. */
export const escapedName = (name: string): string => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** The parts between the `|` that stand outside of every group and class. */
export function alternativesOf(pattern: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  let isClass = false
  for (let i = 0; i < pattern.length; i++) {
    const letter = pattern[i]
    if (letter === '\\') i++
    else if (isClass) isClass = letter !== ']'
    else if (letter === '[') {
      isClass = true
      // A bracket that comes first belongs to the class.
      if (pattern[i + 1] === '^') i++
      if (pattern[i + 1] === ']') i++
    } else if (letter === '(') depth++
    else if (letter === ')') depth--
    else if (letter === '|' && depth === 0) {
      parts.push(pattern.slice(from, i))
      from = i + 1
    }
  }
  parts.push(pattern.slice(from))
  return parts
}

interface Engine {
  compile(pattern: string): Program
}

interface Program {
  matcher(name: string): { find(): boolean }
  /** Its steps, as above. */
  programSize(): number
}

interface Steps {
  used: number
  readonly most: number
}

/** Linear is not enough: `([ab]{0,30}){0,30}` has a hundred times as many steps as letters. */
const stepsMax = (pattern: string): number => 600 + 2 * pattern.length

/** Makes patterns ready to be matched; its engine is loaded when the first of them needs it. */
export class PatternCompiler {
  #engine: Engine | null = null

  /** Refused: the pattern is too long, or not one that can be matched in linear time. */
  async check(pattern: string): Promise<Result<Compiled>> {
    if (pattern.length > patternLengthMax)
      return refuse('invalidRequest', `a pattern has at most ${patternLengthMax} characters`)
    await this.prepare(pattern)
    return this.#compile(pattern, stepsMax(pattern))
  }

  /** To be awaited before `compile` is asked for this pattern. */
  async prepare(pattern: string): Promise<void> {
    if (this.#engine !== null || simpleNames(pattern) !== null) return
    const { RE2JS } = await import('re2js')
    this.#engine = RE2JS
  }

  /** A pattern that cannot be compiled, which `check` would not have let in, matches no name. */
  compile(pattern: string): Compiled {
    const compiled = this.#compile(pattern, Number.POSITIVE_INFINITY)
    return compiled.ok ? compiled.value : { matches: () => false, steps: 0 }
  }

  #compile(pattern: string, most: number): Result<Compiled> {
    const names = simpleNames(pattern)
    if (names !== null) return ok({ matches: matcherOfNames(names, pattern), steps: 0 })
    const each: Matches[] = []
    const steps: Steps = { used: 0, most }
    for (const alternative of alternativesOf(pattern)) {
      const matches = this.#alternative(alternative, steps)
      if (!matches.ok) return matches
      each.push(matches.value)
    }
    return ok({ matches: (name) => each.some((one) => one(name)), steps: steps.used })
  }

  /** `^(?!A)(?=B)C` is: not `^A`, and `^B`, and `^C`, each of which RE2 can match. */
  #alternative(text: string, steps: Steps): Result<Matches> {
    const conditions: Matches[] = []
    let rest = text
    for (let look = lookAhead(rest); look !== null; look = lookAhead(rest)) {
      const inner = this.#expression(`^(?:${look.inner})`, steps)
      if (!inner.ok) return inner
      const { wanted } = look
      conditions.push((name) => inner.value(name) === wanted)
      rest = `^${look.rest}`
    }
    const main = this.#expression(rest, steps)
    if (!main.ok || conditions.length === 0) return main
    return ok((name) => conditions.every((one) => one(name)) && main.value(name))
  }

  #expression(text: string, steps: Steps): Result<Matches> {
    assert(this.#engine !== null, 'prepare comes before')
    try {
      const compiled = this.#engine.compile(text)
      steps.used += compiled.programSize()
      if (steps.used > steps.most) return refuse('invalidRequest', `'${text}' repeats too much`)
      return ok((name) => compiled.matcher(name).find())
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const why = error.message.replace(/^error parsing regexp: /, '')
      return refuse(
        'invalidRequest',
        `'${text}' is not a regular expression that is matched here (RE2's syntax, and ` +
          `look-ahead only at the beginning): ${why}`,
      )
    }
  }
}

function matcherOfNames(names: readonly NameSet[], pattern: string): Matches {
  if (names.some(({ kind }) => kind === 'any')) return () => true
  if (names.length === 0 || pattern === '') return (name) => name === ''
  const literals = new Set<string>()
  const prefixes: string[] = []
  for (const name of names)
    if (name.kind === 'literal') literals.add(name.text)
    else if (name.kind === 'prefix') prefixes.push(name.text)
  return (name) => literals.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}

/** The look-ahead that an anchored alternative begins with. */
function lookAhead(text: string): { inner: string; wanted: boolean; rest: string } | null {
  const [head] = /^\^\(\?[!=]/.exec(text) ?? []
  if (head === undefined) return null
  let depth = 1
  let isClass = false
  for (let i = head.length; i < text.length; i++) {
    const letter = text[i]
    if (letter === '\\') i++
    else if (isClass) isClass = letter !== ']'
    else if (letter === '[') isClass = true
    else if (letter === '(') depth++
    else if (letter === ')' && --depth === 0)
      return {
        inner: text.slice(head.length, i),
        wanted: head.endsWith('='),
        rest: text.slice(i + 1),
      }
  }
  return null
}
