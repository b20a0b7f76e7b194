// Where a consumer of a stream begins, as its argument says, and what place of a partition that is.
// A number outside the log goes to its nearest end; a time behind all records to the log's end.
import type { LogReader } from '../log/log-reader.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { emptyRead } from '../log/read-result.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import { type FieldValue, integerOf, textOf } from '../model/message/field.ts'
import { BatchHeader } from '../model/record-batch.ts'
import { intervalMs } from './interval.ts'

export type StreamStart =
  /** `last`: the last record batch, which may hold several messages. */
  | { readonly at: 'first' | 'last' | 'next' }
  | { readonly at: 'offset'; readonly offset: number }
  /** The first record that is as new, or newer; ms since 1970. */
  | { readonly at: 'timestamp'; readonly timestampMs: number }

export const startArgument = 'x-stream-offset'

/** The argument as a client sends it; absent: next. */
export function parseStart(value: FieldValue | undefined, nowMs: number): Result<StreamStart> {
  if (value === undefined || value.type === 'V') return ok({ at: 'next' })
  if (value.type === 'T') return ok({ at: 'timestamp', timestampMs: Number(value.value) * 1000 })
  const offset = integerOf(value)
  if (offset !== null && offset >= 0) return ok({ at: 'offset', offset })
  const text = textOf(value)
  if (text === 'first' || text === 'last' || text === 'next') return ok({ at: text })
  const backMs = text === null ? null : intervalMs(text)
  if (backMs !== null) return ok({ at: 'timestamp', timestampMs: nowMs - backMs })
  return refuse(
    'preconditionFailed',
    `${startArgument} is first, last, next, an offset, a timestamp, or an interval such as 7D`,
  )
}

/** A place in a partition. */
export interface StreamPlace {
  readonly offset: number
  /** Records from there up to `newestBelow` are passed over until one is as new as this. */
  readonly sinceMs: number
  readonly newestBelow: number
}

export const placeAt = (offset: number): StreamPlace => ({
  offset,
  sinceMs: Number.NEGATIVE_INFINITY,
  newestBelow: 0,
})

/** `next` is behind what has been accepted, even if it is not durable yet. */
export async function findStart(
  reader: LogReader,
  log: PartitionLog,
  start: StreamStart,
): Promise<StreamPlace> {
  switch (start.at) {
    case 'first':
      return placeAt(log.logStartOffset)
    case 'next':
      return placeAt(log.logEndOffset)
    case 'last':
      return placeAt(Math.max(log.logStartOffset, await lastBatch(reader, log)))
    case 'offset':
      return placeAt(Math.max(log.logStartOffset, Math.min(start.offset, log.logEndOffset)))
    case 'timestamp': {
      const newestBelow = log.highWatermark
      const offset = await offsetOfTime(reader, log, start.timestampMs)
      return { offset, sinceMs: start.timestampMs, newestBelow }
    }
  }
}

/** An offset before which no record is as new, cheaply: the reader looks closer. */
async function offsetOfTime(
  reader: LogReader,
  log: PartitionLog,
  timestampMs: number,
): Promise<number> {
  const end = log.highWatermark
  const segment = log.segments.find((s) => s.maxTimestamp >= timestampMs)
  if (segment !== undefined) {
    await reader.readIndex(segment)
    const found = segment.index.offsetOfTime(timestampMs, segment.baseOffset)
    return Math.max(log.logStartOffset, found)
  }
  for (let i = 0; i < log.tail.count; i++)
    if (log.tail.maxTimestamp(i) >= timestampMs)
      return Math.max(log.logStartOffset, log.tail.baseOffset(i))
  return end
}

const stretchBytes = 1 << 20

type Segment = PartitionLog['segments'][number]

/** Where the last batch below the high watermark begins. */
async function lastBatch(reader: LogReader, log: PartitionLog): Promise<number> {
  const last = log.highWatermark - 1
  const { tail } = log
  const i = tail.find(last)
  if (i < tail.count && tail.baseOffset(i) <= last) return tail.baseOffset(i)
  const segment = log.segments.findLast((s) => s.baseOffset <= last)
  if (segment === undefined || last < log.logStartOffset) return log.highWatermark
  await reader.readIndex(segment)
  return lastOfSegment(reader, log, segment)
}

/** Goes through the headers behind the last place that the index knows. */
async function lastOfSegment(
  reader: LogReader,
  log: PartitionLog,
  segment: Segment,
): Promise<number> {
  const header = new BatchHeader()
  let found = segment.index.entriesFrom(0).at(-1)?.offset ?? segment.baseOffset
  let offset = Math.max(found, log.logStartOffset)
  while (offset < segment.nextOffset) {
    const read = emptyRead()
    const want = { offset, below: segment.nextOffset, maxBytes: stretchBytes, mustGive: true }
    await reader.readFromDisk(log, want, read)
    const before = offset
    for (const bytes of read.records)
      for (let at = 0; at < bytes.length; at += header.bytes) {
        header.moveTo(bytes, at)
        if (header.recordCount > 0) found = header.baseOffset
        offset = header.nextOffset
      }
    reader.release(read)
    if (offset === before) break
  }
  return found
}
