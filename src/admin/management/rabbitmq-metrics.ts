// The numbers of the node under the names of RabbitMQ's Prometheus plugin, so that the dashboards
// written for it show this node: summed up. They are joined on `rabbitmq_identity_info`. The
// composition root gives them to the metrics door; those of single objects stand in
// `object-metrics`.
import { type Family, single } from '../prometheus.ts'
import type { ManagedNode } from './managed-node.ts'
import {
  addNumbers,
  churnOf,
  doorCounts,
  type Numbers,
  vhostCounts,
  vhostLengths,
} from './numbers.ts'

const coresOf = ({ messaging }: ManagedNode) => [...messaging.vhosts.values()]

/** Of the default exporter: all objects together. */
export function rabbitmqMetrics(node: ManagedNode): Family[] {
  return [
    ...identity(node, 'aggregated'),
    ...totals(node),
    ...messages(node),
    ...churn(node),
    ...limits(node),
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
    for (const { queue } of core.queues.values()) count += queue.consumerCount
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

/** What a dashboard asks for, and under which of our numbers it stands. */
const lengthNames = [
  ['queue_messages', 'messages', 'Messages ready and in flight.'],
  ['queue_messages_ready', 'messages_ready', 'Messages that are ready.'],
  ['queue_messages_unacked', 'messages_unacknowledged', 'Messages in flight.'],
] as const

const countNames = [
  ['received', 'publish', 'Messages received from publishers.'],
  ['confirmed', 'confirm', 'Messages confirmed to publishers.'],
  ['unroutable_returned', 'return_unroutable', 'Messages that no queue took, returned.'],
  ['acknowledged', 'ack', 'Messages that consumers acknowledged.'],
  ['delivered', 'deliver_get', 'Messages given to consumers.'],
  ['delivered_consume_manual_ack', 'deliver', 'Given to consumers that acknowledge.'],
  ['delivered_consume_auto_ack', 'deliver_no_ack', 'Given to consumers that do not.'],
  ['delivered_get_manual_ack', 'get', 'Given one at a time, to be acknowledged.'],
  ['delivered_get_auto_ack', 'get_no_ack', 'Given one at a time, for good.'],
  ['get_empty', 'get_empty', 'Times that there was no message to give.'],
  ['redelivered', 'redeliver', 'Messages given again.'],
] as const

const labels = { protocol: 'amqp091' }

function messages(node: ManagedNode): Family[] {
  const counts = (): Numbers => ({
    ...addNumbers(coresOf(node).map(vhostCounts)),
    ...doorCounts(node),
  })
  const lengths = (): Numbers => addNumbers(coresOf(node).map(vhostLengths))
  return [
    ...lengthNames.map(([name, key, help]) =>
      single('gauge', `rabbitmq_${name}`, help, () => lengths()[key] ?? 0),
    ),
    ...countNames.map(
      ([name, key, help]): Family => ({
        name: `rabbitmq_global_messages_${name}_total`,
        type: 'counter',
        help,
        samples: () => [{ value: counts()[key] ?? 0, labels }],
      }),
    ),
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

function limits(node: ManagedNode): Family[] {
  const gauge = (name: string, help: string, read: () => number): Family =>
    single('gauge', `rabbitmq_${name}`, help, read)
  return [
    gauge('process_resident_memory_bytes', 'Memory in use.', () => node.stats().residentBytes),
    gauge('resident_memory_limit_bytes', 'Memory there is.', () => node.memoryBytesMax),
    gauge('process_max_fds', 'Descriptors there are.', () => node.openFilesMax),
    gauge('process_max_tcp_sockets', 'Sockets there are.', () => node.openFilesMax),
    gauge('disk_space_available_bytes', 'Free on the disk.', () => node.disk().freeBytes),
    gauge('disk_space_available_limit_bytes', 'To stay free.', () => node.disk().bytesMin),
    gauge('alarms_free_disk_space_watermark', '1 while the disk is low.', () =>
      Number(node.disk().isLow),
    ),
  ]
}
