// Committing, reading, deleting and expiring the offsets of groups. An offset is acknowledged when
// its record is durable, and visible to nobody before. Called by GroupCoordinator.
import type { Clock } from '../io/clock.ts'
import type { NewRecord } from '../log/appender.ts'
import type { ErrorName } from '../model/errors.ts'
import type { CommittedOffset } from './committed-offsets.ts'
import type { Group } from './group.ts'
import { type GroupBudget, offsetCost } from './group-budget.ts'
import type { GroupLog } from './group-log.ts'
import type { GroupOptions } from './group-options.ts'
import { offsetRecord } from './group-records.ts'
import type {
  CommitRequest,
  FetchedOffset,
  FetchOffsetsAnswer,
  OffsetsAnswer,
  OffsetToCommit,
  TopicPartitions,
} from './group-requests.ts'
import { checkMember } from './member-check.ts'

/** What one record says of one partition: an offset, or null that there is none any more. */
interface Change {
  readonly topic: string
  readonly partition: number
  readonly to: CommittedOffset | null
}

export class OffsetKeeping {
  private readonly clock: Clock
  private readonly log: GroupLog
  private readonly budget: GroupBudget
  private readonly options: GroupOptions

  constructor(clock: Clock, log: GroupLog, budget: GroupBudget, options: GroupOptions) {
    this.clock = clock
    this.log = log
    this.budget = budget
    this.options = options
  }

  // ---- Committing -------------------------------------------------------------------------------

  /** For a request that `commitRefusal` lets pass. */
  commit(group: Group, request: CommitRequest, reply: (answer: OffsetsAnswer) => void): void {
    const now = this.clock.now()
    const expiresAtMs = request.retentionMs === null ? null : safeSum(now, request.retentionMs)
    const changes: Change[] = []
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((p) => {
        const error = this.refusalOf(group, topic, p, changes.length)
        const { partition, offset, leaderEpoch, metadata } = p
        const to = { offset, leaderEpoch, metadata, committedAtMs: now, expiresAtMs }
        if (error === null) changes.push({ topic, partition, to })
        return { partition, error }
      }),
    }))
    this.write(group, changes, [], (error) =>
      reply(
        error === null ? { error, topics } : { error: null, topics: allRefused(topics, error) },
      ),
    )
  }

  private refusalOf(
    group: Group,
    topic: string,
    wanted: OffsetToCommit,
    accepted: number,
  ): ErrorName | null {
    if (wanted.metadata.length > this.options.offsetMetadataLengthMax)
      return 'offsetMetadataTooLarge'
    const { offsets } = group
    // In the place of one that is no smaller it fits in any case.
    const before = offsets.get(topic, wanted.partition)
    if (before !== null && before.metadata.length >= wanted.metadata.length) return null
    const isFull = offsets.size + accepted >= this.options.offsetsPerGroupMax
    if (isFull && !offsets.has(topic, wanted.partition)) return 'resourceExhausted'
    // What this request has had accepted so far counts as if it were as large as this one.
    const hasRoom = this.budget.hasRoom(offsetCost(wanted.metadata) * (accepted + 1))
    return hasRoom ? null : 'groupMemoryUsedUp'
  }

  // ---- Reading ----------------------------------------------------------------------------------

  /** `topics` null: all that the group has. A partition without an offset is no error. */
  fetch(group: Group | null, topics: readonly TopicPartitions[] | null): FetchOffsetsAnswer {
    const offsets = group === null || group.state === 'Dead' ? null : group.offsets
    if (topics !== null) {
      const found = topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((p) => fetched(p, offsets?.get(topic, p) ?? null)),
      }))
      return { error: null, topics: found }
    }
    const all = [...(offsets?.topicNames() ?? [])].map((topic) => ({
      topic,
      partitions: [...(offsets?.ofTopic(topic) ?? [])]
        .filter(([, committed]) => committed !== null)
        .map(([partition, committed]) => fetched(partition, committed)),
    }))
    return { error: null, topics: all.filter((t) => t.partitions.length > 0) }
  }

  // ---- Deleting ---------------------------------------------------------------------------------

  delete(
    group: Group,
    wanted: readonly TopicPartitions[],
    reply: (answer: OffsetsAnswer) => void,
  ): void {
    if (group.state !== 'Empty' && !group.isOfConsumers) {
      reply({ error: 'groupNotEmpty', topics: [] })
      return
    }
    const changes: Change[] = []
    const topics = wanted.map(({ topic, partitions }) => {
      const error: ErrorName | null = group.subscribesTo(topic) ? 'groupSubscribed' : null
      if (error === null)
        for (const partition of partitions)
          if (group.offsets.has(topic, partition)) changes.push({ topic, partition, to: null })
      return { topic, partitions: partitions.map((partition) => ({ partition, error })) }
    })
    this.write(group, changes, [], (error) =>
      reply(
        error === null ? { error, topics } : { error: null, topics: allRefused(topics, error) },
      ),
    )
  }

  /** Deletes every offset of the group, and whatever `last` takes back, after them. */
  deleteAll(
    group: Group,
    last: readonly NewRecord[],
    done: (error: ErrorName | null) => void,
  ): void {
    const changes = [...group.offsets.topicNames()].flatMap((topic) => deletionsOf(group, topic))
    this.write(group, changes, last, done)
  }

  /** The topic is gone, so what the group knows of it means nothing any more, at once. */
  deleteTopic(group: Group, topic: string): void {
    this.write(group, deletionsOf(group, topic), [], retryLater)
    group.offsets.hide(topic)
  }

  /**
   * Deletes what is older than the retention. True if the group itself has no reason to be any
   * more: then nothing is deleted yet, for its offsets go together with it.
   */
  expire(group: Group): boolean {
    const since = expiryBase(group)
    if (since === null) return false
    const now = this.clock.now()
    const isExpired = (c: CommittedOffset): boolean =>
      c.expiresAtMs === null
        ? now - since(c) >= this.options.offsetRetentionMs
        : now >= c.expiresAtMs
    const expired: Change[] = []
    let kept = 0
    for (const topic of group.offsets.topicNames())
      for (const [partition, committed] of group.offsets.ofTopic(topic))
        if (committed === null || group.subscribesTo(topic) || !isExpired(committed)) kept++
        else expired.push({ topic, partition, to: null })
    const isAllGone = kept === 0 && isAbandoned(group)
    if (!isAllGone) this.write(group, expired, [], retryLater)
    return isAllGone
  }

  /** Writes the changes, then `last`; makes the changes visible when all of it is durable. */
  private write(
    group: Group,
    changes: readonly Change[],
    last: readonly NewRecord[],
    done: (error: ErrorName | null) => void,
  ): void {
    const { offsets } = group
    for (const c of changes) offsets.reserve(c.topic, c.partition)
    const records = changes.map((c) => offsetRecord(group.id, c.topic, c.partition, c.to))
    this.log.write([...records, ...last], (error) => {
      for (const c of changes) offsets.settle(c.topic, c.partition, error === null, c.to)
      done(error)
    })
  }
}

