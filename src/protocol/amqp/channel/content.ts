// A content that arrives in several frames or reads: its header, then its body, gathered in one
// buffer unless it comes in one piece. The buffer grows with what arrives, so that who announces
// much and sends little takes little. One per channel, used again.
import type { Limits } from '../frames/limits.ts'
import type { PartialMemory } from '../frames/partial-memory.ts'
import { Standstill } from '../frames/standstill.ts'

const nothing = new Uint8Array(0)
/** What a body gets is so many times what it needs, at first within these bounds. */
const growth = 4
const leastBytes = 4096
const firstBytes = 256 * 1024
/** Larger ones do not get all the memory that there is. */
const largeFrom = 1024 * 1024

export class Content {
  /** What is expected: nothing, a header, or so much more of a body. */
  state: 'none' | 'header' | 'body' = 'none'
  properties: Uint8Array = nothing
  bodyLeft = 0
  private size = 0
  private buffer: Buffer | null = null
  private filled = 0
  /** Of the buffer's bytes. */
  private borrowed = 0
  private begun = 0
  /** Parts of bodies. */
  private pieces = 0
  private readonly silence = new Standstill()
  private readonly memory: PartialMemory

  constructor(memory: PartialMemory) {
    this.memory = memory
  }

  /** Why it is not waited for any longer, or null. */
  problem(now: number, limits: Limits, isExcused: boolean): string | null {
    const number = this.isPartial && !isExcused ? this.begun + this.pieces : -1
    if (this.silence.problem(number, 0, now, limits) === null) return null
    return `nothing came of a content of ${this.size} bytes for ${limits.partialSilenceMsMax} ms`
  }

  get isPartial(): boolean {
    return this.state !== 'none'
  }

  /** Bytes of memory that are its own. */
  get ownBytes(): number {
    return this.buffer?.length ?? 0
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

  /** Whether there is memory for a piece of so many bytes. `owner`: the connection. */
  makeRoom(pieceBytes: number, owner: object): boolean {
    const has = this.ownBytes
    const needed = this.filled + pieceBytes
    if (needed <= has) return true
    const first = Math.max(leastBytes, Math.min(firstBytes, needed * growth))
    const bytes = Math.min(this.size, Math.max(first, has * growth, needed))
    const more = bytes - has
    const isLarge = this.size > largeFrom
    if (!this.memory.take(more, isLarge)) {
      if (!this.memory.borrow(owner, more)) return false
      this.borrowed += more
    }
    const buffer = Buffer.allocUnsafeSlow(bytes)
    this.buffer?.copy(buffer, 0, 0, this.filled)
    this.buffer = buffer
    return true
  }

  /** The body, when this piece completes it; else null. There must be room. */
  add(bytes: Buffer, from: number, to: number): Uint8Array | null {
    const { buffer } = this
    this.pieces++
    this.bodyLeft -= to - from
    if (buffer === null) return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from)
    bytes.copy(buffer, this.filled, from, to)
    this.filled += to - from
    return this.bodyLeft === 0 ? buffer : null
  }

  /** Gives the memory back. */
  end(): void {
    if (this.buffer !== null) this.memory.give(this.buffer.length - this.borrowed)
    if (this.borrowed > 0) this.memory.payBack(this.borrowed)
    this.borrowed = 0
    this.buffer = null
    this.state = 'none'
    this.properties = nothing
    this.bodyLeft = 0
  }
}
