// Where PolyMQ answers otherwise than Apache Kafka 4.2.0, on purpose, and why. A difference that is
// not listed here fails the comparison, and so does a listed one that no longer occurs.

export interface Difference {
  /** The id of one question, or a pattern over ids. */
  readonly id: string | RegExp
  /** One sentence for the reader of docs/protocols/kafka.md. */
  readonly reason: string
}

export const differences: readonly Difference[] = []

/** The list as a Markdown table. */
export const toMarkdown = (list: readonly Difference[]): string =>
  [
    '| question | why PolyMQ differs |',
    '|---|---|',
    ...list.map(({ id, reason }) => `| \`${String(id).replaceAll('|', '\\|')}\` | ${reason} |`),
  ].join('\n')
