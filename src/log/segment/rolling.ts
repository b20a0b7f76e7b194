// When a segment takes no more because of its age: topic settings segment.ms and
// segment.jitter.ms. Pure. Flusher and cleaner ask, and must agree: what one may still write to,
// the other must not take for closed.
import type { SegmentFields } from './segment.ts'

/** What rolling depends on in a partition. */
export interface Rolls {
  /** Topic id, 32 hexadecimal digits. */
  readonly topic: string
  readonly partition: number
  readonly settings: { readonly segmentMs: number; readonly segmentJitterMs: number }
}

/** True when a segment of this partition is too old to grow. */
export const isRolled = (of: Rolls, segment: SegmentFields, nowMs: number): boolean =>
  nowMs - segment.createdMs >= rollAfterMs(of)

/**
 * Age at which segments of this partition are closed: segment.ms, less a share of
 * segment.jitter.ms that is the same for ever but differs between partitions.
 */
export function rollAfterMs({ topic, partition, settings }: Rolls): number {
  const { segmentMs, segmentJitterMs } = settings
  if (segmentMs === Number.POSITIVE_INFINITY) return segmentMs
  const seed = Number.parseInt(topic.slice(0, 8), 16) ^ Math.imul(partition, 0x9e3779b1)
  return segmentMs - Math.min(segmentMs, segmentJitterMs) * ((seed >>> 0) / 2 ** 32)
}
