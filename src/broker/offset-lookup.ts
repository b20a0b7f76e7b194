// Which offset? Special places, or the first record that is at least as new as a time: the index
// says in which stretch, the batches' headers which batch, and the batch is opened for the record.
// Opening a compressed one may take a while: each has a turn of the event loop for itself.
import type { Clock } from '../io/clock.ts'
import type { LogReader } from '../log/log-reader.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { emptyRead } from '../log/read-result.ts'
import {
  findByTimestamp,
  maxTimestampRecord,
  openBatch,
  type TimedOffset,
} from '../model/batch-content.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import { BatchHeader } from '../model/record-batch.ts'
import type { OffsetAnswer, OffsetSpec } from './api.ts'

const nothing = { offset: -1, timestampMs: -1, leaderEpoch: -1 }
const stretchBytes = 1 << 20

interface CutBatch {
  readonly newest: TimedOffset | null
  /** Where the next batch begins; the log start when none is cut. */
  readonly end: number
}

/** Looks at a batch's header; true: this is the one that is wanted. */
type Choice = (header: BatchHeader) => boolean

export class OffsetLookup {
  readonly #reader: LogReader
  readonly #clock: Clock
  #lastOpening: Promise<void> = Promise.resolve()

  constructor(reader: LogReader, clock: Clock) {
    this.#reader = reader
    this.#clock = clock
  }

  async find(log: PartitionLog, spec: OffsetSpec): Promise<Result<OffsetAnswer>> {
    switch (spec.at) {
      case 'earliest':
      case 'earliestLocal':
        return ok(at(log, log.logStartOffset))
      case 'latest':
        return ok(at(log, log.highWatermark))
      case 'latestTiered':
      case 'earliestPendingUpload':
        return ok(nothing)
      case 'maxTimestamp':
        return this.#newest(log)
      case 'timestamp':
        return this.#byTime(log, spec.timestampMs)
    }
  }

