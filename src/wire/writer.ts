// Writes messages into a list of chunks, for one gathering write to a socket. Small values go into
// a slab; long byte fields are not copied but listed by reference, so they must stay as they are
// until the chunks are sent. Slabs are never handed back: chunks are slices of one until it is
// full, and the collector takes it when the last of them is sent. Invariant: between two calls of
// `finish` there is one message, all written in one synchronous run; so one writer serves any
// number of connections. A message that grows beyond the writer's bound ends in a WireError.
import { assert } from '../base/assert.ts'
import { WireError } from './wire-error.ts'

const slabBytes = 64 * 1024
/** Bytes shorter than this are copied: a chunk of its own costs more than the copy. */
const referenceFrom = 4096
/** Strings up to this length are copied by a loop, which then beats a call out of JavaScript. */
const loopCharsMax = 32
const two32 = 2 ** 32

/** An encoded message: its bytes in order, and how many they are. */
export interface Encoded {
  readonly chunks: readonly Uint8Array[]
  readonly length: number
}

/** The message as one buffer; copies only when it is in several chunks. */
export function joined(encoded: Encoded): Buffer {
  const [first, second] = encoded.chunks
  if (first instanceof Buffer && second === undefined) return first
  return Buffer.concat(encoded.chunks, encoded.length)
}

export class Writer {
  private buffer!: Buffer
  private view!: DataView
  /** First byte of the slab that belongs to no chunk yet. */
  private start = 0
  private at = 0
  private chunks: Uint8Array[] = []
  private chunkBytes = 0
  private framed = false
  private openTags = 0
  private readonly bytesMax: number

  /** @param bytesMax of one message, to the nearest slab */
  constructor(bytesMax = Number.POSITIVE_INFINITY) {
    this.bytesMax = bytesMax
    this.slab(slabBytes)
  }

  /** Leaves four bytes in front, into which `finish` puts the length of what follows. */
  frame(): void {
    assert(this.length === 0, 'a frame begins a message')
    this.framed = true
    this.int32(0)
  }

  /** Bytes written since the last `finish`. */
  get length(): number {
    return this.chunkBytes + this.at - this.start
  }

  finish(): Encoded {
    assert(this.openTags === 0, 'every tagged field is closed')
    this.cut()
    const encoded = { chunks: this.chunks, length: this.chunkBytes }
    if (this.framed) (encoded.chunks[0] as Buffer).writeInt32BE(encoded.length - 4, 0)
    this.discard()
    return encoded
  }

