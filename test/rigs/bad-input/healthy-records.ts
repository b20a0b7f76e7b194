// What the well-behaved worker writes: shared with who checks it.
import { BatchHeader, headerBytes } from '../../../src/model/record-batch.ts'
import { RecordWalk } from '../../../src/model/records.ts'

export const healthyTopic = 'healthy'

export const recordText = (n: number): string => `record ${n} `.padEnd(60 + (n % 40), String(n))

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