  async #byTime(log: PartitionLog, timestampMs: number): Promise<Result<OffsetAnswer>> {
    const from = await this.#startFor(log, timestampMs)
    for (let offset = from; ; ) {
      const batch = await this.#seek(log, offset, (h) => h.maxTimestamp >= timestampMs)
      if (!batch.ok) return batch
      if (batch.value === null) return ok(nothing)
      const found = await this.#inside(batch.value, (h, records) =>
        findByTimestamp(h, records, timestampMs, log.logStartOffset),
      )
      if (!found.ok) return found
      if (found.value !== null)
        return ok({ ...found.value, leaderEpoch: log.epochs.at(found.value.offset) })
      offset = batchEnd(batch.value)
    }
  }

  async #newest(log: PartitionLog): Promise<Result<OffsetAnswer>> {
    const first = await this.#newestOfCutBatch(log)
    if (!first.ok) return first
    const max = await this.#newestTime(log, first.value.end)
    if (!max.ok) return max
    const found = await this.#newestRecord(log, first.value, max.value)
    if (!found.ok) return found
    if (found.value === null) return ok(nothing)
    return ok({ ...found.value, leaderEpoch: log.epochs.at(found.value.offset) })
  }

  /** `max`: the newest time of the batches behind the first. */
  async #newestRecord(
    log: PartitionLog,
    first: CutBatch,
    max: number,
  ): Promise<Result<TimedOffset | null>> {
    const isFirst = first.newest !== null && first.newest.timestampMs >= max
    if (isFirst || max === Number.NEGATIVE_INFINITY) return ok(first.newest)
    const from = Math.max(first.end, await this.#startFor(log, max))
    const batch = await this.#seek(log, from, (h) => h.maxTimestamp >= max)
    if (!batch.ok) return batch
    if (batch.value === null) return ok(null)
    return this.#inside(batch.value, maxTimestampRecord)
  }

  /** What the log start leaves of the batch that it cuts, if it cuts one. */
  async #newestOfCutBatch(log: PartitionLog): Promise<Result<CutBatch>> {
    const start = log.logStartOffset
    const { tail } = log
    const isCut =
      cutSegment(log, start) !== undefined || (tail.count > 0 && tail.baseOffset(0) < start)
    const batch = isCut ? await this.#seek(log, start, () => true) : ok(null)
    if (!batch.ok) return batch
    if (batch.value === null || new BatchHeader().moveTo(batch.value).baseOffset >= start)
      return ok({ newest: null, end: start })
    const newest = await this.#inside(batch.value, (h, records) =>
      maxTimestampRecord(h, records, start),
    )
    return newest.ok ? ok({ newest: newest.value, end: batchEnd(batch.value) }) : newest
  }

  /**
   * The newest time of the batches from `from` on, where one begins. Of a segment that begins below
   * it nothing is known but that they are no newer than all of it: then their headers are read.
   */
  async #newestTime(log: PartitionLog, from: number): Promise<Result<number>> {
    const { segments, tail } = log
    let max = Number.NEGATIVE_INFINITY
    for (const s of segments) if (s.baseOffset >= from) max = Math.max(max, s.maxTimestamp)
    for (let i = 0; i < tail.count; i++)
      if (tail.baseOffset(i) >= from) max = Math.max(max, tail.maxTimestamp(i))
    const cut = cutSegment(log, from)
    if (cut === undefined || cut.maxTimestamp <= max) return ok(max)
    const end = await this.#seek(log, from, (h) => {
      if (h.baseOffset < cut.nextOffset) max = Math.max(max, h.maxTimestamp)
      return h.baseOffset >= cut.nextOffset
    })
    return end.ok ? ok(max) : end
  }

  /** An offset before which no record is as new as `timestampMs`, cheaply. */
  async #startFor(log: PartitionLog, timestampMs: number): Promise<number> {
    const segment = log.segments.find((s) => s.maxTimestamp >= timestampMs)
    if (segment !== undefined) {
      await this.#reader.readIndex(segment)
      const found = segment.index.offsetOfTime(timestampMs, segment.baseOffset)
      return Math.max(log.logStartOffset, found)
    }
    for (let i = 0; i < log.tail.count; i++)
      if (log.tail.maxTimestamp(i) >= timestampMs)
        return Math.max(log.logStartOffset, log.tail.baseOffset(i))
    return log.highWatermark
  }

  /** The first batch from `offset` on that `choice` takes; null: none. */
  async #seek(
    log: PartitionLog,
    offset: number,
    choice: Choice,
  ): Promise<Result<Uint8Array | null>> {
    const header = new BatchHeader()
    let at = offset
    while (at < log.highWatermark) {
      const read = emptyRead()
      const want = { offset: at, below: log.highWatermark, maxBytes: stretchBytes, mustGive: true }
      if (!this.#reader.readFromMemory(log, want, read))
        await this.#reader.readFromDisk(log, want, read)
      try {
        if (read.damaged) return refuse('storageError', log.damageText())
        if (read.bytes === 0) return ok(null)
        const bytes =
          read.records.length === 1 ? (read.records[0] as Uint8Array) : Buffer.concat(read.records)
        for (let from = 0; from < bytes.length; from += header.bytes) {
          header.moveTo(bytes, from)
          if (choice(header)) return ok(Uint8Array.from(bytes.subarray(from, from + header.bytes)))
          at = header.nextOffset
        }
      } finally {
        this.#reader.release(read)
      }
    }
    return ok(null)
  }

  async #inside(
    batch: Uint8Array,
    look: (header: BatchHeader, records: Uint8Array) => TimedOffset | null,
  ): Promise<Result<TimedOffset | null>> {
    const header = new BatchHeader().moveTo(batch)
    if (header.compression !== 'none') await this.#ownTurn()
    const records = openBatch(header)
    return records.ok ? ok(look(header, records.value)) : records
  }

  #ownTurn(): Promise<void> {
    const turn = (): Promise<void> => new Promise((begin) => this.#clock.soon(begin))
    this.#lastOpening = this.#lastOpening.then(turn)
    return this.#lastOpening
  }
}

/** The segment that goes on at `offset`, if one does. */
const cutSegment = ({ segments }: PartitionLog, offset: number) =>
  segments.find((s) => s.baseOffset < offset && offset < s.nextOffset)

function at(log: PartitionLog, offset: number): OffsetAnswer {
  return { offset, timestampMs: -1, leaderEpoch: Math.max(0, log.epochs.at(offset)) }
}

const batchEnd = (batch: Uint8Array): number => new BatchHeader().moveTo(batch).nextOffset
