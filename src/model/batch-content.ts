// What is inside a record batch, for whoever must look: the check of topics that need more than the
// header, look-up by timestamp, and topics with a codec of their own. A batch is given as its
// header, pointing at its bytes; what those say is not believed here either, since stored batches
// may be older than a check.
import { compress, decompress } from './compression.ts'
import { type ErrorName, ok, type Refusal, type Result, refuse } from './errors.ts'
import { type BatchHeader, type Compression, withCompression } from './record-batch.ts'
import { type RecordError, RecordWalk } from './records.ts'

/** A refusal that may name the records at fault. */
export type ContentRefusal = Refusal & { readonly recordErrors?: readonly RecordError[] }

const mebi = 1024 * 1024

/**
 * What a batch may become when nothing stricter is asked for: no real one multiplies more than
 * this.
 */
const openedBytesMax = (batchBytes: number): number => Math.max(32 * mebi, 4 * batchBytes)

/**
 * The records of the batch, uncompressed to at most `maxBytes`; a view of the batch if not
 * compressed.
 */
export function openBatch(
  header: BatchHeader,
  maxBytes: number = openedBytesMax(header.bytes),
): Result<Uint8Array> {
  const { compression } = header
  if (header.recordCount === 0) return ok(header.records())
  if (compression === null)
    return refuse('unsupportedCompression', `no codec has the number ${header.attributes & 7}`)
  return decompress(compression, header.records(), maxBytes)
}

export interface ContentRules {
  /** For compacted topics: a record without a key is refused. */
  readonly needsKeys: boolean
  /** Bounds of each timestamp, ms since 1970, inclusive; -1, no timestamp, passes. */
  readonly oldestMs: number
  readonly newestMs: number
}

export interface BatchContent {
  /** The largest timestamp of the records, ms: what the header has to say. -1 when none has one. */
  readonly maxTimestamp: number
}

/** A client has no use for more, and an answer must stay bounded. */
const recordErrorsMax = 10_000

type Inspected =
  | { readonly ok: true; readonly value: BatchContent }
  | ({ readonly ok: false } & ContentRefusal)

/**
 * Checks the opened `records` of a batch that a client sent: whole records, as many as the header
 * says, with offset deltas from 0 up, keys where needed, timestamps within bounds. The timestamps
 * of a batch whose topic stamps them itself do not count: give infinite bounds.
 */
export function inspectBatch(
  header: BatchHeader,
  records: Uint8Array,
  rules: ContentRules,
): Inspected {
  const walk = new RecordWalk(records)
  const { baseTimestamp, recordCount } = header
  const keyless: RecordError[] = []
  const untimely: RecordError[] = []
  let maxTimestamp = -1
  let index = 0
  for (; walk.next(); index++) {
    if (walk.offsetDelta !== index)
      return one(index, `has the offset delta ${walk.offsetDelta}, not ${index}`)
    const timestamp = baseTimestamp + walk.timestampDelta
    if (!Number.isSafeInteger(timestamp))
      return one(index, 'has a timestamp beyond 2^53 ms', 'invalidTimestamp')
    maxTimestamp = Math.max(maxTimestamp, timestamp)
    if (rules.needsKeys && walk.keyLength < 0)
      note(keyless, index, 'a compacted topic takes no record without a key')
    if (timestamp !== -1 && (timestamp < rules.oldestMs || timestamp > rules.newestMs))
      note(untimely, index, untimelyText(timestamp, rules))
  }
  if (walk.problem !== null) return one(index, walk.problem)
  if (index !== recordCount)
    return refuse('invalidRecord', `the batch holds ${index} records and claims ${recordCount}`)
  // As in Kafka, a timestamp out of bounds decides the code when both are wrong.
  const wrong = [...untimely, ...keyless]
  if (wrong[0] === undefined) return ok({ maxTimestamp })
  const error = untimely.length > 0 ? 'invalidTimestamp' : 'invalidRecord'
  return { ...refuse(error, wrong[0].message), recordErrors: wrong }
}

/** Names the bound, and the key that sets it. */
function untimelyText(timestampMs: number, { oldestMs, newestMs }: ContentRules): string {
  const key = timestampMs < oldestMs ? 'before' : 'after'
  const bound = timestampMs < oldestMs ? `before ${oldestMs}` : `after ${newestMs}`
  return `timestamp ${timestampMs} is ${bound}, which message.timestamp.${key}.max.ms forbids`
}

function one(
  index: number,
  problem: string,
  error: ErrorName = 'invalidRecord',
): { ok: false } & ContentRefusal {
  const message = `record ${index} ${problem}`
  return { ...refuse(error, message), recordErrors: [{ index, message }] }
}

function note(errors: RecordError[], index: number, message: string): void {
  if (errors.length < recordErrorsMax) errors.push({ index, message })
}

/** A record by its place and time, ms since 1970. */
export interface TimedOffset {
  readonly offset: number
  readonly timestampMs: number
}

/**
 * The first of the opened `records` that is as new as `timestampMs` or newer and lies at
 * `fromOffset` (the log's start, which may be inside the batch) or later; null when none does.
 */
export function findByTimestamp(
  header: BatchHeader,
  records: Uint8Array,
  timestampMs: number,
  fromOffset = 0,
): TimedOffset | null {
  for (const record of timedRecords(header, records))
    if (record.timestampMs >= timestampMs && record.offset >= fromOffset) return record
  return null
}

/**
 * The first of the opened `records` at `fromOffset` or later with the largest timestamp; null when
 * there are none.
 */
export function maxTimestampRecord(
  header: BatchHeader,
  records: Uint8Array,
  fromOffset = 0,
): TimedOffset | null {
  let largest: TimedOffset | null = null
  for (const record of timedRecords(header, records))
    if (record.offset >= fromOffset && record.timestampMs > (largest?.timestampMs ?? -Infinity))
      largest = record
  return largest
}

/** Nobody has checked the deltas of a batch that was stored as it came. */
const bounded = (timestampMs: number): number =>
  Math.max(-Number.MAX_SAFE_INTEGER, Math.min(timestampMs, Number.MAX_SAFE_INTEGER))

/** Where the node stamped the batch, every record has the time of its header. */
function* timedRecords(header: BatchHeader, records: Uint8Array): Iterable<TimedOffset> {
  const { baseOffset, baseTimestamp, maxTimestamp, isAppendTime } = header
  const walk = new RecordWalk(records)
  while (walk.next())
    yield {
      offset: baseOffset + walk.offsetDelta,
      timestampMs: isAppendTime ? maxTimestamp : bounded(baseTimestamp + walk.timestampDelta),
    }
}

/**
 * The batch with its records compressed by `compression`, for topics whose `compression.type` is
 * not `producer`; offsets, timestamps and producer stay, the checksum is new. `records` are the
 * opened ones.
 */
export function recompress(
  header: BatchHeader,
  records: Uint8Array,
  compression: Compression,
  level?: number,
): Uint8Array {
  const attributes = withCompression(header.attributes, compression)
  return header.withRecords(compress(compression, records, level), { attributes })
}
