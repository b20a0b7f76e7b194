// Gives the coordinators what their partitions of the internal topic hold, when the node starts. A
// partition that is damaged tells nobody what has been lost of it: an offset may be older than what
// was acknowledged, or gone, and its consumers would skip records or read them again without being
// told. So its groups are refused, until whoever runs the node decides.
import type { Appender } from '../log/appender.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { ErrorName } from '../model/errors.ts'
import type { NodeGroups } from './node-groups.ts'
import { type KeyedRecord, readKeyed } from './read-keyed.ts'

export interface GroupLoading {
  readonly store: LogStore
  readonly groups: NodeGroups
  /** Whether what can be read of a damaged partition shall count. */
  readonly forgetDamaged: boolean
  appenderOf(partition: number): Appender
  report(line: string): void
}

export async function loadGroups(logs: readonly PartitionLog[], to: GroupLoading): Promise<void> {
  for (const log of logs) {
    if (log.logEndOffset === log.logStartOffset && log.damagedFrom === null) continue
    const { records, isWhole } = await readKeyed(to.store.reader, log)
    if (isWhole && log.damagedFrom === null) to.groups.load(log.partition, records)
    else if (to.forgetDamaged) await forgetDamaged(log, records, to)
    else {
      to.groups.refuse(log.partition)
      to.report(
        `${log.label} is damaged: its groups are answered COORDINATOR_NOT_AVAILABLE; restore a ` +
          'backup, or start once with polymq.damaged.groups=forget: then what can be read of it ' +
          'counts, and consumers whose offsets are older or gone read records again or skip some',
      )
    }
  }
}

/** What could be read is written anew, and then everything before that goes. */
async function forgetDamaged(
  log: PartitionLog,
  records: Iterable<KeyedRecord>,
  { store, groups, report, appenderOf }: GroupLoading,
): Promise<void> {
  const kept = [...records]
  const end = log.logEndOffset
  const appender = appenderOf(log.partition)
  const errors = await Promise.all(
    kept.map((record) => new Promise<ErrorName | null>((done) => appender.append([record], done))),
  )
  const error = errors.find((e) => e !== null)
  if (error !== undefined) {
    groups.refuse(log.partition)
    report(`${log.label} is damaged, and what can be read of it cannot be written anew: ${error}`)
    return
  }
  await store.forgetDamage(log, end)
  groups.load(log.partition, kept)
  report(`${log.label} was damaged: ${kept.length} records of its groups were kept`)
}
