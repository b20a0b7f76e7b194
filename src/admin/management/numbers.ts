// The numbers of which listings and rates are made, by the names that RabbitMQ gives them. Pure:
// from the counters of queues, exchanges, connections, and of the node as a whole.
import type { QueueFigures } from '../../broker/messaging/hosted-queue.ts'
import type { ChannelTraffic, ExchangeCounters, Traffic } from '../../broker/messaging/listings.ts'
import type { VhostCore } from '../../broker/messaging/vhost-core.ts'
import { addCounters, QueueCounters } from '../../queue/queue-counters.ts'
import type { LoginCounts, ManagedNode } from './managed-node.ts'

export type Numbers = Readonly<Record<string, number>>

type Given = Pick<ChannelTraffic, keyof ChannelTraffic & keyof QueueCounters>

const ofGiven = (counters: Given): Numbers => {
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
export const bytesOf = ({ readyBytes, delayedBytes, bytesInFlight }: QueueFigures): Numbers => ({
  message_bytes: readyBytes + delayedBytes + bytesInFlight,
  message_bytes_ready: readyBytes + delayedBytes,
  message_bytes_unacknowledged: bytesInFlight,
})

export const queueCounts = ({ counters }: QueueFigures): Numbers => ofGiven(counters)

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
  ...ofGiven(counters),
  confirm: counters.confirmed,
  drop_unroutable: counters.dropped,
  publish: counters.published,
  return_unroutable: counters.returned,
})

/** Messages that clients published: those that exchanges took, and what these gave to queues. */
export function exchanged(core: VhostCore): ExchangeCounters {
  const sum = { ...core.pastExchanges }
  for (const counters of core.exchangeCounters.values()) {
    sum.in += counters.in
    sum.out += counters.out
  }
  return sum
}

export function vhostCounts(core: VhostCore): Numbers {
  const sum = new QueueCounters()
  for (const past of [core.past.classic, core.past.quorum]) addCounters(sum, past)
  for (const { used } of core.queues.values()) if (used !== null) addCounters(sum, used.counters)
  return { ...ofGiven(sum), publish: exchanged(core).in }
}

export function vhostLengths(core: VhostCore): Numbers {
  const sum = { ready: 0, delayed: 0, inFlight: 0 }
  for (const { used } of core.queues.values()) {
    if (used === null) continue
    sum.ready += used.ready
    sum.delayed += used.delayed
    sum.inFlight += used.inFlight
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
    doors().map(({ confirmed, returned, dropped }) => ({
      confirm: confirmed,
      drop_unroutable: dropped,
      return_unroutable: returned,
    })),
  )
}

/** By protocol. */
export function loginsOf(node: ManagedNode): readonly (readonly [string, LoginCounts])[] {
  const amqp = { done: 0, failed: 0 }
  for (const { loginsDone, loginsFailed } of node.doors()) {
    amqp.done += loginsDone
    amqp.failed += loginsFailed
  }
  return [
    ['http', node.httpLogins],
    ['amqp091', amqp],
  ]
}

export function churnOf(node: ManagedNode): Numbers {
  const { queueChurn, sessionChurn } = node.messaging
  const doors = addNumbers(node.doors().map((door) => ({ ...door })))
  const { channelsOpened = 0, channelsClosed = 0 } = doors
  return {
    channel_closed: channelsClosed,
    channel_created: channelsOpened,
    connection_closed: sessionChurn.closed,
    connection_created: sessionChurn.opened,
    queue_created: queueChurn.made,
    queue_declared: queueChurn.declared,
    queue_deleted: queueChurn.gone,
  }
}
