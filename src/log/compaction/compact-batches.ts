// Log compaction, batch by batch: first the keys of the dirty stretch are noted, then every batch
// below what was noted is rewritten without the records that a later one replaces. No record
// changes its offset or its time, and none is dropped that is the latest of its key, save a
// tombstone that was readable long enough. The cleaner decides on the stretch and goes over the
// segments. Kafka: "Log Compaction", KIP-534.
import { openBatch } from '../../model/batch-content.ts'
import { compress } from '../../model/compression.ts'
import { type BatchHeader, ofEmptyBatch, withDeleteHorizon } from '../../model/record-batch.ts'
import { RecordWalk, varint } from '../../model/records.ts'
import type { KeyMap } from './key-map.ts'

/**
 * Notes the keys of a batch, in the order of the log. False when the map is full: `keys.coveredTo`
 * then says how far it got. A batch that cannot be opened counts as noted, since it is also kept.
 */
export function noteKeys(header: BatchHeader, keys: KeyMap): boolean {
  const records = header.isControl ? null : openedRecords(header)
  if (records !== null) {
    const { baseOffset } = header
    for (const walk = new RecordWalk(records); walk.next(); ) {
      const offset = baseOffset + walk.offsetDelta
      const { key } = walk
      if (key === null || offset < keys.coveredTo) continue
      if (!keys.note(key, offset)) {
        keys.coveredTo = offset
        return false
      }
    }
  }
  keys.coveredTo = Math.max(keys.coveredTo, header.nextOffset)
  return true
}

export interface CompactionRules {
  readonly keys: KeyMap
  readonly nowMs: number
  /** How long a tombstone stays readable after the first compaction that kept it. */
  readonly deleteRetentionMs: number
  /**
   * True for a batch that stays as an empty one: the last of the log, so that consumers see offsets
   * move, and the last of an active producer, so that its sequence survives a restart.
   */
  mustStay(header: BatchHeader): boolean
}

/**
 * What remains of a batch: its own bytes when nothing changes, null when nothing is left. First and
 * last offset, leader epoch, producer and sequence stay. Control batches, and what cannot be
 * opened, stay whole. To be called oldest batch first: a tombstone's time may only start when what
 * it deletes is gone.
 */
export function compactBatch(header: BatchHeader, rules: CompactionRules): Uint8Array | null {
  if (header.isControl || header.baseOffset >= rules.keys.coveredTo) return header.whole()
  const records = openedRecords(header)
  if (records === null) return header.whole()
  const left = survivors(header, records, rules)
  if (left.spans.length === 0) return emptied(header, rules)
  const needsHorizon = left.hasTombstone && !header.hasDeleteHorizon
  if (left.isAll && !needsHorizon) return header.whole()
  const horizon = needsHorizon
    ? Math.min(rules.nowMs + rules.deleteRetentionMs, horizonMax)
    : header.baseTimestamp
  const parts = needsHorizon
    ? left.spans.flatMap((span) => moved(records, span, header.baseTimestamp - horizon))
    : left.spans.map(({ from, to }) => records.subarray(from, to))
  const { attributes } = header
  return header.withRecords(compress(header.compression ?? 'none', Buffer.concat(parts)), {
    attributes: needsHorizon ? withDeleteHorizon(attributes) : attributes,
    baseTimestamp: horizon,
    maxTimestamp: header.isAppendTime ? header.maxTimestamp : left.maxTimestamp,
    recordCount: left.spans.length,
  })
}

/** Some 70,000 years: the limit up to which time deltas are exact in a number. */
const horizonMax = 2 ** 51

/** Where a record lies, and its time delta in it. */
interface Span {
  readonly from: number
  readonly to: number
  readonly timestampDelta: number
  readonly timestampTo: number
  readonly attributes: number
}

interface Survivors {
  readonly spans: readonly Span[]
  readonly isAll: boolean
  readonly hasTombstone: boolean
  readonly maxTimestamp: number
}

function survivors(header: BatchHeader, records: Uint8Array, rules: CompactionRules): Survivors {
  const { baseOffset, baseTimestamp } = header
  const dropsTombstones = header.hasDeleteHorizon && rules.nowMs >= baseTimestamp
  const spans: Span[] = []
  let hasTombstone = false
  let maxTimestamp = -1
  let count = 0
  for (const walk = new RecordWalk(records); walk.next(); count++) {
    const isTombstone = walk.valueLength < 0
    const isCovered = baseOffset + walk.offsetDelta < rules.keys.coveredTo
    if (isCovered && isTombstone && dropsTombstones) continue
    if (isCovered && !isLatest(walk, baseOffset, rules.keys)) continue
    const { from, to, timestampDelta, timestampTo, attributes } = walk
    spans.push({ from, to, timestampDelta, timestampTo, attributes })
    hasTombstone ||= isTombstone
    maxTimestamp = Math.max(maxTimestamp, baseTimestamp + timestampDelta)
  }
  return { spans, isAll: spans.length === count, hasTombstone, maxTimestamp }
}

/**
 * A record without a key, from before the topic was compacted, has no later one to wait for: it
 * goes.
 */
function isLatest(walk: RecordWalk, baseOffset: number, keys: KeyMap): boolean {
  const { key } = walk
  return key !== null && keys.latest(key) <= baseOffset + walk.offsetDelta
}

/** A batch of which no record is left: empty if it must stay, or null. */
export function emptied(
  header: BatchHeader,
  rules: Pick<CompactionRules, 'mustStay'>,
): Uint8Array | null {
  if (!rules.mustStay(header)) return null
  if (header.recordCount === 0) return header.whole()
  return header.withRecords(new Uint8Array(0), {
    attributes: ofEmptyBatch(header.attributes),
    baseTimestamp: -1,
    recordCount: 0,
  })
}

/** A record with its time delta moved by `byMs`, as pieces. */
function moved(records: Uint8Array, span: Span, byMs: number): Uint8Array[] {
  const delta = varint(span.timestampDelta + byMs)
  const rest = records.subarray(span.timestampTo, span.to)
  return [varint(1 + delta.length + rest.length), Uint8Array.of(span.attributes), delta, rest]
}

/** The records of a stored batch; null when they cannot be had, or are not what the header says. */
export function openedRecords(header: BatchHeader): Uint8Array | null {
  const opened = openBatch(header)
  if (!opened.ok) return null
  const walk = new RecordWalk(opened.value)
  let count = 0
  while (walk.next()) count++
  return walk.problem === null && count === header.recordCount ? opened.value : null
}
