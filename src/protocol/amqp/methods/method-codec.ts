// Reads and writes the arguments of any method by its description. For all methods but those that
// come with every message, which the rooms frames and channel read and write by hand; this is their
// oracle in tests. Decoding throws WireError, checks every length, and copies what it returns.
import { isUtf8 } from 'node:buffer'
import { type FieldTable, noFields } from '../../../model/message/field.ts'
import { decodeTable, encodeTable } from '../../../model/message/field-codec.ts'
import { WireError } from '../../../wire/wire-error.ts'
import type { Fields, Kind, Method, Values } from './schema.ts'

const two32 = 2 ** 32
const shortstrMax = 255

/** A short string that is no text: a mistake of the connection, not of the method. */
export class TextError extends WireError {}

class ArgumentReader {
  at: number
  readonly #bytes: Buffer
  readonly #end: number
  /** The octet of bits that is being read, and the next place in it. */
  #bits = 0
  #bit = 8

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes
    this.at = at
    this.#end = end
  }

  read(kind: Kind, name: string): number | boolean | string | Uint8Array | FieldTable {
    if (kind === 'bit') return this.#nextBit(name)
    this.#bit = 8
    switch (kind) {
      case 'octet':
        return this.#bytes.readUInt8(this.#take(1, name))
      case 'short':
        return this.#bytes.readUInt16BE(this.#take(2, name))
      case 'long':
        return this.#bytes.readUInt32BE(this.#take(4, name))
      case 'longlong': {
        const at = this.#take(8, name)
        return this.#bytes.readUInt32BE(at) * two32 + this.#bytes.readUInt32BE(at + 4)
      }
      case 'shortstr': {
        const length = this.#bytes.readUInt8(this.#take(1, name))
        const at = this.#take(length, name)
        return this.#text(at, at + length, name)
      }
      case 'longstr': {
        const length = this.#bytes.readUInt32BE(this.#take(4, name))
        const at = this.#take(length, name)
        return Uint8Array.from(this.#bytes.subarray(at, at + length))
      }
      case 'table':
        return this.#table(name)
    }
  }

  #text(from: number, to: number, name: string): string {
    const text = this.#bytes.toString('utf8', from, to)
    // Where it stands for what cannot be read, and not for itself.
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(from, to)))
      throw new TextError(`${name} is not UTF-8`)
    return text
  }

  #table(name: string): FieldTable {
    const at = this.#take(4, name)
    const length = this.#bytes.readUInt32BE(at)
    this.#take(length, name)
    return length === 0 ? noFields : decodeTable(this.#bytes.subarray(0, at + 4 + length), at)
  }

  #nextBit(name: string): boolean {
    if (this.#bit === 8) {
      this.#bits = this.#bytes.readUInt8(this.#take(1, name))
      this.#bit = 0
    }
    return ((this.#bits >>> this.#bit++) & 1) === 1
  }

  #take(length: number, name: string): number {
    const { at } = this
    if (length > this.#end - at) throw new WireError(`${name} ends behind its frame`)
    this.at = at + length
    return at
  }
}

/** The arguments, which are `bytes[from, to)` and nothing else. */
export function decodeArguments<F extends Fields>(
  method: Method<F>,
  bytes: Buffer,
  from: number,
  to: number,
): Values<F> {
  const reader = new ArgumentReader(bytes, from, to)
  const values: Record<string, unknown> = {}
  for (const [name, kind] of Object.entries(method.fields)) values[name] = reader.read(kind, name)
  if (reader.at !== to) throw new WireError(`${to - reader.at} octets follow the arguments`)
  return values as Values<F>
}

/** The payload of a method frame: class, method, arguments. */
export function encodeMethod<F extends Fields>(method: Method<F>, values: Values<F>): Buffer {
  const id = Buffer.alloc(4)
  id.writeUInt32BE(method.id)
  const parts: Uint8Array[] = [id]
  let bits: Buffer | null = null
  let bit = 0
  for (const [name, kind] of Object.entries(method.fields)) {
    const value = (values as Record<string, unknown>)[name]
    if (kind !== 'bit') {
      bits = null
      parts.push(encodeArgument(kind, value))
      continue
    }
    if (bits === null || bit === 8) {
      bits = Buffer.alloc(1)
      bit = 0
      parts.push(bits)
    }
    bits[0] = (bits[0] as number) | (value === true ? 1 << bit : 0)
    bit++
  }
  return Buffer.concat(parts)
}

function encodeArgument(kind: Exclude<Kind, 'bit'>, value: unknown): Uint8Array {
  switch (kind) {
    case 'octet':
      return Uint8Array.of(value as number)
    case 'short': {
      const bytes = Buffer.alloc(2)
      bytes.writeUInt16BE(value as number)
      return bytes
    }
    case 'long': {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value as number)
      return bytes
    }
    case 'longlong': {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64BE(BigInt(value as number))
      return bytes
    }
    case 'shortstr':
      return encodeShortstr(value as string)
    case 'longstr': {
      const text = value as Uint8Array
      const bytes = Buffer.alloc(4 + text.length)
      bytes.writeUInt32BE(text.length)
      bytes.set(text, 4)
      return bytes
    }
    case 'table':
      return encodeTable(value as FieldTable)
  }
}

/** A longer text is cut, between characters. */
export function encodeShortstr(text: string): Buffer {
  const bytes = Buffer.from(text)
  let length = Math.min(bytes.length, shortstrMax)
  if (length < bytes.length) while (((bytes[length] as number) & 0xc0) === 0x80) length--
  return Buffer.concat([Uint8Array.of(length), bytes.subarray(0, length)])
}
