// What one connection is about to send: frames are written straight into slabs, which the door
// lends and gets back when the system has taken them. A connection without output holds none.
// Invariant: `bytes` counts everything written and not yet taken by the system.

const slabBytes = 131_072
const slabsKept = 16
/** Less than this is sent from a buffer of its size, and the slab is used on. */
const smallBytesMax = 4096

/** Slabs of one door, most recently used first, so that they are in the processor's cache. */
export class Slabs {
  private readonly free: Buffer[] = []

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(slabBytes)
  }

  give(slab: Buffer): void {
    if (slab.length === slabBytes && this.free.length < slabsKept) this.free.push(slab)
  }
}

export interface Outgoing {
  readonly chunks: readonly Uint8Array[]
  /** To be given back when the chunks are sent. */
  readonly slabs: readonly Buffer[]
  readonly length: number
}

const none: Buffer = Buffer.alloc(0)

export class OutBuffer {
  /** Where to write: `room` says from which index. */
  slab: Buffer = none
  /** Written and not taken. */
  bytes = 0
  private readonly slabs: Slabs
  private at = 0
  private chunks: Uint8Array[] = []
  private full: Buffer[] = []
  private unflushed = 0

  constructor(slabs: Slabs) {
    this.slabs = slabs
  }

  get isEmpty(): boolean {
    return this.unflushed === 0
  }

  /** Index in `slab` with room for `length` bytes, all of which will be written. */
  room(length: number): number {
    if (this.slab.length - this.at < length) this.nextSlab(length)
    const { at } = this
    this.at += length
    this.bytes += length
    this.unflushed += length
    return at
  }

  append(bytes: Uint8Array): void {
    const at = this.room(bytes.length)
    this.slab.set(bytes, at)
  }

  /** What was written since the last call, in order. Its length is to be handed to `taken`. */
  take(): Outgoing {
    const length = this.unflushed
    this.unflushed = 0
    if (this.full.length === 0 && length <= smallBytesMax) {
      const copy = Buffer.from(this.slab.subarray(0, length))
      this.giveSlab()
      return { chunks: [copy], slabs: [], length }
    }
    this.endSlab()
    const { chunks, full } = this
    this.chunks = []
    this.full = []
    return { chunks, slabs: full, length }
  }

  taken({ slabs, length }: Outgoing): void {
    this.bytes -= length
    for (const slab of slabs) this.slabs.give(slab)
  }

  /** Nothing will be sent any more. */
  drop(): void {
    for (const slab of this.full) this.slabs.give(slab)
    this.full = []
    this.chunks = []
    this.bytes -= this.unflushed
    this.unflushed = 0
    this.giveSlab()
  }

  private giveSlab(): void {
    if (this.slab !== none) this.slabs.give(this.slab)
    this.slab = none
    this.at = 0
  }

  private endSlab(): void {
    if (this.at === 0) return
    this.chunks.push(this.slab.subarray(0, this.at))
    this.full.push(this.slab)
    this.slab = none
    this.at = 0
  }

  private nextSlab(length: number): void {
    if (this.at === 0) this.giveSlab()
    else this.endSlab()
    this.slab = length > slabBytes ? Buffer.allocUnsafeSlow(length) : this.slabs.take()
  }
}
