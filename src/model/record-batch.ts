// The record batch, version 2: the one stored form of every message. This file knows the fixed
// header; records.ts knows what is behind it. Kafka protocol guide, "Record Batch".
//
//   offset  size  field                      inside the CRC
//        0     8  base offset                no: set when appended
//        8     4  batch length, from here on no
//       12     4  partition leader epoch     no: set when appended
//       16     1  magic, 2                   no
//       17     4  CRC-32C of the rest        -
//       21     2  attributes                 yes, and all below
//       23     4  last offset delta
//       27     8  base timestamp, ms
//       35     8  max timestamp, ms
//       43     8  producer id
//       51     2  producer epoch
//       53     4  base sequence
//       57     4  number of records
//       61        records, compressed as attributes say
import { crc32c } from '../base/crc32c.ts'

export const headerBytes = 61
/** Bytes before the part that the field "batch length" counts. */
export const lengthPrefixBytes = 12
const crcFrom = 21

export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Compression = (typeof compressions)[number]

const compressionMask = 0x07
const appendTimeBit = 0x08
const transactionalBit = 0x10
const controlBit = 0x20
/**
 * The base timestamp is when tombstones may go (KIP-534); the records' deltas are relative to it.
 */
const deleteHorizonBit = 0x40

/**
 * Reads and patches the header of one batch that starts at `at` in `view`. Moved from batch to
 * batch, never kept.
 */
export class BatchHeader {
  #view: DataView = new DataView(new ArrayBuffer(0))
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0

