// The numbers of single objects (queues, channels, connections, exchanges) and of the node, in the
// families of RabbitMQ's Prometheus plugin: /metrics/detailed shows those that a scrape asks for by
// `family`, `vhost` and `queue`, /metrics/per-object all of them. A number that is not kept here
// (by channel and exchange, say, or Erlang's own) is left out. The composition root gives both to
// the metrics door.
import type { Opening } from '../../broker/messaging/api.ts'
import type { ChannelDescription, SessionView } from '../../broker/messaging/listings.ts'
import type { VhostCore } from '../../broker/messaging/vhost-core.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import { PatternCompiler } from '../../security/access/name-pattern.ts'
import type { Family, Sample } from '../prometheus.ts'
import { channelFamilies, connectionFamilies } from './channel-metrics.ts'
import type { ManagedNode } from './managed-node.ts'
import { matchingNames } from './matching-names.ts'
import { churnOf } from './numbers.ts'
import { type QueueObject, queueFamilies, queueInfo } from './queue-metrics.ts'
import {
  coarseOfNode,
  globals,
  identity,
  limitsOfNode,
  logins,
  totals,
} from './rabbitmq-metrics.ts'

/** Which objects a scrape is about. */
interface Scope {
  hasVhost(vhost: string): boolean
  hasQueue(queue: string): boolean
}

const everything: Scope = { hasVhost: () => true, hasQueue: () => true }

interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  samples(node: ManagedNode, scope: Scope): Iterable<Sample>
}

// ---- Kinds of objects ---------------------------------------------------------------------------

type Maker<T> = (
  type: Metric['type'],
  name: string,
  help: string,
  read: (object: T) => number | null,
) => Metric

const ofNode: Maker<ManagedNode> = (type, name, help, read) => ({
  type,
  name,
  help,
  samples: (node) => [{ value: read(node) ?? 0 }],
})

const ofQueue: Maker<QueueObject> = (type, name, help, read) => ({
  type,
  name,
  help,
  *samples(node, scope) {
    for (const [vhost, core] of node.messaging.vhosts) {
      if (!scope.hasVhost(vhost)) continue
      for (const objects of [core.queues, core.streams])
        for (const [queue, object] of objects) {
          const value = scope.hasQueue(queue) ? read(object) : null
          if (value !== null) yield { value, labels: { vhost, queue } }
        }
    }
  },
})

const ofConnection: Maker<SessionView> = (type, name, help, read) => ({
  type,
  name,
  help,
  *samples(node) {
    // RabbitMQ calls a connection's process a channel's.
    for (const view of viewsOf(node))
      yield { value: read(view) ?? 0, labels: { channel: view.name } }
  },
})

const ofChannel: Maker<ChannelDescription> = (type, name, help, read) => ({
  type,
  name,
  help,
  *samples(node) {
    for (const view of viewsOf(node))
      for (const channel of view.channels())
        yield { value: read(channel) ?? 0, labels: { channel: `${view.name} (${channel.id})` } }
  },
})

function* viewsOf({ messaging }: ManagedNode): Iterable<SessionView> {
  for (const { view } of messaging.sessions as Iterable<Opening>) if (view !== undefined) yield view
}

interface ExchangeObject {
  readonly core: VhostCore
  readonly name: string
}

/** Those that have a name and are for clients. */
const ofExchange: Maker<ExchangeObject> = (type, name, help, read) => ({
  type,
  name,
  help,
  *samples(node, scope) {
    for (const [vhost, core] of node.messaging.vhosts) {
      if (!scope.hasVhost(vhost)) continue
      for (const { name: exchange, internal, type: kind } of core.exchanges.values())
        if (!internal && exchange !== '')
          yield {
            value: read({ core, name: exchange }) ?? 0,
            labels: { vhost, exchange, type: kind },
          }
    }
  },
})

const ofVhost: Maker<VhostCore> = (type, name, help, read) => ({
  type,
  name,
  help,
  *samples(node) {
    for (const [vhost, core] of node.messaging.vhosts)
      yield { value: read(core) ?? 0, labels: { vhost } }
  },
})

// ---- Families -----------------------------------------------------------------------------------

const nodeGroups: ReadonlyMap<string, readonly Metric[]> = new Map([
  [
    'connection_churn_metrics',
    (
      [
        ['connections_opened_total', 'connection_created', 'Connections that were opened.'],
        ['connections_closed_total', 'connection_closed', 'Connections that were closed.'],
        ['channels_opened_total', 'channel_created', 'Channels that were opened.'],
        ['channels_closed_total', 'channel_closed', 'Channels that were closed.'],
        ['queues_declared_total', 'queue_declared', 'Declarations of queues.'],
        ['queues_created_total', 'queue_created', 'Queues that were made.'],
        ['queues_deleted_total', 'queue_deleted', 'Queues that were deleted.'],
      ] as const
    ).map(([name, key, help]) => ofNode('counter', name, help, (node) => churnOf(node)[key] ?? 0)),
  ],
  [
    'node_coarse_metrics',
    coarseOfNode.map(([name, help, read]) => ofNode('gauge', name, help, read)),
  ],
  ['node_metrics', limitsOfNode.map(([name, help, read]) => ofNode('gauge', name, help, read))],
])

