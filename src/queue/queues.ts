// All queues of one node: what they share of its memory, the clock and the journal, and the end of
// every turn, when what was published and settled is placed. Invariant: nothing is placed while a
// queue works, so that views of messages stay valid for as long as somebody looks at them. The
// broker makes one for each node.
import type { Clock } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { startOfNewer } from '../log/retention.ts'
import type { TopicSettings } from '../model/config/topic-settings.ts'
import { Addresses } from '../model/message/stored-message.ts'
import { headerBytes } from '../model/record-batch.ts'
import type { Lane } from './lane.ts'
import { PieceCache } from './lane-reader.ts'
import { BatchMemory, recordOverheadBytes } from './memory/batch-builder.ts'
import { WakeUps } from './memory/wake-ups.ts'
import { recoverStock } from './open-stock.ts'
import { noOthers, type Others, Placing } from './placing.ts'
import { Queue } from './queue.ts'
import type { QueueHost } from './queue-host.ts'
import type { Attended, GoneQueue, QueueNode } from './queue-node.ts'
import { type QueueOptions, queueOptions } from './queue-options.ts'
import type { QueueSettings } from './queue-settings.ts'
import { Stock } from './stock.ts'
import type { PlacedStock, StockNode } from './stock-parts.ts'

/** The ledger stands beside the data, under the same topic, with this number. */
export const ledgerPartition = 1_000_000

export interface QueuesParts {
  readonly store: LogStore
  readonly clock: Clock
  /** Where else dead letters go: moves wait for them too. */
  readonly others?: Others
  report(line: string): void
}

export interface QueuePlace {
  /** The topic's id. */
  readonly topic: string
  readonly name: string
  /** Of partitions that are not there yet. */
  readonly partitionSettings: TopicSettings
  /** Partitions of a topic whose records are its messages: only its ledger is its own. */
  readonly source?: readonly PartitionLog[]
  /** Clients of other protocols read its messages. */
  readonly isShown?: boolean
}

/** Dead letters that lead to queues which refuse them, and so on: beyond, they are dropped. */
const depthMax = 64
/** What a lone message takes besides properties and body, with the header of its batch. */
const overheadBytes = recordOverheadBytes + headerBytes
const fullBatchBytes = 256 << 10
/** Queues that one turn attends to; the others have the next. */
const attendMax = 10_000

export class Queues implements QueueNode, StockNode {
  readonly store: LogStore
  readonly addresses = new Addresses()
  readonly consumers = { count: 0 }
  readonly memory = new BatchMemory()
  readonly pieces: PieceCache
  readonly messageBytesMax: number
  readonly batchBytesMax: number
  readonly #clock: Clock
  readonly #others: Others
  readonly #report: (line: string) => void
  readonly options: QueueOptions
  readonly #placing: Placing
  readonly #wakeUps: WakeUps
  readonly #all = new Set<Queue>()
  /** Those whose messages are in logs of their own. */
  readonly #stocks = new Set<Stock>()
  #attended: Attended[] = []
  #isSoon = false
  #isResting = false
  isClosing = false
  #isWorking = false
  #depth = 0
  #keptBytes = 0

  constructor(parts: QueuesParts, options: Partial<QueueOptions> = {}) {
    this.store = parts.store
    this.#clock = parts.clock
    this.#others = parts.others ?? noOthers
    this.#report = (line) => parts.report(line)
    this.options = { ...queueOptions, ...options }
    const { maxBatchBytes } = parts.store.journal
    this.messageBytesMax = maxBatchBytes - overheadBytes
    this.batchBytesMax = Math.min(maxBatchBytes, fullBatchBytes)
    this.pieces = new PieceCache(this.options.pieceBytes)
    this.#placing = new Placing(parts.store, parts.clock, this.memory, this.options, this.#others)
    this.#wakeUps = new WakeUps(parts.clock)
  }

  // ---- Queues -----------------------------------------------------------------------------------

