// What the tests of the log share: tiny sizes, plain settings, batches made of strings.
import type { LogOptions } from '../../src/log/log-options.ts'
import { noTexts } from '../../src/model/config/config-source.ts'
import { resolveTopicSettings, type TopicSettings } from '../../src/model/config/topic-settings.ts'
import { buildBatch } from '../../src/model/record-batch.ts'
import { writeRecords } from '../../src/model/records.ts'

const KiB = 1024

/** Small enough that a few batches fill a slab, a file, the whole journal. */
export const tinyOptions: LogOptions = {
  journalFileBytes: 64 * KiB,
  journalFiles: 4,
  slabBytes: 16 * KiB,
  slabs: 6,
  commitBytes: 32 * KiB,
  gatherMs: 0,
  asyncSyncMs: 20,
  flushBytes: 48 * KiB,
  ownFileBytes: 1 << 20,
  stagingBytes: 2 << 20,
  rereadBytes: 32 * KiB,
  partitionsPerTurn: 2,
  batchesPerTurn: 128,
  manifestHistoryBytes: 1 << 20,
  openFiles: 3,
  memoryTopicBytes: 100_000,
  producersMax: 10,
  readBytes: 8 << 20,
  readPieceBytes: 1 << 20,
  rewriteBytes: 1 << 20,
  mergeBelowBytes: 1 << 20,
  mergeSegments: 8,
  sweptFileBytes: 4096,
  trustMs: 3_600_000,
}

const nothingSet = { dynamicBroker: noTexts, dynamicDefaultBroker: noTexts, staticBroker: noTexts }

export const plainSettings: TopicSettings = resolveTopicSettings(
  new Map([['message.timestamp.before.max.ms', '9223372036854775807']]),
  nothingSet,
)

export const topicA = 'a'.repeat(32)

/** A batch of one record for each value, as a client sends it. */
export function batchOf(
  values: readonly string[],
  numbered: { id: number; epoch: number; sequence: number } | null = null,
  timestampMs = 1000,
): Uint8Array {
  const records = writeRecords(values.map((v) => ({ key: null, value: Buffer.from(v) })))
  return buildBatch(
    {
      baseOffset: 0,
      leaderEpoch: -1,
      attributes: 0,
      lastOffsetDelta: values.length - 1,
      baseTimestamp: timestampMs,
      maxTimestamp: timestampMs,
      producerId: numbered?.id ?? -1,
      producerEpoch: numbered?.epoch ?? -1,
      baseSequence: numbered?.sequence ?? -1,
      recordCount: values.length,
    },
    records,
  )
}

/** A batch of one record with a key; a null value takes the key back. */
export const keyedBatch = (key: string, value: string | null, timestampMs = 1000): Uint8Array =>
  keyedRecords([[key, value]], timestampMs)

/** A batch of records with keys. */
export const keyedRecords = (
  pairs: readonly (readonly [key: string, value: string | null])[],
  timestampMs = 1000,
): Uint8Array =>
  buildBatch(
    {
      baseOffset: 0,
      leaderEpoch: 0,
      attributes: 0,
      lastOffsetDelta: pairs.length - 1,
      baseTimestamp: timestampMs,
      maxTimestamp: timestampMs,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      recordCount: pairs.length,
    },
    writeRecords(
      pairs.map(([key, value]) => ({
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
      })),
    ),
  )
