// Figures as text: for each row the least, the median and the most of all rounds, and the ratios of
// the pairs that ran next to each other.
import type { Row } from './measure.ts'

/** The rows of one peer, one entry for each round. */
export type Rounds = ReadonlyMap<string, readonly Row[][]>

const median = (sorted: readonly number[]): number => {
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Three significant figures, thousands separated. */
const short = (value: number): string =>
  Number.isFinite(value) ? value.toLocaleString('en-US', { maximumSignificantDigits: 3 }) : '-'

const spread = (values: readonly number[]): string => {
  if (values.length === 0) return '-'
  if (values.length === 1) return short(values[0] ?? Number.NaN)
  const sorted = values.toSorted((a, b) => a - b)
  return [sorted[0], median(sorted), sorted.at(-1)].map((v) => short(v ?? Number.NaN)).join(' / ')
}

const valuesOf = (rounds: readonly Row[][], name: string): (number | undefined)[] =>
  rounds.map((rows) => rows.find((row) => row.name === name)?.value)

const isNumber = (value: number | undefined): value is number => value !== undefined

const ratios = (above: readonly Row[][], below: readonly Row[][], name: string): number[] => {
  const denominators = valuesOf(below, name)
  return valuesOf(above, name)
    .map((value, round) => {
      const other = denominators[round]
      return value === undefined || !other ? undefined : value / other
    })
    .filter(isNumber)
}

const aligned = (lines: readonly (readonly string[])[]): string => {
  const width = (column: number): number =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(width(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A table: one line a row, one column a peer, one more a pair of `target` over each other peer. */
export function table(rounds: Rounds, target: string): string {
  const peers = [...rounds.keys()]
  const others = rounds.has(target) ? peers.filter((peer) => peer !== target) : []
  const of = (peer: string): readonly Row[][] => rounds.get(peer) ?? []
  const names = [
    ...new Set(
      peers.flatMap((peer) =>
        of(peer)
          .flat()
          .map((row) => row.name),
      ),
    ),
  ]
  const head = ['least / median / most', ...peers, ...others.map((peer) => `${target}/${peer}`)]
  const lines = names.map((name) => [
    name,
    ...peers.map((peer) => spread(valuesOf(of(peer), name).filter(isNumber))),
    ...others.map((peer) => spread(ratios(of(target), of(peer), name))),
  ])
  return aligned([head, ...lines])
}
