// Is this record batch fit for this topic? Looks at the header and the checksum, and hops over uncompressed
// records; what is compressed is opened only where the topic needs it (see `needsInside`). Every length is
// held against the bytes that are there before it is used.

import type { TopicSettings } from '../model/config/topic-settings.ts'
import { type Refusal, refuse } from '../model/errors.ts'
import { type BatchHeader, headerBytes } from '../model/record-batch.ts'
import { checkRecords } from '../model/records.ts'
import type { RecordError } from './append-outcome.ts'

export type BatchRefusal = Refusal & { readonly recordErrors?: readonly RecordError[] }

/** Checks the batch that fills `bytes`; `header` is left pointing at it. Null: it may be appended. */
export function checkBatch(
  header: BatchHeader,
  bytes: Uint8Array,
  settings: TopicSettings,
  nowMs: number,
): BatchRefusal | null {
  return (
    checkShape(header, bytes, settings) ??
    checkAttributes(header) ??
    checkTimes(header, settings, nowMs)
  )
}

function checkShape(
  header: BatchHeader,
  bytes: Uint8Array,
  settings: TopicSettings,
): BatchRefusal | null {
  if (bytes.length < headerBytes)
    return refuse('corruptBatch', `${bytes.length} bytes are too few for a record batch`)
  header.moveTo(bytes)
  if (header.magic !== 2)
    return refuse('unsupportedFormat', `magic ${header.magic} is not accepted, only 2`)
  if (header.bytes > bytes.length || header.bytes < headerBytes)
    return refuse('corruptBatch', `the batch claims ${header.bytes} bytes, ${bytes.length} came`)
  if (header.bytes < bytes.length)
    return refuse('invalidRecord', 'a partition takes exactly one record batch in a request')
  if (bytes.length > settings.batchBytesMax)
    return refuse(
      'messageTooLarge',
      `the batch has ${bytes.length} bytes, max.message.bytes is ${settings.batchBytesMax}`,
    )
  if (header.checksum() !== header.crc)
    return refuse('corruptBatch', 'the checksum of the batch does not match its bytes')
  return null
}

function checkAttributes(header: BatchHeader): BatchRefusal | null {
  const count = header.recordCount
  if (count <= 0) return refuse('invalidRecord', `the batch claims ${count} records`)
  if (header.lastOffsetDelta !== count - 1)
    return refuse(
      'invalidRecord',
      `the last offset delta is ${header.lastOffsetDelta}, but there are ${count} records`,
    )
  if (header.baseOffset !== 0)
    return refuse('invalidRecord', `the base offset must be 0, not ${header.baseOffset}`)
  if (header.isControl) return refuse('invalidRecord', 'clients may not write control records')
  if (header.isAppendTime)
    return refuse('invalidTimestamp', 'clients may not set the timestamp type LogAppendTime')
  if (header.compression === null)
    return refuse('invalidRecord', `no codec has the number ${header.attributes & 7}`)
  if (header.isTransactional)
    return header.producerId < 0
      ? refuse('invalidRecord', 'a transactional batch needs a producer id')
      : refuse('transactionsNotSupported')
  if (header.producerId >= 0 && (header.producerEpoch < 0 || header.baseSequence < 0))
    return refuse('invalidRecord', 'a batch with a producer id needs an epoch and a sequence')
  if (header.compression !== 'none') return null
  const wrong = checkRecords(header.records(), count)
  return wrong && { ...refuse('invalidRecord', wrong.message), recordErrors: [wrong] }
}

function checkTimes(
  header: BatchHeader,
  settings: TopicSettings,
  nowMs: number,
): BatchRefusal | null {
  if (settings.timestamp === 'append') return null
  const newest = header.maxTimestamp
  const oldest = header.baseTimestamp
  if (newest - nowMs > settings.timestampAfterMsMax)
    return refuse(
      'invalidTimestamp',
      `timestamp ${newest} is more than message.timestamp.after.max.ms ahead of this node's time`,
    )
  if (oldest >= 0 && nowMs - oldest > settings.timestampBeforeMsMax)
    return refuse(
      'invalidTimestamp',
      `timestamp ${oldest} is more than message.timestamp.before.max.ms behind this node's time`,
    )
  return null
}
