// All classic groups of one partition of the internal topic, or of one node: the room's face to
// broker/. It checks what every request has in common, finds the group, and hands over to the part
// that knows. Synchronous and without effects of its own: what must last goes through the Appender,
// time comes from the Clock, and answers come by callback, each exactly once.
//
// A joiner or a syncer may wait long. It is answered when its group goes on, when its session ends,
// when another takes its place, or when the coordinator stops. That its connection closed is not
// told here: like Kafka's, the coordinator lets the session decide, so that a member that only lost
// its connection keeps its place; the door drops the answer then.
import type { Chance } from '../io/chance.ts'
import type { Clock } from '../io/clock.ts'
import type { Appender } from '../log/appender.ts'
import type { ErrorName } from '../model/errors.ts'
import { Deadline, Deadlines } from './deadlines.ts'
import { type Group, refusedJoin, refusedSync } from './group.ts'
import { GroupBudget, memberCost } from './group-budget.ts'
import { describeGroup, listGroups } from './group-listing.ts'
import { type LoadReport, loadGroups, type StoredRecord } from './group-loader.ts'
import { GroupLog } from './group-log.ts'
import { type JoinReply, noBytes, type SyncReply } from './group-member.ts'
import { defaultGroupOptions, type GroupOptions } from './group-options.ts'
import { groupRecord } from './group-records.ts'
import type {
  CommitRequest,
  FetchOffsetsAnswer,
  GroupDescription,
  GroupFilter,
  JoinRequest,
  LeaveAnswer,
  LeaveRequest,
  ListedGroup,
  MemberRequest,
  OffsetsAnswer,
  SyncRequest,
  TopicPartitions,
} from './group-requests.ts'
import { Groups } from './groups.ts'
import { Joining } from './joining.ts'
import { Leaving } from './leaving.ts'
import { checkMember } from './member-check.ts'
import { commitRefusal, OffsetKeeping } from './offset-keeping.ts'
import { Outbox } from './outbox.ts'
import { Rebalancing } from './rebalancing.ts'
import { Syncing } from './syncing.ts'

export interface GroupCoordinatorParts {
  readonly clock: Clock
  readonly chance: Chance
  readonly appender: Appender
  readonly options?: Partial<GroupOptions>
  /** Shared by the coordinators of a node; one of its own if there is none. */
  readonly budget?: GroupBudget
}

export class GroupCoordinator {
  private state: 'loading' | 'active' | 'damaged' | 'stopped' = 'loading'
  private readonly options: GroupOptions
  private readonly budget: GroupBudget
  private readonly groups: Groups
  private readonly deadlines: Deadlines
  private readonly outbox: Outbox
  private readonly rebalancing: Rebalancing
  private readonly joining: Joining
  private readonly syncing: Syncing
  private readonly leaving: Leaving
  private readonly offsets: OffsetKeeping
  private readonly sweep = new Deadline()

  constructor({ clock, chance, appender, options, budget }: GroupCoordinatorParts) {
    this.options = { ...defaultGroupOptions, ...options }
    this.budget = budget ?? new GroupBudget(this.options)
    this.groups = new Groups(clock, this.budget)
    this.deadlines = new Deadlines(clock)
    this.outbox = new Outbox(clock)
    const log = new GroupLog(appender)
    const forget = (group: Group): void => this.groups.remove(group.id)
    this.rebalancing = new Rebalancing(clock, this.deadlines, log, this.options, forget)
    this.joining = new Joining(chance, this.rebalancing, log, this.options)
    this.syncing = new Syncing(clock, this.rebalancing, log)
    this.leaving = new Leaving(this.rebalancing)
    this.offsets = new OffsetKeeping(clock, log, this.budget, this.options)
  }

  // ---- Life -------------------------------------------------------------------------------------

  /**
   * Takes on what the partition holds, oldest record first, and from then on requests. Called once.
   */
  load(records: Iterable<StoredRecord>): LoadReport {
    const report = loadGroups(records, this.groups)
    for (const group of this.groups.all()) {
      // Members get a whole session to make themselves heard.
      for (const member of group.members.values()) this.rebalancing.keepAlive(group, member)
      if (group.members.size > this.options.membersMax) this.rebalancing.prepare(group)
    }
    this.state = 'active'
    this.scheduleSweep()
    return report
  }

  /** The partition is damaged: no group of it is available. Called instead of `load`. */
  refuse(): void {
    this.state = 'damaged'
  }