  /** A queue as it was left, or a new one. */
  async open(place: QueuePlace, settings: QueueSettings, host: QueueHost): Promise<Queue> {
    const stock = this.stockOf(place, settings)
    await recoverStock(stock, this.store, this.#report)
    // What it has kept to be read again goes in time, also if nobody uses it.
    if (settings.replayMs > 0) this.noted(stock)
    // What was counted now need not be counted at the next start.
    if (stock.ledger?.hasNotes === true) this.#placing.noted(stock)
    return this.#add(place, settings, stock, host)
  }

  /** A queue that has never held anything. */
  create(place: QueuePlace, settings: QueueSettings, host: QueueHost): Queue {
    return this.#add(place, settings, this.stockOf(place, settings), host)
  }

  /**
   * True: nothing was ever put in, so that it can be created when it is needed. Its logs are let go
   * of until then.
   */
  forgetUnused({ topic }: QueuePlace, { priorities }: QueueSettings): boolean {
    return this.store.letGo(topic, [...Array(priorities + 1).keys(), ledgerPartition])
  }

  /** What a queue is made of, as the log has it; the ledger is not read yet. */
  stockOf(place: QueuePlace, { durable, priorities, replayMs }: QueueSettings): Stock {
    const ledgerLog = durable ? this.#log(place, ledgerPartition) : null
    if (place.source !== undefined) {
      const { name, source: logs } = place
      const open = (lane: number): PartitionLog => logs[lane] as PartitionLog
      return new Stock({ name, replayMs: 0, logs, open, ledgerLog, isOfTopic: true }, this)
    }
    const logs: (PartitionLog | null)[] = []
    for (let lane = 0; lane <= priorities; lane++)
      logs.push(this.store.get(place.topic, lane) ?? null)
    const open = (lane: number): PartitionLog => this.#log(place, lane)
    const { name, isShown = false } = place
    const stock = new Stock({ name, replayMs, logs, open, ledgerLog, isShown }, this)
    this.#stocks.add(stock)
    return stock
  }

  #log({ topic, name, partitionSettings }: QueuePlace, partition: number): PartitionLog {
    const known = { topic, topicName: name, partition, settings: partitionSettings }
    return this.store.get(topic, partition) ?? this.store.create(known)
  }

