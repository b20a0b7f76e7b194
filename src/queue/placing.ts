// Puts what queues have gathered into the journal: their batches, and the records of their ledgers,
// as one commit, so that a message that moves from one queue to another is never lost and never
// in both. Then low-water marks follow, once what they rest on is durable. While the journal has no
// room, everything waits. One for each node; `Queues` owns it.
import type { Clock, Timer } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { startOfNewer } from '../log/retention.ts'
import type { Lane } from './lane.ts'
import { BatchBuilder, type BatchMemory } from './memory/batch-builder.ts'
import type { QueueOptions } from './queue-options.ts'
import type { PlacedStock } from './stock-parts.ts'

/** What a ledger's record takes besides its value: batch header and fields. */
const recordBytes = 128

/** Looks at what has left the replay window: so many within it, so far apart at least. */
const replayLooks = 16
const replayMin = 1000

/** Where else dead letters go. */
export interface Others {
  readonly isHeldUp: boolean
  whenTaken(action: () => void): void
}

export const noOthers: Others = { isHeldUp: false, whenTaken: (action) => action() }

interface Trim {
  readonly log: PartitionLog
  readonly to: number
  /** A snapshot of everything stands there: whatever was lost before it is nothing to anybody. */
  readonly isSnapshot: boolean
}

export class Placing {
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #memory: BatchMemory
  readonly #options: QueueOptions
  readonly #others: Others
  #unplaced: PlacedStock[] = []
  #noted: PlacedStock[] = []
  #unplacedBytes = 0
  /** Something moved: its ledger goes with the data. */
  #hasMoves = false
  /** The journal had no room: `whenRoom` was asked. */
  #waits = false
  #settleTimer: Timer | null = null
  #isClosed = false
  /** Log starts on their way up. */
  #raising: Promise<void> = Promise.resolve()
  /** End of what has to be durable for a confirm. */
  #lsn = 0
  #owed: (() => void)[] = []
  #whenTaken: (() => void)[] = []
  readonly #trims: Trim[] = []
  /** At queues that keep what is settled for a while. */
  readonly #looks = new Map<PlacedStock, Timer>()
  readonly #snapshots: PlacedStock[] = []

  constructor(
    store: LogStore,
    clock: Clock,
    memory: BatchMemory,
    options: QueueOptions,
    others: Others = noOthers,
  ) {
    this.#store = store
    this.#others = others
    this.#clock = clock
    this.#memory = memory
    this.#options = options
  }

  get isFull(): boolean {
    return this.#waits
  }

  get unplacedBytes(): number {
    return this.#unplacedBytes
  }

  isHeldUp(): boolean {
    return (
      this.#waits || this.#store.space.isLow || this.#unplacedBytes > this.#options.unplacedBytes
    )
  }

