// A batch that a client sent, on its way into a partition: refused, or made into what is stored.
// Most batches are stored as they came: the header is checked, and the records, opened if they are
// compressed, are hopped over, so that no reader ever meets what cannot be read. They are looked at
// one by one only for what the header cannot tell: keys of a compacted topic, bounds of every
// timestamp, another codec. Called by PartitionLog for each append.
import { type ContentRefusal, inspectBatch, openBatch, recompress } from '../model/batch-content.ts'
import { beginsAs } from '../model/compression.ts'
import type { TopicSettings } from '../model/config/topic-settings.ts'
import { ok, refuse } from '../model/errors.ts'
import type { BatchHeader, Compression } from '../model/record-batch.ts'
import { checkRecords } from '../model/records.ts'
import { checkHeader, checkShape } from './batch-check.ts'

/** The batch to store, at which the header points; or why there is none. */
export type Admission =
  | { readonly ok: true; readonly value: Uint8Array }
  | ({
      readonly ok: false
      /** The bytes were no batch, so nothing was held against the log. */
      readonly isShapeless?: boolean
    } & ContentRefusal)

/** May rewrite fields of the header in `sent`; what stands behind the batch is not stored. */
export function admitBatch(
  header: BatchHeader,
  sent: Uint8Array,
  settings: TopicSettings,
  nowMs: number,
): Admission {
  const shapeless = checkShape(header, sent, settings)
  if (shapeless !== null) return { ok: false, isShapeless: true, ...shapeless }
  const bytes = header.bytes === sent.length ? sent : header.whole()
  const wrong = checkHeader(header)
  if (wrong !== null) return { ok: false, ...wrong }
  const codec = codecFor(header, settings)
  const times = timesFor(settings, nowMs)
  const mustLook = codec !== null || settings.cleanup.compact || needsTimes(header, times)
  if (mustLook) return admitInspected(header, bytes, settings, codec, times)
  const malformed = checkContent(header)
  if (malformed !== null) return malformed
  if (settings.timestamp === 'create' && header.isAppendTime) header.markCreateTime()
  return ok(bytes)
}

interface TimeBounds {
  readonly oldestMs: number
  readonly newestMs: number
}

const anyTime: TimeBounds = { oldestMs: -Infinity, newestMs: Infinity }

/** Where the node stamps the records, theirs do not count. */
const timesFor = (settings: TopicSettings, nowMs: number): TimeBounds =>
  settings.timestamp === 'append'
    ? anyTime
    : {
        oldestMs: nowMs - settings.timestampBeforeMsMax,
        newestMs: nowMs + settings.timestampAfterMsMax,
      }

/** The header knows the newest timestamp only. */
const needsTimes = (header: BatchHeader, { oldestMs, newestMs }: TimeBounds): boolean =>
  oldestMs !== -Infinity || header.maxTimestamp > newestMs

/** The codec that the topic wants in place of the batch's own; null: that one stays. */
function codecFor(header: BatchHeader, { compression }: TopicSettings): Compression | null {
  if (compression === 'producer') return null
  const wanted = compression === 'uncompressed' ? 'none' : compression
  return wanted === header.compression ? null : wanted
}

/** What nobody could read would stand in every reader's way. */
function checkContent(header: BatchHeader): Admission | null {
  const { compression } = header
  if (compression !== null && !beginsAs(compression, header.records()))
    return refuse('invalidRecord', `the records are not compressed with ${compression}`)
  const opened = openBatch(header)
  if (!opened.ok) return opened
  const wrong = checkRecords(opened.value, header.recordCount)
  return wrong && { ...refuse('invalidRecord', wrong.message), recordErrors: [wrong] }
}

function admitInspected(
  header: BatchHeader,
  bytes: Uint8Array,
  settings: TopicSettings,
  codec: Compression | null,
  times: TimeBounds,
): Admission {
  const opened = openBatch(header)
  if (!opened.ok) return opened
  const content = inspectBatch(header, opened.value, {
    needsKeys: settings.cleanup.compact,
    ...times,
  })
  if (!content.ok) return content
  if (header.isAppendTime) header.markCreateTime()
  if (content.value.maxTimestamp !== header.maxTimestamp)
    header.correctMaxTimestamp(content.value.maxTimestamp)
  if (codec === null) return ok(bytes)
  const batch = recompress(header, opened.value, codec, levelOf(codec, settings))
  if (batch.length > settings.batchBytesMax)
    return refuse('messageTooLarge', `as the topic stores it, the batch has ${batch.length} bytes`)
  header.moveTo(batch)
  return ok(batch)
}

const levelOf = (codec: Compression, settings: TopicSettings): number | undefined =>
  codec === 'gzip' ? settings.gzipLevel : codec === 'zstd' ? settings.zstdLevel : undefined
