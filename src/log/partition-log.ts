// One partition: its offsets, its batches (segments, then the tail in the journal), its producers
// and epochs. Everything that changes an invariant is synchronous. Invariants: logStartOffset <=
// highWatermark <= logEndOffset; segments and tail follow each other without overlap; readers see
// only what is below the high watermark, and that moves only when the journal says that the records
// are as durable as promised.
import { assert } from '../base/assert.ts'
import type { TopicSettings } from '../model/config/topic-settings.ts'
import type { ErrorName } from '../model/errors.ts'
import { BatchHeader } from '../model/record-batch.ts'
import { type Appended, notAdmitted, refusedAppend } from './appended.ts'
import { admitBatch } from './batch-admission.ts'
import { Damage } from './damage.ts'
import type { DiskSpace } from './disk-space.ts'
import { EpochCache, type EpochStart } from './epoch-cache.ts'
import type { FrameSource } from './journal/commit.ts'
import type { Journal } from './journal/journal.ts'
import { type Frame, frameTemplate, markEpoch } from './journal/journal-format.ts'
import type { KnownPartition } from './log-parts.ts'
import type { PartitionChange, PartitionState } from './manifest.ts'
import { MemoryBatches, type MemoryBudget, memoryLsn } from './memory-batches.ts'
import { type ProducerBudget, ProducerState, sequenceAfter } from './producer-state.ts'
import { type Segment, sameSegment, segmentFields } from './segment/segment.ts'
import { SegmentIndex } from './segment/segment-index.ts'
import { TailIndex } from './tail-index.ts'

const header = new BatchHeader()

/** Told when a partition's high watermark has moved, after the commit that moved it is whole. */
export type Watcher = () => void

/** What a partition tells, and draws on. */
export interface PartitionHooks {
  /** The high watermark has moved, and somebody watches. May come again before they look. */
  advanced(log: PartitionLog): void
  readonly memoryBudget: MemoryBudget
  readonly producerBudget: ProducerBudget
  readonly space: DiskSpace
}

export class PartitionLog implements FrameSource {
  readonly topic: string
  readonly partition: number
  readonly frame: Uint8Array
  readonly epochs: EpochCache
  readonly producers: ProducerState
  readonly tail = new TailIndex()
  readonly damage: Damage
  readonly watchers = new Set<Watcher>()
  settings: TopicSettings
  /** Compaction has seen every key below this offset. */
  cleanedUpTo: number
  /** Set when the partition is deleted: nobody may append, and whoever works on it lets go. */
  deleted = false
  /** The segment that the flusher writes to now: nobody else may give it up. */
  growing: Segment | null = null
  #segments: readonly Segment[]
  #logStartOffset: number
  #logEndOffset: number
  #highWatermark: number
  /** Appended since this partition last asked for a sync of its own. */
  #recordsSinceSync = 0
  /** Of the last append; frames are marked with it. */
  #epoch = -1
  /** Batches of a partition that is never on disk; null for the others. As it was opened. */
  readonly memory: MemoryBatches | null
  /** For people, and for messages that name it. */
  readonly topicName: string
  readonly #hooks: PartitionHooks

  constructor(
    id: Pick<KnownPartition, 'topic' | 'topicName' | 'partition'>,
    state: PartitionState | null,
    settings: TopicSettings,
    hooks: PartitionHooks,
  ) {
    this.topic = id.topic
    this.partition = id.partition
    this.topicName = id.topicName ?? id.topic
    this.frame = frameTemplate(id.topic, id.partition)
    this.settings = settings
    this.#hooks = hooks
    this.memory = settings.flush === 'memory' ? new MemoryBatches(hooks.memoryBudget) : null
    this.epochs = new EpochCache(state?.epochs)
    this.producers = new ProducerState(hooks.producerBudget, state?.producers)
    this.#segments = (state?.segments ?? []).map((s) => ({ ...s, index: new SegmentIndex(false) }))
    this.#logStartOffset = state?.logStartOffset ?? 0
    this.#logEndOffset = Math.max(this.#logStartOffset, this.flushedOffset)
    this.#highWatermark = this.#logEndOffset
    this.damage = new Damage(state?.damagedFrom ?? null, state?.damagedTo ?? 0)
    this.cleanedUpTo = state?.cleanedUpTo ?? 0
  }