  /** Forgets the message begun, for a caller whose encoding failed half-way. */
  discard(): void {
    this.start = this.at
    this.chunks = []
    this.chunkBytes = 0
    this.framed = false
    this.openTags = 0
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  int8(value: number): void {
    const at = this.claim(1)
    this.view.setInt8(at, value)
  }

  int16(value: number): void {
    const at = this.claim(2)
    this.view.setInt16(at, value)
  }

  uint16(value: number): void {
    this.int16(value)
  }

  int32(value: number): void {
    const at = this.claim(4)
    this.view.setInt32(at, value | 0)
  }

  uint32(value: number): void {
    this.int32(value)
  }

  // Cut to 32 bits before setInt32: given a larger number, it takes three times as long on Node 24.
  int64(value: number): void {
    assert(Number.isSafeInteger(value), 'a 64-bit field holds a safe integer')
    const at = this.claim(8)
    this.view.setInt32(at, Math.floor(value / two32) | 0)
    this.view.setInt32(at + 4, value | 0)
  }

  int64Near(value: number): void {
    this.int64(value)
  }

  int64Big(value: bigint): void {
    const at = this.claim(8)
    this.view.setBigInt64(at, value)
  }

  float64(value: number): void {
    const at = this.claim(8)
    this.view.setFloat64(at, value)
  }

  /** 32 hexadecimal digits as sixteen bytes. */
  uuid(value: string): void {
    const at = this.claim(16)
    assert(
      value.length === 32 && this.buffer.write(value, at, 'hex') === 16,
      'a uuid has 32 hexadecimal digits',
    )
  }

  uvarint(value: number): void {
    if (value < 0x80) {
      this.int8(value)
      return
    }
    const at = this.claim(uvarintWidth(value))
    this.uvarintAt(at, value)
  }

  /** Zigzag, 32 bits. */
  varint(value: number): void {
    this.uvarint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  /** Zigzag, 64 bits. */
  varlong(value: number): void {
    assert(Number.isSafeInteger(value), 'a varlong holds a safe integer')
    const magnitude = value < 0 ? -(value + 1) : value
    let low = (magnitude % 64) * 2 + (value < 0 ? 1 : 0)
    let rest = Math.floor(magnitude / 64)
    while (rest > 0) {
      this.int8(low | 0x80)
      low = rest % 128
      rest = Math.floor(rest / 128)
    }
    this.int8(low)
  }

  /** A length in two bytes, and the text. */
  string16(value: string): void {
    if (this.asciiFits(value)) {
      this.int16(value.length)
      this.ascii(value)
      return
    }
    const bytes = Buffer.byteLength(value)
    assert(bytes <= 0x7fff, 'a string has at most 32767 bytes')
    this.int16(bytes)
    this.utf8(value, bytes)
  }

  /** A length plus one as varint, and the text. */
  stringCompact(value: string): void {
    if (this.asciiFits(value)) {
      this.uvarint(value.length + 1)
      this.ascii(value)
      return
    }
    const bytes = Buffer.byteLength(value)
    assert(bytes <= 0x7fff, 'a string has at most 32767 bytes')
    this.uvarint(bytes + 1)
    this.utf8(value, bytes)
  }

  /** A length in four bytes, and the bytes or, one after the other, the pieces. */
  bytes32(value: Uint8Array | readonly Uint8Array[]): void {
    this.int32(totalLength(value))
    this.rawPieces(value)
  }

  bytesCompact(value: Uint8Array | readonly Uint8Array[]): void {
    this.uvarint(totalLength(value) + 1)
    this.rawPieces(value)
  }

  /** Bytes as they are: copied when few, otherwise listed by reference. */
  raw(value: Uint8Array): void {
    if (value.length < referenceFrom || this.openTags > 0) {
      const at = this.claim(value.length)
      this.buffer.set(value, at)
      return
    }
    this.checkBound(value.length)
    this.cut()
    this.chunks.push(value)
    this.chunkBytes += value.length
  }

  /**
   * Begins a tagged field. The result goes to `closeTag`, which fills in the size left open here.
   */
  openTag(tag: number): number {
    this.uvarint(tag)
    this.openTags++
    return this.claim(1) - this.start
  }

  closeTag(mark: number): void {
    const size = this.at - this.start - mark - 1
    const extra = uvarintWidth(size) - 1
    if (extra > 0) {
      this.claim(extra)
      const body = this.start + mark + 1
      this.buffer.copyWithin(body + extra, body, body + size)
    }
    this.uvarintAt(this.start + mark, size)
    this.openTags--
  }

  private rawPieces(value: Uint8Array | readonly Uint8Array[]): void {
    if (value instanceof Uint8Array) this.raw(value)
    else for (const piece of value) this.raw(piece)
  }

  private asciiFits(value: string): boolean {
    if (value.length > loopCharsMax) return false
    for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0x7f) return false
    return true
  }

  private ascii(value: string): void {
    const at = this.claim(value.length)
    for (let i = 0; i < value.length; i++) this.buffer[at + i] = value.charCodeAt(i)
  }

  private utf8(value: string, bytes: number): void {
    const at = this.claim(bytes)
    this.buffer.write(value, at, bytes, 'utf8')
  }

  private uvarintAt(at: number, value: number): void {
    let to = at
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.buffer[to++] = (rest % 128) | 0x80
    this.buffer[to] = rest
  }

  /** Makes room for `n` bytes and returns where they go. May replace `buffer` and `view`. */
  private claim(n: number): number {
    if (n > this.buffer.length - this.at) this.grow(n)
    const at = this.at
    this.at = at + n
    return at
  }

  /**
   * Moves what belongs to no chunk yet into a new slab; marks are relative to `start` and stay
   * true.
   */
  private grow(n: number): void {
    this.checkBound(n)
    const { buffer, start, at } = this
    this.slab(Math.max(slabBytes, 2 * (at - start + n)))
    buffer.copy(this.buffer, 0, start, at)
    this.start = 0
    this.at = at - start
  }

  private checkBound(more: number): void {
    if (this.length + more > this.bytesMax)
      throw new WireError(`a message of more than ${this.bytesMax} bytes`)
  }

  private slab(bytes: number): void {
    this.buffer = Buffer.allocUnsafeSlow(bytes)
    this.view = new DataView(this.buffer.buffer)
    this.start = 0
    this.at = 0
  }

  /** Lists what was written since the last chunk as a chunk. */
  private cut(): void {
    if (this.at === this.start) return
    this.chunks.push(this.buffer.subarray(this.start, this.at))
    this.chunkBytes += this.at - this.start
    this.start = this.at
  }
}

function totalLength(value: Uint8Array | readonly Uint8Array[]): number {
  if (value instanceof Uint8Array) return value.length
  let length = 0
  for (const piece of value) length += piece.length
  return length
}

function uvarintWidth(value: number): number {
  let width = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) width++
  return width
}
