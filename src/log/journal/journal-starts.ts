// Which start of the node wrote which part of the journal. A start goes on where it found the end
// of the journal, so that from there on the commits of all earlier starts are tails that were cut,
// however whole they look and wherever they stand. The manifest knows these places before the first
// commit of a start is written. Invariant: starts and places rise.
//
//   start 3 from 0 ······ start 5 from 8,192 ············ start 6 from 61,440 ······
//
// Used by the scan, and by the recovery that adds to it.

/** The number of a start, and the LSN from which on the commits are its own. */
export type StartPlace = readonly [generation: number, from: number]

/** The start whose commit stands at `lsn`; null: it was before such places were noted. */
export function writerOf(starts: readonly StartPlace[], lsn: number): number | null {
  for (let i = starts.length - 1; i >= 0; i--) {
    const [generation, from] = starts[i] as StartPlace
    if (from <= lsn) return generation
  }
  return null
}

/** What the manifest says of the starts before this one. */
export interface KnownStarts {
  /** Number of the last one; 0: there was none. */
  readonly generation: number
  readonly starts: readonly StartPlace[]
}

/**
 * Commits of this generation were written after the manifest had noted more than is there: it has
 * lost its end.
 */
export const isUnnoted = ({ generation, starts }: KnownStarts, of: number): boolean =>
  of > (starts.at(-1)?.[0] ?? generation)

/** The end of the journal at the last start: everything below it was read, and is durable. */
export const lastPlace = (starts: readonly StartPlace[]): number => starts.at(-1)?.[1] ?? 0

/** With one more. Starts that wrote nothing leave nothing to tell. */
export const withStart = (starts: readonly StartPlace[], added: StartPlace): StartPlace[] => [
  ...starts.filter(([, from]) => from < added[1]),
  added,
]

/** What still has to be known when the journal is replayed from `replayFrom` on. */
export const startsBehind = (starts: readonly StartPlace[], replayFrom: number): StartPlace[] =>
  starts.filter((_, i) => {
    const next = starts[i + 1]
    return next === undefined || next[1] > replayFrom
  })
