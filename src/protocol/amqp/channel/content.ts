// A content that arrives in several frames or reads: its header, then its body, gathered in one
// buffer unless it comes in one piece. The buffer grows with what arrives, so that who announces
// much and sends little takes little. One per channel, used again.
import type { Limits } from '../frames/limits.ts'
import type { PartialMemory } from '../frames/partial-memory.ts'
import { Standstill } from '../frames/standstill.ts'

const nothing = new Uint8Array(0)
/** What a body gets is so many times what it needs, at first within these bounds. */
const growth = 2
const leastBytes = 4096
const firstBytes = 256 * 1024
/** Larger ones do not get all the memory that there is. */
const largeFrom = 1024 * 1024

export class Content {
  /** What is expected: nothing, a header, or so much more of a body. */
  state: 'none' | 'header' | 'body' = 'none'
  properties: Uint8Array = nothing
  bodyLeft = 0
  /** Memory for its properties and its body, and how much of it is borrowed. */
  ownBytes = 0
  private borrowed = 0
  private size = 0
  private buffer: Buffer | null = null
  private filled = 0
  private begun = 0
  /** Parts of bodies. */
  private pieces = 0
  /** Which one it was when it was marked, and how much of it had come. */
  private markedBegun = -1
  private markedFilled = 0
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

  /** From here on `cameSinceMark` counts. */
  mark(): void {
    this.markedBegun = this.begun
    this.markedFilled = this.filled
  }

  /** Bytes of the body that is arriving; any number, if it has begun since. */
  get cameSinceMark(): number {
    return this.markedBegun === this.begun
      ? this.filled - this.markedFilled
      : Number.POSITIVE_INFINITY
  }

  /** Its header is to follow. */
  expect(): void {
    this.begun++
    this.size = 0
    this.filled = 0
    this.state = 'header'
  }

  /** Whether there is memory for its header. `owner`: the connection. */
  makeRoomForHeader(headerBytes: number, size: number, owner: object): boolean {
    return this.reserve(headerBytes, size > largeFrom, owner)
  }

  /** `properties` are copied. */
  begin(properties: Uint8Array, size: number): void {
    this.properties = Uint8Array.from(properties)
    this.size = size
    this.bodyLeft = size
    this.state = 'body'
  }

  /** Of a piece of so many bytes: it completes the body, and nothing came before. */
  isAll(pieceBytes: number): boolean {
    return this.buffer === null && pieceBytes === this.bodyLeft
  }

  /** Whether there is memory for a piece of so many bytes. */
  makeRoom(pieceBytes: number, owner: object): boolean {
    const has = this.buffer?.length ?? 0
    const needed = this.filled + pieceBytes
    if (needed <= has) return true
    const first = Math.max(leastBytes, Math.min(firstBytes, needed * growth))
    const bytes = Math.min(this.size, Math.max(first, has * growth, needed))
    if (!this.reserve(bytes - has, this.size > largeFrom, owner)) return false
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
    if (this.ownBytes > this.borrowed) this.memory.give(this.ownBytes - this.borrowed)
    if (this.borrowed > 0) this.memory.payBack(this.borrowed)
    this.ownBytes = 0
    this.borrowed = 0
    this.buffer = null
    this.state = 'none'
    this.properties = nothing
    this.bodyLeft = 0
  }

  private reserve(bytes: number, isLarge: boolean, owner: object): boolean {
    if (!this.memory.take(bytes, isLarge)) {
      if (!this.memory.borrow(owner, bytes)) return false
      this.borrowed += bytes
    }
    this.ownBytes += bytes
    return true
  }
}
