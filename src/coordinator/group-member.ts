// One member of a classic group: who it is, what it offers, what it was given, and the answers it
// waits for. A member waits for at most one join and one sync; a second request of the same kind
// takes the place of the first, which is answered so that nobody waits for ever. Owned by its
// Group.
import { Deadline } from './deadlines.ts'
import type { GroupProtocol, JoinAnswer, JoinRequest, SyncAnswer } from './group-requests.ts'

export type JoinReply = (answer: JoinAnswer) => void
export type SyncReply = (answer: SyncAnswer) => void

export const noBytes: Uint8Array = new Uint8Array(0)

/** What stays of a member in its group's records. */
export interface MemberProfile {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocols: readonly GroupProtocol[]
  readonly assignment: Uint8Array
}

/** Bytes of a request live only as long as the request. */
const keep = (protocols: readonly GroupProtocol[]): readonly GroupProtocol[] =>
  protocols.map(({ name, metadata }) => ({ name, metadata: Uint8Array.from(metadata) }))

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])

export class GroupMember {
  readonly id: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  protocols: readonly GroupProtocol[]
  assignment: Uint8Array
  join: JoinReply | null = null
  sync: SyncReply | null = null
  /** Has never had an answer to a join, so it cannot send heartbeats. */
  isNew = false
  readonly session = new Deadline()

  constructor(profile: MemberProfile) {
    this.id = profile.memberId
    this.instanceId = profile.instanceId
    this.clientId = profile.clientId
    this.clientHost = profile.clientHost
    this.rebalanceTimeoutMs = profile.rebalanceTimeoutMs
    this.sessionTimeoutMs = profile.sessionTimeoutMs
    this.protocols = keep(profile.protocols)
    this.assignment = profile.assignment
  }

  static joining(memberId: string, request: JoinRequest): GroupMember {
    return new GroupMember({ ...request, memberId, assignment: noBytes })
  }

  get isStatic(): boolean {
    return this.instanceId !== null
  }

  /**
   * A member that waits for us keeps its session, unless it is one that nobody ever heard of again.
   */
  get isExcusedFromHeartbeats(): boolean {
    return !this.isNew && (this.join !== null || this.sync !== null)
  }

  /** Takes over what the member says of itself when it joins again. */
  update(request: JoinRequest): void {
    this.protocols = keep(request.protocols)
    this.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    this.sessionTimeoutMs = request.sessionTimeoutMs
  }

  offers(protocols: readonly GroupProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      this.protocols.every((mine, i) => {
        const other = protocols[i]
        return other?.name === mine.name && sameBytes(other.metadata, mine.metadata)
      })
    )
  }

  metadataOf(protocol: string | null): Uint8Array {
    return this.protocols.find((p) => p.name === protocol)?.metadata ?? noBytes
  }

  /** Its most preferred protocol among those that everybody offers. */
  vote(candidates: ReadonlySet<string>): string | null {
    return this.protocols.find((p) => candidates.has(p.name))?.name ?? null
  }
}
