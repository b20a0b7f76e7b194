// What the log needs to know of a topic's configuration, resolved once for each change.
import type { Compression } from '../model/record-batch.ts'

/** When an append counts: after fdatasync; after write; at once and never on disk. */
export type FlushPolicy = 'sync' | 'async' | 'memory'

export interface LogSettings {
  readonly flush: FlushPolicy
  readonly maxMessageBytes: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  /** `producer`: as it came. */
  readonly compressionType: 'producer' | 'uncompressed' | Exclude<Compression, 'none'>
  readonly cleanup: { readonly delete: boolean; readonly compact: boolean }
  /** Milliseconds; -1 keeps for ever. */
  readonly retentionMs: number
  /** Bytes of a partition; -1 is no limit. */
  readonly retentionBytes: number
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly deleteRetentionMs: number
}
