// The limits and times of a group coordinator, with their defaults. Kafka's names stand beside
// those that it has. Everything that a client can make grow is bounded by one of these.

export interface GroupOptions {
  /** group.min.session.timeout.ms and group.max.session.timeout.ms, both included. */
  readonly sessionTimeoutMsMin: number
  readonly sessionTimeoutMsMax: number
  /**
   * group.initial.rebalance.delay.ms: how long the first rebalance of an empty group waits for more
   * members; prolonged while they come, up to the rebalance timeout. Kafka's default of 3,000 is
   * the delay that every test suite complains of.
   */
  readonly initialRebalanceDelayMs: number
  /**
   * A member that has never had an answer cannot send heartbeats; its first join may wait so long.
   */
  readonly newMemberJoinTimeoutMs: number
  /** group.max.size; above it a join is refused. */
  readonly membersMax: number
  /** Member ids handed out and not yet used, per group. */
  readonly pendingMembersMax: number
  /** Groups of one node. */
  readonly groupsMax: number
  readonly groupIdLengthMax: number
  readonly instanceIdLengthMax: number
  readonly protocolTypeLengthMax: number
  /** Protocols that one member may offer, and the bytes of their metadata together. */
  readonly protocolsMax: number
  readonly memberMetadataBytesMax: number
  /** polymq.group.memory.bytes: what all groups of one node may keep in memory. */
  readonly memoryBytesMax: number
  /** offset.metadata.max.bytes, in characters as Kafka counts it. */
  readonly offsetMetadataLengthMax: number
  readonly offsetsPerGroupMax: number
  /** offsets.retention.minutes. */
  readonly offsetRetentionMs: number
  /** offsets.retention.check.interval.ms. */
  readonly retentionCheckMs: number
}

export const defaultGroupOptions: GroupOptions = {
  sessionTimeoutMsMin: 6_000,
  sessionTimeoutMsMax: 1_800_000,
  initialRebalanceDelayMs: 0,
  newMemberJoinTimeoutMs: 300_000,
  membersMax: 10_000,
  pendingMembersMax: 10_000,
  groupsMax: 100_000,
  groupIdLengthMax: 1_024,
  instanceIdLengthMax: 1_024,
  protocolTypeLengthMax: 1_024,
  protocolsMax: 100,
  // A consumer that subscribes by a pattern lists every topic, for each protocol, and what it owns.
  memberMetadataBytesMax: 8 << 20,
  memoryBytesMax: 256 << 20,
  offsetMetadataLengthMax: 4_096,
  offsetsPerGroupMax: 100_000,
  offsetRetentionMs: 7 * 86_400_000,
  retentionCheckMs: 600_000,
}
