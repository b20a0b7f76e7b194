// Tells a queue over a topic of records that come, in whatever way: it watches the partitions. Made
// with the queue, and ended with it.
import type { PartitionLog } from '../log/partition-log.ts'
import type { Lane } from './lane.ts'
import type { Stock } from './stock.ts'

export class TopicFeed {
  readonly #stock: Stock
  readonly #came: () => void
  /** It was made, and nobody knows of it yet: nothing may happen to its messages. */
  #isHeld = false
  readonly #watched: { readonly log: PartitionLog; readonly watcher: () => void }[] = []

  constructor(stock: Stock, came: () => void) {
    this.#stock = stock
    this.#came = came
    for (const lane of stock.lanes) this.#watch(lane)
  }

  /** Where its messages begin, in each partition. Nothing is there of them before `begin`. */
  beginAt(offsets: readonly number[]): void {
    this.#isHeld = true
    for (const lane of this.#stock.lanes) {
      const offset = offsets[lane.index] ?? 0
      lane.end = offset
      this.#stock.ready += offset - lane.cursor
      this.#stock.settleUpTo(lane, offset)
    }
  }

  begin(): void {
    this.#isHeld = false
    for (const lane of this.#stock.lanes) this.#look(lane)
  }

  /** All partitions that the topic has now. */
  follow(logs: readonly PartitionLog[]): void {
    for (const log of logs.slice(this.#stock.lanes.length)) this.#watch(this.#stock.addLane(log))
    this.#came()
  }

  #watch(lane: Lane): void {
    const { log } = lane
    const watcher = (): void => this.#look(lane)
    log.watchers.add(watcher)
    this.#watched.push({ log, watcher })
  }

  #look(lane: Lane): void {
    if (this.#isHeld) return
    const to = Math.max(lane.end, lane.endOf(lane.log))
    this.#stock.ready += to - lane.end
    lane.end = to
    this.#came()
  }

  end(): void {
    for (const { log, watcher } of this.#watched.splice(0)) log.watchers.delete(watcher)
  }
}