  /** Answers everybody who waits with `notCoordinator`, and every request from now on. */
  stop(): void {
    this.state = 'stopped'
    this.deadlines.close()
    for (const group of this.groups.all())
      for (const member of group.members.values()) {
        group.answerJoin(member, refusedJoin('notCoordinator', member.id))
        group.answerSync(member, refusedSync('notCoordinator'))
      }
  }

  // ---- Membership -------------------------------------------------------------------------------

  join(request: JoinRequest, reply: JoinReply): void {
    const later = this.outbox.later(reply)
    const group = this.groupToJoin(request)
    if (typeof group === 'string') later(refusedJoin(group, request.memberId))
    else this.joining.join(group, request, later)
  }

  sync(request: SyncRequest, reply: SyncReply): void {
    const later = this.outbox.later(reply)
    const group = this.find(request.groupId, 'unknownMember')
    if (typeof group === 'string') later(refusedSync(group))
    else this.syncing.sync(group, request, later)
  }

  /** Null: the member is alive and its generation stands. */
  heartbeat(request: MemberRequest): ErrorName | null {
    const group = this.find(request.groupId, 'unknownMember')
    if (typeof group === 'string') return group
    if (group.state === 'Dead') return 'coordinatorNotAvailable'
    const error = checkMember(group, request.memberId, request.instanceId)
    const member = group.members.get(request.memberId)
    if (error !== null || member === undefined) return error ?? 'unknownMember'
    if (request.generation !== group.generation) return 'illegalGeneration'
    this.rebalancing.keepAlive(group, member)
    return group.state === 'PreparingRebalance' ? 'rebalanceInProgress' : null
  }

  leave(request: LeaveRequest): LeaveAnswer {
    const error = this.refusal(request.groupId)
    if (error !== null) return { error, members: [] }
    return this.leaving.leave(this.groups.get(request.groupId), request)
  }

  // ---- Offsets ----------------------------------------------------------------------------------

  /** `groupNotFound` is what Kafka answers from version 9 on; before that, `illegalGeneration`. */
  commit(request: CommitRequest, reply: (answer: OffsetsAnswer) => void): void {
    const group = this.groupToCommit(request)
    const error = typeof group === 'string' ? group : commitRefusal(group, request)
    if (typeof group === 'string' || error !== null) reply({ error, topics: [] })
    else {
      const member = group.members.get(request.memberId)
      if (member !== undefined) this.rebalancing.keepAlive(group, member)
      this.offsets.commit(group, request, (answer) => {
        // It was made for this, and nothing of it was taken.
        if (group.isUntouched) this.groups.remove(group.id)
        reply(answer)
      })
    }
  }

  /**
   * `topics` null: all that the group has. A group that nobody knows has no offsets; that is no
   * error.
   */
  fetchOffsets(groupId: string, topics: readonly TopicPartitions[] | null): FetchOffsetsAnswer {
    const error = this.keeperRefusal(groupId)
    if (error !== null) return { error, topics: [] }
    return this.offsets.fetch(this.groups.get(groupId), topics)
  }

  deleteOffsets(
    groupId: string,
    topics: readonly TopicPartitions[],
    reply: (answer: OffsetsAnswer) => void,
  ): void {
    const group = this.refusal(groupId) ?? this.findLiving(groupId)
    if (typeof group === 'string') reply({ error: group, topics: [] })
    else this.offsets.delete(group, topics, reply)
  }

  /** A topic is gone: no group remembers anything of it. */
  forgetTopic(topic: string): void {
    if (this.state !== 'active') return
    for (const group of this.groups.withOffsetsOf(topic)) this.offsets.deleteTopic(group, topic)
  }

  /** Those that groups have offsets of; some may come several times. */
  *topicsWithOffsets(): Generator<string> {
    for (const group of this.groups.all()) yield* group.offsets.topicNames()
  }

  // ---- Groups -----------------------------------------------------------------------------------

  describe(groupId: string): GroupDescription {
    return describeGroup(groupId, this.groups.get(groupId), this.keeperRefusal(groupId))
  }

  list(filter: GroupFilter): { error: ErrorName | null; groups: readonly ListedGroup[] } {
    // As with Kafka, what a partition that cannot be read holds is not listed.
    if (this.state === 'damaged') return { error: null, groups: [] }
    const error = this.stateRefusal()
    return { error, groups: error === null ? listGroups(this.groups.all(), filter) : [] }
  }

  /** Deletes an empty group and its offsets. */
  deleteGroup(groupId: string, reply: (error: ErrorName | null) => void): void {
    const group = this.findLiving(groupId)
    if (typeof group === 'string') reply(group)
    else if (group.state !== 'Empty') reply('groupNotEmpty')
    else this.bury(group, reply)
  }

