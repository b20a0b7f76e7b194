// The sizes that one node's log works with. Tests and simulations make them tiny.
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
  /** The flusher writes through a buffer of this size. */
  readonly stagingBytes: number
  /** The manifest is rewritten when it holds twice what the last rewrite left, and so much more. */
  readonly manifestHistoryBytes: number
  /** Segment files that may be open at a time. */
  readonly openFiles: number
  /** Records of topics with flush policy memory, in sum. */
  readonly memoryTopicBytes: number
  /** Memory lent to readers of old records, in sum. */
  readonly readBytes: number
}

const MiB = 1 << 20

export const defaultLogOptions: LogOptions = {
  journalFileBytes: 32 * MiB,
  journalFiles: 6,
  slabBytes: 4 * MiB,
  slabs: 16,
  commitBytes: 8 * MiB,
  gatherMs: 1,
  asyncSyncMs: 1000,
  flushBytes: 24 * MiB,
  ownFileBytes: 1 * MiB,
  stagingBytes: 2 * MiB,
  manifestHistoryBytes: 1 * MiB,
  openFiles: 256,
  memoryTopicBytes: 256 * MiB,
  readBytes: 64 * MiB,
}

/** The defaults, as far as they fit a process that may have so many files open, and such memory. */
export const logOptionsWithin = (openFiles: number, memoryBytes: number): LogOptions => ({
  ...defaultLogOptions,
  openFiles: Math.min(defaultLogOptions.openFiles, Math.floor(openFiles / 4)),
  memoryTopicBytes: Math.min(defaultLogOptions.memoryTopicBytes, Math.floor(memoryBytes / 4)),
  readBytes: Math.min(defaultLogOptions.readBytes, Math.floor(memoryBytes / 8)),
})
