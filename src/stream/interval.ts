// Spans of time as arguments of streams have them: digits and one letter, as 7D or 90s.

const secondMs = 1000
const dayMs = 24 * 3600 * secondMs

const unitMs: ReadonlyMap<string, number> = new Map([
  ['Y', 365 * dayMs],
  ['M', 30 * dayMs],
  ['D', dayMs],
  ['h', 3600 * secondMs],
  ['m', 60 * secondMs],
  ['s', secondMs],
])

/** Milliseconds; null when it is no interval. */
export function intervalMs(text: string): number | null {
  const unit = unitMs.get(text.slice(-1))
  const digits = text.slice(0, -1)
  return unit !== undefined && /^\d{1,9}$/.test(digits) ? Number(digits) * unit : null
}
