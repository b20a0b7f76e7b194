// A segment: a run of batches of one partition that lies in a file. A busy partition's segment has
// a file of its own and grows; quiet partitions share a file, each with a short segment in it, so
// that ten thousand of them cost one write and one sync. Segments of a partition follow each other
// without overlap.
import { type BatchHeader, headerBytes } from '../../model/record-batch.ts'
import type { Place, SegmentIndex } from './segment-index.ts'

/** What the manifest keeps of a segment. Offsets and timestamps are those of its records. */
export interface SegmentFields {
  /** Number of its file. */
  readonly file: number
  /** Where it starts in the file. */
  readonly position: number
  readonly bytes: number
  readonly baseOffset: number
  readonly nextOffset: number
  readonly maxTimestamp: number
  /** When it began, ms since 1970: age for rolling; see `beganMs`. */
  readonly createdMs: number
  /** When its last batch was flushed; only where no record says a time. */
  readonly flushedMs?: number
  /** True when it may grow: it is alone in its file. */
  readonly own: boolean
  /** True when compaction may have left gaps between its batches; absent: false. */
  readonly sparse?: boolean
  /** How many there are, where there are gaps; absent: not counted, or no gaps. */
  readonly records?: number
}

export interface Segment extends SegmentFields {
  readonly index: SegmentIndex
}

/**
 * Whether the batch at `header` can be the one at `place`. Length and offset are not under a
 * batch's checksum: they must fit what is around them.
 */
export function goesOn(segment: SegmentFields, header: BatchHeader, place: Place): boolean {
  const { bytes, baseOffset, nextOffset, magic } = header
  const end = place.position + bytes
  if (magic !== 2 || bytes < headerBytes || end > segment.bytes) return false
  if (nextOffset > segment.nextOffset || nextOffset <= baseOffset) return false
  if (segment.sparse) return baseOffset >= place.offset
  const isLast = end === segment.bytes
  return baseOffset === place.offset && isLast === (nextOffset === segment.nextOffset)
}

/** Identity of a segment in its partition: a grown segment replaces its former self. */
export const sameSegment = (a: SegmentFields, b: SegmentFields): boolean =>
  a.file === b.file && a.position === b.position

/** The times of a segment, `flushedMs` where it has to be kept. */
export const timesOf = (maxTimestamp: number, createdMs: number, flushedMs: number) =>
  maxTimestamp < 0 ? { maxTimestamp, createdMs, flushedMs } : { maxTimestamp, createdMs }

/**
 * The time that retention and compaction go by: as in Kafka that of the newest record, and where no
 * record says one (theirs are below 0) when the segment was last written.
 */
export const newestMs = (
  segment: Pick<SegmentFields, 'maxTimestamp' | 'flushedMs' | 'createdMs'>,
): number =>
  segment.maxTimestamp >= 0 ? segment.maxTimestamp : (segment.flushedMs ?? segment.createdMs)

/** A segment without what is derived. */
export function segmentFields({ index: _, ...fields }: Segment): SegmentFields {
  return fields
}
