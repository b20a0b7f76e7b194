// What the operating system and the engine tell of this process, for the metrics.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

export interface LoopDelay {
  /** Seconds beyond what was asked for that a timer had to wait, since the last look. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface ProcessStats {
  readonly residentBytes: number
  readonly heapBytes: number
  /** Buffers and other memory outside the heap. */
  readonly externalBytes: number
  /** User and system together, since the start. */
  readonly cpuSeconds: number
  /** Seconds since 1970. */
  readonly startSeconds: number
}

/** Looks at this process now. */
export function processStats(): ProcessStats {
  const { user, system } = process.cpuUsage()
  const memory = process.memoryUsage()
  return {
    residentBytes: memory.rss,
    heapBytes: memory.heapUsed,
    externalBytes: memory.external,
    cpuSeconds: (user + system) / 1e6,
    startSeconds: performance.timeOrigin / 1000,
  }
}

const resolutionMs = 50

/** Watches how late timers are, twenty times a second, which does not keep a process alive. */
export class LoopWatch {
  readonly #histogram: IntervalHistogram

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: resolutionMs })
    this.#histogram.enable()
  }

  /** What was seen since the last call. */
  take(): LoopDelay {
    const late = (nanoseconds: number): number =>
      this.#histogram.count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000)
    const p50 = late(this.#histogram.percentile(50))
    const p99 = late(this.#histogram.percentile(99))
    const max = late(this.#histogram.max)
    this.#histogram.reset()
    return { p50, p99, max }
  }

  stop(): void {
    this.#histogram.disable()
  }
}
