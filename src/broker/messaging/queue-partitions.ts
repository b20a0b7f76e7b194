// The partitions of durable queues, of what waits at exchanges that delay, and of streams that the
// image does not know: for the log to know when it is opened, and how their records are kept.
import type { KnownPartition } from '../../log/log-parts.ts'
import type { Entities } from '../../metadata/entities/entities.ts'
import type { Image } from '../../metadata/image.ts'
import { queueTopicConfig } from '../../metadata/queue-topics.ts'
import type { TopicSettings } from '../../model/config/topic-settings.ts'
import { decodeTable } from '../../model/message/field-codec.ts'
import { ledgerPartition } from '../../queue/queues.ts'
import { queueType, topicOfQueue } from '../declarations/queue-arguments.ts'
import { delayedName } from './delayed-exchange.ts'
import { streamSettings } from './stream-topics.ts'

const textsOf = {
  durable: new Map([...queueTopicConfig, ['polymq.flush', 'sync']]),
  transient: new Map([...queueTopicConfig, ['polymq.flush', 'async']]),
}

export const queuePartitionSettings = (image: Image, durable: boolean): TopicSettings =>
  image.sharedSettings(durable ? textsOf.durable : textsOf.transient)

/** The partitions of durable queues, for the log to know when it is opened. */
export function queuePartitions({ queues, exchanges }: Entities, image: Image): KnownPartition[] {
  const settings = queuePartitionSettings(image, true)
  const delayed = exchanges.flatMap(({ topic, name }) =>
    topic === undefined ? [] : delayedPartitions(topic, delayedName(name), settings),
  )
  const ofQueues = queues.flatMap(({ vhost, topic, name: topicName, lanes, arguments: bytes }) => {
    const table = decodeTable(bytes)
    const isStream = queueType(table) === 'stream'
    // The image knows of the others.
    if (isStream && vhost === image.settings.kafkaVhost) return []
    if (isStream)
      return [{ topic, topicName, partition: 0, settings: streamSettings(table, image) }]
    const own = topicOfQueue(table) === null ? Array(lanes).keys() : []
    const partitions = [...own, ledgerPartition]
    return partitions.map((partition) => ({ topic, topicName, partition, settings }))
  })
  return [...ofQueues, ...delayed]
}

/** Where the messages of an exchange that delays them wait. */
const delayedPartitions = (
  topic: string,
  topicName: string,
  settings: TopicSettings,
): KnownPartition[] =>
  [0, ledgerPartition].map((partition) => ({ topic, topicName, partition, settings }))
