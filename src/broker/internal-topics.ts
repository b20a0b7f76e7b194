// The topics that the node keeps for itself: what they are called and how they are set up.

/** Groups and their committed offsets, in the layout that Kafka's tools read. */
export const offsetsTopic = '__consumer_offsets'

export const isInternalName = (name: string): boolean =>
  name === offsetsTopic || name === '__transaction_state'

export const offsetsTopicConfig: readonly (readonly [string, string])[] = [
  ['cleanup.policy', 'compact'],
  ['compression.type', 'producer'],
  ['segment.bytes', '104857600'],
]
