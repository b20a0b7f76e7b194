// Memory for what clients send. Requests that arrive whole are parsed in one buffer that all
// connections share, since reading and parsing are one synchronous run; only a request of which a
// part is still to come owns a buffer. Invariant: those together stay within the budget; who finds
// it used up waits. The door has one; each connection's frame reader takes from it.

const sharedBytes = 64 * 1024
/** Buffers from this size on are worth keeping for the next request. */
const keptFrom = 64 * 1024
const keptBytesMax = 16 * 1024 * 1024

export class RequestMemory {
  /** Where bytes are received that belong to no partial request; overwritten by the next read. */
  readonly shared: Buffer = Buffer.allocUnsafeSlow(sharedBytes)
  private readonly budget: number
  private takenBytes = 0
  private keptBytes = 0
  /** Free buffers by the power of two that is their size. */
  private readonly kept = new Map<number, Buffer[]>()
  private readonly waiting = new Set<() => void>()

  constructor(budget: number) {
    this.budget = budget
  }

  /** Bytes that partial requests own now. */
  get taken(): number {
    return this.takenBytes
  }

  /**
   * A buffer of exactly `size` bytes, or null when the budget is used up. One request always fits.
   */
  take(size: number): Buffer | null {
    if (this.takenBytes > 0 && this.takenBytes + size > this.budget) return null
    this.takenBytes += size
    if (size < keptFrom) return Buffer.allocUnsafeSlow(size)
    const room = 2 ** Math.ceil(Math.log2(size))
    const found = this.kept.get(room)?.pop()
    if (found !== undefined) this.keptBytes -= room
    return (found ?? Buffer.allocUnsafeSlow(room)).subarray(0, size)
  }

  /** Takes back what `take` gave. Nothing may look at it afterwards. */
  give(buffer: Buffer): void {
    this.takenBytes -= buffer.length
    this.keep(buffer)
    // Each is asked once; those that still find no room wait again.
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const resume of waiting) resume()
  }

  /** `resume` is called once, when memory may have come free. */
  wait(resume: () => void): void {
    this.waiting.add(resume)
  }

  forget(resume: () => void): void {
    this.waiting.delete(resume)
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