  get logStartOffset(): number {
    return this.#logStartOffset
  }
  get logEndOffset(): number {
    return this.#logEndOffset
  }
  get highWatermark(): number {
    return this.#highWatermark
  }
  get segments(): readonly Segment[] {
    return this.#segments
  }
  /** Everything below is in segments. */
  get flushedOffset(): number {
    return this.#segments[this.#segments.length - 1]?.nextOffset ?? this.#logStartOffset
  }
  get bytes(): number {
    return this.#segments.reduce((n, s) => n + s.bytes, this.tail.bytes)
  }
  /** First offset that is known to be unreadable; null when all is well. */
  get damagedFrom(): number | null {
    return this.damage.from
  }

  // ---- Appending --------------------------------------------------------------------------------

  /** Does not wait: see `lsn` of the outcome. */
  append(journal: Journal, batch: Uint8Array, leaderEpoch: number, nowMs: number): Appended {
    if (this.deleted) return this.#refused('unknownTopic')
    if (this.damage.from !== null) return this.#refused('storageError', this.damageText())
    const admitted = admitBatch(header, batch, this.settings, nowMs)
    if (!admitted.ok) return notAdmitted(this.#logStartOffset, admitted)
    if (header.producerId >= 0) {
      const repeated = this.#checkSequence(journal)
      if (repeated !== null) return repeated
    }
    return (
      this.#lacksRoom(journal, admitted.value.length) ??
      this.appendTrusted(journal, admitted.value, leaderEpoch, nowMs)
    )
  }

  #lacksRoom(journal: Journal, bytes: number): Appended | null {
    if (this.memory !== null)
      return this.memory.fits(bytes)
        ? null
        : this.#refused(
            'policyViolation',
            'topics with polymq.flush=memory have used up what this node gives them; ' +
              'delete records, set retention.bytes, or raise polymq.memory.topic.bytes',
          )
    if (bytes > journal.maxBatchBytes)
      return this.#refused(
        'messageTooLarge',
        `the batch has ${bytes} bytes, this node's journal takes ${journal.maxBatchBytes}; send ` +
          'smaller ones, or begin a data folder with a larger polymq.journal.file.bytes',
      )
    if (this.#hooks.space.isLow) return this.#refused('storageError', this.#hooks.space.lowText())
    return journal.hasRoom(bytes)
      ? null
      : this.#refused('requestTimedOut', 'the journal is full; send again')
  }

  /**
   * The journal must have room. Appends what the node itself has built; the base offset in it is
   * still relative to 0. `nowMs` null: the times in it hold in any case. `syncWithinMs` 0: it
   * counts when it is durable; else when it is written; left out: as the topic wants it.
   */
  appendTrusted(
    journal: Journal,
    batch: Uint8Array,
    leaderEpoch: number,
    nowMs: number | null,
    syncWithinMs?: number,
  ): Appended {
    header.moveTo(batch)
    const baseOffset = this.#logEndOffset
    if (leaderEpoch !== this.#epoch) this.#enter(leaderEpoch)
    const appendTimeMs = this.settings.timestamp === 'append' ? (nowMs ?? -1) : -1
    if (appendTimeMs >= 0) header.stampAppendTime(appendTimeMs)
    header.place(baseOffset, this.#epoch)
    const lsn = this.#store(journal, batch, syncWithinMs)
    return {
      error: null,
      message: null,
      baseOffset,
      appendTimeMs,
      logStartOffset: this.#logStartOffset,
      recordErrors: [],
      lsn,
    }
  }

  /** Epochs never go back, not even when the metadata does. */
  #enter(leaderEpoch: number): void {
    this.#epoch = Math.max(leaderEpoch, this.epochs.latest)
    markEpoch(this.frame, this.#epoch)
  }

  /** Where the batch at `header` goes; returns what to wait for, 0 if nothing. */
  #store(journal: Journal, batch: Uint8Array, syncWithinMs?: number): number {
    const { baseOffset, nextOffset } = header
    if (this.memory === null) {
      const lsn = journal.append(this, batch, nextOffset, syncWithinMs ?? this.#syncWithinMs())
      this.#accept(lsn, batch.length)
      return lsn + batch.length
    }
    this.memory.put(baseOffset, batch)
    this.#accept(memoryLsn, batch.length)
    this.committed(nextOffset)
    return 0
  }

  /** How soon the batch at `header` has to be durable: flush.messages and flush.ms. */
  #syncWithinMs(): number {
    const { flush, flushRecords, flushMs } = this.settings
    if (flush === 'sync') return 0
    this.#recordsSinceSync += header.recordCount
    if (this.#recordsSinceSync < flushRecords) return flushMs
    this.#recordsSinceSync = 0
    return 0
  }

  /** Takes the batch at `header` into the partition's state; it lies at `lsn` of the journal. */
  #accept(lsn: number, bytes: number): void {
    const { baseOffset, nextOffset } = header
    this.tail.push(baseOffset, nextOffset, lsn, bytes, header.maxTimestamp)
    this.#note()
    this.#logEndOffset = nextOffset
  }

  /** Takes notice of the epoch and the producer of the batch at `header`. */
  #note(): void {
    const { baseOffset, nextOffset } = header
    this.epochs.note(header.leaderEpoch, baseOffset)
    if (header.producerId >= 0)
      this.producers.note({
        producerId: header.producerId,
        producerEpoch: header.producerEpoch,
        baseSequence: header.baseSequence,
        lastSequence: sequenceAfter(header.baseSequence, header.lastOffsetDelta),
        baseOffset,
        lastOffset: nextOffset - 1,
        timestampMs: header.maxTimestamp,
      })
  }

  #checkSequence(journal: Journal): Appended | null {
    const last = sequenceAfter(header.baseSequence, header.lastOffsetDelta)
    const { producerId, producerEpoch, baseSequence } = header
    const check = this.producers.check(producerId, producerEpoch, baseSequence, last)
    switch (check.kind) {
      case 'next':
        return null
      case 'refused':
        return this.#refused(check.error, check.message)
      case 'duplicate':
        return {
          ...this.#refused('unknownServerError'),
          error: null,
          message: null,
          baseOffset: check.baseOffset,
          // As in Kafka, also when the time is the producer's own.
          appendTimeMs: check.timestampMs,
          // The first of the two may still be on its way to the disk.
          lsn: this.memory === null ? journal.appendedLsn : 0,
        }
    }
  }

  #refused(error: ErrorName, message?: string): Appended {
    return refusedAppend(this.#logStartOffset, error, message)
  }

  committed(nextOffset: number): void {
    assert(nextOffset <= this.#logEndOffset, 'what is committed was appended')
    if (nextOffset <= this.#highWatermark) return
    this.#highWatermark = nextOffset
    if (this.watchers.size > 0) this.#hooks.advanced(this)
  }

  // ---- Starting ---------------------------------------------------------------------------------

  /** A frame of the journal, in order. */
  replay(frame: Frame): void {
    header.moveTo(frame.batch)
    if (header.nextOffset <= this.#logStartOffset) {
      // Nobody reads what is below the log start, but its producer may send it again.
      this.#note()
      this.epochs.trimStart(this.#logStartOffset)
      return
    }
    const reached = this.#logEndOffset
    const isCut = reached === this.#logStartOffset && header.baseOffset < reached
    if (header.baseOffset !== reached && !isCut) this.damage.note(reached, header.baseOffset)
    // What is behind a gap is kept; what stands twice cannot be told from what is right.
    if (header.baseOffset < reached && !isCut) return
    this.#accept(frame.lsn, frame.batch.length)
    this.#highWatermark = this.#logEndOffset
  }

  /** All is replayed: offsets of lost records, in memory up to `above`, are not given to others. */
  passLost(above: number): void {
    const isEmpty = this.#logEndOffset === this.#logStartOffset
    if (this.memory !== null && isEmpty && above > this.#logStartOffset)
      this.#logStartOffset = this.#logEndOffset = above
    this.#logEndOffset = Math.max(this.#logEndOffset, this.damage.notedTo)
    this.#highWatermark = this.#logEndOffset
  }

  /**
   * Whether a stored batch is as it was written: what its checksum leaves out is known here.
   * @param isSummed its checksum has been found right
   */
  isWhole(stored: BatchHeader, isSummed = false): boolean {
    if (stored.magic !== 2) return false
    if (!isSummed && stored.checksum() !== stored.crc) return false
    // Of epochs below the log start nothing is kept.
    const isKnown = stored.nextOffset > this.#logStartOffset
    return !isKnown || this.epochs.agrees(stored.leaderEpoch, stored.baseOffset)
  }

  get label(): string {
    return `partition ${this.partition} of topic ${this.topicName}`
  }

  damageText(): string {
    return `records of this partition from offset ${this.damagedFrom} on are damaged on disk`
  }

  /** Behind the segment, or the batch of the tail, that holds `offset`; beyond it at any rate. */
  endOfPlace(offset: number): number {
    const segment = this.#segments.find((s) => s.nextOffset > offset)
    if (segment !== undefined) return segment.nextOffset
    const i = this.tail.find(offset)
    return i < this.tail.count ? this.tail.nextOffset(i) : this.#logEndOffset
  }

  // ---- Segments ---------------------------------------------------------------------------------

  /**
   * The first `batches` of the tail now lie in `segments`, of which the first one may have grown;
   * in none: they were not wanted.
   */
  moveToSegments(segments: readonly Segment[], batches: number): void {
    const last = this.#segments[this.#segments.length - 1]
    const [first] = segments
    const grown = last !== undefined && first !== undefined && sameSegment(last, first)
    this.#segments = [...this.#segments.slice(0, grown ? -1 : undefined), ...segments]
    this.tail.drop(batches)
  }

  /** Puts `by` in place of `old`, as a rewrite has made them; null: nothing was left. */
  replaceSegments(old: readonly Segment[], by: readonly Segment[]): void {
    const kept = this.#segments.filter((s) => !old.includes(s))
    this.#segments = [...kept, ...by].sort((a, b) => a.baseOffset - b.baseOffset)
  }

  /**
   * Moves the log start up. Returns the segments that are wholly below, but for one that is
   * growing. When nothing is left above, or nothing damaged is, nothing is damaged any more.
   */
  raiseLogStart(to: number, isWholeAbove = false): Segment[] {
    this.#logStartOffset = Math.max(this.#logStartOffset, Math.min(to, this.#highWatermark))
    if (isWholeAbove || this.#logStartOffset === this.#logEndOffset) this.damage.forget()
    this.epochs.trimStart(this.#logStartOffset)
    const gone = this.#segments.filter(
      (s) => s.nextOffset <= this.#logStartOffset && s !== this.growing,
    )
    this.#segments = this.#segments.filter((s) => !gone.includes(s))
    this.damage.keep(this.#segments)
    if (this.memory !== null) this.#trimMemory(this.memory)
    return gone
  }

  #trimMemory(memory: MemoryBatches): void {
    const below = this.tail.find(this.#logStartOffset)
    for (let i = 0; i < below; i++)
      if (this.tail.lsn(i) === memoryLsn) memory.drop(this.tail.baseOffset(i))
    this.tail.drop(below)
  }

  /** Epochs that have a record below `offset`, or begin where the log does. */
  epochsBelow(offset: number): EpochStart[] {
    return this.epochs.starts.filter(
      (s) => s.startOffset < offset || s.startOffset <= this.#logStartOffset,
    )
  }

  /** What the manifest has to know after a rewrite of itself. */
  state(): PartitionChange {
    // Not `flushedOffset`: what was trimmed before it was flushed is in no segment.
    const kept = this.tail.count > 0 ? this.tail.baseOffset(0) : this.#logEndOffset
    const { noted, notedTo } = this.damage
    return {
      topic: this.topic,
      partition: this.partition,
      segments: this.#segments.map(segmentFields),
      logStartOffset: this.#logStartOffset,
      epochs: this.epochsBelow(kept),
      producers: this.producers.snapshot(kept),
      cleanedUpTo: this.cleanedUpTo,
      ...(noted === null ? {} : { damagedFrom: noted, damagedTo: notedTo }),
    }
  }
}
