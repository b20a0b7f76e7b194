// What the operating system and the engine tell of this process: what it uses, for the metrics, and
// what it may use, so that the node's own limits fit inside.
import fs from 'node:fs'
import os from 'node:os'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import v8 from 'node:v8'

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

/** Descriptors that this process has open; null: the system does not say. */
export function openDescriptors(): number | null {
  try {
    // One more is open for looking.
    return fs.readdirSync('/proc/self/fd').length - 1
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
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

export interface ProcessLimits {
  /** Descriptors: files and connections together. */
  readonly openFiles: number
  /** Of the machine, or of the container or control group that the process runs in. */
  readonly memoryBytes: number
  /** Of those, what the engine may use for objects. */
  readonly heapBytes: number
}

/** Where the system does not say: less than what macOS and Windows grant. */
const openFilesOtherwise = 10_000

export function processLimits(): ProcessLimits {
  return { openFiles: openFiles(), memoryBytes: memoryBytes(), heapBytes: heapBytes() }
}

function openFiles(): number {
  try {
    return openFilesOf(fs.readFileSync('/proc/self/limits', 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return openFilesOtherwise
    throw error
  }
}

/** From the text of /proc/self/limits (Linux): the soft limit. */
export function openFilesOf(text: string): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1]
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY
  return soft === undefined ? openFilesOtherwise : Number(soft)
}

const heapBytes = (): number => v8.getHeapStatistics().heap_size_limit

/** Without a limit Node says 0, or a number beyond any memory. */
function memoryBytes(): number {
  const total = os.totalmem()
  const constrained = process.constrainedMemory() ?? 0
  return constrained > 0 ? Math.min(constrained, total) : total
}