  whenTaken(action: () => void): void {
    this.#whenTaken.push(action)
    // Who waited for others first may come when nothing is on its way that would make room.
    if (!this.isHeldUp()) this.#clock.soon(this.#tell)
    else if (!this.#waits) this.#store.journal.whenRoom(this.#tell)
  }

  readonly #tell = (): void => {
    if (this.isHeldUp()) {
      if (!this.#waits && this.#whenTaken.length > 0) this.#store.journal.whenRoom(this.#tell)
      return
    }
    const told = this.#whenTaken
    this.#whenTaken = []
    for (const action of told) action()
  }

  unplaced(stock: PlacedStock, bytes: number): void {
    this.#unplacedBytes += bytes
    if (stock.isUnplaced) return
    stock.isUnplaced = true
    this.#unplaced.push(stock)
  }

  noted(stock: PlacedStock): void {
    if (stock.isNoted) return
    stock.isNoted = true
    this.#noted.push(stock)
    if (this.#isClosed) return
    this.#settleTimer ??= this.#clock.after(this.#options.settleMs, this.#settleLate)
  }

  readonly #settleLate = (): void => {
    this.#settleTimer = null
    this.place(true)
  }

  moved(): void {
    this.#hasMoves = true
  }

  /** As `Queues.flush`. */
  flush(durable: (() => void) | null): void {
    this.place(durable !== null)
    if (durable === null) return
    if (this.#waits) this.#owed.push(durable)
    else this.#store.journal.whenCommitted(this.#lsn, durable)
  }

  /** Places everything, or nothing while there is no room. `withNotes`: ledgers too. */
  place(withNotes: boolean): void {
    if (this.#waits || this.#isClosed) return
    // What moves elsewhere has to be in the journal before its settlement is.
    if (this.#hasMoves && this.#others.isHeldUp) {
      this.#waits = true
      this.#others.whenTaken(this.#goOn)
      return
    }
    const stocks = this.#unplaced
    // A mark may be due, also where nothing was settled.
    for (const stock of stocks) if (hasNotes(stock)) this.noted(stock)
    const noted = withNotes || this.#hasMoves ? this.#noted : []
    if (stocks.length === 0 && noted.length === 0) {
      // All that moved went elsewhere, and somebody may have waited for that.
      this.#hasMoves = false
      this.#pay()
      return
    }
    let bytes = 0
    let frames = 0
    for (const stock of stocks)
      for (const lane of stock.lanes)
        for (const batch of lane.unplaced) {
          bytes += batch.bytes
          frames++
        }
    for (const stock of noted)
      if (hasNotes(stock)) {
        bytes += (stock.ledger?.bytesMax() ?? 0) + recordBytes
        frames++
      }
    const { journal } = this.#store
    const isOne = frames > 0 && journal.mayBeTogether(bytes, frames)
    if (isOne && !journal.hasRoom(bytes, frames)) {
      this.#wait()
      return
    }
    if (isOne) journal.together(bytes, frames)
    if (!this.#placeData(stocks, isOne) || !this.#placeNotes(noted, isOne)) {
      this.#wait()
      return
    }
    this.#hasMoves = false
    this.#unplacedBytes = 0
    this.#raiseStarts()
    this.#pay()
  }

  #wait(): void {
    this.#waits = true
    this.#store.journal.whenRoom(this.#goOn)
  }

  readonly #goOn = (): void => {
    this.#waits = false
    this.place(true)
    this.#tell()
  }

  /** Data before notes: in pieces, what moves may be there twice after a crash, but never lost. */
  #placeData(stocks: PlacedStock[], isOne: boolean): boolean {
    const { journal } = this.#store
    for (const stock of stocks)
      for (const lane of stock.lanes)
        for (let batch = lane.unplaced[0]; batch !== undefined; batch = lane.unplaced[0]) {
          if (!isOne && !journal.hasRoom(batch.bytes)) return false
          const lsn = lane.placeFirst(journal)
          if (batch.isSync) this.#lsn = lsn
        }
    for (const stock of stocks) stock.isUnplaced = false
    stocks.length = 0
    return true
  }

