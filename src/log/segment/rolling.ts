// When a segment takes no more because of its age: topic settings segment.ms, segment.jitter.ms
// and, of compacted topics, max.compaction.lag.ms; and how far apart in time may be what is brought
// together in one. Pure. Flusher and cleaner ask, and must agree: what one may still write to, the
// other must not take for closed.
import type { SegmentFields } from './segment.ts'

/** What rolling depends on in a partition. */
export interface Rolls {
  /** Topic id, 32 hexadecimal digits. */
  readonly topic: string
  readonly partition: number
  readonly settings: {
    readonly segmentMs: number
    readonly segmentJitterMs: number
    readonly retentionMs: number
    readonly compactionLagMsMax: number
    readonly cleanup: { readonly delete: boolean; readonly compact: boolean }
  }
}

/** Retention deletes whole segments: what one holds may differ in age by this share of its time. */
const retentionShare = 1 / 8
/** However short segments shall be, there are no more of them in the time of retention. */
const segmentsMin = 64

/** True when a segment of this partition is too old to grow. */
export const isRolled = (of: Rolls, segment: SegmentFields, nowMs: number): boolean =>
  nowMs - segment.createdMs >= rollAfterMs(of)

/**
 * Age at which segments of this partition are closed: segment.ms, less a share of
 * segment.jitter.ms that is the same for ever but differs between partitions. What has to be
 * compacted before that is closed by then.
 */
export function rollAfterMs({ topic, partition, settings }: Rolls): number {
  const { segmentMs, segmentJitterMs, cleanup, compactionLagMsMax } = settings
  const lagMs = cleanup.compact ? compactionLagMsMax : Number.POSITIVE_INFINITY
  if (segmentMs === Number.POSITIVE_INFINITY) return lagMs
  const seed = Number.parseInt(topic.slice(0, 8), 16) ^ Math.imul(partition, 0x9e3779b1)
  const share = Math.min(segmentMs, segmentJitterMs) * ((seed >>> 0) / 2 ** 32)
  return Math.min(segmentMs - share, lagMs)
}

/**
 * From when on a segment is counted as old that is begun now: where compaction has a time by which
 * it must have come, from that of its first batch, which may have waited in the journal.
 */
export function beganMs({ settings }: Rolls, firstMs: number, nowMs: number): number {
  const { cleanup, compactionLagMsMax } = settings
  const isTimed = cleanup.compact && compactionLagMsMax < Number.POSITIVE_INFINITY
  return isTimed && firstMs >= 0 ? Math.min(firstMs, nowMs) : nowMs
}

/** Segments further apart than this do not become one by compaction: retention would wait. */
export const keptTogetherMs = ({ settings }: Rolls): number =>
  settings.cleanup.delete ? settings.retentionMs * retentionShare : Number.POSITIVE_INFINITY

/**
 * Segments further apart than this are not merged: neither retention nor compaction may find that
 * what is old has become young with what was put behind it.
 */
export function mergedTogetherMs(of: Rolls): number {
  const { cleanup, retentionMs } = of.settings
  const leastMs = cleanup.delete ? retentionMs / segmentsMin : 0
  return Math.min(Math.max(rollAfterMs(of), leastMs), keptTogetherMs(of))
}
