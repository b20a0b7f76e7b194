// What became of one batch that was to be appended: the log says it, the broker hands it on, and
// each door tells it in its protocol's words.
import type { ErrorName } from './errors.ts'
import type { RecordError } from './records.ts'

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
}
