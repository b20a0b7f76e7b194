// What people see of groups: descriptions and lists. Reads only. Called by GroupCoordinator.
import type { ErrorName } from '../model/errors.ts'
import type { Group } from './group.ts'
import { noBytes } from './group-member.ts'
import type { GroupDescription, GroupFilter, ListedGroup } from './group-requests.ts'

/** The only kind of group that we have. */
const groupType = 'classic'

export function describeGroup(
  groupId: string,
  group: Group | null,
  refusal: ErrorName | null,
): GroupDescription {
  if (refusal !== null || group === null || group.state === 'Dead')
    return {
      error: refusal ?? 'groupNotFound',
      groupId,
      state: 'Dead',
      protocolType: '',
      protocol: '',
      members: [],
    }
  // What members offer is settled only while nothing changes.
  const isStable = group.state === 'Stable'
  return {
    error: null,
    groupId,
    state: group.state,
    protocolType: group.protocolType ?? '',
    protocol: isStable ? (group.protocol ?? '') : '',
    members: [...group.members.values()].map((m) => ({
      memberId: m.id,
      instanceId: m.instanceId,
      clientId: m.clientId,
      clientHost: m.clientHost,
      metadata: isStable ? m.metadataOf(group.protocol) : noBytes,
      assignment: m.assignment,
    })),
  }
}

export function listGroups(groups: Iterable<Group>, filter: GroupFilter): ListedGroup[] {
  const states = lowered(filter.states)
  const types = lowered(filter.types)
  if (types.size > 0 && !types.has(groupType)) return []
  const listed: ListedGroup[] = []
  for (const { id, state, protocolType } of groups)
    if (states.size === 0 || states.has(state.toLowerCase()))
      listed.push({ groupId: id, protocolType: protocolType ?? '', state, type: groupType })
  return listed
}

const lowered = (names: readonly string[]): Set<string> =>
  new Set(names.map((name) => name.toLowerCase()))
