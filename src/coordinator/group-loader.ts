// Rebuilds groups from the records of their partition, oldest first. A record that cannot be read,
// or is of a kind that we do not have, is passed over and counted: one bad record must not keep
// every group from its coordinator. Called by GroupCoordinator before it takes requests.
import { WireError } from '../wire/wire-error.ts'
import { GroupMember } from './group-member.ts'
import { type GroupValue, type ReadRecord, readRecord } from './group-records.ts'
import type { Groups } from './groups.ts'

export interface StoredRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

export interface LoadReport {
  readonly records: number
  /** Of kinds or versions that are not ours. */
  readonly foreign: number
  /** Not what their version says. */
  readonly unreadable: number
}

export function loadGroups(records: Iterable<StoredRecord>, into: Groups): LoadReport {
  const seen = { records: 0, foreign: 0, unreadable: 0 }
  for (const { key, value } of records) {
    seen.records++
    const record = read(key, value)
    if (record === null) seen.unreadable++
    else if (record.kind === 'foreign') seen.foreign++
    else apply(record, into)
  }
  return seen
}

function read(key: Uint8Array, value: Uint8Array | null): ReadRecord | null {
  try {
    return readRecord(key, value)
  } catch (e) {
    if (e instanceof WireError) return null
    throw e
  }
}

function apply(record: Exclude<ReadRecord, { kind: 'foreign' }>, into: Groups): void {
  if (record.kind === 'offset') {
    const { topic, partition, value } = record
    const group = value === null ? into.get(record.group) : into.getOrRestore(record.group)
    group?.offsets.restore(topic, partition, value)
  } else if (record.value === null) {
    // Its offsets were deleted by records before this one.
    into.remove(record.group)
  } else restore(record.group, record.value, into)
}

function restore(id: string, value: GroupValue, into: Groups): void {
  const { generation, protocol, leader } = value
  into.getOrRestore(id).restore(
    {
      generation,
      protocol,
      leader,
      protocolType: value.protocolType === '' ? null : value.protocolType,
      stateSinceMs: value.stateSinceMs === -1 ? null : value.stateSinceMs,
    },
    membersOf(value),
  )
}

function membersOf(value: GroupValue): GroupMember[] {
  const ids = new Set<string>()
  const instances = new Set<string>()
  const members: GroupMember[] = []
  for (const m of value.members) {
    if (ids.has(m.memberId) || (m.instanceId !== null && instances.has(m.instanceId))) continue
    ids.add(m.memberId)
    if (m.instanceId !== null) instances.add(m.instanceId)
    members.push(
      new GroupMember({
        ...m,
        rebalanceTimeoutMs: m.rebalanceTimeoutMs === -1 ? m.sessionTimeoutMs : m.rebalanceTimeoutMs,
        protocols: [{ name: value.protocol ?? '', metadata: m.subscription }],
        assignment: Uint8Array.from(m.assignment),
      }),
    )
  }
  return members
}
