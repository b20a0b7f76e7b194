// Whole numbers of JSON that a double cannot hold, and 64 bits can: an identifier in a header, say.
// Invariant: they keep every digit from the text that they come in to the text that they go out
// in. In between they are strings of a form that nothing else has, so that whatever keeps or shows
// JSON does so with them, too; a string of that form from outside is the number that it spells.
// base/json.ts reads and writes with it; arguments and headers make longs of it.

/** Behind a NUL. */
const form = /^#(-?[1-9]\d{15,18})#$/
/** The whole in JSON: the quote that opens a string is never behind a backslash. */
const formInJson = /(?<!\\)"\\u0000#(-?[1-9]\d{15,19})#"/g
const [longMin, longMax] = [-(2n ** 63n), 2n ** 63n - 1n]

/** As a value of JSON: a number if it can be one. */
export const ofLong = (value: bigint): number | string =>
  Number.isSafeInteger(Number(value)) ? Number(value) : `\u0000#${value}#`

/** Null: a string like any other. */
export function wideLong(text: string): bigint | null {
  const digits = text.charCodeAt(0) === 0 ? form.exec(text.slice(1))?.[1] : undefined
  return digits === undefined ? null : longOf(digits)
}

function longOf(digits: string): bigint | null {
  const value = BigInt(digits)
  return value >= longMin && value <= longMax ? value : null
}

/** JSON, with such numbers as the strings that stand for them. */
export function hideWide(json: string): string {
  if (!/\d{16}/.test(json)) return json
  const parts: string[] = []
  let done = 0
  for (let i = 0; i < json.length; i++) {
    if (json[i] === '"') i = endOfString(json, i)
    else if (isOfNumber(json[i])) {
      const from = i
      while (isOfNumber(json[i + 1])) i++
      const shown = shownAs(json.slice(from, i + 1))
      if (shown === null) continue
      parts.push(json.slice(done, from), shown)
      done = i + 1
    }
  }
  return parts.join('') + json.slice(done)
}

/** JSON as it goes out: digits again. */
export const showWide = (json: string): string =>
  json.includes('"\\u0000#') ? json.replace(formInJson, '$1') : json

const isOfNumber = (char: string | undefined): boolean =>
  char !== undefined && ((char >= '0' && char <= '9') || '+-.eE'.includes(char))

function shownAs(token: string): string | null {
  if (!/^-?[1-9]\d{15,18}$/.test(token) || Number.isSafeInteger(Number(token))) return null
  return longOf(token) === null ? null : `"\\u0000#${token}#"`
}

function endOfString(json: string, from: number): number {
  let i = from + 1
  while (i < json.length && json[i] !== '"') i += json[i] === '\\' ? 2 : 1
  return i
}
