// The parts of docs/protocols/amqp.md that are made: how many questions of each area are asked, and
// what differs, from the list of differences.
import type { Answer } from '../answers.ts'
import { differenceTable, replaced } from '../page-parts.ts'
import { sections } from './differences.ts'

/** The page with its tables as they have to be. */
export function renewed(page: string, reference: readonly Answer[]): string {
  const lists = sections.map(({ title, list }) => `### ${title}\n\n${differenceTable(list)}`)
  return replaced(replaced(page, 'areas', areaTable(reference)), 'differences', lists.join('\n\n'))
}

const about: Readonly<Record<string, string>> = {
  connection: 'protocol headers, logins, vhosts, tuning, heartbeats, closing',
  frames: 'frames and contents that are broken, cut, too large, or not due',
  channel: 'opening, closing, what a channel does after a mistake, modes',
  exchange: 'declaring, what counts as the same, deleting, bindings between exchanges',
  queue: 'declaring, every argument with good and bad values, what counts as the same, deleting',
  ownership: 'exclusive, auto-delete and expiring queues, and who is told when one goes',
  routing: 'every type of exchange, bindings, alternates, circles',
  publish: 'confirms, returns, sizes, every property and every type of field there and back',
  consumers: 'starting, cancelling, priorities, exclusive and single active ones, basic.get',
  settle: 'ack, reject, nack, recover, unknown tags, requeueing, prefetch',
  ttl: 'messages and queues that live for a while',
  length: 'limits of length and bytes with each overflow',
  priority: 'queues with priorities',
  deadLetter: 'reasons, keys, headers, several hops, circles',
  tx: 'transactions',
  directReply: 'direct reply-to',
  copies: 'CC and BCC',
  access: 'permissions, topic permissions, validated user ids, vhosts',
  quorum: 'queues of type quorum, delivery counts and limits',
  streams: 'queues of type stream, read from an offset',
  restart: 'what is there after the broker was stopped and started again',
}

function areaTable(reference: readonly Answer[]): string {
  const counts = new Map<string, number>()
  for (const { id } of reference) {
    const area = id.slice(0, id.indexOf('.'))
    counts.set(area, (counts.get(area) ?? 0) + 1)
  }
  const rows = [...counts].map(([area, n]) => `| ${area} | ${n} | ${about[area] ?? ''} |`)
  return ['| area | questions | about |', '|---|---|---|', ...rows].join('\n')
}
