// When the clock has something for a queue: a message expires, one is due again, the queue itself
// expires. One timer for the node. A queue asks for the earliest it knows, and looks itself what is
// due when it is woken; what is not wanted any more wakes it for nothing. Invariant: each has at
// most one alarm that counts, and those that do not are no more than half, so that nothing of a
// queue that is gone stays until it would have been woken.
import { Heap } from '../../base/heap.ts'
import type { Clock, Timer } from '../../io/clock.ts'

export interface Sleeper {
  /** The one that wakes it; null: none does. Written by `WakeUps` alone. */
  alarm: Alarm | null
  wake(): void
}

export interface Alarm {
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** Null: it does not count any more. */
  sleeper: Sleeper | null
}

const isSooner = (a: Alarm, b: Alarm): boolean => a.atMs < b.atMs
/** So many alarms may be there that do not count, before anybody compares. */
const deadMin = 1000

/** The clock on the wall decides, and somebody may set it: it is looked at so often. */
const delayMax = 10_000

export class WakeUps {
  readonly #clock: Clock
  #alarms = new Heap<Alarm>(isSooner)
  #dead = 0
  #timer: Timer | null = null
  #timerAtMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Wakes `sleeper` at `atMs` at the latest. */
  ask(sleeper: Sleeper, atMs: number): void {
    if (sleeper.alarm !== null && atMs >= sleeper.alarm.atMs) return
    this.forget(sleeper)
    sleeper.alarm = { atMs, sleeper }
    this.#alarms.push(sleeper.alarm)
    this.#set()
  }

  /** It is not woken any more. */
  forget(sleeper: Sleeper): void {
    if (sleeper.alarm === null) return
    sleeper.alarm.sleeper = null
    sleeper.alarm = null
    if (++this.#dead < Math.max(deadMin, this.#alarms.size / 2)) return
    const alarms = this.#alarms.all.filter((alarm) => alarm.sleeper !== null)
    this.#alarms = new Heap(isSooner)
    for (const alarm of alarms) this.#alarms.push(alarm)
    this.#dead = 0
  }

  /** For tests. */
  get size(): number {
    return this.#alarms.size
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
      if (next.sleeper === null) this.#dead--
      else {
        next.sleeper.alarm = null
        due.push(next.sleeper)
      }
      next = this.#alarms.peek()
    }
    this.#set()
    for (const sleeper of due) sleeper.wake()
  }
}
