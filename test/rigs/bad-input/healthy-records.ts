// What the well-behaved worker writes, and what it reports: shared with who checks it.
import { BatchHeader, headerBytes } from '../../../src/model/record-batch.ts'
import { RecordWalk } from '../../../src/model/records.ts'

export const healthyTopic = 'healthy'

export const recordText = (n: number): string => `record ${n} `.padEnd(60 + (n % 40), String(n))

export interface Report {
  /** Records acknowledged and consumed so far, from offset 0. */
  readonly acked: number
  readonly consumed: number
  /** Longest time without an acknowledgement since the last report. */
  readonly gapMs: number
  readonly p99Ms: number
  /** What went wrong for the worker; null when it is served. */
  readonly problem: string | null
}

/** The values of whole uncompressed batches, one after the other, with their offsets. */
export function* valuesOf(batches: Uint8Array): Generator<{ offset: number; value: string }> {
  const header = new BatchHeader()
  for (let at = 0; at + headerBytes <= batches.length; ) {
    header.moveTo(batches, at)
    if (at + header.bytes > batches.length) return
    const walk = new RecordWalk(header.records())
    while (walk.next())
      yield {
        offset: header.baseOffset + walk.offsetDelta,
        value: Buffer.from(walk.value ?? []).toString(),
      }
    at += header.bytes
  }
}
