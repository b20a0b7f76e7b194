// Which of many names match an expression that a client has sent. One name takes linear time, which
// a long expression can make milliseconds: others have their turn between. Lists and detailed
// metrics call it.
import type { Clock } from '../../io/clock.ts'
import type { Matches } from '../../security/access/name-pattern.ts'

/** So long the event loop is held at a time, in milliseconds, but for one name. */
const turnMs = 5

export async function matchingNames(
  clock: Clock,
  matches: Matches,
  names: Iterable<string>,
): Promise<Set<string>> {
  const matching = new Set<string>()
  let beganMs = clock.monotonic()
  for (const name of names) {
    if (matches(name)) matching.add(name)
    if (clock.monotonic() - beganMs < turnMs) continue
    await new Promise<void>((go) => clock.soon(go))
    beganMs = clock.monotonic()
  }
  return matching
}
