// The sizes that one node's log works with. Tests and simulations make them tiny.
import type { BrokerSettings } from '../model/config/broker-settings.ts'

export interface LogOptions {
  /** Bytes of one journal file. */
  readonly journalFileBytes: number
  readonly journalFiles: number
  readonly slabBytes: number
  /** Slabs in memory: with `slabBytes`, the tail cache. */
  readonly slabs: number
  readonly commitBytes: number
  /** Under load a commit starts at the earliest so long after the one before it. */
  readonly gatherMs: number
  readonly asyncSyncMs: number
  /** The flusher starts when the journal holds so much. */
  readonly flushBytes: number
  /** From here on a partition's part of a pass is worth a file of its own. */
  readonly ownFileBytes: number
  /** The flusher writes through a buffer of this size, */
  readonly stagingBytes: number
  /** and reads so much at most of what has left memory before it came, at once. */
  readonly rereadBytes: number
  /** Whoever goes through all partitions gives way to others after so many. */
  readonly partitionsPerTurn: number
  /** The same of who copies batches. */
  readonly batchesPerTurn: number
  /** The manifest is rewritten when it holds twice what the last rewrite left, and so much more. */
  readonly manifestHistoryBytes: number
  /** Segment files that may be open at a time. */
  readonly openFiles: number
  /** Records of topics with flush policy memory, in sum. */
  readonly memoryTopicBytes: number
  /** Idempotent producers that all partitions remember together: each costs about 1 KB. */
  readonly producersMax: number
  /** Memory lent to readers of old records, in sum. */
  readonly readBytes: number
  /** Segments are read in pieces of this size at least. */
  readonly readPieceBytes: number
  /** The cleaner writes through a buffer of this size. */
  readonly rewriteBytes: number
  /** Segments shorter than this are worth merging, */
  readonly mergeBelowBytes: number
  /** once there are so many of them in a row. */
  readonly mergeSegments: number
  /** A file is swept when so much in it is of no use any more, and half of it. */
  readonly sweptFileBytes: number
  /** So long what was found right is not summed again for who reads on. */
  readonly trustMs: number
}

const MiB = 1 << 20
const slabBytes = 4 * MiB

/** The options that follow from the keys `polymq.*` of the broker. */
export function logOptionsOf(settings: BrokerSettings): LogOptions {
  const journalFileBytes = Math.ceil(settings.journalFileBytes / slabBytes) * slabBytes
  return {
    journalFileBytes,
    journalFiles: settings.journalFiles,
    slabBytes,
    slabs: Math.ceil(settings.tailCacheBytes / slabBytes),
    commitBytes: 8 * MiB,
    gatherMs: settings.commitGatherMs,
    asyncSyncMs: 1000,
    flushBytes: Math.min(24 * MiB, (journalFileBytes / 4) * 3),
    ownFileBytes: 1 * MiB,
    stagingBytes: 1 * MiB,
    rereadBytes: 64 * MiB,
    partitionsPerTurn: 250,
    batchesPerTurn: 128,
    manifestHistoryBytes: 1 * MiB,
    openFiles: settings.segmentOpenFiles,
    memoryTopicBytes: settings.memoryTopicBytes,
    producersMax: 100_000,
    readBytes: settings.readBufferBytes,
    readPieceBytes: 1 * MiB,
    rewriteBytes: 1 * MiB,
    mergeBelowBytes: 1 * MiB,
    mergeSegments: 8,
    sweptFileBytes: 1 * MiB,
    trustMs: settings.checksumTrustMs,
  }
}

/** Two commits of the largest size, and what is being filled meanwhile. */
const slabsMin = 6

/** As far as they fit a process that may have so many files open, and such memory. */
export const logOptionsWithin = (
  options: LogOptions,
  openFiles: number,
  memoryBytes: number,
): LogOptions => ({
  ...options,
  openFiles: Math.min(options.openFiles, Math.floor(openFiles / 4)),
  slabs: Math.min(options.slabs, Math.max(slabsMin, Math.floor(memoryBytes / 8 / slabBytes))),
  memoryTopicBytes: Math.min(options.memoryTopicBytes, Math.floor(memoryBytes / 4)),
  readBytes: Math.min(options.readBytes, Math.floor(memoryBytes / 8)),
  rereadBytes: Math.min(options.rereadBytes, Math.floor(memoryBytes / 8)),
})
