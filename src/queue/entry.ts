// One message of a queue that is not simply waiting its turn: in flight, come back, delayed, or
// leaving. Entries are used again, so that a delivery allocates nothing; an entry is in exactly one
// of those places, and whoever takes it from there owns it.
import { assert } from '../base/assert.ts'
import { Heap } from '../base/heap.ts'
import type { MessageView } from '../model/message/message.ts'
import type { Member } from './consumers.ts'
import type { DeadLetterReason } from './queue-host.ts'

/** Behind every message that was kept in memory while the log ended at the same offset. */
export const loggedTie = Number.MAX_SAFE_INTEGER

export class Entry {
  /** What its delivery is settled with; 0: not in flight. */
  id = 0
  /** The index of its lane. */
  lane = 0
  /** Its place: an offset of the lane, or, if kept in memory, where the log ended then, */
  offset = 0
  /** and its turn among the kept ones there. */
  tie = loggedTie
  /** Of the body. */
  bytes = 0
  /** Who has it in flight, and since when; null: it was got. */
  member: Member | null = null
  lentMs = 0
  /** How often processing failed. */
  failures = 0
  /** How often it was delivered. */
  deliveries = 0
  /** Why it leaves for where dead letters go; null: it does not. */
  reason: DeadLetterReason | null = null
  /** It still leaves after a restart; else it is ready again. */
  lasts = false
  /** In which pass it was last tried to let it leave. */
  pass = 0
  /** When it is ready again; 0: it is. */
  dueMs = 0
  /** Of a message that is not in the log: properties, then body. */
  kept: Uint8Array | null = null
  keptProperties = 0
  exchange = ''
  routingKey = ''
  timestampMs = 0

  /** Points `view` at the message, which is kept in memory. */
  view(view: MessageView): void {
    assert(this.kept, 'the message is kept')
    const properties = this.kept.subarray(0, this.keptProperties)
    view.set(this.exchange, this.routingKey, properties, this.kept.subarray(this.keptProperties))
  }

  keep(message: MessageView, nowMs: number): void {
    const { properties, body } = message
    const kept = Buffer.allocUnsafe(properties.length + body.length)
    kept.set(properties, 0)
    kept.set(body, properties.length)
    this.kept = kept
    this.keptProperties = properties.length
    this.exchange = message.exchange
    this.routingKey = message.routingKey
    this.timestampMs = nowMs
  }
}

/** Which of two has the earlier place. */
export const isBefore = (a: Entry, b: Entry): boolean =>
  a.offset !== b.offset ? a.offset < b.offset : a.tie < b.tie

const isDueBefore = (a: Entry, b: Entry): boolean => a.dueMs < b.dueMs

/** Whether its message stands in the log of a lane. */
const isLoggedIn = (entry: Entry, lane: number): boolean =>
  entry.kept === null && entry.lane === lane

/** Of the bodies of all. */
export function sumOf(entries: Iterable<Entry>): number {
  let bytes = 0
  for (const entry of entries) bytes += entry.bytes
  return bytes
}

/** Of those whose messages stand in the log of a lane. */
export const bytesIn = (entries: Iterable<Entry>, lane: number): number =>
  sumOf([...entries].filter((entry) => isLoggedIn(entry, lane)))

/** Those of which their offsets alone do not say all. */
export function* unusualOf(lists: readonly Iterable<Entry>[]): Generator<Entry> {
  for (const entries of lists)
    for (const entry of entries) {
      const isFirstFlight = entry.id > 0 && entry.failures === 0 && entry.deliveries <= 1
      if (entry.kept === null && !isFirstFlight) yield entry
    }
}

const spareMax = 1024

/** The entries in flight, by id, and spare ones. One for each queue. */
export class Entries {
  readonly #flying: (Entry | null)[] = []
  readonly #freeIds: number[] = []
  readonly #spare: Entry[] = []
  inFlight = 0

  make(lane: number, offset: number, bytes: number): Entry {
    const entry = this.#spare.pop() ?? new Entry()
    entry.lane = lane
    entry.offset = offset
    entry.bytes = bytes
    return entry
  }

  /** Takes it in flight; sets its id. */
  launch(entry: Entry): Entry {
    let id = this.#freeIds.pop()
    if (id === undefined) {
      this.#flying.push(null)
      id = this.#flying.length
    }
    this.#flying[id - 1] = entry
    entry.id = id
    entry.deliveries++
    this.inFlight++
    return entry
  }

  /** Takes it out of flight. */
  land(id: number): Entry {
    const entry = this.#flying[id - 1]
    assert(entry, 'what is settled is in flight')
    this.#flying[id - 1] = null
    entry.id = 0
    entry.member = null
    if (--this.inFlight === 0 && this.#flying.length > spareMax) {
      this.#flying.length = 0
      this.#freeIds.length = 0
    } else this.#freeIds.push(id)
    return entry
  }

  /** It is settled: the object may stand for another message. */
  free(entry: Entry): void {
    entry.tie = loggedTie
    entry.failures = 0
    entry.deliveries = 0
    entry.dueMs = 0
    entry.reason = null
    entry.lasts = false
    entry.pass = 0
    entry.kept = null
    if (this.#spare.length < spareMax) this.#spare.push(entry)
  }

  clear(): void {
    this.#flying.length = 0
    this.#freeIds.length = 0
    this.#spare.length = 0
    this.inFlight = 0
  }

  /** All in flight. */
  get all(): Entry[] {
    return this.#flying.filter((e) => e !== null)
  }
}

/** Those that came back and are not due yet, by time. Nothing is made for a queue without any. */
export class DelayedEntries {
  #heap: Heap<Entry> | null = null
  /** Of their bodies. */
  bytes = 0

  get size(): number {
    return this.#heap?.size ?? 0
  }

  get all(): readonly Entry[] {
    return this.#heap?.all ?? []
  }

  /** When the first one is due; Infinity: there is none. */
  get nextDueMs(): number {
    return this.#heap?.peek()?.dueMs ?? Number.POSITIVE_INFINITY
  }

  push(entry: Entry): void {
    this.#heap ??= new Heap(isDueBefore)
    this.#heap.push(entry)
    this.bytes += entry.bytes
  }

  /** The first one, if it is due; it is not delayed any more. */
  takeDue(nowMs: number): Entry | null {
    if (this.nextDueMs > nowMs) return null
    const entry = this.#heap?.pop() as Entry
    entry.dueMs = 0
    this.bytes -= entry.bytes
    return entry
  }

  clear(): void {
    this.#heap = null
    this.bytes = 0
  }
}
