// Every case of the rig, in the order of the rows, and the page that shows them.
import type { Case } from './case.ts'
import { renewed } from './page.ts'
import { authentication } from './rows/authentication.ts'
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
  ...authentication,
  ...connections,
  ...records,
  ...compressionBombs,
  ...names,
  ...groups,
  ...fetches,
  ...scarcity,
].sort((a, b) => a.row - b.row)

const titles: Readonly<Record<number, string>> = {
  1: 'other protocols',
  2: 'slow connections',
  3: 'many connections',
  4: 'sizes',
  5: 'APIs and versions',
  6: 'authentication',
  7: 'counts',
  8: 'lengths and tags',
  9: 'record batches',
  10: 'compression bombs',
  11: 'record headers',
  12: 'topic names',
  13: 'producers',
  14: 'groups',
  15: 'fetches',
  41: 'taken away',
  42: 'the log',
  44: 'scarcity',
  45: 'replays',
}

/** The page with the table as it has to be. */
export const renewedPage = (page: string): string => renewed(page, cases, titles)
