// Made parts of the pages in docs/protocols: a text between two marks, and a table of differences.
import type { Difference } from './answers.ts'

/** Puts `text` between `<!-- NAME -->` and `<!-- /NAME -->`. */
export function replaced(page: string, name: string, text: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [before, after] = [page.indexOf(open), page.indexOf(close)]
  if (before < 0 || after < before) throw new Error(`the page has no part ${name}`)
  return `${page.slice(0, before)}${open}\n${text}\n${page.slice(after)}`
}

/** Question, place and reason of each. */
export const differenceTable = (list: readonly Difference[]): string =>
  [
    '| question | why PolyMQ differs |',
    '|---|---|',
    ...list.map(({ id, at, expected, reason }) => {
      const where = at === undefined ? '' : `, at \`${cell(at)}\``
      const instead =
        expected === undefined ? '' : `; PolyMQ answers \`${cell(JSON.stringify(expected))}\``
      return `| \`${cell(id)}\`${where} | ${reason}${instead} |`
    }),
  ].join('\n')

/** A pattern as text that stays in its cell. */
const cell = (pattern: string | RegExp): string =>
  (typeof pattern === 'string' ? pattern : pattern.source).replaceAll('|', '\\|')
