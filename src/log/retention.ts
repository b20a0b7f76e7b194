// Where a partition's log may start: what is older, or more, than its topic keeps lies below. Whole
// segments only, as in Kafka. Of what is in the journal, batches that are too old; of those that
// are too many, runs as long as a segment. Of what is in memory, batches. Pure but for reading the
// partition.
import type { PartitionLog } from './partition-log.ts'
import { newestMs } from './segment/segment.ts'

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
    const tooOld = newestMs(segment) < nowMs - settings.retentionMs
    const tooMany = excess >= segment.bytes
    if (!tooOld && !tooMany && !isBelow) return start
    start = Math.max(start, segment.nextOffset)
    excess -= segment.bytes
  }
  return tailStart(log, nowMs, start, excess)
}

function tailStart(log: PartitionLog, nowMs: number, from: number, tooMany: number): number {
  const { tail, settings } = log
  const runBytes = log.memory === null ? settings.segmentBytes : 0
  const oldestMs = nowMs - settings.retentionMs
  let start = from
  let excess = tooMany
  // Batches behind `start` that would make a segment together; the last one may grow yet.
  let run = 0
  // At its beginning, those that say no time: they go with what came behind them.
  let untimed = 0
  for (let i = 0; i < tail.count && tail.nextOffset(i) <= log.highWatermark; i++) {
    run += tail.byteCount(i)
    const isFirst = run === untimed + tail.byteCount(i)
    const time = tail.maxTimestamp(i)
    if (isFirst && time < 0) untimed = run
    const isOld = isFirst && time >= 0 && time < oldestMs
    const isWhole = i + 1 < tail.count ? run + tail.byteCount(i + 1) > runBytes : runBytes === 0
    if (!isOld && !isWhole) continue
    if (!isOld && excess < run) break
    start = tail.nextOffset(i)
    excess -= run
    run = 0
    untimed = 0
  }
  return start
}

/**
 * The offset below which all records are older: whole segments, or batches of the journal. At least
 * the log start.
 */
export function startOfNewer(log: PartitionLog, thanMs: number): number {
  let start = log.logStartOffset
  for (const segment of log.segments) {
    if (newestMs(segment) >= thanMs && segment.nextOffset > start) return start
    start = Math.max(start, segment.nextOffset)
  }
  const { tail } = log
  for (let i = 0; i < tail.count && tail.nextOffset(i) <= log.highWatermark; i++) {
    const time = tail.maxTimestamp(i)
    if (time >= thanMs) return start
    if (time >= 0) start = Math.max(start, tail.nextOffset(i))
  }
  return start
}