/** Deletions that failed are found again: by the next sweep, or when the node starts. */
const retryLater = (): void => undefined

/** Whether this group takes offsets from this sender; null: it does. */
export function commitRefusal(group: Group, request: CommitRequest): ErrorName | null {
  const { generation, memberId, instanceId } = request
  if (group.state === 'Dead') return 'coordinatorNotAvailable'
  // From a consumer that shares out its work by itself: only where no group does it.
  if (generation < 0 && group.state === 'Empty') return null
  if (generation < 0 && memberId === '' && instanceId === null) return 'unknownMember'
  const error = checkMember(group, memberId, instanceId)
  if (error !== null) return error
  if (generation !== group.generation) return 'illegalGeneration'
  // It knows the new generation, but not yet which partitions are its own.
  return group.state === 'CompletingRebalance' ? 'rebalanceInProgress' : null
}

/**
 * From when the retention of an offset counts (KIP-211): from the end of the group where it was
 * one, from the commit where nobody ever joined; null where members protect all offsets.
 */
function expiryBase(group: Group): ((offset: CommittedOffset) => number) | null {
  const sinceCommit = (c: CommittedOffset): number => c.committedAtMs
  if (group.protocolType === null) return sinceCommit
  const { stateSinceMs } = group
  if (group.state === 'Empty') return (c) => stateSinceMs ?? sinceCommit(c)
  return group.state === 'Stable' && group.knowsItsTopics ? sinceCommit : null
}

/** A retention comes from the network and may be as long as a number. */
const safeSum = (a: number, b: number): number => Math.min(a + b, Number.MAX_SAFE_INTEGER)

const isAbandoned = (group: Group): boolean => group.state === 'Empty' && group.pending.size === 0

const deletionsOf = (group: Group, topic: string): Change[] =>
  [...group.offsets.ofTopic(topic)].map(([partition]) => ({ topic, partition, to: null }))

const fetched = (partition: number, found: CommittedOffset | null): FetchedOffset =>
  found === null
    ? { partition, offset: -1, leaderEpoch: -1, metadata: '' }
    : {
        partition,
        offset: found.offset,
        leaderEpoch: found.leaderEpoch,
        metadata: found.metadata,
      }

const allRefused = (topics: OffsetsAnswer['topics'], error: ErrorName): OffsetsAnswer['topics'] =>
  topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((p) => ({ partition: p.partition, error: p.error ?? error })),
  }))
