// Reads one message out of a range of bytes. Invariant: nothing is read past `end`, and nothing is
// allocated that the bytes at hand do not pay for; whatever is wrong throws a WireError and only
// that. Bytes come out as views into the input: who keeps them longer than the input lives, copies.
// Called by compiled codecs, by the interpreter, and by hand for formats without a schema.
import { WireError } from './wire-error.ts'

const two32 = 2 ** 32
const stringBytesMax = 0x7fff
/** Elements of no width cost no input, so the input does not bound them. */
const zeroWidthMax = 100_000
/**
 * All array elements of one message together: an element costs far more memory and time than its
 * bytes. Enough for all partitions that a node holds at its defaults.
 */
const elementsMax = 250_000

const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export class Reader {
  /** Next byte to be read, counted from the start of the whole buffer. */
  at: number
  /** First byte that is not part of the message. */
  readonly end: number
  private readonly buffer: Buffer
  private readonly view: DataView
  private elementsLeft = elementsMax

  /** Reads `bytes[start, end)`. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.buffer = asBuffer(bytes)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = start
    this.end = Math.min(end, bytes.length)
  }

  get remaining(): number {
    return this.end - this.at
  }

  boolean(path: string): boolean {
    return this.view.getInt8(this.take(1, path)) !== 0
  }

  int8(path: string): number {
    return this.view.getInt8(this.take(1, path))
  }

  uint8(path: string): number {
    return this.view.getUint8(this.take(1, path))
  }

  int16(path: string): number {
    return this.view.getInt16(this.take(2, path))
  }

  uint16(path: string): number {
    return this.view.getUint16(this.take(2, path))
  }

  int32(path: string): number {
    return this.view.getInt32(this.take(4, path))
  }

  uint32(path: string): number {
    return this.view.getUint32(this.take(4, path))
  }

  /** A 64-bit integer as a number; one that a number cannot hold exactly is refused. */
  int64(path: string): number {
    const at = this.take(8, path)
    return this.safe(this.view.getInt32(at) * two32 + this.view.getUint32(at + 4), path)
  }

  /** A 64-bit integer as the nearest number: exact up to 2^53, rounded beyond. */
  int64Near(path: string): number {
    const at = this.take(8, path)
    return this.view.getInt32(at) * two32 + this.view.getUint32(at + 4)
  }

  /** A 64-bit integer of full range. */
  int64Big(path: string): bigint {
    return this.view.getBigInt64(this.take(8, path))
  }

  float64(path: string): number {
    return this.view.getFloat64(this.take(8, path))
  }

  /** Sixteen bytes as 32 lowercase hexadecimal digits. */
  uuid(path: string): string {
    const at = this.take(16, path)
    return this.buffer.toString('hex', at, at + 16)
  }

  /** Unsigned, at most 5 bytes and below 2^32; seven bits a byte, lowest first. */
  uvarint(path: string): number {
    let byte = this.uint8(path)
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      byte = this.uint8(path)
      if (shift === 28 && byte > 0x0f) break
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw this.error(path, 'varint is longer than 32 bits')
  }

  /** Zigzag, 32 bits. */
  varint(path: string): number {
    const raw = this.uvarint(path)
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** Zigzag, 64 bits, at most 10 bytes; one that a number cannot hold exactly is refused. */
  varlong(path: string): number {
    let byte = this.uint8(path)
    // The lowest bit is the sign: taken off at once, the magnitude stays below 2^53.
    const negative = (byte & 1) === 1
    let magnitude = (byte & 0x7f) >>> 1
    for (let shift = 6; byte >= 0x80; shift += 7) {
      if (shift > 62) throw this.error(path, 'varint is longer than 64 bits')
      byte = this.uint8(path)
      magnitude += (byte & 0x7f) * 2 ** shift
    }
    return this.safe(negative ? -magnitude - 1 : magnitude, path)
  }

  /** Length in two bytes; -1 is null. */
  length16(path: string): number {
    return this.checkedLength(this.int16(path), path)
  }

  /** Length in four bytes; -1 is null. */
  length32(path: string): number {
    return this.checkedLength(this.int32(path), path)
  }

  /** Length plus one as unsigned varint; -1 is null. */
  lengthCompact(path: string): number {
    return this.uvarint(path) - 1
  }

  /** Whether a nullable struct follows: 1, or -1 for null. */
  marker(path: string): boolean {
    return this.int8(path) >= 0
  }

  text(length: number, path: string): string {
    if (length < 0) throw this.error(path, 'null where a string is required')
    if (length > stringBytesMax) throw this.error(path, `string of ${length} bytes is too long`)
    const at = this.take(length, path)
    const text = this.buffer.toString('utf8', at, at + length)
    // Each byte that is not UTF-8 became three, and the text must still fit when it is sent on.
    if (length * 3 > stringBytesMax && Buffer.byteLength(text) > stringBytesMax)
      throw this.error(path, 'string is not UTF-8')
    return text
  }

  textOrNull(length: number, path: string): string | null {
    return length < 0 ? null : this.text(length, path)
  }

  bytes(length: number, path: string): Buffer {
    if (length < 0) throw this.error(path, 'null where bytes are required')
    const at = this.take(length, path)
    return this.buffer.subarray(at, at + length)
  }

  bytesOrNull(length: number, path: string): Buffer | null {
    return length < 0 ? null : this.bytes(length, path)
  }

  /**
   * The number of array elements, once it is sure that so many can follow; `width` is the least of
   * one.
   */
  count(length: number, width: number, path: string): number {
    if (length < 0) throw this.error(path, 'null where an array is required')
    const most = width === 0 ? zeroWidthMax : this.remaining / width
    if (length > most)
      throw this.error(path, `array of ${length} elements does not fit in ${this.remaining} bytes`)
    this.elementsLeft -= length
    if (this.elementsLeft < 0) throw this.error(path, `more than ${elementsMax} array elements`)
    return length
  }

  /**
   * How many tagged fields follow, each as its tag, its size and itself. They should come in
   * ascending order, each once; as in Kafka no other order is refused, and the last one counts.
   */
  tagCount(path: string): number {
    const n = this.uvarint(path)
    if (n > this.remaining / 2)
      throw this.error(path, `${n} tagged fields do not fit in ${this.remaining} bytes`)
    return n
  }

  /** Where the tagged field whose size is next ends. */
  tagEnd(path: string): number {
    const size = this.uvarint(path)
    if (size > this.remaining) throw this.short(size, path)
    return this.at + size
  }

  /** Checks that a tagged field was exactly as long as it said. */
  closeTag(end: number, path: string): void {
    if (this.at !== end) throw this.error(path, `tagged field ends at ${this.at}, not at ${end}`)
  }

  /** Passes over tagged fields that nobody knows. */
  skipTags(path: string): void {
    for (let n = this.tagCount(path); n > 0; n--) {
      this.uvarint(path)
      this.at = this.tagEnd(path)
    }
  }

  /** Refuses bytes after the message. */
  finish(path: string): void {
    if (this.at !== this.end) throw this.error(path, `${this.remaining} bytes too many`)
  }

  error(path: string, problem: string): WireError {
    return new WireError(`${path}: ${problem}`)
  }

  private take(n: number, path: string): number {
    const at = this.at
    if (n > this.end - at) throw this.short(n, path)
    this.at = at + n
    return at
  }

  private short(n: number, path: string): WireError {
    return this.error(path, `${n} bytes do not fit in the ${this.remaining} that remain`)
  }

  private safe(value: number, path: string): number {
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER)
      throw this.error(path, 'integer is beyond 2^53')
    return value
  }

  private checkedLength(length: number, path: string): number {
    if (length < -1) throw this.error(path, `length ${length}`)
    return length
  }
}
