// JSON from outside. Invariant: what parseObject gives nests no deeper than a stack can walk, and
// its texts are Unicode, which what writes or escapes them relies on. Else it holds anything: also
// an object whose `toString` is no function, which String() fails on, so that `brief` is what shows
// a value. The management API, the metadata and files of definitions are read with it.

/** Deeper than anything that somebody means. */
const depthMax = 64

/** Null: it is no JSON, no object, nests too deeply, or has half of a surrogate pair. */
export function parseObject(text: string): Record<string, unknown> | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  if (!isObject(value) || Array.isArray(value) || !isSound(value)) return null
  return value as Record<string, unknown>
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const halfPair = /\p{Surrogate}/u

function isSound(value: object): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === depthMax) return false
    const next: object[] = []
    for (const each of level)
      for (const [name, inner] of Object.entries(each)) {
        if (halfPair.test(name) || (typeof inner === 'string' && halfPair.test(inner))) return false
        if (isObject(inner)) next.push(inner)
      }
    level = next
  }
  return true
}

/** A value of JSON for a message to people. */
export function brief(value: unknown, most = 40): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return text.slice(0, most)
}
