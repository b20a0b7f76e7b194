// Whether bytes are a field table, found out without making anything of them: every message with
// headers is looked at so, and most are never decoded. Refuses exactly what field-codec.ts refuses,
// in the same words; a test holds the two together.
import { WireError } from '../../wire/wire-error.ts'
import { depthMax, tooDeep } from './field-codec.ts'

/** Bytes behind the type of a field, by the character of the type; -1: it tells itself. */
const sizes = new Int8Array(256).fill(-2)
for (const [types, size] of [
  ['V', 0],
  ['tbB', 1],
  ['su', 2],
  ['Iif', 4],
  ['D', 5],
  ['dTlL', 8],
  ['SxAF', -1],
] as const)
  for (const type of types) sizes[type.charCodeAt(0)] = size

const array = 0x41
const table = 0x46

/** Where the table ends whose length stands at `at`. Throws WireError. */
export const scanTable = (bytes: Uint8Array, at = 0): number => tableEnd(bytes, at, bytes.length, 0)

function tableEnd(bytes: Uint8Array, from: number, end: number, depth: number): number {
  if (depth > depthMax) throw tooDeep()
  const to = longEnd(bytes, from, end)
  let at = from + 4
  while (at < to) {
    at = checked(at, 1, to)
    at = valueEnd(bytes, checked(at, bytes[at - 1] as number, to), to, depth)
  }
  return to
}

function arrayEnd(bytes: Uint8Array, from: number, end: number, depth: number): number {
  const to = longEnd(bytes, from, end)
  let at = from + 4
  while (at < to) at = valueEnd(bytes, at, to, depth)
  return to
}

function valueEnd(bytes: Uint8Array, from: number, end: number, depth: number): number {
  if (depth > depthMax) throw tooDeep()
  const at = checked(from, 1, end)
  const type = bytes[from] as number
  const size = sizes[type] as number
  if (size >= 0) return checked(at, size, end)
  if (size === -2) {
    const letter = String.fromCharCode(type)
    throw new WireError(`fields: there is no field type '${letter}'`)
  }
  if (type === table) return tableEnd(bytes, at, end, depth + 1)
  return type === array ? arrayEnd(bytes, at, end, depth + 1) : longEnd(bytes, at, end)
}

/** Behind so many bytes and their length, which stands at `at`. */
function longEnd(bytes: Uint8Array, at: number, end: number): number {
  const from = checked(at, 4, end)
  const high = (bytes[at] as number) * 0x1000000
  const rest = ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8)
  return checked(from, high + (rest | (bytes[at + 3] as number)), end)
}

function checked(from: number, length: number, end: number): number {
  if (length > end - from) throw new WireError('fields: a field ends behind its table')
  return from + length
}
