// Writes what groups must not forget: cuts it into batches that a log accepts, and turns the log's
// refusals into words that a client of the coordinator understands. Invariant: batches go to the
// appender in the order of the calls, so of two records with one key the later one is the last.
// Called by this room only.
import type { Appender, NewRecord } from '../log/appender.ts'
import type { ErrorName } from '../model/errors.ts'
import type { Group } from './group.ts'
import type { GroupMember } from './group-member.ts'
import { type GroupDraft, groupRecord } from './group-records.ts'

const batchRecordsMax = 1_000
const batchBytesMax = 512 * 1024

export class GroupLog {
  private readonly appender: Appender

  constructor(appender: Appender) {
    this.appender = appender
  }

  /** `done` comes once, when all records are durable, or with the first refusal. */
  write(records: readonly NewRecord[], done: (error: ErrorName | null) => void): void {
    const batches = cut(records)
    let left = batches.length
    let refusal: ErrorName | null = null
    if (left === 0) done(null)
    for (const batch of batches)
      this.appender.append(batch, (error) => {
        refusal ??= error
        left--
        if (left === 0) done(refusal && toClients(refusal))
      })
  }

  /** Writes the group as it is, with each member's assignment from `assignmentOf`. */
  writeGroup(
    group: Group,
    assignmentOf: (member: GroupMember) => Uint8Array,
    done: (error: ErrorName | null) => void,
  ): void {
    this.write([groupRecord(group.id, draftOf(group, assignmentOf))], done)
  }
}

function draftOf(group: Group, assignmentOf: (member: GroupMember) => Uint8Array): GroupDraft {
  return {
    protocolType: group.protocolType ?? '',
    generation: group.generation,
    protocol: group.protocol,
    leader: group.leader,
    stateSinceMs: group.stateSinceMs ?? -1,
    members: [...group.members.values()].map((member) => ({
      memberId: member.id,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      sessionTimeoutMs: member.sessionTimeoutMs,
      subscription: member.metadataOf(group.protocol),
      assignment: assignmentOf(member),
    })),
  }
}

function cut(records: readonly NewRecord[]): NewRecord[][] {
  const batches: NewRecord[][] = []
  let batch: NewRecord[] = []
  let bytes = 0
  for (const record of records) {
    const size = record.key.length + (record.value?.length ?? 0)
    if (batch.length === batchRecordsMax || (batch.length > 0 && bytes + size > batchBytesMax)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(record)
    bytes += size
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

/**
 * A client knows nothing of the internal topic; what it can do is find the coordinator again, or
 * give up.
 */
function toClients(error: ErrorName): ErrorName {
  switch (error) {
    case 'unknownTopic':
    case 'notEnoughReplicas':
    case 'requestTimedOut':
      return 'coordinatorNotAvailable'
    case 'notLeader':
    case 'storageError':
      return 'notCoordinator'
    case 'messageTooLarge':
    case 'invalidRecord':
    case 'corruptBatch':
      return 'unknownServerError'
    default:
      return error
  }
}
