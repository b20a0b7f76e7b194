// What the tests of the log share: tiny sizes, plain settings, batches made of strings.
import type { LogOptions } from '../../src/log/log-options.ts'
import type { LogSettings } from '../../src/log/log-settings.ts'
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
  openFiles: 3,
  readBytes: 8 << 20,
}

export const plainSettings: LogSettings = {
  flush: 'sync',
  maxMessageBytes: 1 << 20,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
  compressionType: 'producer',
  cleanup: { delete: true, compact: false },
  retentionMs: -1,
  retentionBytes: -1,
  segmentBytes: 1 << 30,
  segmentMs: 604_800_000,
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  deleteRetentionMs: 86_400_000,
}

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
