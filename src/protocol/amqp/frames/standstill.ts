// Notices when one and the same thing is not finished for too long. Things are told apart by a
// number that grows, so that nothing has to look at the clock when one begins. Asked every so
// often.
import type { Limits } from './limits.ts'

export class Standstill {
  private number = -1
  private since = 0

  /** Why it has gone on for too long, or null. `number`: of what is not finished, -1: nothing. */
  problem(number: number, bytes: number, now: number, limits: Limits): string | null {
    if (number !== this.number) {
      this.number = number
      this.since = now
    }
    if (number < 0) return null
    const { partialSilenceMsMax, partialBytesPerSecondMin } = limits
    const patienceMs = partialSilenceMsMax + (bytes / partialBytesPerSecondMin) * 1000
    if (now - this.since <= patienceMs) return null
    return `a content or frame of ${bytes} bytes was not whole after ${Math.round(patienceMs)} ms`
  }
}
