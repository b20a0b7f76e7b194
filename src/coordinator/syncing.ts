// Brings the leader's assignment to the members: it is made durable first, then given to everybody
// who waits, and from then on to whoever asks. Called by GroupCoordinator.
import type { Clock } from '../io/clock.ts'
import type { ErrorName } from '../model/errors.ts'
import { type Group, refusedSync } from './group.ts'
import type { GroupLog } from './group-log.ts'
import { type GroupMember, noBytes, type SyncReply } from './group-member.ts'
import type { SyncRequest } from './group-requests.ts'
import { checkMember } from './member-check.ts'
import type { Rebalancing } from './rebalancing.ts'

export class Syncing {
  private readonly clock: Clock
  private readonly rebalancing: Rebalancing
  private readonly log: GroupLog

  constructor(clock: Clock, rebalancing: Rebalancing, log: GroupLog) {
    this.clock = clock
    this.rebalancing = rebalancing
    this.log = log
  }

  sync(group: Group, request: SyncRequest, reply: SyncReply): void {
    const error = refusalOf(group, request)
    const member = group.members.get(request.memberId)
    if (error !== null || member === undefined) {
      reply(refusedSync(error ?? 'unknownMember'))
      return
    }
    this.rebalancing.synced(group, member)
    if (group.state === 'Stable') reply(group.assigned(member))
    else {
      group.parkSync(member, reply)
      // A second sync of the leader must not write another assignment than the one on its way.
      if (group.leader === member.id && group.assigningGeneration !== group.generation)
        this.assign(group, request)
    }
  }

  private assign(group: Group, request: SyncRequest): void {
    const generation = group.generation
    const bytes = request.assignments.reduce((sum, a) => sum + a.assignment.length, 0)
    if (!group.hasRoomFor(bytes)) {
      this.giveUp(group, 'groupMemoryUsedUp')
      return
    }
    const assignments = new Map(
      request.assignments.map((a) => [a.memberId, Uint8Array.from(a.assignment)]),
    )
    const assignmentOf = (m: GroupMember): Uint8Array => assignments.get(m.id) ?? noBytes
    group.assigningGeneration = generation
    this.log.writeGroup(group, assignmentOf, (error) => {
      if (group.state !== 'CompletingRebalance' || group.generation !== generation) return
      group.assigningGeneration = -1
      if (error === null) this.stabilize(group, assignmentOf)
      else this.giveUp(group, error)
    })
  }

  private giveUp(group: Group, error: ErrorName): void {
    this.rebalancing.callOffSyncs(group, error)
    this.rebalancing.prepare(group)
  }

  private stabilize(group: Group, assignmentOf: (member: GroupMember) => Uint8Array): void {
    group.enter('Stable', this.clock.now())
    for (const member of group.members.values()) {
      group.assign(member, assignmentOf(member))
      if (member.sync === null) continue
      group.answerSync(member, group.assigned(member))
      // Its session stood still while it waited.
      this.rebalancing.keepAlive(group, member)
    }
  }
}

function refusalOf(group: Group, request: SyncRequest): ErrorName | null {
  if (group.state === 'Dead') return 'coordinatorNotAvailable'
  const error = checkMember(group, request.memberId, request.instanceId)
  if (error !== null) return error
  if (request.generation !== group.generation) return 'illegalGeneration'
  if (
    differs(request.protocolType, group.protocolType) ||
    differs(request.protocol, group.protocol)
  )
    return 'inconsistentGroupProtocol'
  return group.state === 'PreparingRebalance' ? 'rebalanceInProgress' : null
}

const differs = (said: string | null, actual: string | null): boolean =>
  said !== null && actual !== null && said !== actual
