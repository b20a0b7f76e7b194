// What a journal is made with: its sizes and times, and whom it tells. The log store gives both.

export interface JournalOptions {
  readonly slabBytes: number
  /** Slabs kept in memory: the tail cache. */
  readonly slabs: number
  /** A commit takes no more frames when it has grown to this. */
  readonly commitBytes: number
  /**
   * Under load a commit waits until it holds as many frames as the one before it, but no longer
   * than this after that one started.
   */
  readonly gatherMs: number
  /** Frames of topics with flush policy async are synced at the latest after this. */
  readonly asyncSyncMs: number
}

export interface JournalHooks {
  /** A commit is down, and every source in it has been told, and whoever waited for it. */
  committed(): void
  /** The first write failed; nothing is acknowledged any more. */
  failed(cause: unknown): void
  /** Of the metadata, durable: each commit carries it. */
  knownRevision(): number
}
