// Which writes the thread of the event loop makes itself: small ones that are durable when they
// return, to a device that is quick, while they are few. Handing such a write to another thread and
// back takes half as long as the write. Invariant: the loop waits for less than half of the time,
// and behind a write that took long it waits for none for a while. A stall in the midst of one it
// has to wait out. A file that is written past the page cache has one.

/** Larger ones take long enough to be handed over. */
const bytesMax = 16 << 10
/** So long may writes take on average, in milliseconds, where one counts for twice that at most, */
const quickMs = 0.5
/** and one that takes longer than this bars the next for so long. */
const stallMs = 10
const barredMs = 1000
/** Of the last write in the average. */
const weight = 1 / 16
/** What is left of the time of a write that was handed over, without the way there and back. */
const ownShare = 2 / 3

export class BriefWrites {
  #averageMs = Number.POSITIVE_INFINITY
  #endMs = 0
  #barredUntilMs = 0

  /** At `nowMs` on any clock that only goes forward. */
  mayBlock(bytes: number, nowMs: number): boolean {
    const isQuick = this.#averageMs <= quickMs && nowMs >= this.#barredUntilMs
    return isQuick && bytes <= bytesMax && nowMs - this.#endMs >= this.#averageMs
  }

  /** A write of whatever size has ended, by the loop's thread or another. */
  ended(startMs: number, endMs: number, wasHandedOver: boolean): void {
    const tookMs = endMs - startMs
    // Else writes that are handed over would look too slow for ever to be made here.
    const ownMs = Math.min(wasHandedOver ? tookMs * ownShare : tookMs, 2 * quickMs)
    this.#averageMs =
      this.#averageMs === Number.POSITIVE_INFINITY
        ? ownMs
        : this.#averageMs + (ownMs - this.#averageMs) * weight
    this.#endMs = endMs
    if (tookMs > stallMs) this.#barredUntilMs = endMs + barredMs
  }
}
