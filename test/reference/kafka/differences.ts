// Where PolyMQ answers otherwise than Apache Kafka 4.2.0, on purpose, and why. A difference that is
// not listed here fails the comparison, and so does a listed one that no longer occurs.

export interface Difference {
  /** The id of one question, or a pattern over ids. */
  readonly id: string | RegExp
  /**
   * Where in the answer, when it is not all of it: a pattern over paths, `.topics[0].errorCode`.
   */
  readonly at?: RegExp
  /** One sentence for the reader of docs/protocols/kafka.md. */
  readonly reason: string
}

export const differences: readonly Difference[] = [
  {
    id: /^cluster\.apiVersions\.(24|25|26|27|28|61|65|66)\./,
    reason: 'transactions are not there yet, so their requests are not advertised',
  },
  {
    id: /^cluster\.apiVersions\.(29|30|31|38|39|40|41|48|49|50|51)\./,
    reason: 'access lists, delegation tokens, quotas and SCRAM users are not there yet',
  },
  {
    id: /^cluster\.apiVersions\.(34|35|43|45|46|55|57|64|74|75|80|81)\./,
    reason: 'one node has no replicas to move, no leaders to elect and no quorum to describe',
  },
  {
    id: /^cluster\.apiVersions\.(68|69|7[6-9]|8[3-9]|9[0-2])\./,
    reason: 'consumer groups of KIP-848, share groups and streams groups are not there yet',
  },
]

/** The list as a Markdown table. */
export const toMarkdown = (list: readonly Difference[]): string =>
  [
    '| question | why PolyMQ differs |',
    '|---|---|',
    ...list.map(({ id, reason }) => `| \`${String(id).replaceAll('|', '\\|')}\` | ${reason} |`),
  ].join('\n')
