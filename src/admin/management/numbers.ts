// The numbers of which listings and rates are made, by the names that RabbitMQ gives them. Pure:
// from the counters of queues, exchanges, connections, and of the node as a whole.
import type { QueueFigures } from '../../broker/messaging/hosted-queue.ts'
import type { ChannelTraffic, Traffic } from '../../broker/messaging/listings.ts'
import type { VhostCore } from '../../broker/messaging/vhost-core.ts'
import { addCounters, QueueCounters } from '../../queue/queue-counters.ts'
import type { ManagedNode } from './managed-node.ts'

export type Numbers = Readonly<Record<string, number>>

const ofCounters = (counters: QueueCounters): Numbers => {
  const { delivered, deliveredSettled, got, gotSettled, gotNothing } = counters
  return {
    ack: counters.accepted,
    deliver: delivered,
    deliver_get: delivered + deliveredSettled + got + gotSettled,
    deliver_no_ack: deliveredSettled,
    get: got,
    get_empty: gotNothing,
    get_no_ack: gotSettled,
    publish: counters.published,
    redeliver: counters.redelivered,
  }
}

interface Sized {
  readonly ready: number
  readonly delayed: number
  readonly inFlight: number
}

export const lengthsOf = ({ ready, delayed, inFlight }: Sized): Numbers => ({
  messages: ready + delayed + inFlight,
  messages_ready: ready + delayed,
  messages_unacknowledged: inFlight,
})

/** Of bodies: of those in flight, too. */
export const bytesOf = ({ readyBytes, bytesInFlight }: QueueFigures): Numbers => ({
  message_bytes: readyBytes + bytesInFlight,
  message_bytes_ready: readyBytes,
  message_bytes_unacknowledged: bytesInFlight,
})

export const queueCounts = ({ counters }: QueueFigures): Numbers => ofCounters(counters)

export const queueNumbers = (queue: QueueFigures): Numbers => ({
  ...queueCounts(queue),
  ...lengthsOf(queue),
})

export const trafficNumbers = (traffic: Traffic): Numbers => ({
  recv_oct: traffic.receivedBytes,
  recv_cnt: traffic.receivedPieces,
  send_oct: traffic.sentBytes,
  send_cnt: traffic.sentPieces,
})

/** What one channel counts. */
export const channelCounts = (counters: ChannelTraffic): Numbers => ({
  ack: counters.settled,
  confirm: counters.confirmed,
  deliver_get: counters.delivered,
  publish: counters.published,
  return_unroutable: counters.returned,
})

/** Where `Rates` keeps the rate of each of those. */
export const channelRateNames: Readonly<Record<string, keyof ChannelTraffic>> = {
  ack: 'settled',
  confirm: 'confirmed',
  deliver_get: 'delivered',
  publish: 'published',
  return_unroutable: 'returned',
}

/** Messages that clients published: those that exchanges took. */
function publishedIn(core: VhostCore): number {
  let count = 0
  for (const counters of core.exchangeCounters.values()) count += counters.in
  return count
}

export function vhostCounts(core: VhostCore): Numbers {
  const sum = new QueueCounters()
  addCounters(sum, core.past)
  for (const { queue } of core.queues.values()) addCounters(sum, queue.counters)
  return { ...ofCounters(sum), publish: publishedIn(core) }
}

export function vhostLengths(core: VhostCore): Numbers {
  const sum = { ready: 0, delayed: 0, inFlight: 0 }
  for (const { queue } of core.queues.values()) {
    sum.ready += queue.ready
    sum.delayed += queue.delayed
    sum.inFlight += queue.inFlight
  }
  for (const { messages } of core.streams.values()) sum.ready += messages
  return lengthsOf(sum)
}

export function addNumbers(all: Iterable<Numbers>): Numbers {
  const sum: Record<string, number> = {}
  for (const numbers of all)
    for (const [name, value] of Object.entries(numbers)) sum[name] = (sum[name] ?? 0) + value
  return sum
}

export function doorCounts({ doors }: ManagedNode): Numbers {
  return addNumbers(
    doors().map(({ confirmed, returned }) => ({ confirm: confirmed, return_unroutable: returned })),
  )
}

export function churnOf(node: ManagedNode): Numbers {
  const { vhosts, sessions } = node.messaging
  const doors = addNumbers(node.doors().map((door) => ({ ...door })))
  const made = addNumbers([...vhosts.values()].map(({ churn }) => ({ ...churn })))
  const { accepted = 0, channelsOpened = 0, channelsClosed = 0 } = doors
  const open = [...sessions].length
  return {
    channel_closed: channelsClosed,
    channel_created: channelsOpened,
    connection_closed: Math.max(0, accepted - open),
    connection_created: accepted,
    queue_created: made['queuesMade'] ?? 0,
    queue_declared: made['queuesDeclared'] ?? 0,
    queue_deleted: made['queuesGone'] ?? 0,
  }
}
