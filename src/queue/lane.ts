// One lane of a queue: the messages of one priority, in the order of one partition. Invariants:
// what is below `cursor` is settled, in flight, come back, delayed or leaving; what lies between
// `cursor` and `end` is ready, but for what `settled` or `taken` holds. Only the lane appends to
// its partition, so that offsets are certain before the batch is placed. The stock owns it.
import { assert } from '../base/assert.ts'
import { Heap } from '../base/heap.ts'
import type { Journal } from '../log/journal/journal.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { MessageView } from '../model/message/message.ts'
import { nothingShown, type Shown, shownBytes, shownOf } from '../model/message/shown-record.ts'
import type { Addresses } from '../model/message/stored-message.ts'
import { queueNameOf } from '../model/topic-name.ts'
import { type Entry, isBefore } from './entry.ts'
import { LaneReader, type PieceCache } from './lane-reader.ts'
import type { LaneState } from './ledger/ledger-state.ts'
import { SettledSet } from './ledger/settled-set.ts'
import { BatchBuilder, type BatchMemory } from './memory/batch-builder.ts'

/** Nobody waits for it: the journal syncs it by its own clock. */
const laterMs = Number.POSITIVE_INFINITY

/** What all queues of a node share. */
export interface LaneParts {
  readonly store: LogStore
  readonly addresses: Addresses
  readonly memory: BatchMemory
  readonly pieces: PieceCache
  /** A batch takes no more messages when it would grow beyond. */
  readonly batchBytesMax: number
  /** Of properties and body. */
  readonly messageBytesMax: number
}

export interface LaneKind {
  readonly isOfTopic?: boolean
  readonly isShown?: boolean
}

export class Lane {
  readonly index: number
  /** Its log is a partition of a topic, which is only read. */
  readonly isOfTopic: boolean
  /** Clients of other protocols read its log. */
  readonly isShown: boolean
  readonly #parts: LaneParts
  readonly #open: () => PartitionLog
  #log: PartitionLog | null
  #reader: LaneReader | null = null
  readonly settled = new SettledSet()
  /** The next offset that was never taken from here. */
  cursor = 0
  /** The next offset that a message gets. */
  end = 0
  /** Below it, messages may have been delivered before the node started. */
  deliveredBelow = 0
  /** The ledger says so of those below it. */
  toldDelivered = 0
  /** Of the bodies of messages in the log that are not settled. */
  bytes = 0
  /** Batches that are not placed yet; the last one may grow. */
  unplaced: BatchBuilder[] = []
  /** What came back, by place. */
  #returned: Heap<Entry> | null = null
  /** Offsets at or behind the cursor that came back, or are delayed, since before the start. */
  taken: Set<number> | null = null
  /** Below it something was moved here: it is delivered when the write that moves it is down. */
  #heldTo = 0
  #watcher: (() => void) | null = null
  /** Of messages kept in memory, in order. */
  ties = 0
  /** Of bodies settled since the log start was raised, */
  settledBytes = 0
  /** and put into the log since the ledger told how many are there. */
  bytesSinceMark = 0
  /** Ranges settled since the ledger was written: from, to, from, to, and the bytes of all. */
  newlySettled: number[] = []
  newlySettledBytes = 0

  /** `log` null: made by `open` when the first message needs it. */
  constructor(
    index: number,
    parts: LaneParts,
    log: PartitionLog | null,
    open: () => PartitionLog,
    { isOfTopic = false, isShown = false }: LaneKind = {},
  ) {
    this.index = index
    this.isOfTopic = isOfTopic
    this.isShown = isShown
    this.#parts = parts
    this.#log = log
    this.#open = open
    this.end = log === null ? 0 : this.endOf(log)
  }

  /** Behind the last record that counts: of a topic only what is durable. */
  endOf(log: PartitionLog): number {
    return this.isOfTopic ? log.highWatermark : log.logEndOffset
  }

  get existing(): PartitionLog | null {
    return this.#log
  }

  /** Records of it are lost. */
  get isDamaged(): boolean {
    return this.#log !== null && this.#log.damagedFrom !== null
  }

