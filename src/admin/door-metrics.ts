// What the Kafka door counts: its connections, its bytes, and its requests by API and version; and
// the cluster that it shows to clients.
import { type Address, showAddress } from '../io/network.ts'
import type { NodeId } from '../model/ids.ts'
import { type Family, single } from './prometheus.ts'
import { gauge } from './topic-metrics.ts'

/** As the door shows it; numbers that only grow but for `connections`. */
export interface DoorNumbers {
  /** What clients are told to connect to. */
  readonly advertised: Address
  readonly connections: number
  readonly counters: {
    readonly accepted: number
    readonly refused: number
    readonly faults: number
    readonly receivedBytes: number
    readonly sentBytes: number
  }
  requests(): Iterable<{
    readonly api: string
    readonly version: number
    readonly requests: number
  }>
}

/** Under the names of kafka_exporter; `advertised` null: no client is let in. */
export function clusterMetrics(nodeId: NodeId, advertised: Address | null): Family[] {
  const address = advertised === null ? '' : showAddress(advertised)
  return [
    gauge('kafka_brokers', 'Brokers of the cluster.', () => [{ value: 1 }]),
    gauge('kafka_broker_info', 'Always 1; the labels tell of the broker.', () => [
      { value: 1, labels: { id: nodeId, address } },
    ]),
  ]
}

export function doorMetrics(door: DoorNumbers): Family[] {
  const { counters } = door
  const count = (name: string, help: string, read: () => number): Family =>
    single('counter', `polymq_kafka_${name}_total`, help, read)
  return [
    single('gauge', 'polymq_kafka_connections', 'Open connections.', () => door.connections),
    count('connections_accepted', 'Connections accepted.', () => counters.accepted),
    count('connections_refused', 'Connections refused as too many.', () => counters.refused),
    count(
      'connections_faulted',
      'Connections closed for what the client did.',
      () => counters.faults,
    ),
    count('received_bytes', 'Bytes received from clients.', () => counters.receivedBytes),
    count('sent_bytes', 'Bytes sent to clients.', () => counters.sentBytes),
    {
      name: 'polymq_kafka_requests_total',
      type: 'counter',
      help: 'Requests begun, by API and version.',
      *samples() {
        for (const { api, version, requests } of door.requests())
          yield { labels: { api, version }, value: requests }
      },
    },
  ]
}
