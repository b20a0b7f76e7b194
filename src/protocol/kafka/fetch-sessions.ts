// Fetch sessions (KIP-227): what a client fetches, remembered between its requests, so that each
// names only what has changed and each answer carries only partitions that have news. There is room
// for a bounded number of sessions and of partitions in them; when it is used up, the one unused
// for longest makes place once it has been silent for two minutes, and until then new ones are told
// to do without.
import type { Chance } from '../../io/chance.ts'
import type { Clock } from '../../io/clock.ts'

/** A partition as a client wants it. `topic` is what the client calls it: a name, or an id. */
export interface WantedPartition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly maxBytes: number
  readonly currentLeaderEpoch: number
  readonly lastFetchedEpoch: number
  /** The topic's name, once it was found by its id: tells what became of it when the id is gone. */
  topicName?: string
}

interface Told {
  highWatermark: number
  logStartOffset: number
}

export const partitionKey = (topic: string, partition: number): string => `${partition} ${topic}`

const noNews: Told = { highWatermark: -1, logStartOffset: -1 }

export class FetchSession {
  readonly id: number
  /** Whether the client calls topics by id; it may not change its mind. */
  readonly usesTopicIds: boolean
  /** The epoch that the next request must carry. */
  epoch = 1
  usedAt: number
  /** In the order in which they are served; those that had records go to the end. */
  private readonly wanted = new Map<string, WantedPartition>()
  private readonly told = new Map<string, Told>()

  constructor(id: number, usesTopicIds: boolean, now: number) {
    this.id = id
    this.usesTopicIds = usesTopicIds
    this.usedAt = now
  }

  get size(): number {
    return this.wanted.size
  }

  partitions(): WantedPartition[] {
    return [...this.wanted.values()]
  }

  want(partition: WantedPartition): void {
    const key = partitionKey(partition.topic, partition.partition)
    const name = this.wanted.get(key)?.topicName
    if (name !== undefined) partition.topicName = name
    this.wanted.set(key, partition)
  }

  forget(topic: string, partition: number): void {
    const key = partitionKey(topic, partition)
    this.wanted.delete(key)
    this.told.delete(key)
  }

  advance(): void {
    this.epoch = this.epoch === 0x7fffffff ? 1 : this.epoch + 1
  }

  /** Whether the client does not know this yet; it does from now on. */
  isNews(of: WantedPartition, highWatermark: number, logStartOffset: number): boolean {
    const key = partitionKey(of.topic, of.partition)
    const before = this.told.get(key) ?? noNews
    if (before.highWatermark === highWatermark && before.logStartOffset === logStartOffset)
      return false
    this.told.set(key, { highWatermark, logStartOffset })
    return true
  }

  /** The client is told of an error: whatever follows it is news again. */
  failed(of: WantedPartition): void {
    this.told.delete(partitionKey(of.topic, of.partition))
  }

  /** Others come first next time. */
  served(of: WantedPartition): void {
    const key = partitionKey(of.topic, of.partition)
    const current = this.wanted.get(key)
    if (current === undefined) return
    this.wanted.delete(key)
    this.wanted.set(key, current)
  }
}

const evictableMs = 120_000

export class FetchSessions {
  private readonly clock: Clock
  private readonly chance: Chance
  private readonly sessionsMax: number
  private readonly partitionsMax: number
  /** The one unused for longest first. */
  private readonly byId = new Map<number, FetchSession>()
  private partitions = 0

  constructor(clock: Clock, chance: Chance, sessionsMax: number, partitionsMax: number) {
    this.clock = clock
    this.chance = chance
    this.sessionsMax = sessionsMax
    this.partitionsMax = partitionsMax
  }

  get size(): number {
    return this.byId.size
  }

  find(id: number): FetchSession | null {
    return this.byId.get(id) ?? null
  }

  /** A session that wants these, or null when there is no room for it. */
  create(wanted: readonly WantedPartition[], usesTopicIds: boolean): FetchSession | null {
    if (wanted.length === 0 || !this.makeRoom(wanted.length)) return null
    const session = new FetchSession(this.newId(), usesTopicIds, this.clock.monotonic())
    for (const partition of wanted) session.want(partition)
    this.byId.set(session.id, session)
    this.partitions += session.size
    return session
  }

  /**
   * Takes in what an incremental request changes. False when the session has grown out of its room.
   */
  update(
    session: FetchSession,
    wanted: readonly WantedPartition[],
    forgotten: readonly { readonly topic: string; readonly partition: number }[],
  ): boolean {
    const before = session.size
    for (const partition of wanted) session.want(partition)
    for (const { topic, partition } of forgotten) session.forget(topic, partition)
    this.partitions += session.size - before
    session.usedAt = this.clock.monotonic()
    this.byId.delete(session.id)
    this.byId.set(session.id, session)
    if (this.partitions <= this.partitionsMax) return true
    this.remove(session.id)
    return false
  }

  remove(id: number): void {
    const session = this.byId.get(id)
    if (session === undefined) return
    this.byId.delete(id)
    this.partitions -= session.size
  }

  private makeRoom(partitions: number): boolean {
    const lacksRoom = () =>
      this.byId.size >= this.sessionsMax || this.partitions + partitions > this.partitionsMax
    const evictable = this.clock.monotonic() - evictableMs
    for (const session of this.byId.values()) {
      if (!lacksRoom() || session.usedAt > evictable) break
      this.remove(session.id)
    }
    return !lacksRoom()
  }

  private newId(): number {
    let id: number
    do id = 1 + this.chance.int(0x7ffffffe)
    while (this.byId.has(id))
    return id
  }
}
