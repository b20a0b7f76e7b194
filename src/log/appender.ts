// The role through which coordinators write durable records without knowing the log behind it.
// `broker/` gives an implementation over a partition of an internal topic; later replication's
// leader takes its place. Coordinators never read: at start they are handed every record of their
// partition, in order.
import type { ErrorName } from '../model/errors.ts'

/** A record before it has an offset. A null value is a tombstone: compaction drops the key. */
export interface NewRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

export interface Appender {
  /**
   * Appends `records` as one batch, all or none. `done` is called once, later: with null when they
   * are durable, with the error when they were not accepted. Appends of one appender become
   * durable in order.
   */
  append(records: readonly NewRecord[], done: (error: ErrorName | null) => void): void
}
