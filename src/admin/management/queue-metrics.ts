// What is counted of one queue or stream, as data: the families of RabbitMQ's Prometheus plugin,
// their names and where each number comes from. Null: that kind of queue does not have it. Called
// by object-metrics.ts.
import { queueType } from '../../broker/declarations/queue-arguments.ts'
import type { HostedQueue } from '../../broker/messaging/hosted-queue.ts'
import { HostedStream } from '../../broker/messaging/hosted-stream.ts'
import type { QueueCounters } from '../../queue/queue-counters.ts'
import { bytesOf, lengthsOf } from './numbers.ts'

export type QueueObject = HostedQueue | HostedStream

type Read = (queue: QueueObject) => number | null
export type QueueMetric = readonly [
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: Read,
]

const counter =
  (name: keyof QueueCounters & string): Read =>
  (it) =>
    it instanceof HostedStream ? null : Number(it.figures.counters[name])

const length =
  (name: string): Read =>
  (it) => {
    if (!(it instanceof HostedStream)) return lengthsOf(it.figures)[name] ?? 0
    return name === 'messages_unacknowledged' ? 0 : it.messages
  }

const bytes =
  (name: string): Read =>
  (it) =>
    it instanceof HostedStream ? null : (bytesOf(it.figures)[name] ?? 0)

const consumersOf: Read = (it) =>
  it instanceof HostedStream ? it.readers.size : it.figures.consumerCount

/** 1 while its consumers take what comes at once. */
const capacityOf: Read = (it) =>
  it instanceof HostedStream ? null : Number(it.figures.consumerCount > 0 && it.figures.ready === 0)

const publishedTo: Read = (it) =>
  it instanceof HostedStream ? it.published : it.figures.counters.published

const consumers: QueueMetric = ['gauge', 'queue_consumers', 'Consumers.', consumersOf]

export const queueFamilies: ReadonlyMap<string, readonly QueueMetric[]> = new Map<
  string,
  readonly QueueMetric[]
>([
  [
    'queue_coarse_metrics',
    [
      ['gauge', 'queue_messages_ready', 'Messages that are ready.', length('messages_ready')],
      ['gauge', 'queue_messages_unacked', 'In flight.', length('messages_unacknowledged')],
      ['gauge', 'queue_messages', 'Messages ready and in flight.', length('messages')],
    ],
  ],
  ['queue_consumer_count', [consumers]],
  [
    'queue_metrics',
    [
      consumers,
      ['gauge', 'queue_consumer_capacity', '1 while consumers take all.', capacityOf],
      ['gauge', 'queue_consumer_utilisation', 'The same.', capacityOf],
      ['gauge', 'queue_messages_bytes', 'Bytes of bodies.', bytes('message_bytes')],
      ['gauge', 'queue_messages_ready_bytes', 'Of those ready.', bytes('message_bytes_ready')],
      [
        'gauge',
        'queue_messages_unacked_bytes',
        'Of those in flight.',
        bytes('message_bytes_unacknowledged'),
      ],
    ],
  ],
  [
    'queue_delivery_metrics',
    [
      ['counter', 'queue_get_ack_total', 'Given singly, to be acknowledged.', counter('got')],
      ['counter', 'queue_get_total', 'Given singly, for good.', counter('gotSettled')],
      [
        'counter',
        'queue_messages_delivered_ack_total',
        'Given to consumers that acknowledge.',
        counter('delivered'),
      ],
      [
        'counter',
        'queue_messages_delivered_total',
        'Given to consumers that do not.',
        counter('deliveredSettled'),
      ],
      ['counter', 'queue_messages_redelivered_total', 'Given again.', counter('redelivered')],
      ['counter', 'queue_messages_acked_total', 'Acknowledged.', counter('accepted')],
      ['counter', 'queue_get_empty_total', 'Times that none was there.', counter('gotNothing')],
    ],
  ],
  [
    'channel_queue_exchange_metrics',
    [['counter', 'queue_messages_published_total', 'Messages put in.', publishedTo]],
  ],
])

/** What `queue_info` tells besides the name. */
export function queueInfo(it: QueueObject): { queue_type: string; membership: string } {
  const kind = it instanceof HostedStream ? 'stream' : queueType(it.definition.arguments)
  return { queue_type: `rabbit_${kind}_queue`, membership: 'leader' }
}
