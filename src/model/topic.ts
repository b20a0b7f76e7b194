// What a topic is to every room: its names, its partitions, its configuration as set by people.
import type { LeaderEpoch, NodeId, TopicId } from './ids.ts'

export interface PartitionState {
  readonly leader: NodeId
  readonly leaderEpoch: LeaderEpoch
  readonly replicas: readonly NodeId[]
  readonly isr: readonly NodeId[]
}

export interface Topic {
  readonly id: TopicId
  readonly name: string
  /** Kept by the node itself; clients may read but not change it. */
  readonly internal: boolean
  /** `queue`: it is what a durable queue keeps, with one partition and settings of its own. */
  readonly kind: 'log' | 'queue'
  /** Index = partition id. Never shrinks. */
  readonly partitions: readonly PartitionState[]
  /** Only what was set for this topic; the rest comes from the node's defaults. */
  readonly config: ReadonlyMap<string, string>
}