const objectGroups: ReadonlyMap<string, readonly Metric[]> = new Map([
  ...[...queueFamilies].map(([family, metrics]): [string, readonly Metric[]] => [
    family,
    metrics.map(([type, name, help, read]) => ofQueue(type, name, help, read)),
  ]),
  ...[...channelFamilies].map(([family, metrics]): [string, readonly Metric[]] => [
    family,
    metrics.map(([type, name, help, read]) => ofChannel(type, name, help, read)),
  ]),
  ...[...connectionFamilies].map(([family, metrics]): [string, readonly Metric[]] => [
    family,
    metrics.map(([type, name, help, read]) => ofConnection(type, name, help, read)),
  ]),
  [
    'exchange_metrics',
    [
      ofExchange(
        'counter',
        'exchange_messages_published_total',
        'Messages published to it.',
        ({ core, name }) => core.exchangeCounters.get(name)?.in ?? 0,
      ),
    ],
  ],
])

/** Of definitions; in /metrics/detailed alone. */
const clusterGroups: ReadonlyMap<string, readonly Metric[]> = new Map([
  ['vhost_status', [ofVhost('gauge', 'vhost_status', '1 while the vhost can be used.', () => 1)]],
  [
    'exchange_bindings',
    [
      ofExchange(
        'gauge',
        'exchange_bindings',
        'Bindings from it.',
        ({ core, name }) => core.routing.bindingsFrom(name).length,
      ),
    ],
  ],
  ['exchange_names', [ofExchange('gauge', 'exchange_name', 'Always 1.', () => 1)]],
])

const familyOf = (prefix: string, metric: Metric, node: ManagedNode, scope: Scope): Family => ({
  name: `rabbitmq_${prefix}${metric.name}`,
  type: metric.type,
  help: metric.help,
  samples: () => metric.samples(node, scope),
})

const infoFamily = (prefix: string, node: ManagedNode, scope: Scope): Family => ({
  name: `rabbitmq_${prefix}queue_info`,
  type: 'gauge',
  help: 'Always 1; the labels tell of the queue.',
  *samples() {
    for (const [vhost, core] of node.messaging.vhosts) {
      if (!scope.hasVhost(vhost)) continue
      for (const objects of [core.queues, core.streams])
        for (const [queue, object] of objects)
          if (scope.hasQueue(queue))
            yield { value: 1, labels: { vhost, queue, ...queueInfo(object) } }
    }
  },
})

// ---- Scrapes ------------------------------------------------------------------------------------

/** As /metrics/per-object shows them. A number that two families have stands once. */
export function perObjectMetrics(node: ManagedNode): Family[] {
  const metrics = [...nodeGroups.values(), ...objectGroups.values()].flat()
  const unique = new Map(metrics.map((metric) => [metric.name, metric]))
  return [
    ...identity(node, 'per-object'),
    ...totals(node),
    ...logins(node, 'rabbitmq_'),
    ...globals(node),
    ...[...unique.values()].map((metric) => familyOf('', metric, node, everything)),
    infoFamily('', node, everything),
  ]
}

/**
 * As /metrics/detailed shows them: the families that the query names, of those vhosts and of queues
 * whose name the expression `queue` matches. Refused with `invalidRequest`.
 */
export async function detailedMetrics(
  node: ManagedNode,
  query: string,
): Promise<Result<readonly Family[]>> {
  const wishes = new URLSearchParams(query)
  const scope = await scopeOf(node, wishes)
  if (!scope.ok) return scope
  const wanted = new Set(wishes.getAll('family'))
  // The one has what the other has.
  if (wanted.has('queue_metrics')) wanted.delete('queue_consumer_count')
  const chosen = (groups: typeof nodeGroups, prefix: string): Family[] =>
    [...groups]
      .filter(([family]) => wanted.has(family))
      .flatMap(([, metrics]) => metrics.map((each) => familyOf(prefix, each, node, scope.value)))
  const isOfQueues = ['queue_coarse_metrics', 'queue_consumer_count', 'queue_metrics']
  return ok([
    ...(wanted.has('auth_attempt_metrics') ? logins(node, 'rabbitmq_detailed_') : []),
    ...chosen(nodeGroups, 'detailed_'),
    ...chosen(objectGroups, 'detailed_'),
    ...chosen(clusterGroups, 'cluster_'),
    ...(isOfQueues.some((family) => wanted.has(family))
      ? [infoFamily('detailed_', node, scope.value)]
      : []),
    ...identity(node, 'detailed'),
  ])
}

async function scopeOf(node: ManagedNode, wishes: URLSearchParams): Promise<Result<Scope>> {
  const vhosts = wishes.has('vhost') ? new Set(wishes.getAll('vhost')) : null
  const hasVhost = (vhost: string): boolean => vhosts === null || vhosts.has(vhost)
  const [pattern = '', ...others] = wishes.getAll('queue')
  if (others.length > 0)
    return refuse('invalidRequest', "Only one 'queue' query parameter is allowed")
  if (pattern === '') return ok({ ...everything, hasVhost })
  const checked = await new PatternCompiler().check(pattern)
  if (!checked.ok) return refuse('invalidRequest', `Invalid 'queue' regex: ${checked.message}`)
  const cores = [...node.messaging.vhosts.values()].filter(({ name }) => hasVhost(name))
  const names = cores.flatMap(({ queues, streams }) => [...queues.keys(), ...streams.keys()])
  const matching = await matchingNames(node.clock, checked.value.matches, names)
  return ok({ hasVhost, hasQueue: (queue) => matching.has(queue) })
}
