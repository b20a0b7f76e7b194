// Record batches for the rig: good ones, and ones with any field of the header or any record as
// somebody wants it.
import { type BatchFields, buildBatch } from '../../../src/model/record-batch.ts'
import { varint, writeRecords } from '../../../src/model/records.ts'

/** A batch of `records` with good fields, but for those given. */
export function batchWith(
  records: Uint8Array,
  count: number,
  fields: Partial<BatchFields> = {},
): Uint8Array {
  const now = Date.now()
  return buildBatch(
    {
      baseOffset: 0,
      leaderEpoch: -1,
      attributes: 0,
      lastOffsetDelta: count - 1,
      baseTimestamp: now,
      maxTimestamp: now,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      recordCount: count,
      ...fields,
    },
    records,
  )
}

export const recordsOf = (...values: string[]): Uint8Array =>
  writeRecords(values.map((value) => ({ key: Buffer.from('k'), value: Buffer.from(value) })))

export const batchOf = (...values: string[]): Uint8Array =>
  batchWith(recordsOf(...values), values.length)

export interface RecordParts {
  readonly offsetDelta?: number
  readonly timestampDelta?: number
  /** Bytes in place of the header count and the headers. */
  readonly headers?: Uint8Array
}

/** One record with the key and value `x`. */
export function recordWith({
  offsetDelta = 0,
  timestampDelta = 0,
  headers = varint(0),
}: RecordParts): Uint8Array {
  const x = Uint8Array.of(2, 0x78)
  const body = Buffer.concat([
    Uint8Array.of(0),
    varint(timestampDelta),
    varint(offsetDelta),
    x,
    x,
    headers,
  ])
  return Buffer.concat([varint(body.length), body])
}
