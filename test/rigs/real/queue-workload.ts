// Clients of queues, for the rigs that kill a real broker: what they need, and what has to be there
// afterwards. Each copy that was confirmed is in its queue, or where its dead letters go, or
// settled; never in two places, and never back.
import { fileURLToPath } from 'node:url'
import amqplib from 'amqplib'
import type { RunningPeer } from '../../../scripts/peers/peer.ts'
import { startPolymqAmqp } from '../../../scripts/peers/polymq.ts'
import { contentOf } from './ledger.ts'
import {
  allQueues,
  copyOf,
  fanout,
  letterQueues,
  type QueueLedger,
  readQueueLedger,
  type Source,
  sources,
} from './queue-ledger.ts'
import type { Workload } from './workload.ts'

const urlOf = ({ port }: RunningPeer): string => `amqp://guest:guest@127.0.0.1:${port}`

const letters = (queue: string) => ({
  'x-dead-letter-exchange': '',
  'x-dead-letter-routing-key': queue,
})

const ownArguments: Readonly<Record<Source, object>> = {
  work: { 'x-queue-type': 'quorum', 'x-delivery-limit': -1 },
  ranked: { 'x-max-priority': 3 },
  brief: { 'x-message-ttl': 300 },
}

export const queueWorkload: Workload<QueueLedger> = {
  start: (dataDir) => startPolymqAmqp(dataDir),
  prepare: declare,
  loader: fileURLToPath(new URL('./queue-load.js', import.meta.url)),
  address: urlOf,
  readLedger: readQueueLedger,
  acknowledged: ({ confirmed, surelyAccepted, surelyRejected }) =>
    confirmed.size + surelyAccepted.size + surelyRejected.size,
  verify: async (broker, required, allowed) => {
    const { copies, wrong } = await readAll(broker)
    return [...wrong, ...faults(copies, required, allowed)]
  },
}

async function declare(broker: RunningPeer): Promise<void> {
  const connection = await amqplib.connect(urlOf(broker))
  const channel = await connection.createChannel()
  for (const queue of sources)
    await channel.assertQueue(queue, {
      durable: true,
      arguments: { ...letters(letterQueues[queue]), ...ownArguments[queue] },
    })
  await channel.assertQueue('dead', { durable: true })
  await channel.assertQueue('late', { durable: true })
  await channel.assertQueue('marks', { durable: true, arguments: { 'x-max-length': 10 } })
  await channel.assertExchange(fanout, 'fanout', { durable: true })
  for (const queue of ['work', 'ranked']) await channel.bindQueue(queue, fanout, '')
  await connection.close()
}

/** Of each copy (`queue key`, by the queue that it came to first) how often it is there, */
interface Copies {
  readonly home: Map<string, number>
  /** or where dead letters go. */
  readonly moved: Map<string, number>
}

/** Takes everything and settles nothing: it is there again when the connection is closed. */
async function readAll(broker: RunningPeer): Promise<{ copies: Copies; wrong: string[] }> {
  const copies: Copies = { home: new Map(), moved: new Map() }
  const wrong: string[] = []
  const connection = await amqplib.connect(urlOf(broker))
  // What expires does so before it is looked for where it goes then.
  for (const queue of ['brief', ...allQueues.filter((each) => each !== 'brief')])
    await readQueue(connection, queue, (message) => {
      const content = message.content.toString()
      const key = /^[a-z]+\d*-\d+/.exec(content)?.[0] ?? ''
      if (content !== contentOf(key)) wrong.push(`${key} in ${queue} has another content`)
      const from = diedIn(message)
      const copy = copyOf(from ?? queue, key)
      const place = from === null ? copies.home : copies.moved
      place.set(copy, (place.get(copy) ?? 0) + 1)
    })
  await connection.close()
  return { copies, wrong }
}

/** The queue that it left as a dead letter; null: it never did. */
function diedIn({ properties }: amqplib.ConsumeMessage): string | null {
  const deaths = properties.headers?.['x-death'] as { readonly queue: string }[] | undefined
  return deaths?.[0]?.queue ?? null
}

async function readQueue(
  connection: amqplib.ChannelModel,
  queue: string,
  each: (message: amqplib.ConsumeMessage) => void,
): Promise<void> {
  const channel = await connection.createChannel()
  let read = 0
  await channel.consume(queue, (message) => {
    read++
    if (message !== null) each(message)
  })
  for (let before = -1, left = 1; left > 0 || read > before; ) {
    before = read
    left = (await channel.checkQueue(queue)).messageCount
  }
}

function faults(copies: Copies, required: QueueLedger, allowed: QueueLedger): string[] {
  const wrong: string[] = []
  for (const [where, place] of Object.entries(copies) as [string, Map<string, number>][])
    for (const [copy, times] of place) {
      if (!allowed.sent.has(copy)) wrong.push(`${copy} (${where}) was never sent`)
      if (times > 1) wrong.push(`${copy} (${where}) is there ${times} times`)
    }
  for (const copy of allowed.sent) {
    const fault = faultOf(copy, copies, required, allowed)
    if (fault !== null) wrong.push(`${copy} ${fault}`)
  }
  return wrong
}

function faultOf(
  copy: string,
  { home, moved }: Copies,
  required: QueueLedger,
  allowed: QueueLedger,
): string | null {
  const isHome = home.has(copy)
  const isMoved = moved.has(copy)
  if (isHome && isMoved) return 'was moved, and is in its queue too'
  if (isHome && required.surelyAccepted.has(copy)) return 'was settled durably, and is back'
  if (isHome && required.surelyRejected.has(copy)) return 'was rejected durably, and is back'
  const mayMove = allowed.rejected.has(copy) || copy.startsWith('brief ')
  if (isMoved && !mayMove) return 'was moved, and nobody rejected it'
  const mayBeSettled = allowed.accepted.has(copy)
  if (!isHome && !isMoved && required.confirmed.has(copy) && !mayBeSettled)
    return 'was confirmed, and is lost'
  return null
}
