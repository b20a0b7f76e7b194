// Messages that wait for their time. They lie in a log with a ledger like those of a queue; memory
// holds when each is due and where it lies (`DueTimes`), read anew from the log at a start. What is
// due is given to the host, which publishes it where it belongs, and is settled in the same commit:
// after a crash it has moved, or waits. Invariant: nothing moves before all that waits is known, so
// that the order is by due time, then by arrival. An exchange that delays owns one.
import { assert } from '../../base/assert.ts'
import { delayMsMax, delayMsOf } from '../../model/message/delay.ts'
import { MessageView } from '../../model/message/message.ts'
import { StoredRecords } from '../../model/message/stored-message.ts'
import { headerBytes } from '../../model/record-batch.ts'
import type { Lane } from '../lane.ts'
import { DueTimes } from '../memory/due-times.ts'
import { eachBatch, recoverStock } from '../open-stock.ts'
import { Published } from '../published.ts'
import type { Attended } from '../queue-node.ts'
import { plainQueue } from '../queue-settings.ts'
import type { QueuePlace, Queues } from '../queues.ts'
import type { Stock } from '../stock.ts'
import { Look } from '../stock-parts.ts'

export interface DelayHost {
  /**
   * The time of a message has come. Publishes it where it belongs, in this turn. `message` is valid
   * during the call only.
   */
  due(message: MessageView): void
}

/** Messages that one turn of `work` moves, and bytes of them, so that they fit one commit. */
const workMax = 1000
const workBytesMax = 256 << 10

export class DelayQueue implements Attended {
  readonly topic: string
  readonly stock: Stock
  readonly #node: Queues
  readonly #isDurable: boolean
  readonly #host: DelayHost
  readonly #times = new DueTimes()
  readonly #records = new StoredRecords()
  readonly #view = new MessageView()
  #loading: Promise<void> | null = null
  #isStopped = false
  alarm: Attended['alarm'] = null
  isAttended = false

  /** One that has never held anything. */
  constructor(node: Queues, place: QueuePlace, isDurable: boolean, host: DelayHost) {
    this.topic = place.topic
    this.#node = node
    this.#isDurable = isDurable
    this.#host = host
    this.stock = node.stockOf(place, { ...plainQueue, durable: isDurable })
    this.stock.onRead = () => this.wake()
  }

  /** One as it was left; what is due begins to move when all of its log has been read. */
  static async open(node: Queues, place: QueuePlace, host: DelayHost): Promise<DelayQueue> {
    const queue = new DelayQueue(node, place, true, host)
    await recoverStock(queue.stock, node.store, (line) => node.report(line))
    queue.#loading = queue.#load().finally(() => {
      queue.#loading = null
      queue.wake()
    })
    return queue
  }

  /** How many wait. */
  get waiting(): number {
    return this.stock.ready
  }

  get #lane(): Lane {
    const [lane] = this.stock.lanes
    assert(lane, 'it has one lane')
    return lane
  }

  // ---- Coming in --------------------------------------------------------------------------------

  refuses({ body, properties }: MessageView): boolean {
    return body.length + properties.length > this.#node.messageBytesMax
  }

  /** Flags of `Published`. The message and its views are used only during the call. */
  publish(message: MessageView): number {
    if (this.#isStopped) return Published.routed
    if (this.refuses(message)) return Published.routed | Published.rejected
    const nowMs = this.#node.now()
    const isSync = this.#isDurable && message.isPersistent
    const dueMs = nowMs + Math.min(delayMsMax, delayMsOf(message))
    this.#times.push(dueMs, this.#lane.end)
    this.stock.store(message, this.#lane, nowMs, isSync)
    if (this.#times.nextMs === dueMs) this.#node.wakeAt(this, dueMs)
    return isSync ? Published.routed | Published.stored : Published.routed
  }

  /** Reads when everything is due that was left. */
  async #load(): Promise<void> {
    const lane = this.#lane
    const { existing: log, settled, end } = lane
    if (log === null) return
    const tell = (why: string): void => this.#node.report(`queue ${this.stock.name}: ${why}`)
    const from = Math.max(settled.lowWater, log.logStartOffset)
    await eachBatch(this.#node.store, log, from, tell, (header) => {
      if (this.#isStopped || header.baseOffset >= end) return false
      const bytes = header.whole()
      const { baseOffset, baseTimestamp } = header
      this.#records.open(bytes, headerBytes, bytes.length, baseOffset, baseTimestamp)
      for (
        let at = Math.max(from, baseOffset);
        this.#records.seek(at);
        at = this.#records.offset + 1
      )
        this.#loaded(settled.has(this.#records.offset))
      return true
    })
  }

  #loaded(isSettled: boolean): void {
    if (isSettled) return
    const { offset, timestampMs } = this.#records
    this.#records.read(this.#view, this.#node.addresses, '')
    this.#times.push(timestampMs + Math.min(delayMsMax, delayMsOf(this.#view)), offset)
  }

  // ---- Going out --------------------------------------------------------------------------------

  wake(): void {
    if (!this.#isStopped) this.#node.attend(this)
  }

  /** Moves what is due. True: there is more to do, in another turn. */
  work(): boolean {
    if (this.#isStopped || this.#loading !== null) return false
    const nowMs = this.#node.now()
    let bytes = 0
    for (let left = workMax; this.#times.nextMs <= nowMs; left--) {
      if (left === 0 || bytes >= workBytesMax || this.#node.isFull) return true
      const moved = this.#moveNext()
      // It is being read.
      if (moved < 0) return false
      bytes += moved
    }
    if (this.#times.size > 0) this.#node.wakeAt(this, this.#times.nextMs)
    return false
  }

  /** Returns the bytes of its body; -1: it has to be read first. */
  #moveNext(): number {
    const { stock } = this
    const entry = stock.entries.make(this.#lane.index, this.#times.nextOffset, 0)
    const found = stock.lookAt(entry)
    if (found === Look.later) {
      stock.entries.free(entry)
      return -1
    }
    this.#times.pop()
    if (found === Look.nothing) {
      // It cannot be read, as was reported, and stays in the log for whoever can mend it.
      stock.entries.free(entry)
      return 0
    }
    const { length } = stock.message.body
    entry.bytes = length
    this.#node.deadLetter(() => {
      this.#host.due(stock.message)
      return true
    })
    stock.ready--
    stock.readyBytes -= length
    stock.settle(entry)
    return length
  }

  // ---- Going away -------------------------------------------------------------------------------

  /** Nothing moves any more; resolves when nothing is read any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#loading
  }

  /** What waits is gone; resolves when its logs are. */
  async drop(): Promise<void> {
    await this.stop()
    this.stock.close()
    await this.#node.gone(this)
  }
}
