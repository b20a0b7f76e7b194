// Whether what comes from somebody comes slowly: by what came in a window of a few seconds. Asked
// every so often; nothing else has to look at the clock. A content has one.
const windowMs = 4000

export class Pacemaker {
  private bytes = 0
  private since = 0
  private number = -1

  /** `received`: bytes so far. A window in which `number` changes does not count. */
  isBelow(bytesPerSecond: number, received: number, now: number, number: number): boolean {
    const tookMs = now - this.since
    const isWhole = number === this.number
    if (isWhole && tookMs < windowMs) return false
    const isSlow = (received - this.bytes) * 1000 < bytesPerSecond * tookMs
    this.bytes = received
    this.since = now
    this.number = number
    return isWhole && isSlow
  }
}
