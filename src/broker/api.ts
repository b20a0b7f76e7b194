// The face that one node shows to its doors: everything that a protocol may ask for, in
// protocol-free words. `broker.ts` implements it. A door translates; limits, permissions and every
// durable decision stand behind this line, so that no door can forget one. Answers come by callback
// where a request may have to wait.
import type {
  CommitRequest,
  FetchOffsetsAnswer,
  GroupDescription,
  GroupFilter,
  JoinAnswer,
  JoinRequest,
  LeaveAnswer,
  LeaveRequest,
  ListedGroup,
  MemberRequest,
  OffsetsAnswer,
  SyncAnswer,
  SyncRequest,
  TopicPartitions,
} from '../coordinator/group-requests.ts'
import type { ProducerIdentity } from '../coordinator/producer-ids.ts'
import type { AppendOutcome } from '../model/append-outcome.ts'
import type { ConfigOperation } from '../model/config/config-change.ts'
import type { ConfigEntry } from '../model/config/describe-config.ts'
import type { ErrorName, Result } from '../model/errors.ts'
import type { NodeId, PartitionId, TopicId } from '../model/ids.ts'
import type { Topic } from '../model/topic.ts'
import type { Right } from '../security/access/access-values.ts'
import type { NameSet } from '../security/access/name-pattern.ts'

export type * from '../coordinator/group-requests.ts'
export type { NameSet, Right }

// ---- Appending ----------------------------------------------------------------------------------

export interface AppendRequest {
  readonly topic: Topic
  readonly partition: PartitionId
  /** One record batch v2 as it came from the wire; copied before `append` returns. */
  readonly batch: Uint8Array
}

/**
 * `none`: no answer is wanted. `written`: as the topic's flush policy says. `all`: by every in-sync
 * replica.
 */
export type RequiredAcks = 'none' | 'written' | 'all'

// ---- Fetching -----------------------------------------------------------------------------------

export interface FetchPartition {
  readonly topic: Topic
  readonly partition: PartitionId
  readonly offset: number
  /**
   * At most this many bytes of records; the first batch of an answer comes whole even if it is
   * larger.
   */
  readonly maxBytes: number
  /** What the client believes; -1 asks for no check. */
  readonly currentLeaderEpoch: number
  /** Epoch of the last record the client holds; -1 asks for no check. */
  readonly lastFetchedEpoch: number
}

export interface FetchRequest {
  readonly partitions: readonly FetchPartition[]
  /** Answer at once when this many bytes are there, */
  readonly minBytes: number
  /** or when so much time has passed, whichever is first. */
  readonly maxWaitMs: number
  /** Whether to look again whenever records come; else only when the time has passed. */
  readonly watches: boolean
  /** Bound on the sum of all partitions. */
  readonly maxBytes: number
  /**
   * Only records below the last stable offset (the same as the high watermark while there are no
   * transactions).
   */
  readonly committedOnly: boolean
}

export interface FetchOutcome {
  readonly error: ErrorName | null
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** Set when the client's log has diverged from ours. */
  readonly diverging: { readonly epoch: number; readonly endOffset: number } | null
  /** Whole record batches, as views that stay valid until `release`. */
  readonly records: readonly Uint8Array[]
  readonly recordBytes: number
}

export interface FetchAnswer {
  /** Same order as the request's partitions. */
  readonly outcomes: readonly FetchOutcome[]
  /** To be called once, when the records have been sent. */
  release(): void
}

/** A fetch that waits. */
export interface PendingFetch {
  /** Replies with what is there. */
  answerNow(): void
  /** Does not reply at all: its connection is gone. */
  cancel(): void
}

// ---- Offsets ------------------------------------------------------------------------------------

/** Which offset: a special one, or of the first record with at least this timestamp. */
export type OffsetSpec =
  | {
      readonly at:
        | 'earliest'
        | 'latest'
        | 'maxTimestamp'
        | 'earliestLocal'
        | 'latestTiered'
        | 'earliestPendingUpload'
    }
  | { readonly at: 'timestamp'; readonly timestampMs: number }

