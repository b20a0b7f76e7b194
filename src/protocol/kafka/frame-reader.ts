// Cuts what a connection receives into frames: four bytes of size, then so many bytes of request. A
// frame that arrived whole is handed on as a view of the shared buffer; for one that did not, a
// buffer of its size is taken and the rest is received straight into it. The size is judged before
// any memory is taken. One per connection, which is its owner.
import { assert } from '../../base/assert.ts'
import type { RequestMemory } from './request-memory.ts'

export interface FrameOwner {
  /** Why a frame of this size is refused, or null. */
  frameSizeProblem(size: number): string | null
  /** One frame; the bytes are valid only during the call. */
  frame(bytes: Buffer): void
  /** What came is no frame; nothing more will be delivered. */
  malformed(problem: string): void
  /** `isStarved` has changed: while it is true nothing should be read. */
  starvationChanged(): void
}

const prefixBytes = 4

export class FrameReader {
  private readonly memory: RequestMemory
  private readonly owner: FrameOwner
  private prefixFilled = 0
  private size = 0
  private partial: Buffer | null = null
  private filled = 0
  /** Received bytes that wait because there is no memory for the frame which they begin. */
  private spilled: Buffer | null = null
  private stopped = false
  private readonly retry = () => this.resume()

  constructor(memory: RequestMemory, owner: FrameOwner) {
    this.memory = memory
    this.owner = owner
  }

  get isStarved(): boolean {
    return this.spilled !== null
  }

  /** Whether a frame has begun and is not complete. */
  get isPartial(): boolean {
    return this.prefixFilled > 0 && !this.isStarved
  }

  readInto(): Uint8Array {
    return this.partial === null ? this.memory.shared : this.partial.subarray(this.filled)
  }

  received(bytes: number): void {
    if (this.stopped) return
    if (this.partial !== null) {
      this.filled += bytes
      if (this.filled === this.size) this.completePartial(this.partial)
      return
    }
    const received = this.memory.shared.subarray(0, bytes)
    if (this.spilled === null) this.cut(received)
    else this.spilled = Buffer.concat([this.spilled, received])
  }

  /** Gives all memory back; nothing is delivered any more. */
  stop(): void {
    if (this.stopped) return
    this.stopped = true
    this.spilled = null
    this.memory.forget(this.retry)
    const { partial } = this
    this.partial = null
    if (partial !== null) this.memory.give(partial)
  }

  private cut(bytes: Buffer): void {
    let at = 0
    while (!this.stopped && at < bytes.length) {
      if (this.prefixFilled < prefixBytes) {
        at = this.readPrefix(bytes, at)
        if (this.prefixFilled < prefixBytes) return
        const problem = this.owner.frameSizeProblem(this.size)
        if (problem !== null) {
          this.refuse(problem)
          return
        }
      }
      const end = at + this.size
      if (end > bytes.length) {
        this.beginPartial(bytes.subarray(at))
        return
      }
      this.prefixFilled = 0
      this.owner.frame(bytes.subarray(at, end))
      at = end
    }
    // A frame without a body ends with its prefix, a larger one waits for memory of its own.
    if (!this.stopped && this.prefixFilled === prefixBytes) this.beginPartial(bytes.subarray(at))
  }

  private readPrefix(bytes: Buffer, from: number): number {
    let at = from
    if (this.prefixFilled === 0) this.size = 0
    while (this.prefixFilled < prefixBytes && at < bytes.length) {
      this.size = (this.size << 8) | (bytes[at++] ?? 0)
      this.prefixFilled++
    }
    return at
  }

  private beginPartial(arrived: Buffer): void {
    const partial = this.memory.take(this.size)
    if (partial === null) {
      this.spilled = Buffer.from(arrived)
      this.memory.wait(this.size, this.retry)
      this.owner.starvationChanged()
      return
    }
    partial.set(arrived)
    this.partial = partial
    this.filled = arrived.length
    if (this.filled === this.size) this.completePartial(partial)
  }

  private completePartial(partial: Buffer): void {
    assert(this.partial === partial, 'the completed frame is the one begun')
    this.prefixFilled = 0
    this.owner.frame(partial)
    // Stopping gives the buffer back too.
    if (this.partial !== partial) return
    this.partial = null
    this.memory.give(partial)
  }

  private resume(): void {
    const { spilled } = this
    if (this.stopped || spilled === null) return
    this.spilled = null
    // What is left over is again the inside of one frame, or that and what follows it.
    this.cut(spilled)
    if (!this.isStarved) this.owner.starvationChanged()
  }

  private refuse(problem: string): void {
    this.stop()
    this.owner.malformed(problem)
  }
}