  /** What would be put behind lost records would not be reached, unless they are passed over. */
  isStuck({ skipsDamaged }: { readonly skipsDamaged: boolean }): boolean {
    return this.isDamaged && !skipsDamaged
  }

  get log(): PartitionLog {
    this.#log ??= this.#open()
    return this.#log
  }

  get reader(): LaneReader {
    if (this.#reader !== null) return this.#reader
    const { store, pieces, addresses } = this.#parts
    const of = { name: queueNameOf(this.log.topicName), isOfTopic: this.isOfTopic }
    this.#reader = new LaneReader(store, pieces, addresses, of)
    return this.#reader
  }

  // ---- Order ------------------------------------------------------------------------------------

  /** Moves the cursor over what is not ready. True when a message stands there. */
  hasNext(): boolean {
    const { settled } = this
    while (this.cursor < this.end) {
      if (this.taken?.has(this.cursor) === true) {
        this.taken.delete(this.cursor)
        if (this.taken.size === 0) this.taken = null
      } else if (!settled.has(this.cursor)) return true
      this.cursor++
    }
    return false
  }

  /**
   * As the ledger says it was; nothing has come back yet. What was there when a node was killed may
   * have been delivered: nobody waited until that was told.
   */
  restore(state: LaneState, log: PartitionLog, wasClosed: boolean): void {
    const { settled } = this
    this.end = this.endOf(log)
    settled.addRange(0, Math.min(this.end, Math.max(state.settled.lowWater, log.logStartOffset)))
    state.settled.ranges((from, to) => settled.addRange(from, Math.min(to, this.end)))
    this.cursor = settled.lowWater
    if (settled.lowWater > log.logStartOffset) this.settledBytes = Number.POSITIVE_INFINITY
    this.bytes = state.bytes
    const told = Math.min(this.end, Math.max(state.cursor, state.settledTo))
    this.deliveredBelow = wasClosed ? told : this.end
    this.toldDelivered = state.cursor
  }

  /** Below it, messages may have been delivered. */
  get delivered(): number {
    return Math.max(this.cursor, this.deliveredBelow)
  }

  /** What stands at `offset`, at or behind the cursor, is kept track of elsewhere. */
  takeAside(offset: number): void {
    this.taken ??= new Set()
    this.taken.add(offset)
  }

  get takenCount(): number {
    return this.taken?.size ?? 0
  }

  get firstReturned(): Entry | undefined {
    return this.#returned?.peek()
  }

  get allReturned(): readonly Entry[] {
    return this.#returned?.all ?? []
  }

  /** Takes all that came back, by place. */
  takeReturned(): readonly Entry[] {
    return this.#returned?.takeAll() ?? []
  }

  popReturned(): Entry | undefined {
    return this.#returned?.pop()
  }

  putReturned(entry: Entry): void {
    this.#returned ??= new Heap(isBefore)
    this.#returned.push(entry)
  }

  get hasReady(): boolean {
    return (this.#returned?.size ?? 0) > 0 || this.hasNext()
  }

  // ---- The log ----------------------------------------------------------------------------------

  /** Returns the offset of the message. */
  append(message: MessageView, nowMs: number, isSync: boolean): number {
    let batch = this.unplaced[this.unplaced.length - 1]
    const shown = this.isShown ? this.#shownOf(message) : nothingShown
    if (batch === undefined || !batch.mayTake(message, shown, this.#parts.batchBytesMax)) {
      batch = new BatchBuilder(this.#parts.memory, this.end, nowMs)
      this.unplaced.push(batch)
    }
    batch.add(message, this.#parts.addresses, nowMs, shown)
    if (isSync) batch.isSync = true
    const { length } = message.body
    this.bytes += length
    this.bytesSinceMark += length
    return this.end++
  }

  /** What was put in last was moved here: until that is durable, it may be there once more. */
  hold(): void {
    this.#heldTo = this.end
  }

  /** Whether what stands at `offset` waits for that; then `told` is called when more is durable. */
  isHeld(offset: number, told: () => void): boolean {
    if (offset >= this.#heldTo || this.isDurable(offset)) return false
    this.whenDurable(told)
    return true
  }

  isDurable(offset: number): boolean {
    return offset < this.log.highWatermark
  }

  /** Calls `told` once, when more is durable; the same for all who ask meanwhile. */
  whenDurable(told: () => void): void {
    if (this.#watcher !== null) return
    this.#watcher = () => {
      this.#unwatch()
      told()
    }
    this.log.watchers.add(this.#watcher)
  }

  #unwatch(): void {
    if (this.#watcher !== null) this.log.watchers.delete(this.#watcher)
    this.#watcher = null
  }

  /** Others have appended to its log just now, so that all of it is in memory. */
  grow(): void {
    const { reader, log } = this
    const to = log.logEndOffset
    for (let offset = this.end; offset < to; ) {
      const found = reader.find(log, offset)
      if (found === 'load') break
      offset = found === 'gap' ? reader.gapTo : reader.offset + 1
      if (found === 'gap') continue
      this.bytes += reader.bodyBytes
      this.bytesSinceMark += reader.bodyBytes
    }
    this.end = to
  }

  /** What others see of a message, unless it would be too large with it. */
  #shownOf(message: MessageView): Shown {
    const shown = shownOf(message)
    if (shown === nothingShown) return shown
    const bytes = message.properties.length + message.body.length + shownBytes(shown)
    return bytes > this.#parts.messageBytesMax ? nothingShown : shown
  }

  /** Puts the first batch into the journal, which has room for it. Returns what to wait for. */
  placeFirst(journal: Journal): number {
    const batch = this.unplaced.shift()
    assert(batch, 'there is a batch')
    const { log } = this
    assert(log.logEndOffset === batch.baseOffset, 'only the lane appends to its partition')
    const { lsn } = log.appendTrusted(journal, batch.build(), 0, null, batch.isSync ? 0 : laterMs)
    this.#reader?.placed()
    batch.release()
    return lsn
  }

  /** The batch that holds `offset` and is not placed yet. */
  unplacedAt(offset: number): BatchBuilder | null {
    const { unplaced } = this
    for (let i = unplaced.length - 1; i >= 0; i--) {
      const batch = unplaced[i] as BatchBuilder
      if (offset >= batch.baseOffset) return batch
    }
    return null
  }

  // ---- Settling ---------------------------------------------------------------------------------

  settle(offset: number, bytes: number, isNoted: boolean): void {
    this.settled.add(offset)
    if (isNoted) this.#note(offset, offset + 1)
    this.settleBytes(bytes, isNoted)
  }

  /**
   * The same of what is ready, of which there are so many bytes: those taken aside are somewhere
   * else. Returns how many they were.
   */
  settleReady(from: number, to: number, bytes: number, isNoted: boolean): number {
    let count = 0
    let at = from
    if (this.taken !== null)
      for (const offset of [...this.taken].sort((a, b) => a - b)) {
        if (offset < at || offset >= to) continue
        this.taken.delete(offset)
        count += this.#settleRange(at, offset, isNoted)
        at = offset + 1
      }
    count += this.#settleRange(at, to, isNoted)
    if (count > 0) this.settleBytes(bytes, isNoted)
    return count
  }

  /** Returns how many in it were not settled. */
  #settleRange(from: number, to: number, isNoted: boolean): number {
    if (to <= from) return 0
    const count = this.settled.addRange(from, to)
    if (isNoted && count > 0) this.#note(from, to)
    return count
  }

  /** Of messages that are settled. */
  settleBytes(bytes: number, isNoted: boolean): void {
    this.bytes -= bytes
    this.settledBytes += bytes
    if (isNoted) this.newlySettledBytes += bytes
  }

  #note(from: number, to: number): void {
    const { newlySettled } = this
    const last = newlySettled.length - 1
    if (last > 0 && newlySettled[last] === from) newlySettled[last] = to
    else newlySettled.push(from, to)
  }

  /** The node ends. True: the ledger has a mark to write, of what it has not told as it is. */
  askForMark(): boolean {
    if (this.bytesSinceMark === 0 && this.toldDelivered === this.delivered) return false
    this.bytesSinceMark = Number.POSITIVE_INFINITY
    return true
  }

  close(): void {
    this.#unwatch()
    this.#reader?.close()
    this.#reader = null
    this.#returned = null
    for (const batch of this.unplaced) batch.release()
    this.unplaced.length = 0
  }
}
