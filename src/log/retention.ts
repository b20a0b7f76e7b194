// Where a partition's log may start: what is older, or more, than its topic keeps lies below. Whole
// segments only, as in Kafka; of what is in the journal or in memory only, whole batches. Pure but
// for reading the partition.
import type { PartitionLog } from './partition-log.ts'

/**
 * The offset that the log start may move up to now; the present one when nothing is to be deleted.
 */
export function retentionStart(log: PartitionLog, nowMs: number): number {
  const { settings, segments } = log
  if (!settings.cleanup.delete) return log.logStartOffset
  let start = log.logStartOffset
  let excess = log.bytes - settings.retentionBytes
  for (const segment of segments) {
    // It has been deleted already, but for a pass that was writing to it.
    const isBelow = segment.nextOffset <= start
    const tooOld = segment.maxTimestamp < nowMs - settings.retentionMs
    const tooMany = excess >= segment.bytes
    if (!tooOld && !tooMany && !isBelow) return start
    start = Math.max(start, segment.nextOffset)
    excess -= segment.bytes
  }
  return tailStart(log, nowMs, start, excess)
}

/** On disk the journal is given back as a whole, so that only age counts there. */
function tailStart(log: PartitionLog, nowMs: number, from: number, tooMany: number): number {
  const { tail, settings } = log
  let start = from
  let excess = log.memory === null ? 0 : tooMany
  for (let i = 0; i < tail.count && tail.nextOffset(i) <= log.highWatermark; i++) {
    const tooOld = tail.maxTimestamp(i) < nowMs - settings.retentionMs
    if (!tooOld && excess < tail.byteCount(i)) break
    start = tail.nextOffset(i)
    excess -= tail.byteCount(i)
  }
  return start
}
