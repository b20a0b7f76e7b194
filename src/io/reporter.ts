// Tells the log what clients did wrong: one line per connection, and few per second, so that nobody
// fills a disk by sending nonsense. What came from outside is escaped and cut before it gets there.
import type { Clock } from './clock.ts'

const lineCharsMax = 256
const burst = 20
const perSecond = 5

/** Printable ASCII stays; everything else becomes an escape. At most 256 characters. */
export function escaped(text: string): string {
  const shown = text
    .slice(0, lineCharsMax)
    .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return shown.length > lineCharsMax ? `${shown.slice(0, lineCharsMax - 3)}...` : shown
}

export class Reporter {
  private readonly clock: Clock
  private readonly report: (line: string) => void
  private credit = burst
  private creditedAt: number
  private suppressed = 0

  constructor(clock: Clock, report: (line: string) => void) {
    this.clock = clock
    this.report = report
    this.creditedAt = clock.monotonic()
  }

  /** One line about one connection, or nothing when there were too many. */
  line(text: string): void {
    const now = this.clock.monotonic()
    this.credit = Math.min(burst, this.credit + ((now - this.creditedAt) / 1000) * perSecond)
    this.creditedAt = now
    if (this.credit < 1) {
      this.suppressed++
      return
    }
    this.credit--
    const before = this.suppressed > 0 ? `(${this.suppressed} like this not shown) ` : ''
    this.suppressed = 0
    this.report(before + escaped(text))
  }
}
