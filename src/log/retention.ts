// Where a partition's log may start: what is older, or more, than its topic keeps lies below. Whole segments
// only, as in Kafka; what is still in the journal is young enough. Pure but for reading the partition.
import type { PartitionLog } from './partition-log.ts'

/** The offset that the log start may move up to now; the present one when nothing is to be deleted. */
export function retentionStart(log: PartitionLog, nowMs: number): number {
  const { settings, segments } = log
  if (!settings.cleanup.delete) return log.logStartOffset
  let start = log.logStartOffset
  let excess = log.bytes - settings.retentionBytes
  for (const segment of segments) {
    const tooOld = segment.maxTimestamp < nowMs - settings.retentionMs
    const tooMany = excess >= segment.bytes
    if (!tooOld && !tooMany) break
    start = segment.nextOffset
    excess -= segment.bytes
  }
  return start
}
