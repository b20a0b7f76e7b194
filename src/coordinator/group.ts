// One classic group: its members, its generation, and which state it is in. Pure bookkeeping:
// nothing here waits, writes or reads a clock; rebalancing.ts, joining.ts and syncing.ts decide
// when to call it.
//
//                 a member joins                     all members are back, or the
//      +---------------------------------+           rebalance timeout is over
//      |                                 v                      |
//   +-------+  everybody left  +--------------------+  +--------v-----------+
//   | Empty |<-----------------| PreparingRebalance |->| CompletingRebalance|
//   +-------+                  +--------------------+  +--------------------+
//      | ^                        ^          ^   a member joins,  |      | the leader's assignment
//      | | the tombstone          |          +-- leaves or dies --+      | is durable
//      | | was refused            |                                      v
//      v |                        |  a member joins, leaves or dies  +--------+
//   +------+                      +----------------------------------| Stable |
//   | Dead |   being deleted                                         +--------+
//   +------+
//
// Invariants: a leader, if there is one, is a member; an Empty or Dead group has no members; the
// generation grows with every completed rebalance; each instance id belongs to one member.
import { assert } from '../base/assert.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { Deadline } from './deadlines.ts'
import { type GroupBudget, memberCost, pendingCost } from './group-budget.ts'
import { type GroupMember, type JoinReply, noBytes, type SyncReply } from './group-member.ts'
import type { GroupProtocol, JoinAnswer, JoinRequest, SyncAnswer } from './group-requests.ts'
import { subscribedTopics } from './subscription.ts'
import type { TopicIndex } from './topic-index.ts'

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

