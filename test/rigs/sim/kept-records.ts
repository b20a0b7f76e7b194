// What a compacted partition may still show: records as they were sent, at their old offsets, the
// newest of each key for sure, and no older one where the newest was a tombstone that has gone.
// Gathers what reads of one partition gave and holds it against the model.
import { BatchHeader } from '../../../src/model/record-batch.ts'
import { readRecords } from '../../../src/model/records.ts'
import { expect } from './failure.ts'
import type { NewRecord, PartitionModel, SentBatch } from './partition-model.ts'

/** The newest record of a key. */
interface Newest {
  readonly offset: number
  readonly record: NewRecord
  readonly batch: SentBatch
}

export class KeptRecords {
  readonly #model: PartitionModel
  /** Offsets of the records that were read. */
  readonly #seen = new Set<number>()
  #reached = 0

  constructor(model: PartitionModel) {
    this.#model = model
  }

  /** What came of a read from `from`; returns the offset behind it. */
  take(bytes: Uint8Array, from: number): number {
    const header = new BatchHeader()
    const { name } = this.#model
    for (let at = 0; at < bytes.length; at += header.bytes) {
      header.moveTo(bytes, at)
      const { baseOffset, nextOffset } = header
      expect(header.checksum() === header.crc, () => `${name}: a damaged batch at ${baseOffset}`)
      const isNext = baseOffset >= this.#reached && nextOffset > from
      expect(isNext, () => `${name}: ${baseOffset} came, from ${from}, behind ${this.#reached}`)
      this.#takeBatch(header)
      this.#reached = nextOffset
    }
    return this.#reached
  }

  #takeBatch(header: BatchHeader): void {
    const { baseOffset, nextOffset, leaderEpoch, baseTimestamp } = header
    const { name, batches } = this.#model
    const sent = batches.find((b) => b.baseOffset === baseOffset)
    expect(
      sent?.nextOffset === nextOffset && sent.epoch === leaderEpoch,
      () => `${name}: ${baseOffset} to ${nextOffset} of epoch ${leaderEpoch} was never placed`,
    )
    const records = readRecords(header.records(), header.recordCount)
    expect(records !== null, () => `${name}: malformed records at ${baseOffset}`)
    for (const { offsetDelta, timestampDelta, key, value } of records) {
      const offset = baseOffset + offsetDelta
      const was = sent.records[offsetDelta]
      const same =
        textOf(key) === was?.key &&
        textOf(value) === was.value &&
        baseTimestamp + timestampDelta === sent.timestampMs
      expect(same, () => `${name}: another record came at ${offset} than was placed`)
      this.#seen.add(offset)
    }
  }

  /** Of the records in [from, to), the newest of each key must have come. */
  expectNewest(from: number, to: number, nowMs: number): void {
    for (const [key, newest] of this.#newest()) {
      const { offset } = newest
      if (offset < from || offset >= to || this.#seen.has(offset)) continue
      expect(
        this.#mayBeGone(newest, nowMs),
        () => `${this.#model.name}: the newest record of ${key}, at ${offset}, is not there`,
      )
    }
  }

  /** All of the partition was read: nothing that was replaced or deleted is the newest again. */
  expectNoneRisen(): void {
    const newest = this.#newest()
    const last = new Map<string, number>()
    for (const { baseOffset, records } of this.#model.batches)
      for (const [i, { key }] of records.entries())
        if (key !== null && this.#seen.has(baseOffset + i)) last.set(key, baseOffset + i)
    for (const [key, offset] of last)
      expect(
        newest.get(key)?.offset === offset,
        () => `${this.#model.name}: ${key} is back as it was at ${offset}`,
      )
  }

  #mayBeGone({ record, batch }: Newest, nowMs: number): boolean {
    return (
      record.value === null && nowMs >= batch.placedMs + this.#model.settings.tombstoneRetentionMs
    )
  }

  #newest(): Map<string, Newest> {
    const newest = new Map<string, Newest>()
    // From the end: most records are not the newest, and cost one look-up.
    for (const batch of [...this.#model.batches].reverse())
      for (let i = batch.records.length - 1; i >= 0; i--) {
        const record = batch.records[i]
        if (record === undefined || record.key === null || newest.has(record.key)) continue
        newest.set(record.key, { offset: batch.baseOffset + i, record, batch })
      }
    return newest
  }
}

const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString()
