// The committed offsets of one group, by topic and partition. An offset becomes visible when its
// record is durable; until then its place is only reserved, so that a deletion appended in the
// meantime knows that it has to cover it. Appends become durable in order, so the last one to
// finish is the last one written. Each counts in the budget of the node as long as it has a place.
import { type GroupBudget, offsetCost } from './group-budget.ts'

export interface CommittedOffset {
  readonly offset: number
  /** -1 when the client did not say. */
  readonly leaderEpoch: number
  readonly metadata: string
  /** Wall clock. */
  readonly committedAtMs: number
  /** Set by old clients that ask for a retention of their own; null: the node's rule. */
  readonly expiresAtMs: number | null
}

/** Hears of each topic of which there is a place now, or none any more. */
export type TopicsTold = (topic: string, isThere: boolean) => void

interface Place {
  committed: CommittedOffset | null
  inFlight: number
}

export class CommittedOffsets {
  private readonly topics = new Map<string, Map<number, Place>>()
  private readonly budget: GroupBudget
  private readonly told: TopicsTold
  private places = 0

  constructor(budget: GroupBudget, told: TopicsTold) {
    this.budget = budget
    this.told = told
  }

  /** Partitions with an offset, or with one on its way to the log. */
  get size(): number {
    return this.places
  }

  get(topic: string, partition: number): CommittedOffset | null {
    return this.topics.get(topic)?.get(partition)?.committed ?? null
  }

  /** Whether there is an offset or one on its way. */
  has(topic: string, partition: number): boolean {
    return this.topics.get(topic)?.has(partition) ?? false
  }

  topicNames(): Iterable<string> {
    return this.topics.keys()
  }

  /** All partitions of a topic; null where the first offset is still on its way. */
  *ofTopic(
    topic: string,
  ): Iterable<readonly [partition: number, committed: CommittedOffset | null]> {
    for (const [partition, place] of this.topics.get(topic) ?? [])
      yield [partition, place.committed]
  }

  /** A record for this partition was appended; `settle` follows. */
  reserve(topic: string, partition: number): void {
    let partitions = this.topics.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.topics.set(topic, partitions)
      this.told(topic, true)
    }
    let place = partitions.get(partition)
    if (place === undefined) {
      place = { committed: null, inFlight: 0 }
      partitions.set(partition, place)
      this.places++
      this.budget.bytes += costOf(null)
    }
    place.inFlight++
  }

  /** The appended record is durable, or was refused; what it says counts only in the first case. */
  settle(topic: string, partition: number, durable: boolean, to: CommittedOffset | null): void {
    const partitions = this.topics.get(topic)
    const place = partitions?.get(partition)
    if (partitions === undefined || place === undefined) return
    place.inFlight--
    if (durable) this.put(place, to)
    if (place.committed !== null || place.inFlight > 0) return
    partitions.delete(partition)
    this.places--
    this.budget.bytes -= costOf(null)
    if (partitions.size > 0) return
    this.topics.delete(topic)
    this.told(topic, false)
  }

  /** Nobody sees those of the topic any more; records that take them back are on their way. */
  hide(topic: string): void {
    for (const place of this.topics.get(topic)?.values() ?? []) this.put(place, null)
  }

  /** Forgets all of them. */
  clear(): void {
    for (const [topic, partitions] of this.topics) {
      for (const place of partitions.values()) {
        this.put(place, null)
        this.budget.bytes -= costOf(null)
      }
      this.told(topic, false)
    }
    this.topics.clear()
    this.places = 0
  }

  private put(place: Place, to: CommittedOffset | null): void {
    this.budget.bytes += costOf(to) - costOf(place.committed)
    place.committed = to
  }

  /** Takes a durable record as it is, when loading. */
  restore(topic: string, partition: number, to: CommittedOffset | null): void {
    this.reserve(topic, partition)
    this.settle(topic, partition, true, to)
  }
}

/** A place costs as much without an offset as with one that has no metadata. */
const costOf = (committed: CommittedOffset | null): number => offsetCost(committed?.metadata ?? '')
