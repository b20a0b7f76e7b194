// From the text of a configuration value to a typed one, and the words for a value that does not
// fit. Called for everything that a client or the command line sets, and again when settings are
// resolved.
import { assert } from '../../base/assert.ts'
import { ok, type Result, refuse } from '../errors.ts'
import type { ConfigKey, NumberKey, TextKey } from './config-key.ts'

export type ConfigValue = boolean | number | string | readonly string[]

/** No value, of a key or of one appended list, is longer. Code units. */
export const valueLengthMax = 32_768

/** Largest value of Kafka's 64-bit type; stands for "no limit". As a number it is 2^63. */
export const longMax = '9223372036854775807'

const typeBounds = {
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const

/**
 * The typed value of `text` for `key`; refused with `invalidConfig` and words that name the key,
 * the value and what would be right. Long values beyond 2^53 lose their last digits, which no
 * setting needs.
 */
export function parseConfig(key: ConfigKey, text: string): Result<ConfigValue> {
  if (text.length > valueLengthMax)
    return refuse('invalidConfig', `${key.name} may be ${valueLengthMax} characters long at most`)
  const value = typed(key, text.trim())
  if (value === null) return refuse('invalidConfig', complaint(key, text))
  if (key.effect !== 'refused' || isDefault(key, value)) return ok(value)
  const only = key.default === null ? 'cannot be set' : `can only be '${key.default}'`
  return refuse('invalidConfig', `${key.name} ${only} here: ${key.reason}`)
}

/** The value of a text that was validated before. */
export function knownConfig(key: ConfigKey, text: string): ConfigValue {
  const value = typed(key, text.trim())
  assert(value !== null, `${key.name} holds '${text}'`)
  return value
}

/**
 * The items of a list as text; blanks around them do not count, and an empty text is an empty list.
 */
export function itemsOf(text: string): string[] {
  return text.trim() === '' ? [] : text.split(',').map((item) => item.trim())
}

function isDefault(key: ConfigKey, value: ConfigValue): boolean {
  if (key.default === null) return false
  return String(typed(key, key.default)) === String(value)
}

/** Null when `text` is not a value of `key`. */
function typed(key: ConfigKey, text: string): ConfigValue | null {
  switch (key.type) {
    case 'boolean': {
      const word = text.toLowerCase()
      return word === 'true' ? true : word === 'false' ? false : null
    }
    case 'short':
    case 'int':
    case 'long':
    case 'double':
      return numberOf(key, text)
    case 'string':
    case 'class':
    case 'password':
      return fits(key, text) ? text : null
    case 'list': {
      const items = itemsOf(text)
      if (items.some((item) => item === '' || !fits(key, item))) return null
      return [...new Set(items)]
    }
  }
}

const wholeForm = /^[+-]?\d{1,19}$/
/** As Java spells them, the letter for the type included. */
const doubleForm = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/

function numberOf(key: NumberKey, text: string) {
  const form = key.type === 'double' ? doubleForm : wholeForm
  if (!form.test(text)) return null
  if (key.type !== 'double') {
    const whole = BigInt(text.replace('+', ''))
    const [low, high] = typeBounds[key.type]
    if (whole < low || whole > high) return null
  }
  const value = Number(text.replace(/[dDfF]$/, ''))
  if (value === key.or) return value
  const inside = value >= (key.min ?? -Infinity) && value <= (key.max ?? Infinity)
  return inside && Number.isFinite(value) ? value : null
}

function fits(key: TextKey, text: string): boolean {
  return (key.words?.includes(text) ?? true) && (key.form?.pattern.test(text) ?? true)
}

function complaint(key: ConfigKey, text: string): string {
  const cut = text.length > 100 ? `${text.slice(0, 100)}...` : text
  const shown = cut.replace(/\p{Cc}/gu, (c) => JSON.stringify(c).slice(1, -1))
  return `'${shown}' is not a value of ${key.name}: it takes ${valuesOf(key)}`
}

/** The values that a key takes, in words: "a whole number from 1 to 9, or -1". */
function valuesOf(key: ConfigKey): string {
  switch (key.type) {
    case 'boolean':
      return "'true' or 'false'"
    case 'string':
    case 'class':
    case 'password':
      return key.form?.text ?? (key.words ? `one of ${key.words.join(', ')}` : 'any text')
    case 'list': {
      const items = key.form?.text ?? key.words?.join(', ')
      return items ? `a list, separated by commas, of ${items}` : 'a list, separated by commas'
    }
    case 'short':
    case 'int':
    case 'long':
    case 'double':
      return numbersOf(key)
  }
}

function numbersOf(key: NumberKey): string {
  const noun = key.type === 'double' ? 'a number' : 'a whole number'
  const or = key.or === undefined ? '' : `, or ${key.or}`
  const width = key.type === 'short' ? 2 ** 15 : key.type === 'int' ? 2 ** 31 : undefined
  const max = key.max ?? (width && width - 1)
  if (max !== undefined) return `${noun} from ${key.min ?? -(width ?? 0)} to ${max}${or}`
  return key.min === undefined ? noun : `${noun} of at least ${key.min}${or}`
}
