// Things that one request names more than once. Of changes Kafka refuses them; what is asked twice
// is answered once here, so that no small request has an answer without bounds.

/** Of a question that is asked again in one request only the first is answered. */
export const firstOfEach = <T>(asked: readonly T[], keyOf: (one: T) => string): T[] => {
  const first = new Map<string, T>()
  for (const one of asked) if (!first.has(keyOf(one))) first.set(keyOf(one), one)
  return [...first.values()]
}

/** The keys that occur more than once. */
export function repeated(keys: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const key of keys) (seen.has(key) ? twice : seen).add(key)
  return twice
}
