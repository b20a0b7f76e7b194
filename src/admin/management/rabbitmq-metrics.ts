// The numbers of the node under the names of RabbitMQ's Prometheus plugin, so that the dashboards
// written for it show this node: summed up. They are joined on `rabbitmq_identity_info`. The
// composition root gives them to the metrics door; those of single objects stand in
// `object-metrics`.
import { assert } from '../../base/assert.ts'
import {
  type DeadLetterStrategy,
  deadLetterStrategies,
  type QueueCounters,
} from '../../queue/queue-counters.ts'
import { type DeadLetterReason, deadLetterReasons } from '../../queue/queue-host.ts'
import { type Family, type Sample, single } from '../prometheus.ts'
import type { LoginCounts, ManagedNode } from './managed-node.ts'
import { churnOf, loginsOf } from './numbers.ts'
import { channelMetrics, connectionMetrics, queueMetrics, Sums } from './sums.ts'

const coresOf = ({ messaging }: ManagedNode) => [...messaging.vhosts.values()]

/** Of the default exporter: all objects together. */
export function rabbitmqMetrics(node: ManagedNode): Family[] {
  const sums = new Sums(node)
  return [
    ...identity(node, 'aggregated'),
    ...totals(node),
    ...afterLook(sums, globalFamilies(node, sums)),
    ...summed(sums),
    ...churn(node),
    ...logins(node, 'rabbitmq_'),
    ...ofNode(node),
  ]
}

/** `endpoint`: whose page it stands on. */
export function identity(node: ManagedNode, endpoint: string): Family[] {
  const always = (name: string, labels: () => Readonly<Record<string, string>>): Family => ({
    name,
    type: 'gauge',
    help: 'Always 1; the labels tell of the node.',
    samples: () => [{ value: 1, labels: labels() }],
  })
  const { name, clusterId, behavesLike, version } = node
  return [
    always('rabbitmq_identity_info', () => ({
      rabbitmq_node: name,
      rabbitmq_cluster: node.clusterName,
      rabbitmq_cluster_permanent_id: clusterId,
      rabbitmq_endpoint: endpoint,
    })),
    always('rabbitmq_build_info', () => ({
      rabbitmq_version: behavesLike,
      product_name: 'PolyMQ',
      product_version: version,
    })),
  ]
}

/** How many objects there are. */
export function totals(node: ManagedNode): Family[] {
  const { messaging } = node
  const sum = (of: (core: ReturnType<typeof coresOf>[number]) => number): number =>
    coresOf(node).reduce((total, core) => total + of(core), 0)
  const consumersIn = (core: ReturnType<typeof coresOf>[number]): number => {
    let count = 0
    for (const { used } of core.queues.values()) count += used?.consumerCount ?? 0
    for (const { readers } of core.streams.values()) count += readers.size
    return count
  }
  const channels = (): number => {
    const { channel_created = 0, channel_closed = 0 } = churnOf(node)
    return channel_created - channel_closed
  }
  const gauge = (name: string, help: string, read: () => number): Family =>
    single('gauge', `rabbitmq_${name}`, help, read)
  return [
    gauge('connections', 'Open connections.', () => [...messaging.sessions].length),
    gauge('channels', 'Open channels.', channels),
    gauge('consumers', 'Consumers.', () => sum(consumersIn)),
    gauge('queues', 'Queues and streams.', () =>
      sum((core) => core.queues.size + core.streams.size),
    ),
  ]
}

/** Of messages that came in by AMQP. */
const protocol = { protocol: 'amqp091' }

type Value = number | readonly Sample[]

/**
 * What came in and went out, since the node was started: by AMQP, and what went out by the kind of
 * the queue.
 */
export function globals(node: ManagedNode): Family[] {
  const sums = new Sums(node)
  return afterLook(sums, globalFamilies(node, sums))
}

/** The sums of all objects are looked at anew with the first family of the page. */
function afterLook(sums: Sums, families: readonly Family[]): Family[] {
  const [first, ...others] = families
  assert(first, 'there is a family')
  return [
    {
      ...first,
      *samples() {
        yield* sums.look()
        yield* first.samples()
      },
    },
    ...others,
  ]
}

const doorNames = [
  ['confirmed', 'confirmed', 'Messages confirmed to publishers.'],
  ['received_confirm', 'toConfirm', 'Messages received on channels that confirm.'],
  ['unroutable_dropped', 'dropped', 'Messages that no queue took, gone.'],
  ['unroutable_returned', 'returned', 'Messages that no queue took, returned.'],
] as const

const queueNames = [
  ['acknowledged', (it) => it.accepted, 'Messages that consumers acknowledged.'],
  [
    'delivered',
    (it) => it.delivered + it.deliveredSettled + it.got + it.gotSettled,
    'Messages given out.',
  ],
  ['delivered_consume_auto_ack', (it) => it.deliveredSettled, 'Given to who does not acknowledge.'],
  ['delivered_consume_manual_ack', (it) => it.delivered, 'Given to consumers that acknowledge.'],
  ['delivered_get_auto_ack', (it) => it.gotSettled, 'Given one at a time, for good.'],
  ['delivered_get_manual_ack', (it) => it.got, 'Given one at a time, to be acknowledged.'],
  ['get_empty', (it) => it.gotNothing, 'Times that there was no message to give.'],
  ['redelivered', (it) => it.redelivered, 'Messages given again.'],
] as const satisfies readonly (readonly [string, (it: QueueCounters) => number, string])[]

const kinds = ['classic', 'quorum', 'stream'] as const