  /** Points at a batch; the caller has made sure that `headerBytes` are there. */
  moveTo(bytes: Uint8Array, at = 0): this {
    if (this.#bytes.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer)
    this.#bytes = bytes
    this.#at = bytes.byteOffset + at
    return this
  }

  /** Bytes of the whole batch, header included. */
  get bytes(): number {
    return this.#view.getInt32(this.#at + 8) + lengthPrefixBytes
  }
  get baseOffset(): number {
    return this.#int64(0)
  }
  get leaderEpoch(): number {
    return this.#view.getInt32(this.#at + 12)
  }
  get magic(): number {
    return this.#view.getInt8(this.#at + 16)
  }
  get crc(): number {
    return this.#view.getUint32(this.#at + 17)
  }
  get attributes(): number {
    return this.#view.getInt16(this.#at + 21)
  }
  get lastOffsetDelta(): number {
    return this.#view.getInt32(this.#at + 23)
  }
  get nextOffset(): number {
    return this.baseOffset + this.lastOffsetDelta + 1
  }
  get baseTimestamp(): number {
    return this.#int64(27)
  }
  get maxTimestamp(): number {
    return this.#int64(35)
  }
  get producerId(): number {
    return this.#int64(43)
  }
  get producerEpoch(): number {
    return this.#view.getInt16(this.#at + 51)
  }
  get baseSequence(): number {
    return this.#view.getInt32(this.#at + 53)
  }
  get recordCount(): number {
    return this.#view.getInt32(this.#at + 57)
  }
  /** Null for the codes that no codec has. */
  get compression(): Compression | null {
    return compressions[this.attributes & compressionMask] ?? null
  }
  get isAppendTime(): boolean {
    return (this.attributes & appendTimeBit) !== 0
  }
  get isTransactional(): boolean {
    return (this.attributes & transactionalBit) !== 0
  }
  get isControl(): boolean {
    return (this.attributes & controlBit) !== 0
  }
  get hasDeleteHorizon(): boolean {
    return (this.attributes & deleteHorizonBit) !== 0
  }

  /** The records behind the header, as they are (perhaps compressed). */
  records(): Uint8Array {
    const from = this.#at - this.#bytes.byteOffset
    return this.#bytes.subarray(from + headerBytes, from + this.bytes)
  }

  /** All bytes of the batch. */
  whole(): Uint8Array {
    const from = this.#at - this.#bytes.byteOffset
    return this.#bytes.subarray(from, from + this.bytes)
  }

  checksum(): number {
    const from = this.#at - this.#bytes.byteOffset
    return crc32c(this.#bytes.subarray(from + crcFrom, from + this.bytes))
  }

  /** Both fields lie outside the checksum. */
  place(baseOffset: number, leaderEpoch: number): void {
    this.#setInt64(0, baseOffset)
    this.#view.setInt32(this.#at + 12, leaderEpoch)
  }

  /** Stamps the batch with the node's time and renews the checksum, since both lie inside it. */
  stampAppendTime(nowMs: number): void {
    this.#view.setInt16(this.#at + 21, this.attributes | appendTimeBit)
    this.#setInt64(35, nowMs)
    this.renewChecksum()
  }

  /** For producers that claim a stamp which only the node gives. */
  markCreateTime(): void {
    this.#view.setInt16(this.#at + 21, this.attributes & ~appendTimeBit)
    this.renewChecksum()
  }

  /** For producers that tell less or more than the largest timestamp of their records. */
  correctMaxTimestamp(timestampMs: number): void {
    this.#setInt64(35, timestampMs)
    this.renewChecksum()
  }

  /** A copy of this batch with other records, and with those fields that follow from them. */
  withRecords(records: Uint8Array, changes: RecordsFields): Uint8Array {
    const batch = new Uint8Array(headerBytes + records.length)
    const from = this.#at - this.#bytes.byteOffset
    batch.set(this.#bytes.subarray(from, from + headerBytes))
    batch.set(records, headerBytes)
    const view = new DataView(batch.buffer)
    view.setInt32(8, batch.length - lengthPrefixBytes)
    view.setInt16(21, changes.attributes ?? this.attributes)
    view.setInt32(57, changes.recordCount ?? this.recordCount)
    const copy = new BatchHeader().moveTo(batch)
    if (changes.baseTimestamp !== undefined) copy.#setInt64(27, changes.baseTimestamp)
    if (changes.maxTimestamp !== undefined) copy.#setInt64(35, changes.maxTimestamp)
    copy.renewChecksum()
    return batch
  }

  renewChecksum(): void {
    this.#view.setUint32(this.#at + 17, this.checksum())
  }

  /**
   * Beyond 2^53 it is rounded: no valid batch goes there, and what is only copied is copied as
   * bytes.
   */
  #int64(field: number): number {
    const high = this.#view.getInt32(this.#at + field)
    return high * 0x1_0000_0000 + this.#view.getUint32(this.#at + field + 4)
  }

  #setInt64(field: number, value: number): void {
    this.#view.setInt32(this.#at + field, Math.floor(value / 0x1_0000_0000))
    this.#view.setUint32(this.#at + field + 4, value >>> 0)
  }
}

/** What changes in a header when the records behind it do. */
export interface RecordsFields {
  readonly attributes?: number
  readonly baseTimestamp?: number
  readonly maxTimestamp?: number
  readonly recordCount?: number
}

/** The attributes of a batch whose base timestamp becomes the time from which tombstones may go. */
export const withDeleteHorizon = (attributes: number): number => attributes | deleteHorizonBit

/** The attributes of a batch without records: nothing is compressed, no tombstone waits. */
export const ofEmptyBatch = (attributes: number): number =>
  attributes & ~(compressionMask | deleteHorizonBit)

/** The attributes of a batch with another codec in them. */
export const withCompression = (attributes: number, compression: Compression): number =>
  (attributes & ~compressionMask) | compressions.indexOf(compression)

/** What a new batch is made of; timestamps are absolute. */
export interface BatchFields {
  readonly baseOffset: number
  readonly leaderEpoch: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

/** Puts a header in front of `records` (already compressed as `attributes` say). */
export function buildBatch(fields: BatchFields, records: Uint8Array): Uint8Array {
  const batch = new Uint8Array(headerBytes + records.length)
  batch.set(records, headerBytes)
  return finishBatch(fields, batch)
}

/** The same for a batch whose records stand already where they belong, behind room for a header. */
function finishBatch(fields: BatchFields, batch: Uint8Array): Uint8Array {
  const view = new DataView(batch.buffer, batch.byteOffset)
  view.setInt32(8, batch.length - lengthPrefixBytes)
  view.setInt8(16, 2)
  view.setInt16(21, fields.attributes)
  view.setInt32(23, fields.lastOffsetDelta)
  view.setBigInt64(27, BigInt(fields.baseTimestamp))
  view.setBigInt64(35, BigInt(fields.maxTimestamp))
  view.setBigInt64(43, BigInt(fields.producerId))
  view.setInt16(51, fields.producerEpoch)
  view.setInt32(53, fields.baseSequence)
  view.setInt32(57, fields.recordCount)
  const header = new BatchHeader().moveTo(batch)
  header.renewChecksum()
  header.place(fields.baseOffset, fields.leaderEpoch)
  return batch
}

/**
 * The same for plain records of the node's own, of no producer, with consecutive offsets from 0;
 * the log places it.
 */
export function finishOwnBatch(
  recordCount: number,
  baseTimestamp: number,
  maxTimestamp: number,
  batch: Uint8Array,
): Uint8Array {
  const fields = {
    baseOffset: 0,
    leaderEpoch: 0,
    attributes: 0,
    lastOffsetDelta: recordCount - 1,
    baseTimestamp,
    maxTimestamp,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    recordCount,
  }
  return finishBatch(fields, batch)
}
