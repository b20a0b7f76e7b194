// Whether what comes from somebody comes slowly for the memory that it holds: by what came in a
// window of a few seconds, within which something was held all the time, and all that came was
// read. Asked every so often; nothing else has to look at the clock. A connection has one.
import type { Limits } from './limits.ts'

const windowMs = 4000
/** Who holds little need not be fast: what is held shall come again within this time. */
const turnoverMs = 16_000

/** Whether what comes is read. */
export interface Reading {
  /** Not now, */
  readonly isExcused: boolean
  /** and so often not. */
  readonly excuses: number
}

export class Pacemaker {
  private since = 0
  /** What had come by then, and how often there was nothing to be fast for, or it was not read. */
  private bytes = 0
  private pauses = 0
  private nothings = 0

  /** `received`: bytes so far. `held`: bytes that are held now, for what is not whole. */
  isSlow(now: number, received: number, held: number, read: Reading, limits: Limits): boolean {
    if (held === 0 || read.isExcused) this.nothings++
    const pauses = this.nothings + read.excuses
    const tookMs = now - this.since
    const isWhole = pauses === this.pauses
    if (isWhole && tookMs < windowMs) return false
    const wanted = Math.min(limits.partialBytesPerSecondMin / 1000, held / turnoverMs) * tookMs
    const isSlow = isWhole && received - this.bytes < wanted
    this.bytes = received
    this.since = now
    this.pauses = pauses
    return isSlow
  }
}
