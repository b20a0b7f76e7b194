// /api/channels and /api/consumers: what connections have open.
import { isSingleActive } from '../../../broker/declarations/queue-arguments.ts'
import type { ChannelDescription, ConsumerDescription } from '../../../broker/messaging/listings.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { plainTable } from '../../../model/message/readable-headers.ts'
import { notFound } from '../answer.ts'
import type { Call } from '../call.ts'
import { listed, listedWhole, type Shown, shownOne } from '../listing.ts'
import type { ManagedNode } from '../managed-node.ts'
import { channelCounts } from '../numbers.ts'
import { idleShown, messageStats } from '../shown.ts'
import { type ListedSession, sessionOf, sessionsOf } from './connections.ts'

interface Item {
  readonly session: ListedSession
  readonly channel: ChannelDescription
}

const nameOf = ({ session, channel }: Item): string => `${session.view.name} (${channel.id})`

const itemsOf = (sessions: readonly ListedSession[]): Item[] =>
  sessions.flatMap((session) => session.view.channels().map((channel) => ({ session, channel })))

const list = (call: Call, sessions: readonly ListedSession[]): Promise<HttpAnswer> =>
  listed(call, itemsOf(sessions), nameOf, (item) => describe(call, item))

export const listChannels = (call: Call): Promise<HttpAnswer> => list(call, sessionsOf(call))
export const listChannelsOfConnection = (call: Call): Promise<HttpAnswer> =>
  list(call, [sessionOf(call)])

function describe({ node, rates }: Call, item: Item): Record<string, unknown> {
  const { session, channel } = item
  const { view, user, vhost } = session
  const { peer } = view.describe()
  const counts = channelCounts(channel.counters)
  return {
    name: nameOf(item),
    number: channel.id,
    user,
    user_who_performed_action: user,
    vhost,
    node: node.name,
    state: 'running',
    connection_details: { name: view.name, peer_host: peer.host, peer_port: peer.port },
    confirm: channel.isConfirming,
    transactional: channel.isTransactional,
    prefetch_count: channel.prefetchOfConsumers,
    global_prefetch_count: channel.prefetch,
    consumer_count: channel.consumerCount,
    messages_unacknowledged: channel.unacknowledged,
    messages_unconfirmed: channel.unconfirmed,
    messages_uncommitted: channel.uncommitted.messages,
    acks_uncommitted: channel.uncommitted.settlements,
    ...idleShown(rates.idleSince(channel.counters)),
    ...messageStats(counts, rates, channel.counters),
  }
}

export function showChannel(call: Call): HttpAnswer {
  const found = itemsOf(sessionsOf(call)).find((item) => nameOf(item) === call.part('channel'))
  if (found === undefined) throw notFound()
  const consumers = found.channel.consumers.map((each) => consumerShown(call, found, each))
  return shownOne(call, { ...describe(call, found), consumer_details: consumers })
}

// ---- Consumers ----------------------------------------------------------------------------------

function consumerShown({ node }: Call, item: Item, consumer: ConsumerDescription) {
  const { session, channel } = item
  const { view, user, vhost } = session
  const { peer } = view.describe()
  return {
    consumer_tag: consumer.tag,
    queue: { name: consumer.queue, vhost },
    ack_required: !consumer.isSettled,
    exclusive: consumer.isExclusive,
    active: consumer.isActive,
    activity_status: activityOf(node, vhost, consumer),
    prefetch_count: consumer.prefetch,
    arguments: plainTable(consumer.arguments),
    channel_details: {
      name: nameOf(item),
      number: channel.id,
      connection_name: view.name,
      peer_host: peer.host,
      peer_port: peer.port,
      node: node.name,
      user,
    },
  }
}

/** RabbitMQ's words: `single_active` where others wait, `up` where all are served. */
function activityOf(node: ManagedNode, vhost: string, consumer: ConsumerDescription): string {
  if (!consumer.isActive) return 'waiting'
  const queue = node.messaging.vhosts.get(vhost)?.queues.get(consumer.queue)
  return queue !== undefined && isSingleActive(queue.definition.arguments) ? 'single_active' : 'up'
}

interface At {
  readonly queue: string
  readonly vhost: string
}

/** Of all connections, whoever may see them: those of one queue, say. */
export function consumersOf(call: Call, isWanted: (at: At) => boolean): Shown[] {
  const shown: Shown[] = []
  for (const session of call.node.messaging.sessions) {
    const { view, vhost } = session
    if (view === undefined) continue
    for (const channel of view.channels())
      for (const consumer of channel.consumers)
        if (isWanted({ queue: consumer.queue, vhost }))
          shown.push(consumerShown(call, { session: { ...session, view }, channel }, consumer))
  }
  return shown
}

export function listConsumers(call: Call): Promise<HttpAnswer> {
  const vhosts = new Set(call.vhosts().map(({ name }) => name))
  const shown = consumersOf(call, ({ vhost }) => vhosts.has(vhost))
  return listedWhole(call, shown)
}
