// JSON from outside. Invariant: what parseObject gives nests no deeper than a stack can walk, takes
// no more memory than a node has to spare, and its texts are Unicode, which what writes or escapes
// them relies on; whole numbers beyond 2^53 are as wide-integers.ts has them. Else it holds
// anything: also an object whose `toString` is no function, which String() fails on, so that
// `brief` is what shows a value. The management API, the metadata and files of definitions are read
// with it.
import { hideWide, showWide, wideLong } from './wide-integers.ts'

/** Deeper than anything that somebody means; a stack could walk some thousand. */
export const depthMax = 64
/** A hundred thousand queues have a million. */
const valuesMax = 4_000_000

/** Null: it is no JSON, no object, nests too deeply, or has too many values or half a character. */
export function parseObject(text: string, depth = depthMax): Record<string, unknown> | null {
  if (!isBounded(text, depth)) return null
  let value: unknown
  try {
    value = JSON.parse(hideWide(text))
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return value as Record<string, unknown>
}

const code = (char: string): number => char.charCodeAt(0)
const [quote, backslash, comma] = [code('"'), code('\\'), code(',')]
const opening = [code('['), code('{')]
const closing = [code(']'), code('}')]

/** Looks at the text, so that nothing is made of one that is too much. */
function isBounded(text: string, depthMost: number): boolean {
  let depth = 0
  let values = 0
  for (let i = 0; i < text.length; i++) {
    const at = text.charCodeAt(i)
    if (at === quote) i = endOfText(text, i)
    else if (at === comma) values++
    else if (opening.includes(at)) {
      values++
      depth++
    } else if (closing.includes(at)) depth--
    if (depth > depthMost || values > valuesMax || i === Number.POSITIVE_INFINITY) return false
  }
  return true
}

/** Where the text that begins at `from` ends; past everything when it holds half a character. */
function endOfText(text: string, from: number): number {
  let i = from + 1
  for (; i < text.length && text.charCodeAt(i) !== quote; i++) {
    if (text.charCodeAt(i) !== backslash) continue
    const unit = escapedUnit(text, i)
    if (isLow(unit)) return Number.POSITIVE_INFINITY
    if (!isHigh(unit)) i++
    else if (isLow(escapedUnit(text, i + 6))) i += 11
    else return Number.POSITIVE_INFINITY
  }
  return i
}

/** What `\\uXXXX` at `at` says; NaN: something else stands there. */
const escapedUnit = (text: string, at: number): number =>
  text.startsWith('\\u', at) ? Number.parseInt(text.slice(at + 2, at + 6), 16) : Number.NaN
const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000

/** What came of `parseObject`, or holds what `ofLong` gave, as JSON for others. */
export const jsonText = (value: unknown): string => showWide(JSON.stringify(value))

/** A value of JSON for a message to people. */
export function brief(value: unknown, most = 40): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return String(wideLong(text) ?? text).slice(0, most)
}
