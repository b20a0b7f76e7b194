// The operating system's time and Node's timers. Made by start-broker.ts.
import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from '../clock.ts'

/** The longest delay that a timer of Node takes. */
const delayMsMax = 2 ** 31 - 1

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms: number, action: () => void): Timer {
    const delay = Math.min(Math.max(ms, 0), delayMsMax)
    const timer = setTimeout(action, delay)
    return { cancel: () => clearTimeout(timer) }
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