  /**
   * Dead while its tombstones are on their way: until they are durable it is neither there nor
   * gone.
   */
  private bury(group: Group, done: (error: ErrorName | null) => void): void {
    for (const memberId of [...group.pending.keys()])
      this.rebalancing.removePending(group, memberId)
    const emptySinceMs = group.stateSinceMs
    group.enter('Dead', emptySinceMs)
    this.offsets.deleteAll(group, [groupRecord(group.id, null)], (error) => {
      if (error === null) this.groups.remove(group.id)
      else group.enter('Empty', emptySinceMs)
      done(error)
    })
  }

  /** Deletes the offsets that nobody has used for too long, and the groups that have none left. */
  private expire(): void {
    for (const group of [...this.groups.all()])
      if (group.state !== 'Dead' && this.offsets.expire(group)) this.bury(group, tryAgainLater)
    this.scheduleSweep()
  }

  private scheduleSweep(): void {
    this.deadlines.arm(this.sweep, this.options.retentionCheckMs, () => this.expire())
  }

  // ---- What every request has in common ---------------------------------------------------------

  private find(groupId: string, otherwise: ErrorName): Group | ErrorName {
    return this.refusal(groupId) ?? this.groups.get(groupId) ?? otherwise
  }

  private findLiving(groupId: string): Group | ErrorName {
    const error = this.keeperRefusal(groupId)
    if (error !== null) return error
    const group = this.groups.get(groupId)
    return group === null || group.state === 'Dead' ? 'groupNotFound' : group
  }

  /** Only a member that begins anew makes a group. */
  private groupToJoin(request: JoinRequest): Group | ErrorName {
    const error = this.refusal(request.groupId) ?? this.joinRefusal(request)
    if (error !== null) return error
    if (request.memberId !== '') return this.groups.get(request.groupId) ?? 'unknownMember'
    return this.groups.getOrAdd(request.groupId) ?? 'groupMemoryUsedUp'
  }

  /** Only a consumer that shares out its work by itself makes one. */
  private groupToCommit({ groupId, generation }: CommitRequest): Group | ErrorName {
    const error = this.keeperRefusal(groupId)
    if (error !== null) return error
    if (generation >= 0) return this.groups.get(groupId) ?? 'groupNotFound'
    return this.groups.getOrAdd(groupId) ?? 'groupMemoryUsedUp'
  }

  private refusal(groupId: string): ErrorName | null {
    return groupId === '' ? 'invalidGroupId' : this.keeperRefusal(groupId)
  }

  /** Without members, a group that only keeps offsets may have the empty name, as with Kafka. */
  private keeperRefusal(groupId: string): ErrorName | null {
    const isValid = groupId.length <= this.options.groupIdLengthMax
    return isValid ? this.stateRefusal() : 'invalidGroupId'
  }

  private stateRefusal(): ErrorName | null {
    switch (this.state) {
      case 'loading':
        return 'coordinatorLoading'
      case 'damaged':
        return 'coordinatorNotAvailable'
      case 'stopped':
        return 'notCoordinator'
      default:
        return null
    }
  }

  private joinRefusal(request: JoinRequest): ErrorName | null {
    const { sessionTimeoutMs, instanceId, protocolType, protocols } = request
    const { options } = this
    if (
      sessionTimeoutMs < options.sessionTimeoutMsMin ||
      sessionTimeoutMs > options.sessionTimeoutMsMax
    )
      return 'invalidSessionTimeout'
    if (instanceId !== null && instanceId.length > options.instanceIdLengthMax)
      return 'policyViolation'
    if (protocolType.length > options.protocolTypeLengthMax) return 'policyViolation'
    if (protocols.length > options.protocolsMax) return 'policyViolation'
    const bytes = protocols.reduce((sum, p) => sum + p.metadata.length, 0)
    if (bytes > options.memberMetadataBytesMax) return 'policyViolation'
    // What the member offers already, by whatever id, makes place for what it offers now.
    const before = this.groups.get(request.groupId)?.known(request.memberId, instanceId)
    const more = memberCost({ ...request, assignment: noBytes }) - (before ? memberCost(before) : 0)
    const hasRoom = (): boolean => this.budget.hasRoom(more)
    return more <= 0 || this.budget.makeRoom(hasRoom) ? null : 'groupMemoryUsedUp'
  }
}

/** The next sweep finds the group again. */
const tryAgainLater = (): void => undefined
