// What a partition answers at once to an append: an outcome, and what to wait for before it may be
// told. Made by PartitionLog.
import type { AppendOutcome } from '../model/append-outcome.ts'
import { type ErrorName, errors } from '../model/errors.ts'
import type { Admission } from './batch-admission.ts'

export interface Appended extends AppendOutcome {
  /** To wait for before the outcome may be told; 0 when there is nothing to wait for. */
  readonly lsn: number
}

export function refusedAppend(
  logStartOffset: number,
  error: ErrorName,
  message: string = errors[error].text,
): Appended {
  return {
    error,
    message,
    baseOffset: -1,
    appendTimeMs: -1,
    logStartOffset,
    recordErrors: [],
    lsn: 0,
  }
}

/** A batch that is no batch at all is answered without the log start, as Kafka does. */
export function notAdmitted(logStartOffset: number, refusal: Admission & { ok: false }): Appended {
  const { error, message, recordErrors = [], isShapeless } = refusal
  return { ...refusedAppend(isShapeless ? -1 : logStartOffset, error, message), recordErrors }
}
