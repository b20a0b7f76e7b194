// Sorts what may be a million, giving way to others: short runs first, which are then merged two
// by two. Stable. Lists of the management API use it.
import type { TimedTurns } from './timed-turns.ts'

type Compare<T> = (a: T, b: T) => number

/** In a millisecond or so. */
const runLength = 1024

export async function sortedInTurns<T>(
  items: readonly T[],
  compare: Compare<T>,
  turns: TimedTurns,
): Promise<T[]> {
  let runs: T[][] = []
  for (let at = 0; at < items.length; at += runLength) {
    runs.push(items.slice(at, at + runLength).sort(compare))
    await turns.next()
  }
  while (runs.length > 1) {
    const longer: T[][] = []
    for (let i = 0; i < runs.length; i += 2)
      longer.push(await merged(runs[i] ?? [], runs[i + 1] ?? [], compare, turns))
    runs = longer
  }
  return runs[0] ?? []
}

async function merged<T>(
  left: readonly T[],
  right: readonly T[],
  compare: Compare<T>,
  turns: TimedTurns,
): Promise<T[]> {
  const all: T[] = []
  let [i, k] = [0, 0]
  while (i < left.length || k < right.length) {
    const takesLeft =
      k === right.length || (i < left.length && compare(left[i] as T, right[k] as T) <= 0)
    all.push(takesLeft ? (left[i++] as T) : (right[k++] as T))
    if (all.length % runLength === 0) await turns.next()
  }
  return all
}
