// A content that arrives in several frames or reads: its header, then its body, gathered in one
// buffer of exactly its size unless it comes in one piece. One per channel, used again.
import type { Limits } from '../frames/limits.ts'
import type { PartialMemory } from '../frames/partial-memory.ts'
import { Standstill } from '../frames/standstill.ts'

const nothing = new Uint8Array(0)

export class Content {
  /** What is expected: nothing, a header, or so much more of a body. */
  state: 'none' | 'header' | 'body' = 'none'
  properties: Uint8Array = nothing
  bodyLeft = 0
  private size = 0
  private buffer: Buffer | null = null
  private filled = 0
  private begun = 0
  private readonly standstill = new Standstill()
  private readonly memory: PartialMemory

  constructor(memory: PartialMemory) {
    this.memory = memory
  }

  /** Why it has been on its way for too long, or null. */
  problem(now: number, limits: Limits): string | null {
    const number = this.isPartial ? this.begun : -1
    return this.standstill.problem(number, this.size, now, limits)
  }

  get isPartial(): boolean {
    return this.state !== 'none'
  }

  /** Bytes of memory that are its own. */
  get ownBytes(): number {
    return this.buffer === null ? 0 : this.size
  }

  /** Its header is to follow. */
  expect(): void {
    this.begun++
    this.size = 0
    this.state = 'header'
  }

  /** `properties` are copied. */
  begin(properties: Uint8Array, size: number): void {
    this.properties = Uint8Array.from(properties)
    this.size = size
    this.bodyLeft = size
    this.filled = 0
    this.state = 'body'
  }

  /** Whether there is memory for a body that comes in pieces. */
  makeRoom(): boolean {
    if (this.buffer !== null) return true
    if (!this.memory.take(this.size)) return false
    this.buffer = Buffer.allocUnsafeSlow(this.size)
    return true
  }

  /** The body, when this piece completes it; else null. */
  add(bytes: Buffer, from: number, to: number): Uint8Array | null {
    const { buffer } = this
    this.bodyLeft -= to - from
    if (buffer === null) return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from)
    bytes.copy(buffer, this.filled, from, to)
    this.filled += to - from
    return this.bodyLeft === 0 ? buffer : null
  }

  /** Gives the memory back. */
  end(): void {
    if (this.buffer !== null) this.memory.give(this.size)
    this.buffer = null
    this.state = 'none'
    this.properties = nothing
    this.bodyLeft = 0
  }
}
