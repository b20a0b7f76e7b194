// A segment: a run of batches of one partition that lies in a file. A busy partition's segment has
// a file of its own and grows; quiet partitions share a file, each with a short segment in it, so
// that ten thousand of them cost one write and one sync. Segments of a partition follow each other
// without overlap.
import type { SegmentIndex } from './segment-index.ts'

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
  /** When its first batch was flushed, ms since 1970: age for rolling. */
  readonly createdMs: number
  /** True when it may grow: it is alone in its file. */
  readonly own: boolean
}

export interface Segment extends SegmentFields {
  readonly index: SegmentIndex
}

/** Identity of a segment in its partition: a grown segment replaces its former self. */
export const sameSegment = (a: SegmentFields, b: SegmentFields): boolean =>
  a.file === b.file && a.position === b.position
