// Virtual time. Events run in the order of (time, sequence), each followed by all promises that it
// let go on, so a run depends on nothing but what was scheduled. Invariant: time never goes back,
// except the wall clock by `jump`. The other parts of the simulator schedule themselves here; tests
// drive it.
import { assert } from '../../base/assert.ts'
import { Heap } from '../../base/heap.ts'
import type { Clock, Timer } from '../clock.ts'
import { eventLoopTurn, promiseTurn } from '../real/clock.ts'

interface Event {
  readonly at: number
  readonly sequence: number
  /** Null when cancelled. */
  action: (() => void) | null
}

const firstDayMs = Date.UTC(2026, 0, 1)
/**
 * More events than any workload has at one time: what makes them goes round for ever, and no time
 * limit of a test ends that.
 */
const eventsAtOnceMax = 300_000
/** So often the process looks after itself: rejections that nobody handles end it. */
const eventsPerTurn = 256

export class SimClock implements Clock {
  readonly #events = new Heap<Event>((a, b) =>
    a.at === b.at ? a.sequence < b.sequence : a.at < b.at,
  )
  #time = 0
  #wall = firstDayMs
  #sequence = 0
  #ran = 0
  /** Events that had run when the time last went on. */
  #ranBefore = 0
  #trace = 0

  now(): number {
    return Math.floor(this.#wall + this.#time)
  }

  monotonic(): number {
    return this.#time
  }

  after(ms: number, action: () => void): Timer {
    const delay = Math.min(Math.max(ms, 0), 2 ** 31 - 1)
    const event: Event = { at: this.#time + delay, sequence: this.#sequence++, action }
    this.#events.push(event)
    return {
      cancel: () => {
        event.action = null
      },
    }
  }

  soon(action: () => void): void {
    this.after(0, action)
  }

  /** Moves the wall clock, forth or back, as an administrator would. */
  jump(ms: number): void {
    this.#wall += ms
  }

  /** Events run so far. */
  get events(): number {
    return this.#ran
  }

  /** A number that two runs share only when they took the same steps in the same order. */
  get traceHash(): number {
    return this.#trace
  }

  /** Adds a step to the trace. */
  trace(step: string): void {
    // FNV-1a: a call into the native checksum would cost more than these few characters do.
    let hash = this.#trace ^ Math.floor(this.#time * 1000)
    for (let i = 0; i < step.length; i++) hash = Math.imul(hash ^ step.charCodeAt(i), 0x01000193)
    this.#trace = hash >>> 0
  }

  /** Runs the next event, and the promises behind it; false when there is none. */
  async #step(): Promise<boolean> {
    for (let event = this.#events.pop(); event; event = this.#events.pop()) {
      if (!event.action) continue
      if (event.at > this.#time) this.#ranBefore = this.#ran
      this.#time = event.at
      this.#ran++
      assert(
        this.#ran - this.#ranBefore <= eventsAtOnceMax,
        'the simulation goes round in a circle',
      )
      event.action()
      await (this.#ran % eventsPerTurn === 0 ? eventLoopTurn() : promiseTurn())
      return true
    }
    return false
  }

  /** Runs until no event is left, or until `events` have run. */
  async run(events: number = Number.POSITIVE_INFINITY): Promise<void> {
    let ran = 0
    await this.runWhile(() => ran++ < events)
  }

  /** Runs events as long as `mayRun`, asked before each. False when none was left to run. */
  async runWhile(mayRun: () => boolean): Promise<boolean> {
    await promiseTurn()
    while (mayRun()) if (!(await this.#step())) return false
    return true
  }

  /** Runs until `ms` of virtual time have passed. */
  async runFor(ms: number): Promise<void> {
    let due = false
    this.after(ms, () => {
      due = true
    })
    await promiseTurn()
    while (!due) await this.#step()
  }

  /**
   * Runs until `promise` is settled, and answers as it does. A promise that nothing can settle is a
   * bug.
   */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    await promiseTurn()
    while (!settled) {
      const ran = await this.#step()
      assert(ran || settled, 'the simulation stands still: no event is left to settle the promise')
    }
    return promise
  }
}
