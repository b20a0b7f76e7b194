// What the coordinator's tests run it in: a clock that moves when told, chance from a seed, and an
// appender that keeps records in memory and makes them durable at once, when told, or not at all.
import type { Chance } from '../../src/io/chance.ts'
import type { Clock, Timer } from '../../src/io/clock.ts'
import type { Appender, NewRecord } from '../../src/log/appender.ts'
import type { ErrorName } from '../../src/model/errors.ts'

export class ManualClock implements Clock {
  private ms = 0
  private next = 0
  private readonly timers = new Map<number, { atMs: number; action: () => void }>()
  private readonly due: (() => void)[] = []

  now(): number {
    return 1_700_000_000_000 + this.ms
  }

  monotonic(): number {
    return this.ms
  }

  after(ms: number, action: () => void): Timer {
    const id = this.next++
    this.timers.set(id, { atMs: this.ms + Math.max(ms, 0), action })
    return { cancel: () => void this.timers.delete(id) }
  }

  soon(action: () => void): void {
    this.due.push(action)
  }

  get timersSet(): number {
    return this.timers.size
  }

  /** Runs what is due now, without moving. */
  settle(): void {
    for (let action = this.due.shift(); action; action = this.due.shift()) action()
  }

  advance(ms: number): void {
    const end = this.ms + ms
    for (;;) {
      this.settle()
      const [first] = [...this.timers].sort(([, a], [, b]) => a.atMs - b.atMs)
      if (first === undefined || first[1].atMs > end) break
      this.timers.delete(first[0])
      this.ms = Math.max(this.ms, first[1].atMs)
      first[1].action()
    }
    this.ms = end
  }
}

/** A small generator with a full period of 2^32; the same seed gives the same numbers. */
export class SeededChance implements Chance {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  private word(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  int(below: number): number {
    return this.word() % below
  }

  uuid(): string {
    return [1, 2, 3, 4].map(() => this.word().toString(16).padStart(8, '0')).join('')
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.int(256))
  }
}

interface Append {
  readonly records: readonly NewRecord[]
  readonly done: (error: ErrorName | null) => void
}

export class MemoryAppender implements Appender {
  /** Durable, oldest first. */
  readonly records: NewRecord[] = []
  /** While set, appends wait for `release`. */
  isHeld = false
  /** While set, appends are refused with it. */
  refusal: ErrorName | null = null
  private readonly waiting: Append[] = []

  append(records: readonly NewRecord[], done: (error: ErrorName | null) => void): void {
    this.waiting.push({ records, done })
    if (!this.isHeld) this.release()
  }

  /** Makes what waits durable, or refuses it; at most `count` appends. */
  release(count = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < count; n++) {
      const append = this.waiting.shift()
      if (append === undefined) return
      if (this.refusal === null) this.records.push(...append.records)
      append.done(this.refusal)
    }
  }

  /** Forgets what is not durable, without an answer, as a crash does. */
  crash(): void {
    this.waiting.length = 0
  }
}

export const text = (s: string): Uint8Array => Buffer.from(s)
export const untext = (b: Uint8Array): string => Buffer.from(b).toString()
