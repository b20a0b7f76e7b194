// How the contents of one connection go on that are not whole: how much memory they hold, how much
// of it those that stand still, whether the connection itself waits for some. Looked at by the
// door every so often; of two connections in need of the same memory Relief takes it away from the
// one that stands still.
import type { Limits } from '../frames/limits.ts'
import type { Content } from './content.ts'

/** What came is counted over so long, as often as it was read when looked at. */
const windowMs = 4000
/** A content is to bring what it holds within this time. */
export const turnoverMs = 16_000

/** Whether what comes is read, and if not, whether that is since the client does not read. */
export type Reading = 'read' | 'stopped by itself' | 'stopped'

export class ContentWatch {
  /** Bytes that contents hold. */
  held = 0
  /** Of those that bring less than the least pace, and of all that bring less than they hold. */
  standing = 0
  late = 0
  /** Since when it has been without memory that it needs; null: it has what it needs. */
  waitsSince: number | null = null
  private reading: Reading = 'read'
  private lookedAt = 0
  /** Of the present window. */
  private readMs = 0

  /** Nothing can be said of its contents, and it is not memory that it waits for. */
  get isElsewhere(): boolean {
    return this.reading === 'stopped' && this.waitsSince === null
  }

  /** Why they are not waited for any longer, or null. */
  look(now: number, contents: Iterable<Content>, reading: Reading, limits: Limits): string | null {
    this.held = 0
    for (const content of contents) {
      const problem = content.problem(now, limits, reading !== 'read')
      if (problem !== null) return problem
      this.held += content.ownBytes
    }
    if (reading !== 'stopped') this.readMs += now - this.lookedAt
    this.lookedAt = now
    this.reading = reading
    if (this.readMs < windowMs) return null
    this.judge(contents, this.readMs, limits.partialBytesPerSecondMin)
    this.readMs = 0
    return null
  }

  /** All contents are ended. */
  gone(): void {
    this.held = 0
    this.standing = 0
    this.late = 0
    this.waitsSince = null
  }

  /** By what came within the window that ends now. */
  private judge(contents: Iterable<Content>, tookMs: number, leastPace: number): void {
    this.standing = 0
    this.late = 0
    for (const content of contents) {
      const { ownBytes, cameSinceMark } = content
      content.mark()
      if (cameSinceMark >= (ownBytes * tookMs) / turnoverMs) continue
      this.late += ownBytes
      if (cameSinceMark < (leastPace * tookMs) / 1000) this.standing += ownBytes
    }
  }
}
