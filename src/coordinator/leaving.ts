// Members that go of their own will, or are sent away by an administrator who knows their instance
// id. All of one request go together, so that the group rebalances once. Called by
// GroupCoordinator.
import type { ErrorName } from '../model/errors.ts'
import type { Group } from './group.ts'
import type { LeaveAnswer, LeaveRequest, MemberIdentity } from './group-requests.ts'
import { checkMember } from './member-check.ts'
import type { Rebalancing } from './rebalancing.ts'

export class Leaving {
  private readonly rebalancing: Rebalancing

  constructor(rebalancing: Rebalancing) {
    this.rebalancing = rebalancing
  }

  /**
   * That somebody left is not written at once: the next generation's record, or that of the empty
   * group, tells it. After a crash in between, the member is back until its session ends.
   */
  leave(group: Group | null, request: LeaveRequest): LeaveAnswer {
    if (group === null) {
      const members = request.members.map((m) => ({ ...m, error: 'unknownMember' as const }))
      return { error: null, members }
    }
    if (group.state === 'Dead') return { error: 'coordinatorNotAvailable', members: [] }
    const before = group.members.size
    const members = request.members.map((m) => ({ ...m, error: this.leaveOne(group, m) }))
    // An id that nobody used changes nothing for the members, but they may have waited for it.
    if (group.members.size < before) this.rebalancing.prepareOrComplete(group)
    else this.rebalancing.completeIfReady(group)
    return { error: null, members }
  }

  private leaveOne(group: Group, identity: MemberIdentity): ErrorName | null {
    const { memberId, instanceId } = identity
    if (memberId !== '' && group.pending.has(memberId)) {
      this.rebalancing.removePending(group, memberId)
      return null
    }
    const holder = instanceId === null ? null : group.holderOf(instanceId)
    const id = memberId === '' ? holder : memberId
    if (id === null) return 'unknownMember'
    const error = checkMember(group, id, instanceId)
    const member = group.members.get(id)
    if (error !== null || member === undefined) return error ?? 'unknownMember'
    this.rebalancing.remove(group, member)
    return null
  }
}
