// What a compacted partition may still show: records as they were sent, at their old offsets, the
// newest of each key for sure, and no older one where the newest was a tombstone that has gone.
// Gathers what reads of one partition gave and holds it against the model.
import { BatchHeader } from '../../../src/model/record-batch.ts'
import { readRecords } from '../../../src/model/records.ts'
import { expect } from './failure.ts'
import type { NewRecord, PartitionModel, SentBatch } from './partition-model.ts'

interface Placed extends NewRecord {
  readonly offset: number
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
    for (const newest of this.#newest().values()) {
      const { offset, key } = newest
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
    for (const { offset, key } of this.#placed())
      if (key !== null && this.#seen.has(offset)) last.set(key, offset)
    for (const [key, offset] of last)
      expect(
        newest.get(key)?.offset === offset,
        () => `${this.#model.name}: ${key} is back as it was at ${offset}`,
      )
  }

  #mayBeGone({ value, batch }: Placed, nowMs: number): boolean {
    return value === null && nowMs >= batch.placedMs + this.#model.settings.tombstoneRetentionMs
  }

  #newest(): Map<string, Placed> {
    const newest = new Map<string, Placed>()
    for (const record of this.#placed()) if (record.key !== null) newest.set(record.key, record)
    return newest
  }

  *#placed(): Iterable<Placed> {
    for (const batch of this.#model.batches)
      for (const [i, record] of batch.records.entries())
        yield { ...record, offset: batch.baseOffset + i, batch }
  }
}

const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString()
