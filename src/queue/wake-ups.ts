// When the clock has something for a queue: a message expires, one is due again, the queue itself
// expires. One timer for the node. A queue asks for the earliest it knows, and looks itself what is
// due when it is woken; what is not wanted any more wakes it for nothing.
import { Heap } from '../base/heap.ts'
import type { Clock, Timer } from '../io/clock.ts'

export interface Sleeper {
  /** When it is woken, ms since 1970; Infinity: never. Written by `WakeUps` alone. */
  wakeAtMs: number
  wake(): void
}

interface Alarm {
  readonly atMs: number
  readonly sleeper: Sleeper
}

/** The clock on the wall decides, and somebody may set it: it is looked at so often. */
const delayMax = 10_000

export class WakeUps {
  readonly #clock: Clock
  readonly #alarms = new Heap<Alarm>((a, b) => a.atMs < b.atMs)
  #timer: Timer | null = null
  #timerAtMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Wakes `sleeper` at `atMs` at the latest. */
  ask(sleeper: Sleeper, atMs: number): void {
    if (atMs >= sleeper.wakeAtMs) return
    sleeper.wakeAtMs = atMs
    this.#alarms.push({ atMs, sleeper })
    this.#set()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#timerAtMs = Number.NEGATIVE_INFINITY
  }

  #set(): void {
    const next = this.#alarms.peek()
    if (next === undefined || next.atMs >= this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = next.atMs
    const delay = Math.min(delayMax, Math.max(0, Math.ceil(next.atMs - this.#clock.now())))
    this.#timer = this.#clock.after(delay, this.#ring)
  }

  readonly #ring = (): void => {
    this.#timer = null
    this.#timerAtMs = Number.POSITIVE_INFINITY
    const nowMs = this.#clock.now()
    const due: Sleeper[] = []
    for (let next = this.#alarms.peek(); next !== undefined && next.atMs <= nowMs; ) {
      this.#alarms.pop()
      // An earlier one may have been asked for since.
      if (next.sleeper.wakeAtMs === next.atMs) {
        next.sleeper.wakeAtMs = Number.POSITIVE_INFINITY
        due.push(next.sleeper)
      }
      next = this.#alarms.peek()
    }
    this.#set()
    for (const sleeper of due) sleeper.wake()
  }
}
