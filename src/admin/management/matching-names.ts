// Which of many names match an expression that a client has sent. One name takes linear time, which
// a long expression can make milliseconds: others have their turn between. Lists and detailed
// metrics call it.
import { TimedTurns } from '../../base/timed-turns.ts'
import type { Clock } from '../../io/clock.ts'
import type { Matches } from '../../security/access/name-pattern.ts'

export async function matchingNames(
  clock: Clock,
  matches: Matches,
  names: Iterable<string>,
): Promise<Set<string>> {
  const matching = new Set<string>()
  const turns = new TimedTurns(clock)
  for (const name of names) {
    if (matches(name)) matching.add(name)
    await turns.next()
  }
  return matching
}
