// How a group moves from one generation to the next, whatever set it off: waiting for its members
// to join again, expelling those that do not, choosing leader and protocol, and waiting for their
// syncs. Follows Apache Kafka's coordinator, clients being written against that. Called by
// joining.ts, syncing.ts, leaving.ts and by its own deadlines.
import { assert } from '../base/assert.ts'
import type { Clock } from '../io/clock.ts'
import type { ErrorName } from '../model/errors.ts'
import type { Deadlines } from './deadlines.ts'
import { type Group, refusedJoin, refusedSync } from './group.ts'
import type { GroupLog } from './group-log.ts'
import { type GroupMember, noBytes } from './group-member.ts'
import type { GroupOptions } from './group-options.ts'

/** Where only static members are left and none comes back, the wait repeats: not in a busy loop. */
const joinWaitMsMin = 1_000

export class Rebalancing {
  private readonly clock: Clock
  private readonly deadlines: Deadlines
  private readonly log: GroupLog
  private readonly options: GroupOptions
  private readonly abandoned: (group: Group) => void

  /** `abandoned` is told of a group that nobody came to, and that nothing is known of. */
  constructor(
    clock: Clock,
    deadlines: Deadlines,
    log: GroupLog,
    options: GroupOptions,
    abandoned: (group: Group) => void,
  ) {
    this.clock = clock
    this.deadlines = deadlines
    this.log = log
    this.options = options
    this.abandoned = abandoned
  }

  // ---- Sessions ---------------------------------------------------------------------------------

  /** The member was heard of. */
  keepAlive(group: Group, member: GroupMember, ms = member.sessionTimeoutMs): void {
    assert(group.members.get(member.id) === member, 'only members have sessions')
    this.deadlines.arm(member.session, ms, () => {
      if (!member.isExcusedFromHeartbeats) this.expel(group, member)
    })
  }

  /** Keeps a handed-out member id until it is used, `ms` have passed, or it is taken back. */
  keepPending(group: Group, memberId: string, ms: number): void {
    group.addPending(memberId, () => this.takeBack(group, memberId))
    const deadline = group.pending.get(memberId)
    if (deadline !== undefined)
      this.deadlines.arm(deadline, ms, () => this.takeBack(group, memberId))
  }

  /** Takes a member out of the group without deciding what follows from it. */
  remove(group: Group, member: GroupMember, error: ErrorName = 'unknownMember'): void {
    group.answerJoin(member, refusedJoin(error, error === 'unknownMember' ? '' : member.id))
    group.answerSync(member, refusedSync(error))
    this.deadlines.cancel(member.session)
    group.remove(member.id)
  }

  /** Ends the session of a member that another takes the place of. */
  cease(member: GroupMember): void {
    this.deadlines.cancel(member.session)
  }

  removePending(group: Group, memberId: string): void {
    const deadline = group.pending.get(memberId)
    if (deadline !== undefined) this.deadlines.cancel(deadline)
    group.remove(memberId)
  }

  private expel(group: Group, member: GroupMember): void {
    this.remove(group, member)
    if (group.state === 'PreparingRebalance') {
      if (group.hasAllJoined) this.complete(group)
    } else this.prepare(group)
  }

  /** Nobody has used it in time, or somebody needs the room. */
  takeBack(group: Group, memberId: string): void {
    this.removePending(group, memberId)
    if (group.state === 'PreparingRebalance' && group.hasAllJoined) this.complete(group)
    if (group.isUntouched) this.abandoned(group)
  }

  // ---- Phases -----------------------------------------------------------------------------------

  /** Something changed that the next generation has to take account of. */
  prepareOrComplete(group: Group): void {
    if (group.state === 'PreparingRebalance') this.completeIfReady(group)
    else this.prepare(group)
  }

  /** A first rebalance is not completed early: others may be about to come. */
  completeIfReady(group: Group): void {
    if (group.state === 'PreparingRebalance' && !group.isFirstRebalance && group.hasAllJoined)
      this.complete(group)
  }

  /** Begins a rebalance: everybody is asked to join again. */
  prepare(group: Group): void {
    if (group.state === 'CompletingRebalance') this.callOffSyncs(group, 'rebalanceInProgress')
    group.owingSync.clear()
    group.assigningGeneration = -1
    group.enter('PreparingRebalance', this.clock.now())
    if (group.isFirstRebalance) this.waitForFirstMembers(group)
    else if (group.hasAllJoined) this.complete(group)
    else this.awaitJoins(group)
  }

  private awaitJoins(group: Group): void {
    // Who was only handed an id is not waited for.
    const ms = group.members.size === 0 ? 0 : Math.max(group.rebalanceTimeoutMs, joinWaitMsMin)
    this.deadlines.arm(group.phase, ms, () => this.complete(group))
  }

  private waitForFirstMembers(group: Group): void {
    const delayMs = this.options.initialRebalanceDelayMs
    group.memberAdded = false
    this.prolong(group, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0))
  }

  /** Waits `delayMs`, and again while new members come, by `remainingMs` at most. */
  private prolong(group: Group, delayMs: number, remainingMs: number): void {
    this.deadlines.arm(group.phase, delayMs, () => {
      if (!group.memberAdded || remainingMs === 0) {
        this.complete(group)
        return
      }
      group.memberAdded = false
      const next = Math.min(this.options.initialRebalanceDelayMs, remainingMs)
      this.prolong(group, next, Math.max(remainingMs - delayMs, 0))
    })
  }

  /** Ends the joining: whoever is not here is out, except static members, whose session decides. */
  private complete(group: Group): void {
    this.deadlines.cancel(group.phase)
    for (const member of [...group.members.values()])
      if (member.join === null && !member.isStatic) this.remove(group, member)
    if (!group.electJoinedLeader() && group.members.size > 0) {
      this.awaitJoins(group)
      return
    }
    group.nextGeneration(this.clock.now())
    if (group.state === 'Empty') this.log.writeGroup(group, () => noBytes, ignoreRefusal)
    else this.answerJoins(group)
  }

  private answerJoins(group: Group): void {
    for (const member of group.members.values()) {
      group.answerJoin(member, group.joined(member))
      member.isNew = false
      group.owingSync.add(member.id)
      this.keepAlive(group, member)
    }
    this.deadlines.arm(group.phase, group.rebalanceTimeoutMs, () => this.expelUnsynced(group))
  }

  /** The member came for its assignment. */
  synced(group: Group, member: GroupMember): void {
    group.owingSync.delete(member.id)
    if (group.owingSync.size === 0) this.deadlines.cancel(group.phase)
  }

  private expelUnsynced(group: Group): void {
    // The last one that owed a sync was replaced by another of its instance id.
    if (group.owingSync.size === 0) return
    for (const id of [...group.owingSync]) {
      const member = group.members.get(id)
      if (member !== undefined) this.remove(group, member)
    }
    this.prepare(group)
  }

  /** Tells everybody who waits for an assignment that none will come. */
  callOffSyncs(group: Group, error: ErrorName): void {
    for (const member of group.members.values()) {
      if (member.sync === null) continue
      group.answerSync(member, refusedSync(error))
      this.keepAlive(group, member)
    }
  }
}

/**
 * If the record that a group became empty is lost, the generation before it comes back after a
 * restart, and its members with it; they are gone, so their sessions end and the group is empty
 * again.
 */
const ignoreRefusal = (): void => undefined
