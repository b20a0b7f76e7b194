// JoinGroup 0 to 9, SyncGroup 0 to 5, Heartbeat 0 to 4, LeaveGroup 0 to 5: the life of a member of
// a classic group. Joins and syncs may wait long; when their connection goes, the coordinator is
// not told: the session decides, as in Kafka, and the answer is dropped here.
import type { JoinAnswer } from '../../../broker/api.ts'
import type { Draft } from '../../../wire/schema.ts'
import { errorCode } from '../errors.ts'
import { answering, handler } from '../handler.ts'
import { heartbeat, leaveGroup } from '../schema/heartbeat.ts'
import { type JoinGroupResponse, joinGroup, syncGroup } from '../schema/join-group.ts'

const noBytes = new Uint8Array(0)

/** KIP-394: a new member is sent back once to come with the id that it was given. */
const knownMemberIdFrom = 4
const nullableProtocolFrom = 7
/** KIP-559: from here on a sync must tell what the member believes to be chosen. */
const syncedProtocolFrom = 5
const skipAssignmentFrom = 9
const memberListFrom = 3

export const joinGroupHandler = handler(joinGroup, (request, call) => {
  const join = {
    groupId: request.groupId,
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    protocolType: request.protocolType,
    protocols: request.protocols,
    sessionTimeoutMs: request.sessionTimeoutMs,
    // Version 0 has one time-out for both.
    rebalanceTimeoutMs: call.version === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
    clientId: call.clientId ?? '',
    clientHost: call.host,
    requireKnownMemberId: call.version >= knownMemberIdFrom,
    supportsSkipAssignment: call.version >= skipAssignmentFrom,
  }
  call.door.broker.groups.join(join, (answer) => {
    call.refused(answer.error, `group '${request.groupId}'`, wordsOf(answer.error, join))
    call.reply(joined(answer, call.version))
  })
})

/** What the table of errors does not know. */
function wordsOf(error: JoinAnswer['error'], join: { sessionTimeoutMs: number }): string | null {
  if (error === 'policyViolation')
    return 'the member offers too many protocols, too much metadata or too long a group instance id'
  if (error !== 'invalidSessionTimeout') return null
  const given = `the session timeout of ${join.sessionTimeoutMs} ms`
  return `${given} is not within group.min.session.timeout.ms and group.max.session.timeout.ms`
}

const joined = (answer: JoinAnswer, version: number): Draft<typeof JoinGroupResponse> => ({
  throttleTimeMs: 0,
  errorCode: errorCode(answer.error),
  generationId: answer.generation,
  protocolType: answer.protocolType,
  protocolName: version < nullableProtocolFrom ? (answer.protocol ?? '') : answer.protocol,
  leader: answer.leader,
  skipAssignment: answer.skipAssignment,
  memberId: answer.memberId,
  members: answer.members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    metadata: member.metadata,
  })),
})

export const syncGroupHandler = handler(syncGroup, (request, call) => {
  const tellsProtocol = request.protocolType !== null && request.protocolName !== null
  if (call.version >= syncedProtocolFrom && !tellsProtocol) {
    const error = 'inconsistentGroupProtocol'
    call.refused(
      error,
      `group '${request.groupId}'`,
      'a sync of version 5 has to name the type and the protocol that the join answered',
    )
    call.reply({ throttleTimeMs: 0, errorCode: errorCode(error), assignment: noBytes })
    return
  }
  const sync = {
    groupId: request.groupId,
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationId,
    protocolType: request.protocolType,
    protocol: request.protocolName,
    assignments: request.assignments,
  }
  call.door.broker.groups.sync(sync, (answer) => {
    call.refused(answer.error, `group '${request.groupId}'`)
    call.reply({
      throttleTimeMs: 0,
      errorCode: errorCode(answer.error),
      protocolType: answer.protocolType,
      protocolName: answer.protocol,
      assignment: answer.assignment,
    })
  })
})

export const heartbeatHandler = answering(heartbeat, (request, call) => {
  const error = call.door.broker.groups.heartbeat({
    groupId: request.groupId,
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationId,
  })
  call.refused(error, `group '${request.groupId}'`)
  return { throttleTimeMs: 0, errorCode: errorCode(error) }
})

export const leaveGroupHandler = answering(leaveGroup, (request, call) => {
  const hasList = call.version >= memberListFrom
  const members = hasList
    ? request.members.map(({ memberId, groupInstanceId }) => ({
        memberId,
        instanceId: groupInstanceId,
      }))
    : [{ memberId: request.memberId, instanceId: null }]
  const answer = call.door.broker.groups.leave({ groupId: request.groupId, members })
  // Older versions have one member and one place for its error.
  const error = hasList ? answer.error : (answer.error ?? answer.members[0]?.error ?? null)
  call.refused(error, `group '${request.groupId}'`)
  return {
    throttleTimeMs: 0,
    errorCode: errorCode(error),
    members: answer.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      errorCode: errorCode(member.error),
    })),
  }
})
