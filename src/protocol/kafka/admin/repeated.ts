// Requests of administrators name each thing once; Kafka refuses what is named again.

/** The keys that occur more than once. */
export function repeated(keys: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const key of keys) (seen.has(key) ? twice : seen).add(key)
  return twice
}
