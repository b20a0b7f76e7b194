// What must be true of one partition, kept beside the log: every batch that was ever placed in it,
// with its bytes, and which of them were acknowledged. A crash turns into a floor (what must be
// there afterwards) and a ceiling (what may be); the recovered log is held against both. Of a
// partition in memory nothing is promised after a crash, but that it is empty and goes on.
import type { LogStore } from '../../../src/log/log-store.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import type { TopicSettings } from '../../../src/model/config/topic-settings.ts'
import { expect } from './failure.ts'

export interface NewRecord {
  readonly key: string | null
  /** Null: a tombstone. */
  readonly value: string | null
}

export interface SentBatch {
  readonly baseOffset: number
  readonly nextOffset: number
  readonly epoch: number
  readonly timestampMs: number
  /** When it was placed, ms since 1970. */
  readonly placedMs: number
  /** LSN behind it. */
  readonly lsn: number
  readonly records: readonly NewRecord[]
  /** As stored, until compaction comes by. */
  readonly bytes: Uint8Array
  acked: boolean
}

export class PartitionModel {
  readonly topic: string
  readonly partition: number
  readonly settings: TopicSettings
  /** In order of offsets; what a crash has taken is gone from it. */
  batches: SentBatch[] = []
  leaderEpoch = 0
  /** Set when the deletion is asked for: the metadata does not name it any more. */
  deleted = false
  /** Log start: durable for sure, and asked for. */
  startFloor = 0
  startCeiling = 0
  /** The next start must find everything below. */
  floor = 0
  /** The same if the power is cut. */
  powerFloor = 0

  constructor(topic: string, partition: number, settings: TopicSettings) {
    this.topic = topic
    this.partition = partition
    this.settings = settings
  }

  get name(): string {
    return `${this.topic.slice(0, 4)}-${this.partition}`
  }

  get isSync(): boolean {
    return this.settings.flush === 'sync'
  }

  get isMemory(): boolean {
    return this.settings.flush === 'memory'
  }

  get compacts(): boolean {
    return this.settings.cleanup.compact
  }

  get end(): number {
    return this.batches.at(-1)?.nextOffset ?? 0
  }

  /** Before the node dies: what has been promised. */
  promise(store: LogStore): void {
    const log = store.get(this.topic, this.partition)
    if (log === undefined || this.isMemory) return
    const acked = this.batches.filter((b) => b.acked)
    const durable = acked.filter((b) => this.isSync || b.lsn <= store.journal.syncedLsn)
    this.floor = Math.max(this.floor, log.highWatermark, acked.at(-1)?.nextOffset ?? 0)
    const seen = this.isSync ? log.highWatermark : 0
    this.powerFloor = Math.max(this.powerFloor, seen, durable.at(-1)?.nextOffset ?? 0)
  }

  /** What is only in the page cache goes. */
  powerCut(): void {
    this.floor = this.powerFloor
  }

  /** Holds a recovered log against what was promised, and forgets what the crash took. */
  recovered(log: PartitionLog): void {
    const { logStartOffset: start, logEndOffset: end } = log
    const at = `${this.name} after recovery`
    expect(log.damagedFrom === null, () => `${at}: ${log.damageText()}`)
    const before = this.isMemory ? Math.max(this.startFloor, this.end) : this.startFloor
    expect(start >= before, () => `${at}: log start ${start} was ${before}`)
    expect(
      start <= this.startCeiling || this.isMemory,
      () => `${at}: log start ${start}, asked ${this.startCeiling}`,
    )
    expect(end >= this.floor, () => `${at}: ends at ${end}, promised up to ${this.floor}`)
    expect(end <= Math.max(this.end, start), () => `${at}: ends at ${end}, never reached`)
    expect(log.highWatermark === end, () => `${at}: high watermark ${log.highWatermark} of ${end}`)
    if (this.isMemory) expect(start === end, () => `${at}: holds ${start} to ${end}, from memory`)
    this.cut(this.isMemory ? 0 : end)
    const whole = this.end === end || end === start
    expect(whole, () => `${at}: ends at ${end}, inside a batch that begins at ${this.end}`)
    this.startFloor = start
    this.startCeiling = start
    this.floor = end
    this.powerFloor = end
    for (const b of this.batches) b.acked = true
    this.checkEpochs(log)
  }

  /** Forgets the batches behind `end`. */
  cut(end: number): void {
    this.batches = this.batches.filter((b) => b.nextOffset <= end)
  }

  /** Batches that a read from `offset` gives, one behind the other. */
  from(offset: number): SentBatch[] {
    return this.batches.filter((b) => b.nextOffset > offset)
  }

  checkEpochs(log: PartitionLog): void {
    for (const b of this.batches) {
      if (b.baseOffset < log.logStartOffset) continue
      const epoch = log.epochs.at(b.baseOffset)
      expect(
        epoch === b.epoch,
        () => `${this.name}: epoch ${epoch} at ${b.baseOffset}, was ${b.epoch}`,
      )
    }
    const last = this.batches.at(-1)
    if (last !== undefined && last.baseOffset >= log.logStartOffset)
      expect(
        log.epochs.latest === last.epoch,
        () => `${this.name}: latest epoch ${log.epochs.latest}, was ${last.epoch}`,
      )
  }

  /** Segments and tail follow each other and their sizes are those of the batches in them. */
  checkSizes(log: PartitionLog): void {
    let at = -1
    for (const s of log.segments) {
      expect(s.baseOffset >= at, () => `${this.name}: segments overlap at ${s.baseOffset}`)
      at = s.nextOffset
      if (this.compacts) continue
      const inside = this.batches.filter((b) => b.baseOffset >= s.baseOffset && b.nextOffset <= at)
      const bytes = bytesOf(inside)
      expect(
        bytes === s.bytes,
        () => `${this.name}: segment ${s.baseOffset}..${at} has ${s.bytes} bytes, not ${bytes}`,
      )
    }
  }
}

export const bytesOf = (batches: readonly SentBatch[]): number =>
  batches.reduce((n, b) => n + b.bytes.length, 0)
