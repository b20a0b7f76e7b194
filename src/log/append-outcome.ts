// What became of an append, in the words of the log; `broker/` hands it on to the doors.
import type { ErrorName } from '../model/errors.ts'

export interface RecordError {
  /** Index of the record in its batch. */
  readonly index: number
  readonly message: string
}

export interface AppendOutcome {
  readonly error: ErrorName | null
  /** Words that name the thing and the remedy; null when there is nothing to add. */
  readonly message: string | null
  /** Offset of the batch's first record; -1 on error. */
  readonly baseOffset: number
  /** Set when the topic stamps records itself, else -1. Milliseconds since 1970. */
  readonly appendTimeMs: number
  readonly logStartOffset: number
  readonly recordErrors: readonly RecordError[]
  /** To wait for before the outcome may be told; 0 when there is nothing to wait for. */
  readonly lsn: number
}
