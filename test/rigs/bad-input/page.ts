// The pages that show the cases of a rig, as tables: who plays them is told by the words alone.

export interface Shown {
  readonly row: number
  readonly sent: string
  readonly answer: string
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** The cases as rows of a Markdown table. */
const table = (cases: readonly Shown[], titles: Readonly<Record<number, string>>): string =>
  [
    '| row | what is sent | what is answered |',
    '|---|---|---|',
    ...cases.map(
      ({ row, sent, answer }) =>
        `| ${row} ${titles[row] ?? ''} | ${cell(sent)} | ${cell(answer)} |`,
    ),
  ].join('\n')

const [opening, closing] = ['<!-- cases -->', '<!-- /cases -->']

/** The page with the table as it has to be. */
export function renewed(
  page: string,
  cases: readonly Shown[],
  titles: Readonly<Record<number, string>>,
): string {
  const [from, to] = [page.indexOf(opening), page.indexOf(closing)]
  if (from < 0 || to < from) throw new Error('the page has no place for the cases')
  return `${page.slice(0, from)}${opening}\n${table(cases, titles)}\n${page.slice(to)}`
}