  #placeNotes(stocks: PlacedStock[], isOne: boolean): boolean {
    const { journal } = this.#store
    while (stocks.length > 0) {
      const stock = stocks[stocks.length - 1] as PlacedStock
      const { ledger, ledgerLog } = stock
      if (!isOne && !journal.hasRoom((ledger?.bytesMax() ?? 0) + recordBytes)) return false
      for (const lane of stock.lanes) this.#trimLater(stock, lane)
      if (ledger !== null && ledgerLog !== null && hasNotes(stock))
        this.#lsn = this.#append(ledgerLog, ledger.record())
      stock.isNoted = false
      stocks.pop()
      if (ledger?.isSnapshotDue === true) this.#snapshots.push(stock)
    }
    return true
  }

  /** The log start follows, once it is worth a change of the manifest. */
  #trimLater(stock: PlacedStock, lane: Lane): void {
    const { trimBytes, trimEmptyBytes } = this.#options
    const log = lane.existing
    const isEmpty = stock.ready === 0 && stock.inFlight === 0
    if (log === null || lane.isOfTopic) return
    const isWorth = lane.settledBytes >= (isEmpty ? trimEmptyBytes : trimBytes)
    // One that is damaged is of use again when it is purged.
    if (!isWorth && !lane.isDamaged) return
    const to = this.#mayGo(stock, log, lane.settled.lowWater)
    if (to <= log.logStartOffset) return
    if (to === lane.settled.lowWater) lane.settledBytes = 0
    // What is gone cannot be counted at a start: the ledger has to tell what is left.
    if (stock.ledger !== null) lane.bytesSinceMark = Number.POSITIVE_INFINITY
    this.#trims.push({ log, to, isSnapshot: false })
  }

  /** Up to where what is settled may go: what is younger than the replay window stays. */
  #mayGo(stock: PlacedStock, log: PartitionLog, lowWater: number): number {
    const { replayMs } = stock
    if (replayMs === 0) return lowWater
    if (this.#looks.has(stock)) return log.logStartOffset
    const to = Math.min(lowWater, startOfNewer(log, this.#clock.now() - replayMs))
    if (to < lowWater) this.#lookLater(stock, Math.max(replayMin, replayMs / replayLooks))
    return to
  }

  #lookLater(stock: PlacedStock, ms: number): void {
    const look = (): void => {
      this.#looks.delete(stock)
      if (!stock.isClosed) this.noted(stock)
    }
    this.#looks.set(stock, this.#clock.after(ms, look))
  }

  #append(log: PartitionLog, value: Uint8Array): number {
    const batch = new BatchBuilder(this.#memory, log.logEndOffset, this.#clock.now())
    batch.addValue(value)
    const { lsn } = log.appendTrusted(this.#store.journal, batch.build(), 0, null, syncNow)
    batch.release()
    return lsn
  }

  /** Everything a ledger says, in one record; what is before it can go. */
  #writeSnapshots(): void {
    for (const stock of this.#snapshots.splice(0)) {
      const { ledger, ledgerLog, isClosed } = stock
      if (ledger === null || ledgerLog === null || isClosed) continue
      const record = ledger.snapshot(stock.unusual())
      const { journal } = this.#store
      const bytes = record.length + recordBytes
      if (bytes > journal.maxBatchBytes || !journal.hasRoom(bytes)) continue
      const to = ledgerLog.logEndOffset
      this.#lsn = this.#append(ledgerLog, record)
      this.#trims.push({ log: ledgerLog, to, isSnapshot: true })
    }
  }

  #raiseStarts(): void {
    this.#writeSnapshots()
    if (this.#trims.length === 0) return
    const trims = this.#trims.splice(0)
    this.#store.journal.whenCommitted(this.#lsn, () => {
      for (const trim of trims) if (!trim.log.deleted) this.#raise(trim)
    })
  }

  #raise({ log, to, isSnapshot }: Trim): void {
    const store = this.#store
    const isFreed = isSnapshot && log.damagedFrom !== null
    const raised = isFreed ? store.forgetDamage(log, to) : store.raiseLogStart(log, to)
    this.#raising = Promise.all([this.#raising, raised]).then(() => undefined, store.journal.fail)
  }

  #pay(): void {
    for (const durable of this.#owed.splice(0))
      this.#store.journal.whenCommitted(this.#lsn, durable)
  }

  /** Resolves when everything is placed and durable. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.flush(resolve))
    this.#isClosed = true
    this.#settleTimer?.cancel()
    this.#settleTimer = null
    for (const timer of this.#looks.values()) timer.cancel()
    await this.#raising
  }
}

const syncNow = 0

const hasNotes = (stock: PlacedStock): boolean =>
  stock.ledger !== null && !stock.isClosed && stock.ledger.hasNotes
