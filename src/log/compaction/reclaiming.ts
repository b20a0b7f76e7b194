// The space of what is settled amid a log, behind records that stay: which segments are worth
// writing anew without it, and what remains of their batches. Pure; no record changes its offset or
// its time. The cleaner goes over the segments, for queues.
import { compress } from '../../model/compression.ts'
import type { BatchHeader } from '../../model/record-batch.ts'
import { RecordWalk } from '../../model/records.ts'
import type { SegmentFields } from '../segment/segment.ts'
import { emptied, openedRecords } from './compact-batches.ts'

/** Offsets of which nobody needs the records any more, and never will again. */
export interface Settled {
  has(offset: number): boolean
  /** How many in [from, to). */
  countIn(from: number, to: number): number
}

/** Bytes that may be gained from a segment; 0: not worth it, less than half of its records. */
export function gainOf(segment: SegmentFields, settled: Settled): number {
  const { baseOffset, nextOffset, bytes, records: held = nextOffset - baseOffset } = segment
  const left = nextOffset - baseOffset - settled.countIn(baseOffset, nextOffset)
  const gone = held - left
  return gone > 0 && gone * 2 >= held ? Math.floor((bytes * gone) / held) : 0
}

/**
 * What remains of a batch: its own bytes when nothing changes, null when nothing is left and it is
 * not one of those that `mustStay` as empty ones. What cannot be opened stays whole.
 */
export function reclaimBatch(
  header: BatchHeader,
  settled: Settled,
  mustStay: (header: BatchHeader) => boolean,
): Uint8Array | null {
  const { baseOffset, nextOffset } = header
  const gone = settled.countIn(baseOffset, nextOffset)
  if (gone === 0 || header.isControl) return header.whole()
  if (gone === nextOffset - baseOffset) return emptied(header, { mustStay })
  const records = openedRecords(header)
  if (records === null) return header.whole()
  const left: Uint8Array[] = []
  let maxTimestamp = -1
  for (const walk = new RecordWalk(records); walk.next(); ) {
    if (settled.has(baseOffset + walk.offsetDelta)) continue
    left.push(records.subarray(walk.from, walk.to))
    maxTimestamp = Math.max(maxTimestamp, header.baseTimestamp + walk.timestampDelta)
  }
  if (left.length === 0) return emptied(header, { mustStay })
  if (left.length === header.recordCount) return header.whole()
  return header.withRecords(compress(header.compression ?? 'none', Buffer.concat(left)), {
    maxTimestamp: header.isAppendTime ? header.maxTimestamp : maxTimestamp,
    recordCount: left.length,
  })
}
