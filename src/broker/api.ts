// The face that one node shows to its doors: everything that a protocol may ask for, in protocol-free words.
// `broker.ts` implements it. A door translates; limits, permissions and every durable decision stand behind
// this line, so that no door can forget one. Answers come by callback where a request may have to wait.
import type { ErrorName, Result } from '../model/errors.ts'
import type { PartitionId } from '../model/ids.ts'
import type { Topic } from '../model/topic.ts'

// ---- Appending -----------------------------------------------------------------------------------------

export interface AppendRequest {
  readonly topic: Topic
  readonly partition: PartitionId
  /** One record batch v2 as it came from the wire; copied before `append` returns. */
  readonly batch: Uint8Array
}

export interface RecordError {
  /** Index of the record in its batch. */
  readonly index: number
  readonly message: string
}

export interface AppendOutcome {
  readonly error: ErrorName | null
  /** Words that name the thing and the remedy; null when there is nothing to add. */
  readonly message: string | null
  /** Offset of the batch's first record; -1 on error. */
  readonly baseOffset: number
  /** Set when the topic stamps records itself, else -1. Milliseconds since 1970. */
  readonly appendTimeMs: number
  readonly logStartOffset: number
  readonly recordErrors: readonly RecordError[]
}

/** `none`: no answer is wanted. `written`: as the topic's flush policy says. `all`: by every in-sync replica. */
export type RequiredAcks = 'none' | 'written' | 'all'

// ---- Fetching ------------------------------------------------------------------------------------------

export interface FetchPartition {
  readonly topic: Topic
  readonly partition: PartitionId
  readonly offset: number
  /** At most this many bytes of records; the first batch of an answer comes whole even if it is larger. */
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
  /** Bound on the sum of all partitions. */
  readonly maxBytes: number
  /** Only records below the last stable offset (the same as the high watermark while there are no transactions). */
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

/** A fetch that waits; `cancel` when its connection is gone. */
export interface PendingFetch {
  cancel(): void
}

// ---- Offsets -------------------------------------------------------------------------------------------

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
}

/** The records of this node. */
export interface Logs {
  /**
   * Appends each batch to its partition in the order given; the answer has the same order and comes when
   * all are acknowledged as `acks` asks. With `none` it comes at once.
   */
  append(
    requests: readonly AppendRequest[],
    acks: RequiredAcks,
    reply: (outcomes: readonly AppendOutcome[]) => void,
  ): void
  /** `atOnce`: the door already has something to say for another partition, so do not wait. */
  fetch(
    request: FetchRequest,
    atOnce: boolean,
    reply: (answer: FetchAnswer) => void,
  ): PendingFetch | null
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
