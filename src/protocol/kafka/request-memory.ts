// Memory for what clients send. Requests that arrive whole are parsed in one buffer that all
// connections share, since reading and parsing are one synchronous run; only a request of which a
// part is still to come owns a buffer, and one that cannot be begun yet is counted here too.
// Invariant: partial ones together stay within the budget; who finds it used up waits in line, and
// goes on when it is the first and there is room for it, so that memory which comes free costs the
// same however many wait. Small requests and large ones have half of it and a line each, so that a
// few clients that begin large ones and do not go on cannot hold up all others. The door has one;
// each connection's frame reader takes from it.

const sharedBytes = 64 * 1024
/** Buffers from this size on are worth keeping for the next request. */
const keptFrom = 64 * 1024
const keptBytesMax = 16 * 1024 * 1024
/** A batch of the default max.message.bytes, and what is around it, is a small request. */
const smallBytesMax = 2 * 1024 * 1024

export class RequestMemory {
  /** Where bytes are received that belong to no partial request; overwritten by the next read. */
  readonly shared: Buffer = Buffer.allocUnsafeSlow(sharedBytes)
  /** Half of the budget. */
  private readonly share: number
  private smallBytes = 0
  private largeBytes = 0
  private keptBytes = 0
  /** Free buffers by the power of two that is their size. */
  private readonly kept = new Map<number, Buffer[]>()
  /** Who waits, in order, and for how much. */
  private readonly lines = {
    small: new Map<() => void, number>(),
    large: new Map<() => void, number>(),
  }
  private isServing = false
  private isServiceDue = false
  private readonly soon: (action: () => void) => void

  /** `soon` runs an action when the present event has been dealt with. */
  constructor(budget: number, soon: (action: () => void) => void) {
    this.share = budget / 2
    this.soon = soon
  }

  /** Bytes of partial requests, and of those that are held, now. */
  get taken(): number {
    return this.smallBytes + this.largeBytes
  }

  /** Whether nothing more should be held. */
  get isUsedUp(): boolean {
    return this.taken >= this.share
  }

  /**
   * A buffer of exactly `size` bytes, or null when its share of the budget is used up or others are
   * waiting for it. One request of each kind always fits.
   */
  take(size: number): Buffer | null {
    if (!this.fits(size) || (!this.isServing && this.lineOf(size).size > 0)) return null
    this.count(size, 1)
    if (size < keptFrom) return Buffer.allocUnsafeSlow(size)
    const room = 2 ** Math.ceil(Math.log2(size))
    const found = this.kept.get(room)?.pop()
    if (found !== undefined) this.keptBytes -= room
    return (found ?? Buffer.allocUnsafeSlow(room)).subarray(0, size)
  }

  /** Takes back what `take` gave. Nothing may look at it afterwards. */
  give(buffer: Buffer): void {
    this.keep(buffer)
    this.release(buffer.length)
  }

  /** Counts a request that is kept elsewhere, since it cannot be begun yet. */
  hold(size: number): void {
    this.count(size, 1)
  }

  /** Ends what `hold` began. */
  release(size: number): void {
    this.count(size, -1)
    this.serveSoon()
  }

  /** `resume` is called once, when `size` bytes can be taken: in the same call, or by others. */
  wait(size: number, resume: () => void): void {
    this.lineOf(size).set(resume, size)
  }

  forget(resume: () => void): void {
    const { small, large } = this.lines
    // Those behind it may have room.
    if (small.delete(resume) || large.delete(resume)) this.serveSoon()
  }

  /** Not at once: many may give back in one turn, and stop waiting. */
  private serveSoon(): void {
    const { small, large } = this.lines
    if (this.isServiceDue || small.size + large.size === 0) return
    this.isServiceDue = true
    this.soon(() => {
      this.isServiceDue = false
      this.isServing = true
      for (const line of [small, large]) this.serve(line)
      this.isServing = false
    })
  }

  private serve(line: Map<() => void, number>): void {
    for (const [resume, size] of line) {
      if (!this.fits(size)) return
      line.delete(resume)
      resume()
    }
  }

  private fits(size: number): boolean {
    const taken = size <= smallBytesMax ? this.smallBytes : this.largeBytes
    return taken === 0 || taken + size <= this.share
  }

  private lineOf(size: number): Map<() => void, number> {
    return size <= smallBytesMax ? this.lines.small : this.lines.large
  }

  private count(size: number, sign: 1 | -1): void {
    if (size <= smallBytesMax) this.smallBytes += sign * size
    else this.largeBytes += sign * size
  }

  private keep(buffer: Buffer): void {
    const room = buffer.buffer.byteLength
    if (buffer.length < keptFrom || this.keptBytes + room > keptBytesMax) return
    this.keptBytes += room
    const same = this.kept.get(room)
    if (same === undefined) this.kept.set(room, [Buffer.from(buffer.buffer)])
    else same.push(Buffer.from(buffer.buffer))
  }
}
