// The topics that the node keeps for itself: what they are called and how they are set up.
import type { BrokerValues } from '../model/config/config-source.ts'
import { effectiveText } from '../model/config/topic-settings.ts'
import { trackedOffsetsTopic } from '../stream/tracked-record.ts'
import type { InternalLayout } from './internal-topic.ts'

/** Groups and their committed offsets, in the layout that Kafka's tools read. */
export const offsetsTopic = '__consumer_offsets'

const internalNames = new Set([
  offsetsTopic,
  trackedOffsetsTopic,
  '__transaction_state',
  '__share_group_state',
])

/** Clients take these for a broker's own, whoever made them. */
export const isInternalName = (name: string): boolean => internalNames.has(name)

/** The log of Kafka's controllers, which is no topic of a broker. */
export const forbiddenName = '__cluster_metadata'

type Entry = readonly [key: string, value: string]

/** What the node has to remember is on disk, where topics are in memory unless they say else. */
function neverInMemory(values: BrokerValues): Entry[] {
  const isInMemory = effectiveText('polymq.flush', new Map(), values) === 'memory'
  return isInMemory ? [['polymq.flush', 'sync']] : []
}

export const offsetsTopicConfig = (segmentBytes: number, values: BrokerValues): Entry[] => [
  ['cleanup.policy', 'compact'],
  ['compression.type', 'producer'],
  ['segment.bytes', String(segmentBytes)],
  ...neverInMemory(values),
]

/** Of consumers of streams. */
export const trackedOffsetsLayout = (values: BrokerValues): InternalLayout => ({
  partitions: 1,
  configs: [
    ['cleanup.policy', 'compact'],
    ['compression.type', 'producer'],
    ...neverInMemory(values),
  ],
})