const cameFrom: Readonly<Record<GroupState, readonly GroupState[]>> = {
  Empty: ['PreparingRebalance', 'Dead'],
  PreparingRebalance: ['Empty', 'CompletingRebalance', 'Stable'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
  Dead: ['Empty'],
}

/** The protocol type of consumers that share out topics; the one whose metadata we look into. */
const consumerType = 'consumer'
const generationMax = 0x7fffffff

/** What a group's record says, apart from its members. */
export interface GroupProfile {
  readonly generation: number
  readonly protocolType: string | null
  readonly protocol: string | null
  readonly leader: string | null
  readonly stateSinceMs: number | null
}

export class Group {
  readonly id: string
  state: GroupState = 'Empty'
  /** A first rebalance may wait for more members; a later one waits for the known ones. */
  isFirstRebalance = false
  /** Wall clock at the last change of state; null when an old record did not tell. */
  stateSinceMs: number | null
  generation = 0
  protocolType: string | null = null
  protocol: string | null = null
  leader: string | null = null
  /** The generation whose assignment is on its way to the log, -1 if none. */
  assigningGeneration = -1
  /** Somebody new came since the first rebalance was last prolonged. */
  memberAdded = false
  readonly members = new Map<string, GroupMember>()
  /** Member ids handed out and not used yet, with the time until which they are kept. */
  readonly pending = new Map<string, Deadline>()
  /** Members with the generation's join answer that have not come for their assignment. */
  readonly owingSync = new Set<string>()
  /** End of the rebalance while preparing one; end of waiting for syncs after that. */
  readonly phase = new Deadline()
  readonly offsets: CommittedOffsets
  private readonly instances = new Map<string, string>()
  /** How many members offer a protocol. */
  private readonly offered = new Map<string, number>()
  private joinsParked = 0
  private topics: ReadonlySet<string> | null = null
  private readonly budget: GroupBudget

  constructor(id: string, nowMs: number, budget: GroupBudget, topics: TopicIndex<Group>) {
    this.id = id
    this.budget = budget
    this.offsets = new CommittedOffsets(budget, (topic, isThere) =>
      isThere ? topics.add(topic, this) : topics.remove(topic, this),
    )
    this.stateSinceMs = nowMs
  }

  /** Takes on what a record said: Stable with its members, or Empty without. */
  restore(profile: GroupProfile, members: readonly GroupMember[]): void {
    for (const id of [...this.members.keys()]) this.remove(id)
    this.generation = profile.generation
    this.stateSinceMs = profile.stateSinceMs
    this.leader = profile.leader
    for (const member of members) this.add(member, profile.protocolType ?? '')
    this.protocolType = profile.protocolType
    this.protocol = profile.protocol
    this.state = members.length > 0 ? 'Stable' : 'Empty'
    if (this.leader !== null && !this.members.has(this.leader)) this.leader = this.firstMember()
    this.topics = this.readTopics()
  }

  enter(state: GroupState, nowMs: number | null): void {
    assert(cameFrom[state].includes(this.state), `group ${this.state} -> ${state}`)
    this.isFirstRebalance = state === 'PreparingRebalance' && this.state === 'Empty'
    this.state = state
    this.stateSinceMs = nowMs
  }

  /** Closes a rebalance: counts the generation and, unless nobody is left, chooses the protocol. */
  nextGeneration(nowMs: number): void {
    this.generation = this.generation === generationMax ? 1 : this.generation + 1
    this.assigningGeneration = -1
    this.owingSync.clear()
    const empty = this.members.size === 0
    this.protocol = empty ? null : this.chooseProtocol()
    this.enter(empty ? 'Empty' : 'CompletingRebalance', nowMs)
    this.topics = this.readTopics()
  }

  /** Whether there is nothing that a new group of this id would not have: no record tells of it. */
  get isUntouched(): boolean {
    const isNew = this.state === 'Empty' && this.generation === 0
    return isNew && this.members.size + this.pending.size + this.offsets.size === 0
  }

  // ---- Members ----------------------------------------------------------------------------------

  add(member: GroupMember, protocolType: string): void {
    if (member.instanceId !== null) {
      assert(!this.instances.has(member.instanceId), 'an instance id has one member')
      this.instances.set(member.instanceId, member.id)
    }
    if (this.members.size === 0) this.protocolType = protocolType
    this.leader ??= member.id
    this.members.set(member.id, member)
    this.count(member, 1)
  }

  /** Forgets a member or a pending id. Whoever waits for an answer must have had it before. */
  remove(memberId: string): void {
    this.removePending(memberId)
    const member = this.members.get(memberId)
    if (member === undefined) return
    assert(member.join === null && member.sync === null, 'a member that leaves waits for nothing')
    this.members.delete(memberId)
    this.owingSync.delete(memberId)
    this.count(member, -1)
    if (member.instanceId !== null) this.instances.delete(member.instanceId)
    if (this.leader === memberId) this.leader = this.firstMember()
  }

  /** Keeps an id that was handed out, until it is used or somebody needs room. */
  addPending(memberId: string, takeBack: () => void): void {
    const deadline = new Deadline()
    this.pending.set(memberId, deadline)
    this.budget.bytes += pendingCost(memberId)
    this.budget.handedOut.set(deadline, takeBack)
  }

  private removePending(memberId: string): void {
    const deadline = this.pending.get(memberId)
    if (deadline === undefined) return
    this.pending.delete(memberId)
    this.budget.bytes -= pendingCost(memberId)
    this.budget.handedOut.delete(deadline)
  }

  /** Forgets everything, as nobody will find the group any more. Nobody may wait for an answer. */
  clear(): void {
    for (const id of [...this.members.keys(), ...this.pending.keys()]) this.remove(id)
    this.offsets.clear()
  }

  /** What a member says of itself when it joins again. */
  update(member: GroupMember, request: JoinRequest): void {
    this.count(member, -1)
    member.update(request)
    this.count(member, 1)
  }

  /**
   * Puts a new member, with the same instance id, in the place of `old`, which must not wait for
   * anything.
   */
  replace(old: GroupMember, successor: GroupMember): void {
    const wasLeader = this.leader === old.id
    this.remove(old.id)
    this.add(successor, this.protocolType ?? '')
    if (wasLeader) this.leader = successor.id
  }

  /** The member of this id or, if there is none, with this instance id. */
  known(memberId: string, instanceId: string | null): GroupMember | undefined {
    const holder = instanceId === null ? undefined : this.instances.get(instanceId)
    return this.members.get(memberId) ?? this.members.get(holder ?? '')
  }

  holderOf(instanceId: string): string | null {
    return this.instances.get(instanceId) ?? null
  }

  /** The longest that any member asks for. */
  get rebalanceTimeoutMs(): number {
    let longest = 0
    for (const m of this.members.values()) longest = Math.max(longest, m.rebalanceTimeoutMs)
    return longest
  }

  get joinsWaiting(): number {
    return this.joinsParked
  }

  get hasAllJoined(): boolean {
    return this.joinsParked === this.members.size && this.pending.size === 0
  }

  /** Sees to it that the leader is one that came back; false when nobody did. */
  electJoinedLeader(): boolean {
    if (this.leader === null) return false
    if (this.members.get(this.leader)?.join) return true
    for (const member of this.members.values())
      if (member.join !== null) {
        this.leader = member.id
        return true
      }
    return false
  }

  // ---- Answers that wait ------------------------------------------------------------------------

  parkJoin(member: GroupMember, reply: JoinReply): void {
    this.answerJoin(member, refusedJoin('rebalanceInProgress', member.id))
    member.join = reply
    this.joinsParked++
  }

  answerJoin(member: GroupMember, answer: JoinAnswer): void {
    const reply = member.join
    if (reply === null) return
    member.join = null
    this.joinsParked--
    reply(answer)
  }

  parkSync(member: GroupMember, reply: SyncReply): void {
    this.answerSync(member, refusedSync('rebalanceInProgress'))
    member.sync = reply
  }

  answerSync(member: GroupMember, answer: SyncAnswer): void {
    const reply = member.sync
    if (reply === null) return
    member.sync = null
    reply(answer)
  }

  /** The answer to a join of the current generation; the leader's lists everybody. */
  joined(member: GroupMember, skipAssignment = false): JoinAnswer {
    const isLeader = member.id === this.leader
    return {
      error: null,
      memberId: member.id,
      generation: this.generation,
      protocolType: this.protocolType,
      protocol: this.protocol,
      leader: this.leader ?? '',
      skipAssignment,
      members: isLeader ? [...this.members.values()].map((m) => this.listed(m)) : [],
    }
  }

  /** Whether the node may keep so many bytes of assignments in place of those that there are. */
  hasRoomFor(assignmentBytes: number): boolean {
    let more = assignmentBytes
    for (const { assignment } of this.members.values()) more -= assignment.length
    return more <= 0 || this.budget.hasRoom(more)
  }

  assign(member: GroupMember, assignment: Uint8Array): void {
    this.budget.bytes += assignment.length - member.assignment.length
    member.assignment = assignment
  }

  assigned(member: GroupMember): SyncAnswer {
    const { protocolType, protocol } = this
    return { error: null, protocolType, protocol, assignment: member.assignment }
  }

  // ---- Protocols --------------------------------------------------------------------------------

  /** Whether a member that offers these could be in the group. */
  accepts(protocolType: string, protocols: readonly GroupProtocol[]): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0
    if (protocolType !== this.protocolType) return false
    return protocols.some((p) => (this.offered.get(p.name) ?? 0) === this.members.size)
  }

  /** The protocol with the most votes among those that all members offer. */
  chooseProtocol(): string {
    const common = new Set<string>()
    for (const [name, n] of this.offered) if (n === this.members.size) common.add(name)
    const votes = new Map<string, number>()
    for (const member of this.members.values()) {
      const vote = member.vote(common)
      assert(vote !== null, 'members share a protocol')
      votes.set(vote, (votes.get(vote) ?? 0) + 1)
    }
    let best = ''
    for (const [name, n] of votes) if (n > (votes.get(best) ?? 0)) best = name
    return best
  }

  get isOfConsumers(): boolean {
    return this.protocolType === consumerType
  }

  /**
   * Unknown counts as subscribed in a group of consumers: better to keep an offset than to lose it.
   */
  subscribesTo(topic: string): boolean {
    return this.topics === null ? this.isOfConsumers : this.topics.has(topic)
  }

  get knowsItsTopics(): boolean {
    return this.topics !== null
  }

  private readTopics(): ReadonlySet<string> | null {
    if (!this.isOfConsumers) return null
    return subscribedTopics([...this.members.values()].map((m) => m.metadataOf(this.protocol)))
  }

  private listed(member: GroupMember) {
    const metadata = member.metadataOf(this.protocol)
    return { memberId: member.id, instanceId: member.instanceId, metadata }
  }

  private firstMember(): string | null {
    for (const id of this.members.keys()) return id
    return null
  }

  private count(member: GroupMember, by: 1 | -1): void {
    this.budget.bytes += by * memberCost(member)
    for (const name of new Set(member.protocols.map((p) => p.name))) {
      const n = (this.offered.get(name) ?? 0) + by
      if (n === 0) this.offered.delete(name)
      else this.offered.set(name, n)
    }
  }
}

export const refusedJoin = (error: JoinAnswer['error'], memberId: string): JoinAnswer => ({
  error,
  memberId,
  generation: -1,
  protocolType: null,
  protocol: null,
  leader: '',
  skipAssignment: false,
  members: [],
})

export const refusedSync = (error: SyncAnswer['error']): SyncAnswer => ({
  error,
  protocolType: null,
  protocol: null,
  assignment: noBytes,
})
