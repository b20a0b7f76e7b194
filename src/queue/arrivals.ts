// Messages that were moved to a queue whose consumers have room, as dead letters are: taken for
// them at once, so that no rule of the queue finds them waiting, and delivered when the write that
// moves them is down: until then a crash would bring them once more. What comes behind one that
// waits waits too. The queue owns it.
import type { MessageView } from '../model/message/message.ts'
import type { Consumers } from './consumers.ts'
import type { Departures } from './departures.ts'
import type { Entry } from './entry.ts'
import type { Lane } from './lane.ts'
import type { QueueCounters } from './queue-counters.ts'
import type { QueueNode } from './queue-node.ts'
import type { Stock } from './stock.ts'
import { Look } from './stock-parts.ts'
import type { Timeouts } from './timeouts.ts'

export interface ArrivalParts {
  readonly stock: Stock
  readonly node: QueueNode
  readonly consumers: Consumers
  readonly departures: Departures
  readonly timeouts: Timeouts
  readonly counters: QueueCounters
  /** Some of them may be delivered. */
  told(): void
}

export class Arrivals {
  readonly #parts: ArrivalParts
  /** In the order in which they came, in flight to nobody. */
  #waiting: Entry[] = []

  constructor(parts: ArrivalParts) {
    this.#parts = parts
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** False: it need not wait, or nobody has room for it. Nothing may be ready. */
  take(message: MessageView, lane: Lane, nowMs: number, isSync: boolean): boolean {
    const { node, consumers, departures, stock } = this.#parts
    if (!node.isMoving && this.isEmpty) return false
    if (!consumers.hasRoom) return false
    departures.lent(message)
    this.#waiting.push(stock.storeTaken(message, lane, nowMs, isSync))
    lane.whenDurable(this.#parts.told)
    return true
  }

  /** Those that are durable go to consumers; where there is no room any more, they are ready. */
  deliver(): void {
    if (this.isEmpty) return
    const { stock, told } = this.#parts
    let done = 0
    for (const entry of this.#waiting) {
      const lane = stock.lanes[entry.lane] as Lane
      const isDurable = lane.isDurable(entry.offset)
      if (!isDurable) lane.whenDurable(told)
      const found = isDurable ? stock.lookAt(entry) : Look.later
      // It is being read, or written.
      if (found === Look.later) break
      done++
      if (found !== Look.there || !this.#give(entry)) this.#takeBack(entry)
    }
    this.#waiting.splice(0, done)
  }

  /** The message that the stock has looked at. False: nobody has room. */
  #give(entry: Entry): boolean {
    const { stock, node, consumers, departures, timeouts, counters } = this.#parts
    const member = departures.mayDeliver ? consumers.pick() : null
    if (member === null) return false
    const nowMs = node.now()
    counters.sent(member.settled, false, nowMs)
    const id = timeouts.lent(entry, member, nowMs)
    member.consumer.deliver(member.settled ? 0 : id, stock.message, false, 0, 0)
    if (member.settled) stock.accept(id)
    return true
  }

  /** As if it had never left. */
  #takeBack({ id }: Entry): void {
    const { stock } = this.#parts
    const entry = stock.entries.land(id)
    entry.deliveries--
    stock.restore(entry)
  }

  clear(): void {
    this.#waiting = []
  }
}
