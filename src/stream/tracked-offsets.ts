// How far consumers with a name have come, kept by the node: in memory, and durably in an internal
// topic, so that they go on there after a restart of theirs or of the node. Written at most once a
// second for all that moved, or when one has come a thousand messages further, when its consumer
// ends, and before anything is confirmed: a confirm covers settlements. What was not written when
// the node dies is delivered again. Of two consumers of one name the last to write counts. Streams
// owns it.
import type { Clock, Timer } from '../io/clock.ts'
import type { Appender } from '../log/appender.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import { readTracked, type TrackedKey, trackedRecord } from './tracked-record.ts'

const writeEveryMs = 1000
const writeEverySettled = 1000
const batchRecordsMax = 1000

const keyOf = ({ topic, partition, name }: TrackedKey): string => `${topic}/${partition}/${name}`

/** One consumer's place in one partition. */
export class Tracked {
  readonly key: TrackedKey
  /** -1: none yet. */
  offset = -1
  /** What the topic holds, or will once the append on its way is durable. */
  written = -1
  settled = 0
  /** Writes of it that have not ended. */
  onTheWay = 0
  isForgotten = false
  readonly waiting: (() => void)[] = []

  constructor(key: TrackedKey) {
    this.key = key
  }
}

export class TrackedOffsets {
  readonly #appender: Appender
  readonly #clock: Clock
  readonly #report: (line: string) => void
  readonly #placesMax: number
  readonly #all = new Map<string, Tracked>()
  /** Moved since they were written. */
  readonly #moved = new Set<Tracked>()
  /** Who waits for each write that is on its way. What is written becomes durable in order. */
  readonly #writes: (() => void)[][] = []
  #timer: Timer | null = null
  #hasToldRefusal = false
  #isClosed = false

  constructor(
    parts: { appender: Appender; clock: Clock; report: (line: string) => void },
    placesMax: number,
  ) {
    this.#appender = parts.appender
    this.#clock = parts.clock
    this.#report = parts.report
    this.#placesMax = placesMax
  }

  /** The records of the internal topic, oldest first, before anybody asks. */
  load(records: Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array | null }>): void {
    for (const record of records) {
      const read = readTracked(record.key, record.value)
      if (read === null) continue
      const key = keyOf(read.key)
      if (read.offset === null) this.#all.delete(key)
      else {
        const tracked = this.#all.get(key) ?? new Tracked(read.key)
        tracked.offset = read.offset
        tracked.written = read.offset
        this.#all.set(key, tracked)
      }
    }
  }

  /** The place of a consumer, made if there is none; refused when there are too many. */
  get(key: TrackedKey): Result<Tracked> {
    const found = this.#all.get(keyOf(key))
    if (found !== undefined) return ok(found)
    if (this.#all.size >= this.#placesMax)
      return refuse(
        'resourceExhausted',
        `this node keeps the offsets of ${this.#placesMax} consumers of streams, and no more`,
      )
    const tracked = new Tracked(key)
    this.#all.set(keyOf(key), tracked)
    return ok(tracked)
  }

  /** Its consumer goes on at `offset` now, having settled so many more. */
  move(tracked: Tracked, offset: number, settled: number): void {
    if (tracked.isForgotten) return
    tracked.offset = offset
    tracked.settled += settled
    if (offset === tracked.written) return
    this.#moved.add(tracked)
    if (tracked.settled >= writeEverySettled && tracked.onTheWay === 0) this.#write([tracked])
    else this.#writeLater()
  }

  #writeLater(): void {
    if (!this.#isClosed) this.#timer ??= this.#clock.after(writeEveryMs, this.#writeMoved)
  }

  /** Some place has moved that is not durable yet. */
  get isBehind(): boolean {
    return this.#moved.size > 0 || this.#writes.length > 0
  }

  /** Calls `done` when all that has moved so far is durable, or cannot be written. */
  saveAll(done: () => void): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#writeAll([...this.#moved])
    const last = this.#writes.at(-1)
    if (last === undefined) done()
    else last.push(done)
  }

  /** Resolves when the place is durable, or cannot be written. */
  save(tracked: Tracked): Promise<void> {
    if (tracked.isForgotten || (!this.#moved.has(tracked) && tracked.onTheWay === 0))
      return Promise.resolve()
    const done = new Promise<void>((resolve) => tracked.waiting.push(resolve))
    if (tracked.onTheWay === 0) this.#write([tracked])
    return done
  }

  /** The topic is deleted. */
  forget(topic: string): void {
    const gone: Tracked[] = []
    for (const [key, tracked] of this.#all) {
      if (tracked.key.topic !== topic) continue
      this.#all.delete(key)
      this.#moved.delete(tracked)
      tracked.isForgotten = true
      if (tracked.written >= 0 || tracked.onTheWay > 0) gone.push(tracked)
    }
    for (let from = 0; from < gone.length; from += batchRecordsMax) {
      const records = gone
        .slice(from, from + batchRecordsMax)
        .map(({ key }) => trackedRecord(key, null))
      this.#appender.append(records, (error) => {
        if (error !== null) this.#tellRefusal(error)
      })
    }
  }

  /** Of topics that are not known any more: whoever loads calls it. */
  retain(isKnown: (topic: string) => boolean): void {
    const topics = new Set([...this.#all.values()].map(({ key }) => key.topic))
    for (const topic of topics) if (!isKnown(topic)) this.forget(topic)
  }

  /** Everything is durable, or cannot be written. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#timer = null
    await Promise.all([...this.#all.values()].map((tracked) => this.save(tracked)))
  }

  readonly #writeMoved = (): void => {
    this.#timer = null
    this.#writeAll([...this.#moved].filter((tracked) => tracked.onTheWay === 0))
  }

  #writeAll(due: readonly Tracked[]): void {
    for (let from = 0; from < due.length; from += batchRecordsMax)
      this.#write(due.slice(from, from + batchRecordsMax))
  }

  #write(due: readonly Tracked[]): void {
    const records = due.map((tracked) => {
      tracked.onTheWay++
      tracked.settled = 0
      tracked.written = tracked.offset
      this.#moved.delete(tracked)
      return trackedRecord(tracked.key, tracked.offset)
    })
    const waiting: (() => void)[] = []
    this.#writes.push(waiting)
    this.#appender.append(records, (error) => {
      if (error !== null) this.#tellRefusal(error)
      this.#writes.splice(this.#writes.indexOf(waiting), 1)
      for (const tracked of due) this.#settled(tracked, error === null)
      for (const done of waiting) done()
    })
  }

  #settled(tracked: Tracked, isWritten: boolean): void {
    tracked.onTheWay--
    if (!isWritten && !tracked.isForgotten) {
      tracked.written = -1
      this.#moved.add(tracked)
    }
    if (tracked.onTheWay > 0) return
    if (tracked.waiting.length > 0 && isWritten && this.#moved.has(tracked)) {
      this.#write([tracked])
      return
    }
    for (const done of tracked.waiting.splice(0)) done()
    if (this.#moved.size > 0) this.#writeLater()
  }

  #tellRefusal(error: string): void {
    if (this.#hasToldRefusal) return
    this.#hasToldRefusal = true
    this.#report(`offsets of consumers of streams cannot be written: ${error}; tried again`)
  }
}
