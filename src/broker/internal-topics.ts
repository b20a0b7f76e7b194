// The topics that the node keeps for itself: what they are called and how they are set up.
import { trackedOffsetsTopic } from '../stream/tracked-record.ts'

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

export const offsetsTopicConfig = (segmentBytes: number): (readonly [string, string])[] => [
  ['cleanup.policy', 'compact'],
  ['compression.type', 'producer'],
  ['segment.bytes', String(segmentBytes)],
]

/** Of consumers of streams. */
export const trackedOffsetsLayout = {
  partitions: 1,
  configs: [
    ['cleanup.policy', 'compact'],
    ['compression.type', 'producer'],
  ],
} as const
