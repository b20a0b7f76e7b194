// DescribeGroups 0 to 6, ListGroups 0 to 5, DeleteGroups 0 to 2, OffsetDelete 0: groups as
// administrators see them. From version 6 on DescribeGroups says GROUP_ID_NOT_FOUND of a group that
// is not there; before, that it is Dead.
import type { GroupDescription, OffsetsAnswer } from '../../../broker/api.ts'
import { type ErrorName, errors } from '../../../model/errors.ts'
import { groupOperations, notAsked } from '../authorized-operations.ts'
import { errorCode, errorMessage } from '../errors.ts'
import { answering } from '../handler.ts'
import { inParts } from '../in-parts.ts'
import { firstOfEach } from '../repeated.ts'
import { deleteGroups, offsetDelete } from '../schema/delete-groups.ts'
import { describeGroups, listGroups } from '../schema/describe-groups.ts'
import { partitionProblem, refusalBefore, topicByName } from '../topic-lookup.ts'

const notFoundFrom = 6

export const describeGroupsHandler = answering(describeGroups, (request, call) => ({
  throttleTimeMs: 0,
  groups: firstOfEach(request.groups, String).map((groupId) => {
    const { groups, rights } = call.door.broker
    const wanted = request.includeAuthorizedOperations
    const operations = wanted ? groupOperations(rights.of(groupId)) : notAsked
    return described(groups.describe(groupId), call.version, operations)
  }),
}))

function described(group: GroupDescription, version: number, operations: number) {
  const isDead = group.error === 'groupNotFound' && version < notFoundFrom
  const error = isDead ? null : group.error
  return {
    errorCode: errorCode(error),
    errorMessage: error && errorMessage(error, `group '${group.groupId}': ${errors[error].text}`),
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType,
    protocolData: group.protocol,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: member.metadata,
      memberAssignment: member.assignment,
    })),
    authorizedOperations: error === null ? operations : notAsked,
  }
}

export const listGroupsHandler = answering(listGroups, (request, call) => {
  const filter = { states: request.statesFilter, types: request.typesFilter }
  const { error, groups } = call.door.broker.groups.list(filter)
  return {
    throttleTimeMs: 0,
    errorCode: errorCode(error),
    groups: groups.map((group) => ({
      groupId: group.groupId,
      protocolType: group.protocolType,
      groupState: group.state,
      groupType: group.type,
    })),
  }
})

/** A group that is named twice is deleted, and answered, once. */
export const deleteGroupsHandler = answering(deleteGroups, async (request, call) => {
  const { groups } = call.door.broker
  const deleteOne = (groupId: string) =>
    new Promise<ErrorName | null>((done) => groups.deleteGroup(groupId, done))
  const wanted = firstOfEach(request.groupsNames, String)
  const results = await inParts(wanted, call.door.clock, async (groupId) => {
    const error = await deleteOne(groupId)
    call.refused(error, `group '${groupId}'`)
    return { groupId, errorCode: errorCode(error) }
  })
  return { throttleTimeMs: 0, results }
})

export const offsetDeleteHandler = answering(offsetDelete, async (request, call) => {
  const { groups, rights, topics } = call.door.broker
  const asked = request.topics.map(({ name, partitions }) => {
    const found = topicByName(topics, name)
    const problems = partitions.map(({ partitionIndex }) =>
      refusalBefore(partitionProblem(found, partitionIndex), found, 'read', rights),
    )
    const known = partitions.map((each) => each.partitionIndex).filter((_, i) => !problems[i])
    return { topic: name, partitions: known, problems }
  })
  const known = asked.filter((topic) => topic.partitions.length > 0)
  const answer = await new Promise<OffsetsAnswer>((done) =>
    groups.deleteOffsets(request.groupId, known, done),
  )
  call.refused(answer.error, `group '${request.groupId}'`)
  if (answer.error !== null)
    return { errorCode: errorCode(answer.error), throttleTimeMs: 0, topics: [] }
  const errors = answer.topics.flatMap((topic) => topic.partitions.map((each) => each.error))
  let deleted = 0
  const answered = request.topics.map(({ name, partitions }, t) => ({
    name,
    partitions: partitions.map(({ partitionIndex }, p) => {
      const error = asked[t]?.problems[p] ?? errors[deleted++] ?? null
      return { partitionIndex, errorCode: errorCode(error) }
    }),
  }))
  return { errorCode: 0, throttleTimeMs: 0, topics: answered }
})
