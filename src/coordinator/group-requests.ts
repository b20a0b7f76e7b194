// What a door asks of a group coordinator and what it gets back, in protocol-free words. Bytes in
// requests are views that need to live only during the call; bytes in answers must not be changed.
import type { ErrorName } from '../model/errors.ts'

/** A way of sharing out work that a member offers, with what the leader needs to know to do it. */
export interface GroupProtocol {
  readonly name: string
  readonly metadata: Uint8Array
}

export interface JoinRequest {
  readonly groupId: string
  /** '' for a member that has none yet. */
  readonly memberId: string
  /** Set for a static member (KIP-345). */
  readonly instanceId: string | null
  readonly protocolType: string
  /** In order of preference. */
  readonly protocols: readonly GroupProtocol[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly clientId: string
  readonly clientHost: string
  /** Whether a new dynamic member must come back with the id it is given (KIP-394). */
  readonly requireKnownMemberId: boolean
  /** Whether the client understands `skipAssignment` (KIP-814). */
  readonly supportsSkipAssignment: boolean
}

export interface JoinedMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly metadata: Uint8Array
}

export interface JoinAnswer {
  readonly error: ErrorName | null
  readonly memberId: string
  /** -1 on error. */
  readonly generation: number
  readonly protocolType: string | null
  readonly protocol: string | null
  /** Member id of the leader, '' when unknown. */
  readonly leader: string
  /** The receiver is the leader of a group whose assignment stays as it is. */
  readonly skipAssignment: boolean
  /** All members for the leader, nobody for the others. */
  readonly members: readonly JoinedMember[]
}

export interface MemberRequest {
  readonly groupId: string
  readonly memberId: string
  readonly instanceId: string | null
  readonly generation: number
}

export interface SyncRequest extends MemberRequest {
  /** What the member believes to be chosen; null asks for no check. */
  readonly protocolType: string | null
  readonly protocol: string | null
  /** From the leader; of the others it is not read. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[]
}

export interface SyncAnswer {
  readonly error: ErrorName | null
  readonly protocolType: string | null
  readonly protocol: string | null
  readonly assignment: Uint8Array
}

export interface MemberIdentity {
  /** '' removes the static member that holds `instanceId`, whoever it is. */
  readonly memberId: string
  readonly instanceId: string | null
}

export interface LeaveRequest {
  readonly groupId: string
  readonly members: readonly MemberIdentity[]
}

export interface LeaveAnswer {
  readonly error: ErrorName | null
  /** Same order as the request's; empty when `error` is set. */
  readonly members: readonly (MemberIdentity & { readonly error: ErrorName | null })[]
}

export interface OffsetToCommit {
  readonly partition: number
  readonly offset: number
  /** -1 when the client does not say. */
  readonly leaderEpoch: number
  readonly metadata: string
}

export interface CommitRequest extends MemberRequest {
  /** Keep the offsets so long whatever becomes of the group; null: by the node's rule. */
  readonly retentionMs: number | null
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly OffsetToCommit[]
  }[]
}

export interface PartitionErrors {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number; readonly error: ErrorName | null }[]
}

/**
 * Same order as the request's; `topics` is empty when the whole request was refused with `error`.
 */
export interface OffsetsAnswer {
  readonly error: ErrorName | null
  readonly topics: readonly PartitionErrors[]
}

export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

export interface FetchedOffset {
  readonly partition: number
  /** -1: nothing committed. */
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
  /** Set by whoever stands between, for what the client may not see. */
  readonly error?: ErrorName
}

export interface FetchOffsetsAnswer {
  readonly error: ErrorName | null
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly FetchedOffset[]
  }[]
}

export interface DescribedMember extends JoinedMember {
  readonly clientId: string
  readonly clientHost: string
  readonly assignment: Uint8Array
}

export interface GroupDescription {
  /**
   * `groupNotFound` together with the state `Dead`: older protocol versions show only the state.
   */
  readonly error: ErrorName | null
  readonly groupId: string
  readonly state: string
  readonly protocolType: string
  /** '' unless the group is stable. */
  readonly protocol: string
  readonly members: readonly DescribedMember[]
}

/** Empty lists do not filter; names are compared without case. */
export interface GroupFilter {
  readonly states: readonly string[]
  readonly types: readonly string[]
}

export interface ListedGroup {
  readonly groupId: string
  readonly protocolType: string
  readonly state: string
  readonly type: string
}
