// Field tables as bytes: AMQP 0-9-1, section 4.2.5.5, with the type letters as RabbitMQ and its
// clients use them (s is int16, l and L are int64, x is bytes). Decoding checks every length
// against what is there before anything is made of it, and bounds depth; the bytes of strings are
// copied, so that a table may be kept.
//
//   table   length uint32 | (name shortstr | type octet | value)*
//   array   length uint32 | (type octet | value)*
import { WireError } from '../../wire/wire-error.ts'
import { type FieldTable, type FieldValue, noFields } from './field.ts'

/** Tables in tables: clients send two or three levels. */
export const depthMax = 32

export const tooDeep = (): WireError =>
  new WireError(`fields: values are nested more than ${depthMax} deep`)

class FieldReader {
  at: number
  readonly #bytes: Buffer

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  #take(length: number, end: number): number {
    const from = this.at
    if (length > end - from) throw new WireError('fields: a field ends behind its table')
    this.at = from + length
    return from
  }

  #length(end: number): number {
    return this.#bytes.readUInt32BE(this.#take(4, end))
  }

  table(end: number, depth: number): FieldTable {
    if (depth > depthMax) throw tooDeep()
    const length = this.#length(end)
    const tableEnd = this.#take(length, end) + length
    this.at = tableEnd - length
    const table = new Map<string, FieldValue>()
    while (this.at < tableEnd) {
      const nameLength = this.#bytes.readUInt8(this.#take(1, tableEnd))
      const from = this.#take(nameLength, tableEnd)
      const name = this.#bytes.toString('utf8', from, from + nameLength)
      table.set(name, this.value(tableEnd, depth))
    }
    return table.size === 0 ? noFields : table
  }

  #array(end: number, depth: number): readonly FieldValue[] {
    const length = this.#length(end)
    const arrayEnd = this.#take(length, end) + length
    this.at = arrayEnd - length
    const values: FieldValue[] = []
    while (this.at < arrayEnd) values.push(this.value(arrayEnd, depth))
    return values
  }

  value(end: number, depth: number): FieldValue {
    if (depth > depthMax) throw tooDeep()
    const bytes = this.#bytes
    const at = this.#take(1, end)
    const type = String.fromCharCode(bytes[at] as number)
    switch (type) {
      case 't':
        return { type, value: bytes.readUInt8(this.#take(1, end)) !== 0 }
      case 'b':
        return { type, value: bytes.readInt8(this.#take(1, end)) }
      case 'B':
        return { type, value: bytes.readUInt8(this.#take(1, end)) }
      case 's':
        return { type, value: bytes.readInt16BE(this.#take(2, end)) }
      case 'u':
        return { type, value: bytes.readUInt16BE(this.#take(2, end)) }
      case 'I':
        return { type, value: bytes.readInt32BE(this.#take(4, end)) }
      case 'i':
        return { type, value: bytes.readUInt32BE(this.#take(4, end)) }
      case 'f':
        return { type, value: bytes.readFloatBE(this.#take(4, end)) }
      case 'd':
        return { type, value: bytes.readDoubleBE(this.#take(8, end)) }
      case 'T':
        return { type, value: bytes.readBigUInt64BE(this.#take(8, end)) }
      case 'l':
      case 'L':
        return { type, value: bytes.readBigInt64BE(this.#take(8, end)) }
      case 'D': {
        const from = this.#take(5, end)
        return { type, scale: bytes.readUInt8(from), value: bytes.readInt32BE(from + 1) }
      }
      case 'S':
      case 'x': {
        const length = this.#length(end)
        const from = this.#take(length, end)
        return { type, value: Uint8Array.from(bytes.subarray(from, from + length)) }
      }
      case 'A':
        return { type, value: this.#array(end, depth + 1) }
      case 'F':
        return { type, value: this.table(end, depth + 1) }
      case 'V':
        return { type }
      default:
        throw new WireError(`fields: there is no field type '${type}'`)
    }
  }
}

/** The table whose length stands at `at`. Throws WireError. */
export function decodeTable(bytes: Uint8Array, at = 0): FieldTable {
  return new FieldReader(bytes, at).table(bytes.length, 0)
}

/** Bytes of a name or short string: a length octet and up to so many. */
export const shortStringMax = 255

class FieldWriter {
  #bytes = Buffer.allocUnsafe(256)
  #end = 0

  result(): Uint8Array {
    return Uint8Array.from(this.#bytes.subarray(0, this.#end))
  }

  /** Place of `length` more bytes. */
  #room(length: number): number {
    const at = this.#end
    this.#end += length
    if (this.#end > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes], Math.max(this.#end, this.#bytes.length * 2))
    return at
  }

  #put(length: number, write: (bytes: Buffer, at: number) => void): void {
    const at = this.#room(length)
    write(this.#bytes, at)
  }

  #octet(value: number): void {
    this.#put(1, (bytes, at) => bytes.writeUInt8(value, at))
  }

  #long(value: Uint8Array): void {
    this.#put(4, (bytes, at) => bytes.writeUInt32BE(value.length, at))
    this.#put(value.length, (bytes, at) => bytes.set(value, at))
  }

  /** A length that counts what `write` writes behind it. */
  #counted(write: () => void): void {
    const at = this.#room(4)
    write()
    this.#bytes.writeUInt32BE(this.#end - at - 4, at)
  }

  table(table: FieldTable): void {
    this.#counted(() => {
      for (const [name, value] of table) {
        const bytes = Buffer.from(name, 'utf8')
        // A name of bytes that are no UTF-8 has grown when it was read; one that no longer fits a
        // short string goes, so that no client can make a table that cannot be written again.
        if (bytes.length > shortStringMax) continue
        this.#octet(bytes.length)
        this.#put(bytes.length, (into, at) => into.set(bytes, at))
        this.value(value)
      }
    })
  }

  value(value: FieldValue): void {
    this.#octet(value.type.charCodeAt(0))
    switch (value.type) {
      case 't':
        this.#octet(value.value ? 1 : 0)
        break
      case 'b':
      case 'B':
        this.#octet(value.value & 0xff)
        break
      case 's':
      case 'u':
        this.#put(2, (bytes, at) => bytes.writeUInt16BE(value.value & 0xffff, at))
        break
      case 'I':
      case 'i':
        this.#put(4, (bytes, at) => bytes.writeUInt32BE(value.value >>> 0, at))
        break
      case 'f':
        this.#put(4, (bytes, at) => bytes.writeFloatBE(value.value, at))
        break
      case 'd':
        this.#put(8, (bytes, at) => bytes.writeDoubleBE(value.value, at))
        break
      case 'T':
        this.#put(8, (bytes, at) => bytes.writeBigUInt64BE(value.value, at))
        break
      case 'l':
      case 'L':
        this.#put(8, (bytes, at) => bytes.writeBigInt64BE(value.value, at))
        break
      case 'D':
        this.#octet(value.scale)
        this.#put(4, (bytes, at) => bytes.writeInt32BE(value.value, at))
        break
      case 'S':
      case 'x':
        this.#long(value.value)
        break
      case 'A':
        this.#counted(() => {
          for (const each of value.value) this.value(each)
        })
        break
      case 'F':
        this.table(value.value)
        break
      case 'V':
    }
  }
}

/** The same table as bytes, its length in front. */
export function encodeTable(table: FieldTable): Uint8Array {
  const writer = new FieldWriter()
  writer.table(table)
  return writer.result()
}
