// The committed offsets of one group, by topic and partition. An offset becomes visible when its
// record is durable; until then its place is only reserved, so that a deletion appended in the
// meantime knows that it has to cover it. Appends become durable in order, so the last one to
// finish is the last one written.

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

interface Place {
  committed: CommittedOffset | null
  inFlight: number
}

export class CommittedOffsets {
  private readonly topics = new Map<string, Map<number, Place>>()
  private places = 0

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
    const partitions = this.topics.get(topic) ?? new Map<number, Place>()
    this.topics.set(topic, partitions)
    let place = partitions.get(partition)
    if (place === undefined) {
      place = { committed: null, inFlight: 0 }
      partitions.set(partition, place)
      this.places++
    }
    place.inFlight++
  }

  /** The appended record is durable, or was refused; what it says counts only in the first case. */
  settle(topic: string, partition: number, durable: boolean, to: CommittedOffset | null): void {
    const partitions = this.topics.get(topic)
    const place = partitions?.get(partition)
    if (partitions === undefined || place === undefined) return
    place.inFlight--
    if (durable) place.committed = to
    if (place.committed !== null || place.inFlight > 0) return
    partitions.delete(partition)
    this.places--
    if (partitions.size === 0) this.topics.delete(topic)
  }

  /** Takes a durable record as it is, when loading. */
  restore(topic: string, partition: number, to: CommittedOffset | null): void {
    this.reserve(topic, partition)
    this.settle(topic, partition, true, to)
  }
}
