// Every case of the rig, in the order of the rows, and the page that shows them.
import type { Case } from './case.ts'
import { compressionBombs } from './rows/bombs.ts'
import { connections } from './rows/connections.ts'
import { fetches } from './rows/fetches.ts'
import { framing } from './rows/framing.ts'
import { groups } from './rows/groups.ts'
import { names } from './rows/names.ts'
import { records } from './rows/records.ts'
import { scarcity } from './rows/scarcity.ts'

export const cases: readonly Case[] = [
  ...framing,
  ...connections,
  ...records,
  ...compressionBombs,
  ...names,
  ...groups,
  ...fetches,
  ...scarcity,
].sort((a, b) => a.row - b.row)

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** The cases as rows of a Markdown table. */
export const casesTable = (): string =>
  [
    '| row | what is sent | what is answered |',
    '|---|---|---|',
    ...cases.map(({ row, sent, answer }) => `| ${row} | ${cell(sent)} | ${cell(answer)} |`),
  ].join('\n')
