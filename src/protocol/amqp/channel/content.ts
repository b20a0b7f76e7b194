// A content that arrives in several frames or reads: its header, then its body, gathered in one
// buffer unless it comes in one piece. The buffer grows with what arrives, so that who announces
// much and sends little takes little. One per channel, used again.
import type { Limits } from '../frames/limits.ts'
import { Pacemaker } from '../frames/pacemaker.ts'
import type { PartialMemory } from '../frames/partial-memory.ts'
import { Standstill } from '../frames/standstill.ts'

const nothing = new Uint8Array(0)
/** What a body gets at first, of more than this; then it grows by this factor. */
const firstBytes = 256 * 1024
const growth = 4

/** Whether what comes is read. */
export interface Reading {
  /** Not now, */
  readonly isExcused: boolean
  /** and so often not. */
  readonly excuses: number
}

export class Content {
  /** What is expected: nothing, a header, or so much more of a body. */
  state: 'none' | 'header' | 'body' = 'none'
  properties: Uint8Array = nothing
  bodyLeft = 0
  private size = 0
  private buffer: Buffer | null = null
  private filled = 0
  private begun = 0
  /** Frames of bodies, and bytes in them. */
  private pieces = 0
  private received = 0
  private readonly standstill = new Standstill()
  private readonly silence = new Standstill()
  private readonly pace = new Pacemaker()
  private readonly memory: PartialMemory

  constructor(memory: PartialMemory) {
    this.memory = memory
  }

  /** Why it has been on its way for too long, or null. */
  problem(now: number, limits: Limits, { isExcused, excuses }: Reading): string | null {
    const isLooked = this.isPartial && !isExcused
    const isSlow = this.isSlow(now, limits, excuses)
    if (isLooked && isSlow && this.ownBytes > firstBytes && this.memory.isShort)
      return `others wait for the memory of a content of ${this.size} bytes that comes too slowly`
    const silent = this.silence.problem(isLooked ? this.begun + this.pieces : -1, 0, now, limits)
    if (silent !== null)
      return `nothing came of a content of ${this.size} bytes for ${limits.partialSilenceMsMax} ms`
    return this.standstill.problem(isLooked ? this.begun : -1, this.size, now, limits)
  }

  /** In a window that lies within this content, and within which all was read. */
  private isSlow(now: number, { partialBytesPerSecondMin }: Limits, excuses: number): boolean {
    return this.pace.isBelow(partialBytesPerSecondMin, this.received, now, this.begun + excuses)
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
    const bytes = Math.min(this.size, Math.max(firstBytes, has * growth, needed))
    if (!this.memory.take(bytes - has) && !this.memory.borrow(owner, bytes - has)) return false
    const buffer = Buffer.allocUnsafeSlow(bytes)
    this.buffer?.copy(buffer, 0, 0, this.filled)
    this.buffer = buffer
    return true
  }

  /** The body, when this piece completes it; else null. There must be room. */
  add(bytes: Buffer, from: number, to: number): Uint8Array | null {
    const { buffer } = this
    this.pieces++
    this.received += to - from
    this.bodyLeft -= to - from
    if (buffer === null) return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from)
    bytes.copy(buffer, this.filled, from, to)
    this.filled += to - from
    return this.bodyLeft === 0 ? buffer : null
  }

  /** Gives the memory back. */
  end(): void {
    if (this.buffer !== null) this.memory.give(this.buffer.length)
    this.buffer = null
    this.state = 'none'
    this.properties = nothing
    this.bodyLeft = 0
  }
}
