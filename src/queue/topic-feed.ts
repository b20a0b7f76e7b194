// Tells a queue over a topic of records that come, in whatever way: it watches the partitions. Made
// with the queue, and ended with it.
import type { PartitionLog } from '../log/partition-log.ts'
import type { Lane } from './lane.ts'
import type { Stock } from './stock.ts'

export class TopicFeed {
  readonly #stock: Stock
  readonly #came: () => void
  readonly #watched: { readonly log: PartitionLog; readonly watcher: () => void }[] = []

  constructor(stock: Stock, came: () => void) {
    this.#stock = stock
    this.#came = came
    for (const lane of stock.lanes) this.#watch(lane)
  }

  /** Where its messages begin, in each partition. Nothing was given of them yet. */
  beginAt(offsets: readonly number[]): void {
    for (const lane of this.#stock.lanes) {
      const offset = offsets[lane.index] ?? 0
      lane.end = Math.max(lane.end, offset)
      this.#stock.ready += lane.end - lane.cursor
      this.#stock.settleUpTo(lane, offset)
    }
  }

  /** All partitions that the topic has now. */
  follow(logs: readonly PartitionLog[]): void {
    for (const log of logs.slice(this.#stock.lanes.length)) this.#watch(this.#stock.addLane(log))
    this.#came()
  }

  #watch(lane: Lane): void {
    const { log } = lane
    const watcher = (): void => {
      const to = Math.max(lane.end, lane.endOf(log))
      this.#stock.ready += to - lane.end
      lane.end = to
      this.#came()
    }
    log.watchers.add(watcher)
    this.#watched.push({ log, watcher })
  }

  end(): void {
    for (const { log, watcher } of this.#watched.splice(0)) log.watchers.delete(watcher)
  }
}
