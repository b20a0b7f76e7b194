// Whether a request comes from a member of the group, and from the present holder of its instance
// id. Called for every kind of request that names a member.
import type { ErrorName } from '../model/errors.ts'
import type { Group } from './group.ts'

export function checkMember(
  group: Group,
  memberId: string,
  instanceId: string | null,
): ErrorName | null {
  if (instanceId !== null) {
    const holder = group.holderOf(instanceId)
    if (holder === null) return 'unknownMember'
    if (holder !== memberId) return 'fencedInstance'
  }
  return group.members.has(memberId) ? null : 'unknownMember'
}
