// The space of what is settled amid a log, behind records that stay: which segments are worth
// writing anew without it, and what remains of their batches. Pure; no record changes its offset or
// its time. The cleaner goes over the segments, for queues.
import { compress } from '../../model/compression.ts'
import type { BatchHeader } from '../../model/record-batch.ts'
import { RecordWalk } from '../../model/records.ts'
import type { Segment } from '../segment/segment.ts'
import { emptied, openedRecords } from './compact-batches.ts'

/** Offsets of which nobody needs the records any more, and never will again. */
export interface Settled {
  has(offset: number): boolean
  /** How many in [from, to). */
  countIn(from: number, to: number): number
}

/** What is known of segments that were written anew: how much of them was settled then. */
export class Wear {
  readonly #settledBefore = new WeakMap<Segment, number>()

  /** Bytes that may be gained from a segment; 0: less than half of it, or unknown. */
  gain(segment: Segment, settled: Settled): number {
    const { baseOffset, nextOffset, bytes } = segment
    const now = settled.countIn(baseOffset, nextOffset)
    let before = this.#settledBefore.get(segment)
    if (before === undefined) {
      // Of what an earlier life wrote anew nobody knows what it still held.
      before = segment.sparse ? now : 0
      this.#settledBefore.set(segment, before)
    }
    const held = nextOffset - baseOffset - before
    const gone = now - before
    return held > 0 && gone * 2 >= held ? Math.floor((bytes * gone) / held) : 0
  }

  /** One that is new holds nothing of what is settled now, but for what cannot go. */
  renewed(segment: Segment, settled: Settled): void {
    if (this.#settledBefore.has(segment)) return
    this.#settledBefore.set(segment, settled.countIn(segment.baseOffset, segment.nextOffset))
  }
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