export interface OffsetAnswer {
  /** -1: no such record. */
  readonly offset: number
  /** -1 where the question was not about time. */
  readonly timestampMs: number
  readonly leaderEpoch: number
}

export interface PartitionSize {
  readonly partition: PartitionId
  readonly bytes: number
  readonly logStartOffset: number
  readonly highWatermark: number
  /** Records from here on are damaged on disk; null: all is well. */
  readonly damagedFrom: number | null
}

/** The records of this node. */
export interface Logs {
  /**
   * Appends each batch to its partition in the order given; the answer has the same order and
   * comes when all are acknowledged as `acks` asks. With `none` it comes when all are placed. False
   * when some have yet to be placed: what must come behind them is appended after the answer.
   */
  append(
    requests: readonly AppendRequest[],
    acks: RequiredAcks,
    reply: (outcomes: readonly AppendOutcome[]) => void,
  ): boolean
  /**
   * True while an append of so many bytes would have to wait, or others that wait cost too much
   * memory. A door begins no further one of the size then, and stops reading instead.
   */
  isHeldUp(bytes: number): boolean
  /**
   * Somebody waits for memory that answers to others hold. A door then parts with clients that do
   * not take theirs.
   */
  readonly readsWait: boolean
  /** Calls `action` once, when nothing is held up any more. */
  whenTaken(action: () => void): void
  /** Null when it is answered at once, as it is when it asks for no partition. */
  fetch(request: FetchRequest, reply: (answer: FetchAnswer) => void): PendingFetch | null
  offsetFor(
    topic: Topic,
    partition: PartitionId,
    spec: OffsetSpec,
    committedOnly: boolean,
    currentLeaderEpoch: number,
  ): Promise<Result<OffsetAnswer>>
  /** Where the records of `epoch` end: the largest epoch not above it, and its end offset. */
  endOfEpoch(
    topic: Topic,
    partition: PartitionId,
    epoch: number,
    currentLeaderEpoch: number,
  ): Result<{ epoch: number; endOffset: number }>
  /** Moves the log start up to `before` (-1: the high watermark); durable when resolved. */
  deleteRecords(
    topic: Topic,
    partition: PartitionId,
    before: number,
  ): Promise<Result<{ logStartOffset: number }>>
  sizes(topic: Topic): readonly PartitionSize[]
}

// ---- Topics -------------------------------------------------------------------------------------

export interface NewTopic {
  readonly name: string
  /** -1: the node's default. */
  readonly partitions: number
  /** -1: the node's default. */
  readonly replicationFactor: number
  /** Nodes by partition; then both numbers above are -1. Null: the node chooses. */
  readonly assignments: ReadonlyMap<number, readonly number[]> | null
  /** A null value leaves the key at its default. */
  readonly configs: readonly (readonly [string, string | null])[]
}

export interface Topics {
  named(name: string): Topic | null
  /** What to say of a name that `named` does not know. */
  absent(name: string): ErrorName
  withId(id: TopicId): Topic | null
  all(): Iterable<Topic>
  /** The topic as it would be, when `validateOnly`. Durable when resolved. */
  create(topic: NewTopic, validateOnly: boolean): Promise<Result<Topic>>
  /**
   * What becomes of a topic that nobody made when a client asks for it: made by the node's
   * defaults, or refused (`unknownTopic`) if the node or, with `forbidden`, the client does not
   * want that; a name that no topic can have is `invalidTopicName` in any case.
   */
  createOnDemand(name: string, forbidden: boolean): Promise<Result<Topic>>
  delete(topic: Topic): Promise<Result<null>>
  /**
   * Grows a topic to `count` partitions; `assignments` gives the nodes of each new one, or null.
   */
  addPartitions(
    topic: Topic,
    count: number,
    assignments: readonly (readonly number[])[] | null,
    validateOnly: boolean,
  ): Promise<Result<null>>
  /**
   * Whether a partition may move to these nodes, which is where it is; null stops what is under
   * way, and nothing ever is.
   */
  reassign(nodes: readonly number[] | null): Result<null>
}

