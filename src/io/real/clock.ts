// The operating system's time and Node's timers. Made by start-broker.ts.
import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from '../clock.ts'

/** The longest delay that a timer of Node takes. */
const delayMsMax = 2 ** 31 - 1
/** A timer that comes so much later than it is due comes behind a pause of the whole process. */
const lateMs = 100

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms: number, action: () => void): Timer {
    const delay = Math.min(Math.max(ms, 0), delayMsMax)
    const dueMs = performance.now() + delay
    let isCancelled = false
    const actOn = (): void => {
      if (!isCancelled) action()
    }
    const timer = setTimeout(() => {
      if (performance.now() - dueMs < lateMs) action()
      // What came in meanwhile is read first, and dealt with at the end of that turn: a client that
      // did its part in time is not taken for silent.
      else setImmediate(() => setImmediate(actOn))
    }, delay)
    const cancel = (): void => {
      isCancelled = true
      clearTimeout(timer)
    }
    return { cancel }
  },
  soon(action: () => void): void {
    setImmediate(action)
  },
}

/**
 * One turn of the event loop: every promise that could go on has gone on. Keeps the process alive.
 */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The same at a tenth of the price, for whoever waits for promises alone: no event is let in. */
export function promiseTurn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
