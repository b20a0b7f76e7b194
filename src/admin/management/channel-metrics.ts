// What is counted of one channel and of one connection, as data: the families of RabbitMQ's
// Prometheus plugin, their names and where each number comes from. A channel counts for itself,
// not for each queue and exchange that it uses. Called by object-metrics.ts and sums.ts.
import type {
  ChannelDescription,
  ChannelTraffic,
  SessionView,
} from '../../broker/messaging/listings.ts'

type Metric<T> = readonly [
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: (it: T) => number,
]

export type ChannelMetric = Metric<ChannelDescription>
export type ConnectionMetric = Metric<SessionView>

const counter = (name: string, key: keyof ChannelTraffic, help: string): ChannelMetric => [
  'counter',
  `channel_${name}_total`,
  help,
  ({ counters }) => counters[key],
]

const gauge = (
  name: string,
  help: string,
  read: (it: ChannelDescription) => number,
): ChannelMetric => ['gauge', name, help, read]

export const channelFamilies: ReadonlyMap<string, readonly ChannelMetric[]> = new Map([
  [
    'channel_metrics',
    [
      gauge('channel_consumers', 'Consumers.', (it) => it.consumerCount),
      gauge('channel_messages_unacked', 'In flight.', (it) => it.unacknowledged),
      gauge('channel_messages_unconfirmed', 'Not confirmed yet.', (it) => it.unconfirmed),
      gauge(
        'channel_messages_uncommitted',
        'Published, and not committed yet.',
        (it) => it.uncommitted.messages,
      ),
      gauge(
        'channel_acks_uncommitted',
        'Settled, and not committed yet.',
        (it) => it.uncommitted.settlements,
      ),
      gauge(
        'consumer_prefetch',
        'In flight at most, for each consumer.',
        (it) => it.prefetchOfConsumers,
      ),
      gauge('channel_prefetch', 'In flight at most, for all.', (it) => it.prefetch),
    ],
  ],
  [
    'channel_exchange_metrics',
    [
      counter('messages_published', 'published', 'Messages published.'),
      counter('messages_confirmed', 'confirmed', 'Messages confirmed.'),
      counter('messages_unroutable_returned', 'returned', 'For no queue, and returned.'),
      counter('messages_unroutable_dropped', 'dropped', 'For no queue, and gone.'),
    ],
  ],
  [
    'channel_queue_metrics',
    [
      counter('get_ack', 'got', 'Given singly, to be acknowledged.'),
      counter('get', 'gotSettled', 'Given singly, for good.'),
      counter('messages_delivered_ack', 'delivered', 'Given to consumers that acknowledge.'),
      counter('messages_delivered', 'deliveredSettled', 'Given to consumers that do not.'),
      counter('messages_redelivered', 'redelivered', 'Given again.'),
      counter('messages_acked', 'accepted', 'Acknowledged.'),
      counter('get_empty', 'gotNothing', 'Times that none was there.'),
    ],
  ],
])

export const connectionFamilies: ReadonlyMap<string, readonly ConnectionMetric[]> = new Map<
  string,
  readonly ConnectionMetric[]
>([
  [
    'connection_coarse_metrics',
    [
      [
        'counter',
        'connection_incoming_bytes_total',
        'Bytes received.',
        ({ traffic }) => traffic.receivedBytes,
      ],
      [
        'counter',
        'connection_outgoing_bytes_total',
        'Bytes sent.',
        ({ traffic }) => traffic.sentBytes,
      ],
    ],
  ],
  [
    'connection_metrics',
    [
      [
        'counter',
        'connection_incoming_packets_total',
        'Pieces received.',
        ({ traffic }) => traffic.receivedPieces,
      ],
      [
        'counter',
        'connection_outgoing_packets_total',
        'Pieces sent.',
        ({ traffic }) => traffic.sentPieces,
      ],
      ['gauge', 'connection_channels', 'Open channels.', (view) => view.channels().length],
    ],
  ],
])
