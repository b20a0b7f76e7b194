// Time as the rest of the house sees it: the wall clock, a clock that never goes back, and timers.
// The real one is real-clock.ts, the simulated one sim/sim-clock.ts.

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since 1970, of the wall clock; may jump. */
  now(): number
  /** Milliseconds that only grow, with fractions; meaningless except as differences. */
  monotonic(): number
  /**
   * Runs `action` once after `ms` (clamped to 0 .. 2^31-1). Of two that the process was too late
   * for, either may come first. Keeps the process alive until then, so
   * that whoever closes must cancel what it has set.
   */
  after(ms: number, action: () => void): Timer
  /** Runs `action` after the events that are already due. */
  soon(action: () => void): void
}