function globalFamilies(node: ManagedNode, sums: Sums): Family[] {
  const family = (type: Family['type'], name: string, help: string, read: () => Value): Family => ({
    ...{ name: `rabbitmq_global_${name}`, type, help },
    samples() {
      const value = read()
      return typeof value === 'number' ? [{ value, labels: protocol }] : value
    },
  })
  const count = (name: string, help: string, read: () => Value): Family =>
    family('counter', `messages_${name}_total`, help, read)
  const doors = (key: (typeof doorNames)[number][1] | 'replies'): number =>
    node.doors().reduce((sum, door) => sum + door[key], 0)
  const received = (): number => sums.now.exchanges.in + doors('replies')
  return [
    family('gauge', 'publishers', 'Channels that have published.', () => sums.now.publishers),
    family('gauge', 'consumers', 'Consumers.', () => sums.now.consumers),
    count('received', 'Messages received from publishers.', received),
    count('routed', 'Copies of them that queues took.', () => sums.now.exchanges.out),
    ...doorNames.map(([name, key, help]) => count(name, help, () => doors(key))),
    ...queueNames.map(([name, read, help]) =>
      count(name, help, () =>
        kinds.map((kind) => ({
          value: read(sums.now.queues[kind]),
          labels: { ...protocol, queue_type: `rabbit_${kind}_queue` },
        })),
      ),
    ),
    ...deathFamilies(sums, count),
  ]
}

const deathNames = [
  ['expired', 'Messages whose time was over.'],
  ['maxlen', 'Messages that were too many.'],
  ['rejected', 'Messages that consumers rejected.'],
  ['delivery_limit', 'Messages that were delivered too often.'],
] as const

function deathFamilies(
  sums: Sums,
  count: (name: string, help: string, read: () => Value) => Family,
): Family[] {
  const samplesOf = (reasons: readonly DeadLetterReason[], only: readonly DeadLetterStrategy[]) =>
    (['classic', 'quorum'] as const).flatMap((kind) =>
      only.map((strategy) => ({
        value: reasons.reduce(
          (sum, each) => sum + sums.now.queues[kind].deathsOf(each, strategy),
          0,
        ),
        labels: { queue_type: `rabbit_${kind}_queue`, dead_letter_strategy: strategy },
      })),
    )
  return [
    ...deathNames.map(([reason, help]) =>
      count(`dead_lettered_${reason}`, help, () => samplesOf([reason], deadLetterStrategies)),
    ),
    count('dead_lettered_confirmed', 'Dead letters that are where they belong for certain.', () =>
      samplesOf(deadLetterReasons, ['at_least_once']),
    ),
  ]
}

/** Of all queues, channels and connections together. */
function summed(sums: Sums): Family[] {
  return [...queueMetrics, ...channelMetrics, ...connectionMetrics].map(([type, name, help]) =>
    single(type, `rabbitmq_${name}`, help, () => sums.now.of(name)),
  )
}

/** How often clients told who they are. */
export function logins(node: ManagedNode, prefix: string): Family[] {
  const family = (name: string, help: string, read: (of: LoginCounts) => number): Family => ({
    name: `${prefix}auth_attempts_${name}`,
    type: 'counter',
    help,
    samples: () =>
      loginsOf(node).map(([by, of]) => ({ value: read(of), labels: { protocol: by } })),
  })
  return [
    family('total', 'Logins.', ({ done, failed }) => done + failed),
    family('succeeded_total', 'Logins that succeeded.', ({ done }) => done),
    family('failed_total', 'Logins that failed.', ({ failed }) => failed),
  ]
}

const churnNames = [
  ['connections_opened', 'connection_created', 'Connections that were opened.'],
  ['connections_closed', 'connection_closed', 'Connections that were closed.'],
  ['channels_opened', 'channel_created', 'Channels that were opened.'],
  ['channels_closed', 'channel_closed', 'Channels that were closed.'],
  ['queues_declared', 'queue_declared', 'Declarations of queues.'],
  ['queues_created', 'queue_created', 'Queues that were made.'],
  ['queues_deleted', 'queue_deleted', 'Queues that were deleted.'],
] as const

const churn = (node: ManagedNode): Family[] =>
  churnNames.map(([name, key, help]) =>
    single('counter', `rabbitmq_${name}_total`, help, () => churnOf(node)[key] ?? 0),
  )

type NodeMetric = readonly [name: string, help: string, read: (node: ManagedNode) => number]

export const coarseOfNode: readonly NodeMetric[] = [
  ['process_open_fds', 'Descriptors in use.', (node) => node.openFiles() ?? 0],
  ['process_open_tcp_sockets', 'Connections of clients.', (node) => node.sockets()],
  ['process_resident_memory_bytes', 'Memory in use.', (node) => node.stats().residentBytes],
  ['disk_space_available_bytes', 'Free on the disk.', (node) => node.disk().freeBytes],
]

export const limitsOfNode: readonly NodeMetric[] = [
  ['process_max_fds', 'Descriptors there are.', (node) => node.openFilesMax],
  ['process_max_tcp_sockets', 'Sockets there are.', (node) => node.openFilesMax],
  ['resident_memory_limit_bytes', 'Memory there is.', (node) => node.memoryBytesMax],
  ['disk_space_available_limit_bytes', 'To stay free.', (node) => node.disk().bytesMin],
]

const alarms: readonly NodeMetric[] = [
  [
    'alarms_free_disk_space_watermark',
    '1 while the disk is low.',
    (node) => Number(node.disk().isLow),
  ],
  ['alarms_memory_used_watermark', 'Always 0: memory raises no alarm.', () => 0],
  ['alarms_file_descriptor_limit', 'Always 0: descriptors raise no alarm.', () => 0],
]

const ofNode = (node: ManagedNode): Family[] =>
  [...coarseOfNode, ...limitsOfNode, ...alarms].map(([name, help, read]) =>
    single('gauge', `rabbitmq_${name}`, help, () => read(node)),
  )