// ---- Configuration ------------------------------------------------------------------------------

export type ConfigTarget =
  | { readonly kind: 'topic'; readonly topic: Topic }
  /** `node` null: what all nodes start from. */
  | { readonly kind: 'node'; readonly node: number | null }

export interface Configs {
  /** Every key that the target has, set or not. */
  describe(target: ConfigTarget): Result<readonly ConfigEntry[]>
  /** All or none. Durable when resolved. */
  change(
    target: ConfigTarget,
    operations: readonly ConfigOperation[],
    validateOnly: boolean,
  ): Promise<Result<null>>
  /** Sets these and forgets whatever else was set. */
  replace(
    target: ConfigTarget,
    values: ReadonlyMap<string, string | null>,
    validateOnly: boolean,
  ): Promise<Result<null>>
}

// ---- Groups and producers -----------------------------------------------------------------------

/** The groups of this node. Answers by callback come once, at once or when the group has agreed. */
export interface Groups {
  join(request: JoinRequest, reply: (answer: JoinAnswer) => void): void
  sync(request: SyncRequest, reply: (answer: SyncAnswer) => void): void
  heartbeat(request: MemberRequest): ErrorName | null
  leave(request: LeaveRequest): LeaveAnswer
  commit(request: CommitRequest, reply: (answer: OffsetsAnswer) => void): void
  /** `topics` null: all that the group has. */
  fetchOffsets(groupId: string, topics: readonly TopicPartitions[] | null): FetchOffsetsAnswer
  deleteOffsets(
    groupId: string,
    topics: readonly TopicPartitions[],
    reply: (answer: OffsetsAnswer) => void,
  ): void
  describe(groupId: string): GroupDescription
  list(filter: GroupFilter): { error: ErrorName | null; groups: readonly ListedGroup[] }
  deleteGroup(groupId: string, reply: (error: ErrorName | null) => void): void
}

export interface Producers {
  /** An id that was never given out before, with epoch 0, for an idempotent producer. */
  initProducerId(reply: (identity: Result<ProducerIdentity>) => void): void
}

// ---- Rights -------------------------------------------------------------------------------------

/** What the client behind this face may do with a thing of a name. */
export type ThingRights = Readonly<Record<Right, boolean>>

/** For protocols that tell clients what they may do; what they may not is refused in any case. */
export interface ClientRights {
  of(name: string): ThingRights
  readonly isAdministrator: boolean
}

/** One right on some names, given to a user. */
export interface Grant {
  readonly user: string
  readonly right: Right
  readonly names: NameSet
}

/** The permissions of the vhost that the client is in, one by one. For administrators only. */
export interface Grants {
  /** Those that can be said so: a pattern that is another expression is left out. */
  list(): Result<readonly Grant[]>
  /** What is there already is taken, too. */
  add(grant: Grant): Promise<Result<null>>
  remove(grant: Grant): Promise<Result<null>>
}

// ---- The node -----------------------------------------------------------------------------------

export interface Broker {
  readonly nodeId: NodeId
  readonly clusterId: string
  /** Where the node stands, in the words of who runs it. */
  readonly rack: string | null
  readonly logs: Logs
  readonly topics: Topics
  readonly configs: Configs
  readonly groups: Groups
  readonly producers: Producers
  readonly rights: ClientRights
  /** Null: clients here are not held to permissions. */
  readonly grants: Grants | null
  /**
   * Somebody is about to use the group: makes the topic that keeps groups, and does not wait for
   * it. Why the client may not use it, or null.
   */
  prepareGroup(groupId: string): ErrorName | null
}
