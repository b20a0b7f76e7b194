// When a compacted partition is cleaned, and which stretch of it. Pure: the cleaner asks for each
// partition and does the work. Kafka: topic settings min.cleanable.dirty.ratio, min. and
// max.compaction.lag.ms.
import type { TopicSettings } from '../../model/config/topic-settings.ts'
import { newestMs, type SegmentFields } from '../segment/segment.ts'

export type CleanableSegment = Pick<
  SegmentFields,
  'bytes' | 'baseOffset' | 'nextOffset' | 'maxTimestamp' | 'createdMs' | 'flushedMs'
>

export type CleaningSettings = Pick<
  TopicSettings,
  'dirtyRatioMin' | 'compactionLagMsMin' | 'compactionLagMsMax'
>

/** Offsets: the keys of `from` up to below `to` are new since the last cleaning. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/**
 * The stretch to clean now, or null. `segments` are those of the partition that no longer grow,
 * oldest first; `cleanedUpTo` is where the last cleaning ended (its map's `coveredTo`), 0 at first.
 */
export function chooseCleaning(
  segments: readonly CleanableSegment[],
  settings: CleaningSettings,
  nowMs: number,
  cleanedUpTo: number,
): Stretch | null {
  const first = segments[0]
  const last = segments[segments.length - 1]
  if (first === undefined || last === undefined) return null
  // Records below were deleted meanwhile; or the log was cut, and what follows is new.
  const from =
    cleanedUpTo > last.nextOffset ? first.baseOffset : Math.max(cleanedUpTo, first.baseOffset)
  const isTooYoung = (s: CleanableSegment): boolean =>
    settings.compactionLagMsMin > 0 && newestMs(s) > nowMs - settings.compactionLagMsMin
  const isDirty = (s: CleanableSegment): boolean => s.nextOffset > from
  const to = segments.find((s) => isDirty(s) && isTooYoung(s))?.baseOffset ?? last.nextOffset
  const dirty = segments.filter((s) => isDirty(s) && s.baseOffset < to)
  const oldestDirty = dirty[0]
  if (oldestDirty === undefined || from >= to) return null
  const cleanBytes = bytesOf(segments.filter((s) => !isDirty(s)))
  const dirtyBytes = bytesOf(dirty)
  const isDue = dirtyBytes / (cleanBytes + dirtyBytes) > settings.dirtyRatioMin
  const isOverdue = oldestDirty.createdMs < nowMs - settings.compactionLagMsMax
  return isDue || isOverdue ? { from, to } : null
}

const bytesOf = (segments: readonly CleanableSegment[]): number =>
  segments.reduce((sum, s) => sum + s.bytes, 0)
