// Decides what a join does, by who asks and the state of the group. Follows Apache Kafka, including
// the places where it answers the current generation instead of starting another. Called by
// GroupCoordinator.
import type { Chance } from '../io/chance.ts'
import type { ErrorName } from '../model/errors.ts'
import { type Group, refusedJoin, refusedSync } from './group.ts'
import type { GroupLog } from './group-log.ts'
import { GroupMember, type JoinReply } from './group-member.ts'
import type { GroupOptions } from './group-options.ts'
import type { JoinRequest } from './group-requests.ts'
import { checkMember } from './member-check.ts'
import type { Rebalancing } from './rebalancing.ts'

/** Of a client id, in the member ids made from it. */
const idPrefixLengthMax = 255

export class Joining {
  private readonly chance: Chance
  private readonly rebalancing: Rebalancing
  private readonly log: GroupLog
  private readonly options: GroupOptions

  constructor(chance: Chance, rebalancing: Rebalancing, log: GroupLog, options: GroupOptions) {
    this.chance = chance
    this.rebalancing = rebalancing
    this.log = log
    this.options = options
  }

  join(group: Group, request: JoinRequest, reply: JoinReply): void {
    const { memberId, instanceId } = request
    const error = this.refusalOf(group, request)
    if (error === 'groupFull') this.turnAway(group, memberId, reply)
    else if (error !== null) reply(refusedJoin(error, memberId))
    else if (memberId !== '') this.joinKnown(group, request, reply)
    else if (instanceId !== null) this.joinStatic(group, request, instanceId, reply)
    else if (request.requireKnownMemberId) this.handOutId(group, request, reply)
    else this.add(group, this.newId(request.clientId), request, reply)
  }

  private refusalOf(group: Group, request: JoinRequest): ErrorName | null {
    if (group.state === 'Dead') return 'coordinatorNotAvailable'
    if (!this.hasRoomFor(group, request.memberId)) return 'groupFull'
    const fits = group.accepts(request.protocolType, request.protocols)
    return fits ? null : 'inconsistentGroupProtocol'
  }

  private turnAway(group: Group, memberId: string, reply: JoinReply): void {
    const member = group.members.get(memberId)
    if (member !== undefined) this.rebalancing.remove(group, member, 'groupFull')
    reply(refusedJoin('groupFull', ''))
    this.rebalancing.completeIfReady(group)
  }

  /** While members are joining, those that came first have the room, whoever was here before. */
  private hasRoomFor(group: Group, memberId: string): boolean {
    const member = group.members.get(memberId)
    switch (group.state) {
      case 'PreparingRebalance':
        return (member?.join ?? null) !== null || group.joinsWaiting < this.options.membersMax
      case 'CompletingRebalance':
      case 'Stable':
        return member !== undefined || group.members.size < this.options.membersMax
      default:
        return true
    }
  }

  // ---- New members ------------------------------------------------------------------------------

  /**
   * The member has to come back with its id: a client that retries shall not leave members behind.
   */
  private handOutId(group: Group, request: JoinRequest, reply: JoinReply): void {
    const [oldest] = group.pending.keys()
    if (oldest !== undefined && group.pending.size >= this.options.pendingMembersMax)
      this.rebalancing.takeBack(group, oldest)
    const memberId = this.newId(request.clientId)
    this.rebalancing.keepPending(group, memberId, request.sessionTimeoutMs)
    reply(refusedJoin('memberIdRequired', memberId))
  }

  private joinStatic(group: Group, request: JoinRequest, id: string, reply: JoinReply): void {
    const holder = group.members.get(group.holderOf(id) ?? '')
    if (holder === undefined) this.add(group, this.newId(id), request, reply)
    else this.replace(group, holder, this.newId(id), request, reply)
  }

  private add(group: Group, memberId: string, request: JoinRequest, reply: JoinReply): void {
    const member = GroupMember.joining(memberId, request)
    member.isNew = true
    this.rebalancing.removePending(group, memberId)
    group.add(member, request.protocolType)
    group.memberAdded = true
    group.parkJoin(member, reply)
    this.rebalancing.keepAlive(group, member, this.options.newMemberJoinTimeoutMs)
    this.rebalancing.prepareOrComplete(group)
  }

  private newId(prefix: string): string {
    const hex = this.chance.uuid()
    const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
    return [prefix.slice(0, idPrefixLengthMax), ...groups, hex.slice(20)].join('-')
  }

  // ---- A static member that comes back ----------------------------------------------------------

  /** The one who held the instance id before is fenced, whether it is alive or not. */
  private replace(
    group: Group,
    old: GroupMember,
    memberId: string,
    request: JoinRequest,
    reply: JoinReply,
  ): void {
    const leaderBefore = group.leader ?? ''
    const member = GroupMember.joining(memberId, request)
    member.assignment = old.assignment
    group.answerJoin(old, refusedJoin('fencedInstance', old.id))
    group.answerSync(old, refusedSync('fencedInstance'))
    this.rebalancing.cease(old)
    group.replace(old, member)
    group.parkJoin(member, reply)
    this.rebalancing.keepAlive(group, member)
    if (group.state === 'Stable' && group.chooseProtocol() === group.protocol)
      this.takeOver(group, member, leaderBefore, request.supportsSkipAssignment)
    else this.rebalancing.prepareOrComplete(group)
  }

  /** Nothing but an id changed: the assignment stands, once the log knows to whom it belongs. */
  private takeOver(
    group: Group,
    member: GroupMember,
    leaderBefore: string,
    canSkip: boolean,
  ): void {
    const generation = group.generation
    this.log.writeGroup(
      group,
      (m) => m.assignment,
      (error) => {
        // If a rebalance has begun meanwhile, the join waits for it, and its record will hold the
        // new id.
        if (group.state !== 'Stable' || group.generation !== generation) return
        // Another took its place, and it has been told so.
        if (group.members.get(member.id) !== member) return
        if (error !== null) {
          this.rebalancing.prepare(group)
          return
        }
        const isLeader = group.leader === member.id
        const answer = group.joined(member, isLeader && canSkip)
        // An old client would compute an assignment that nobody asked for, so it is not told that
        // it leads.
        const asFollower = { ...answer, leader: leaderBefore, members: [] }
        group.answerJoin(member, canSkip ? answer : asFollower)
        this.rebalancing.keepAlive(group, member)
      },
    )
  }

  // ---- Members that have an id ------------------------------------------------------------------

  private joinKnown(group: Group, request: JoinRequest, reply: JoinReply): void {
    const { memberId, instanceId } = request
    // Ids are handed out to dynamic members only.
    if (group.pending.has(memberId) && instanceId === null) {
      this.add(group, memberId, request, reply)
      return
    }
    const error = checkMember(group, memberId, instanceId)
    const member = group.members.get(memberId)
    if (error !== null || member === undefined)
      reply(refusedJoin(error ?? 'unknownMember', memberId))
    else if (this.needsRebalance(group, member, request)) {
      group.update(member, request)
      group.parkJoin(member, reply)
      this.rebalancing.prepareOrComplete(group)
    } else reply(group.joined(member))
  }

  /**
   * The leader of a stable group asks for a rebalance by joining; anybody by offering something
   * else.
   */
  private needsRebalance(group: Group, member: GroupMember, request: JoinRequest): boolean {
    if (group.state === 'PreparingRebalance') return true
    if (group.state === 'Stable' && group.leader === member.id) return true
    return !member.offers(request.protocols)
  }
}