  #add(place: QueuePlace, settings: QueueSettings, stock: Stock, host: QueueHost): Queue {
    const queue = new Queue(place, settings, stock, host, this)
    stock.skipsDamaged = this.options.skipsDamaged
    // What the node before this one passed over may be counted still.
    stock.isUnsure = stock.skipsDamaged
    this.#all.add(queue)
    this.attend(queue)
    return queue
  }

  get all(): Iterable<Queue> {
    return this.#all
  }

  /** Deletes its logs. */
  async gone(queue: GoneQueue): Promise<void> {
    this.#all.delete(queue as Queue)
    this.#stocks.delete(queue.stock as Stock)
    this.#wakeUps.forget(queue)
    const partitions = [...queue.stock.lanes.keys(), ledgerPartition]
    const existing = partitions.filter((p) => this.store.get(queue.topic, p) !== undefined)
    if (existing.length > 0) await this.store.delete(queue.topic, existing)
  }

  // ---- Turns ------------------------------------------------------------------------------------

  /**
   * Places what was published and settled; every door calls it at the end of each of its turns.
   * `durable` is called when all of it is on the disk, and everything before: at once, when there
   * is nothing to wait for. Null: nobody waits, and settlements may take a moment.
   */
  flush(durable: (() => void) | null): void {
    this.#work()
    this.#placing.flush(durable)
  }

  /** A message of so many bytes cannot be taken now: who publishes is not read from. */
  isHeldUp(_bytes: number): boolean {
    return this.#placing.isHeldUp()
  }

  /** Calls `action` once, when nothing is held up any more. */
  whenTaken(action: () => void): void {
    this.#placing.whenTaken(action)
  }

  attend(queue: Attended): void {
    if (queue.isAttended) return
    queue.isAttended = true
    this.#attended.push(queue)
    this.#soon()
  }

  /** No queue does anything by its rules until `begin`: where dead letters go is not known yet. */
  rest(): void {
    this.#isResting = true
  }

  begin(): void {
    this.#isResting = false
    if (this.#attended.length > 0) this.#soon()
  }

  #soon(): void {
    if (this.#isSoon || this.#isWorking || this.#isResting) return
    this.#isSoon = true
    this.#clock.soon(() => {
      this.#isSoon = false
      this.flush(null)
    })
  }

  #work(): void {
    if (this.#isWorking || this.#isResting) return
    this.#isWorking = true
    const again: Attended[] = []
    for (let i = 0; i < this.#attended.length; i++) {
      const queue = this.#attended[i] as Attended
      queue.isAttended = false
      if (queue.work()) again.push(queue)
      // What moves is placed before it is too much for one commit.
      if (this.isLaden) this.#placing.place(true)
      if (i >= attendMax) {
        for (const each of this.#attended.slice(i + 1)) again.push(each)
        for (const each of again) each.isAttended = false
        break
      }
    }
    this.#attended = []
    this.#isWorking = false
    this.pieces.worked()
    if (again.length === 0) return
    const goOn = (): void => {
      for (const queue of again) this.attend(queue)
    }
    if (this.#placing.isFull) this.whenTaken(goOn)
    else if (this.#others.isHeldUp) this.#others.whenTaken(goOn)
    else goOn()
  }

  /**
   * Gives back the space of what is settled behind messages that stay for long: in flight, waiting
   * for a retry or for their time, or of a priority that does not get its turn. One call at a time.
   */
  async reclaim(): Promise<void> {
    for (const stock of [...this.#stocks])
      for (const lane of stock.lanes) if (!stock.isClosed) await this.#reclaimIn(stock, lane)
  }

  async #reclaimIn(stock: Stock, lane: Lane): Promise<void> {
    const { existing: log, settled, end } = lane
    const { reclaimBytes } = this.options
    if (log === null || settled.above === 0 || log.bytes < reclaimBytes) return
    const { reclaimer } = this.store
    const isKept = stock.replayMs > 0
    const below = isKept ? Math.min(end, startOfNewer(log, this.now() - stock.replayMs)) : end
    if (reclaimer.reclaimable(log, settled, below) < reclaimBytes) return
    // What is gone cannot be counted at a start: the ledger has to tell what is left.
    if (stock.ledger !== null) lane.bytesSinceMark = Number.POSITIVE_INFINITY
    this.noted(stock)
    const asOfNow = settled.copy()
    await new Promise<void>((resolve) => this.flush(resolve))
    await reclaimer.reclaim(log, asOfNow, below)
  }

  // ---- What queues ask --------------------------------------------------------------------------

  now(): number {
    return this.#clock.now()
  }

  get isFull(): boolean {
    return this.#placing.isFull || this.#others.isHeldUp
  }

  get isLaden(): boolean {
    return this.#placing.unplacedBytes > this.options.unplacedBytes / 8
  }

  wakeAt(queue: Attended, atMs: number): void {
    this.#wakeUps.ask(queue, atMs)
  }

  get isMoving(): boolean {
    return this.#depth > 0
  }

  deadLetter(act: () => boolean): boolean {
    if (this.#depth >= depthMax) return false
    this.#depth++
    this.#placing.moved()
    const isDone = act()
    this.#depth--
    return isDone
  }

  keep(bytes: number): boolean {
    if (this.#keptBytes + bytes > this.options.keptBytes) return false
    this.#keptBytes += bytes
    return true
  }

  letGo(bytes: number): void {
    this.#keptBytes -= bytes
  }

  unplaced(stock: PlacedStock, bytes: number): void {
    this.#placing.unplaced(stock, bytes)
  }

  noted(stock: PlacedStock): void {
    this.#placing.noted(stock)
  }

  report(line: string): void {
    this.#report(line)
  }

  get counters(): {
    readonly keptBytes: number
    readonly pieceBytes: number
    readonly unplacedBytes: number
  } {
    return {
      keptBytes: this.#keptBytes,
      pieceBytes: this.pieces.bytes,
      unplacedBytes: this.#placing.unplacedBytes,
    }
  }

  /** Everything is on the disk: the store may be closed. Queues are not to be used any more. */
  async close(): Promise<void> {
    // What they would do now is not placed any more.
    this.#isResting = true
    this.isClosing = true
    this.#wakeUps.stop()
    await this.pieces.close()
    // What was to leave does so in the next life.
    for (const { stock } of this.#all)
      for (const entry of stock.leaving) if (!entry.lasts) stock.keepLeaving(entry)
    // So that the next start has nothing to count.
    for (const { stock } of this.#all)
      for (const lane of stock.ledger === null ? [] : stock.lanes)
        if (lane.askForMark()) this.noted(stock)
    await this.#placing.close()
  }
}
