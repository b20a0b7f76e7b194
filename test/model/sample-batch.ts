// Record batches for tests, from records as a person would write them down.
import { compress } from '../../src/model/compression.ts'
import { buildBatch, type Compression, withCompression } from '../../src/model/record-batch.ts'
import { RecordWalk, varint } from '../../src/model/records.ts'

export interface SampleRecord {
  readonly key: string | null
  readonly value: string | null
  readonly timestampMs: number
  /** Its place after the first; by default its index. */
  readonly offsetDelta?: number
  readonly headers?: readonly (readonly [key: string | null, value: string | null])[]
}

export interface SampleBatch {
  readonly baseOffset?: number
  readonly compression?: Compression
  readonly attributes?: number
  readonly records: readonly SampleRecord[]
  readonly lastOffsetDelta?: number
  readonly baseTimestamp?: number
  readonly maxTimestamp?: number
  readonly producerId?: number
}

const field = (text: string | null): Uint8Array[] => {
  if (text === null) return [varint(-1)]
  const bytes = Buffer.from(text)
  return [varint(bytes.length), bytes]
}

export function sampleRecords(records: readonly SampleRecord[], baseTimestamp: number): Buffer {
  return Buffer.concat(
    records.flatMap((record, index) => {
      const headers = record.headers ?? []
      const body = Buffer.concat([
        Uint8Array.of(0),
        varint(record.timestampMs - baseTimestamp),
        varint(record.offsetDelta ?? index),
        ...field(record.key),
        ...field(record.value),
        varint(headers.length),
        ...headers.flatMap(([key, value]) => [...field(key), ...field(value)]),
      ])
      return [varint(body.length), body]
    }),
  )
}

export function sampleBatch(batch: SampleBatch): Uint8Array {
  const { records, compression = 'none' } = batch
  const baseTimestamp = batch.baseTimestamp ?? records[0]?.timestampMs ?? -1
  const lastDelta = records.reduce((last, r, i) => Math.max(last, r.offsetDelta ?? i), 0)
  return buildBatch(
    {
      baseOffset: batch.baseOffset ?? 0,
      leaderEpoch: 3,
      attributes: withCompression(batch.attributes ?? 0, compression),
      lastOffsetDelta: batch.lastOffsetDelta ?? lastDelta,
      baseTimestamp,
      maxTimestamp: batch.maxTimestamp ?? Math.max(-1, ...records.map((r) => r.timestampMs)),
      producerId: batch.producerId ?? -1,
      producerEpoch: batch.producerId === undefined ? -1 : 0,
      baseSequence: batch.producerId === undefined ? -1 : 0,
      recordCount: records.length,
    },
    compress(compression, sampleRecords(records, baseTimestamp)),
  )
}

const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString()

/** The way back, with absolute offsets. */
export function readSample(
  records: Uint8Array,
  baseOffset: number,
  baseTimestamp: number,
): { offset: number; key: string | null; value: string | null; timestampMs: number }[] {
  const found = []
  const walk = new RecordWalk(records)
  while (walk.next())
    found.push({
      offset: baseOffset + walk.offsetDelta,
      key: text(walk.key),
      value: text(walk.value),
      timestampMs: baseTimestamp + walk.timestampDelta,
    })
  if (walk.problem !== null) throw new Error(walk.problem)
  return found
}
