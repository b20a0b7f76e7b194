// The headers that others see of a message, written straight from the bytes of its properties: what
// readable-headers.ts says, without a table in between, since it is done for each message that a
// queue keeps. Leaves to that what is rare: tables in tables, names that are not ASCII or that
// stand for the key of a record or a property.

import { varint } from '../records.ts'
import { property, textProperties } from './properties.ts'
import { keyHeader, nameOfProperty, timestampHeader } from './readable-headers.ts'

/** Longer properties are left to others. */
const bytesMax = 4096
/** What names of properties take, and their values more than on the wire. */
const namesBytes = 400
/** No value takes more than so many times its bytes on the wire, with its name. */
const growth = 5

const named = (name: string): Uint8Array =>
  Uint8Array.from([...varint(name.length), ...Buffer.from(name)])
const names = new Map(
  Object.entries(textProperties).map(([name, flag]) => [
    flag as number,
    named(nameOfProperty(name)),
  ]),
)
const timestampName = named(timestampHeader)
const octets = property.deliveryMode | property.priority
const voidLength = 1

export interface ShownHeaders {
  readonly count: number
  readonly bytes: Uint8Array
}

/** Null: not by this way. The properties are well-formed. */
export function shownHeaders(properties: Uint8Array): ShownHeaders | null {
  if (properties.length > bytesMax) return null
  const writer = new HeaderWriter(properties)
  return writer.write() ? { count: writer.count, bytes: writer.result() } : null
}

class HeaderWriter {
  count = 0
  readonly #from: Buffer
  readonly #into: Buffer
  #end = 0

  constructor(properties: Uint8Array) {
    const { buffer, byteOffset, length } = properties
    this.#from = Buffer.from(buffer as ArrayBuffer, byteOffset, length)
    this.#into = Buffer.allocUnsafe(length * growth + namesBytes)
  }

  result(): Uint8Array {
    return this.#into.subarray(0, this.#end)
  }

  /** False: something is not for this way. */
  write(): boolean {
    const from = this.#from
    const flags = from.readUInt16BE(0)
    let at = 2
    let tableAt = -1
    let timestampAt = -1
    for (let flag = 1 << 15; flag >= property.clusterId; flag >>>= 1) {
      if ((flags & flag) === 0) continue
      if (flag === property.headers) {
        tableAt = at
        at += 4 + from.readUInt32BE(at)
      } else if (flag === property.timestamp) {
        timestampAt = at
        at += 8
      } else if ((flag & octets) !== 0) at++
      else {
        const length = from[at] as number
        const name = names.get(flag)
        if (name !== undefined) this.#header(name, at + 1, length)
        at += 1 + length
      }
    }
    if (timestampAt >= 0) {
      this.#copy(timestampName)
      this.#text(String(from.readBigUInt64BE(timestampAt)))
    }
    return tableAt < 0 || this.#table(tableAt)
  }

  #header(name: Uint8Array, valueAt: number, length: number): void {
    this.#copy(name)
    this.#bytes(valueAt, length)
  }

  #table(tableAt: number): boolean {
    const from = this.#from
    let at = tableAt + 4
    const end = at + from.readUInt32BE(tableAt)
    while (at < end) {
      const length = from[at++] as number
      if (!isPlain(from, at, length)) return false
      this.#length(length)
      this.#end += from.copy(this.#into, this.#end, at, at + length)
      at = this.#value(at + length)
      if (at < 0) return false
    }
    return true
  }

  /** Where the field ends whose type stands at `at`; -1: it is not for this way. */
  #value(typeAt: number): number {
    const from = this.#from
    const at = typeAt + 1
    switch (from[typeAt]) {
      case 0x53: // S
      case 0x78: {
        // x
        const length = from.readUInt32BE(at)
        this.#bytes(at + 4, length)
        return at + 4 + length
      }
      case 0x49: // I
        return this.#text(String(from.readInt32BE(at)), at + 4)
      case 0x69: // i
        return this.#text(String(from.readUInt32BE(at)), at + 4)
      case 0x6c: // l
      case 0x4c: // L
        return this.#text(String(from.readBigInt64BE(at)), at + 8)
      case 0x54: // T
        return this.#text(String(from.readBigUInt64BE(at)), at + 8)
      case 0x74: // t
        return this.#text(String(from[at] !== 0), at + 1)
      case 0x62: // b
        return this.#text(String(from.readInt8(at)), at + 1)
      case 0x42: // B
        return this.#text(String(from[at]), at + 1)
      case 0x73: // s
        return this.#text(String(from.readInt16BE(at)), at + 2)
      case 0x75: // u
        return this.#text(String(from.readUInt16BE(at)), at + 2)
      case 0x64: // d
        return this.#text(String(from.readDoubleBE(at)), at + 8)
      case 0x66: // f
        return this.#text(String(from.readFloatBE(at)), at + 4)
      case 0x56: // V
        this.count++
        this.#into[this.#end++] = voidLength
        return at
      default:
        return -1
    }
  }

  #text(text: string, next = 0): number {
    this.count++
    this.#length(text.length)
    this.#end += this.#into.write(text, this.#end, 'latin1')
    return next
  }

  #bytes(at: number, length: number): void {
    this.count++
    this.#length(length)
    this.#end += this.#from.copy(this.#into, this.#end, at, at + length)
  }

  #copy(bytes: Uint8Array): void {
    this.#into.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** As a varint, in zigzag; below 2^31. */
  #length(length: number): void {
    let rest = length * 2
    while (rest >= 0x80) {
      this.#into[this.#end++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#into[this.#end++] = rest
  }
}

/** Names that mean something else than an entry of the headers. */
const special = [keyHeader, timestampHeader, ...Object.keys(textProperties).map(nameOfProperty)]
const specialNames = new Set(special)
const specialBegins = new Set(special.map((name) => name.charCodeAt(0)))

/** A name in ASCII that is neither that of the key nor of a property. */
function isPlain(bytes: Buffer, at: number, length: number): boolean {
  for (let i = at; i < at + length; i++) if ((bytes[i] as number) >= 0x80) return false
  const begin = length === 0 ? -1 : (bytes[at] as number)
  return !specialBegins.has(begin) || !specialNames.has(bytes.toString('latin1', at, at + length))
}
