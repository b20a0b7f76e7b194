// How fast counters grow: every few seconds, while anybody asks, those of queues, exchanges,
// connections and channels are looked at, and the difference to the last look is the rate. Whoever
// counts knows nothing of it. Nothing is kept of what has never counted anything, and nothing is
// done on a node that nobody asks. A look gives way to other work.
import { TimedTurns } from '../../base/timed-turns.ts'
import type { Clock, Timer } from '../../io/clock.ts'
import type { ManagedNode } from './managed-node.ts'
import {
  addNumbers,
  channelCounts,
  churnOf,
  doorCounts,
  queueNumbers,
  trafficNumbers,
  vhostCounts,
  vhostLengths,
} from './numbers.ts'

const everyMs = 5000
/** Looks go on for so long after the last request. */
const askedMsMax = 600_000

type Numbers = Readonly<Record<string, number>>

interface Seen {
  counts: Numbers
  rates: Numbers
  atMs: number
  /** Which look first saw these counts, since 1970. */
  sinceMs: number
}

/** A number, and when it was looked at, in milliseconds since 1970. */
export interface Sampled {
  readonly sample: number
  readonly timestamp: number
}

export class Rates {
  readonly #node: ManagedNode
  readonly #clock: Clock
  #seen = new WeakMap<object, Seen>()
  #timer: Timer | null = null
  #askedMs = 0
  #isLooking = false
  #isStopped = false

  constructor(node: ManagedNode) {
    this.#node = node
    this.#clock = node.clock
  }

  /** Somebody asks: looks go on. The first one says what to compare with. */
  wanted(): void {
    this.#askedMs = this.#clock.monotonic()
    if (this.#timer !== null || this.#isLooking || this.#isStopped) return
    void this.#look()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#timer = null
  }

  /** Growth in a second of what `owner` counts under `name`. */
  of(owner: object, name: string): number {
    return this.#seen.get(owner)?.rates[name] ?? 0
  }

  /** What the last look has seen of `name`; null: there was none. */
  before(owner: object, name: string): Sampled | null {
    const seen = this.#seen.get(owner)
    const sample = seen?.counts[name]
    if (seen === undefined || sample === undefined) return null
    const ageMs = this.#clock.monotonic() - seen.atMs
    return { sample, timestamp: Math.round(this.#clock.now() - ageMs) }
  }

  /** Since when nothing is counted, in ms since 1970; null: something is, as far as is known. */
  idleSince(owner: object): number | null {
    const seen = this.#seen.get(owner)
    const isIdle = seen !== undefined && Object.values(seen.rates).every((rate) => rate === 0)
    return isIdle ? seen.sinceMs : null
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    const turns = new TimedTurns(this.#clock)
    for (const [owner, counts] of this.#all()) {
      if (this.#isStopped) return
      this.#note(owner, counts)
      await turns.next()
    }
    this.#isLooking = false
    if (this.#isStopped) return
    const isAsked = this.#clock.monotonic() - this.#askedMs < askedMsMax
    if (!isAsked) this.#seen = new WeakMap()
    this.#timer = isAsked ? this.#clock.after(everyMs, () => void this.#look()) : null
  }

  *#all(): Iterable<readonly [object, Numbers]> {
    const { messaging } = this.#node
    const vhosts: Numbers[] = []
    for (const core of messaging.vhosts.values()) {
      const numbers = { ...vhostCounts(core), ...vhostLengths(core) }
      vhosts.push(numbers)
      yield [core, numbers]
      for (const hosted of core.queues.values()) yield [hosted, queueNumbers(hosted.figures)]
      for (const stream of core.streams.values())
        yield [stream, { messages: stream.messages, messages_ready: stream.messages }]
      for (const counters of core.exchangeCounters.values()) yield [counters, { ...counters }]
    }
    const node = this.#node
    yield [node, { ...addNumbers(vhosts), ...doorCounts(node), ...churnOf(node) }]
    for (const { view } of messaging.sessions) {
      if (view === undefined) continue
      yield [view, trafficNumbers(view.traffic)]
      for (const { counters } of view.channels()) yield [counters, channelCounts(counters)]
    }
  }

  #note(owner: object, counts: Numbers): void {
    const seen = this.#seen.get(owner)
    const atMs = this.#clock.monotonic()
    if (seen === undefined) {
      if (Object.values(counts).some((count) => count !== 0))
        this.#seen.set(owner, { counts, rates: {}, atMs, sinceMs: this.#clock.now() })
      return
    }
    const seconds = Math.max(0.001, (atMs - seen.atMs) / 1000)
    const rates: Record<string, number> = {}
    for (const [name, count] of Object.entries(counts)) {
      const growth = count - (seen.counts[name] ?? 0)
      // A sum of counters falls when a vhost goes; that is no traffic.
      const isLength = name.startsWith('messages')
      rates[name] = Math.round(((isLength ? growth : Math.max(0, growth)) / seconds) * 10) / 10
    }
    if (Object.values(rates).some((rate) => rate !== 0)) seen.sinceMs = this.#clock.now()
    seen.counts = counts
    seen.rates = rates
    seen.atMs = atMs
  }
}
