// Consumers that do not settle what they got: whoever has had a delivery for longer than it may is
// cancelled, alone, and all that it has goes back. No timer for a delivery: the queue looks through
// what is in flight when the oldest may be over, and after that not sooner than a fraction of the
// time, so that looking costs little however much is in flight. The queue owns it.
import type { Member } from './consumers.ts'
import type { Entry } from './entry.ts'
import type { Attended, QueueNode } from './queue-node.ts'
import type { QueueSettings } from './queue-settings.ts'
import type { Stock } from './stock.ts'

/** Part of the time by which a consumer may be late to be found out. */
const precision = 16

export interface Timed extends Attended {
  readonly settings: QueueSettings
  leave(member: Member): void
  reject(id: number, requeue: boolean, failed: boolean): void
}

/** A consumer whose time is over, and what it has. */
interface Overdue {
  readonly member: Member
  readonly entries: Entry[]
}

export class Timeouts {
  readonly #queue: Timed
  readonly #stock: Stock
  readonly #node: QueueNode
  #lookAtMs = Number.POSITIVE_INFINITY

  constructor(queue: Timed, stock: Stock, node: QueueNode) {
    this.#queue = queue
    this.#stock = stock
    this.#node = node
  }

  /** What the consumer says, or else its queue, or else the node; Infinity: as long as it likes. */
  #timeoutMs({ timeoutMs }: Member): number {
    const { consumerTimeoutMs } = this.#queue.settings
    return timeoutMs ?? consumerTimeoutMs ?? this.#node.options.consumerTimeoutMs
  }

  /** An entry in flight has gone to a consumer. Returns its id. */
  lent(entry: Entry, member: Member, nowMs: number): number {
    entry.member = member
    entry.lentMs = nowMs
    if (nowMs < this.#lookAtMs) {
      const untilMs = nowMs + this.#timeoutMs(member)
      if (untilMs < this.#lookAtMs) this.#look(untilMs)
    }
    return entry.id
  }

  #look(atMs: number): void {
    this.#lookAtMs = atMs
    this.watch()
  }

  /** Asks to be woken when it has to look. */
  watch(): void {
    if (this.#lookAtMs < Number.POSITIVE_INFINITY) this.#node.wakeAt(this.#queue, this.#lookAtMs)
  }

  /** Other rules hold, for what is out too. */
  ruled(): void {
    if (this.#lookAtMs < Number.POSITIVE_INFINITY || this.#stock.inFlight > 0) this.#lookAtMs = 0
  }

  /** `left` is told of each that is gone by it. */
  cancelOverdue(nowMs: number, left: () => void): void {
    for (const { member, entries } of this.#overdue(nowMs)) {
      // One that has cancelled itself still has them.
      const isThere = !member.isGone
      if (isThere) this.#queue.leave(member)
      // Telling another may have given back what this one had.
      for (const entry of entries)
        if (entry.member === member) this.#queue.reject(entry.id, true, true)
      member.consumer.cancelled('timeout')
      if (isThere) left()
    }
  }

  /** Those whose time is over, each once. */
  #overdue(nowMs: number): Overdue[] {
    if (nowMs < this.#lookAtMs) return []
    this.#lookAtMs = Number.POSITIVE_INFINITY
    const late = new Map<Member, Overdue>()
    const { all } = this.#stock.entries
    let nextMs = Number.POSITIVE_INFINITY
    let leastMs = Number.POSITIVE_INFINITY
    for (const { member, lentMs } of all) {
      if (member === null) continue
      const timeoutMs = this.#timeoutMs(member)
      leastMs = Math.min(leastMs, timeoutMs)
      if (lentMs + timeoutMs > nowMs) nextMs = Math.min(nextMs, lentMs + timeoutMs)
      else if (!late.has(member)) late.set(member, { member, entries: [] })
    }
    for (const entry of late.size === 0 ? [] : all)
      if (entry.member !== null) late.get(entry.member)?.entries.push(entry)
    if (nextMs < Number.POSITIVE_INFINITY)
      this.#look(Math.max(nextMs, nowMs + Math.ceil(leastMs / precision)))
    return [...late.values()]
  }
}
