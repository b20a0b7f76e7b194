// Puts the place of a record into the headers of the message that is delivered: `x-stream-offset`,
// and `x-stream-partition` where one consumer reads several. Done for every delivery, so the bytes
// are put into the property list where they belong, and nothing of it is decoded.
//
//   entry   name shortstr | 'l' | value int64

import type { FieldValue } from '../model/message/field.ts'
import { decodeTable } from '../model/message/field-codec.ts'
import { changeProperties, placeOf, property, tableProperty } from '../model/message/properties.ts'

const offsetHeader = 'x-stream-offset'
const partitionHeader = 'x-stream-partition'
const ownNames = [Buffer.from(offsetHeader), Buffer.from(partitionHeader)]
const lengthBytes = 4

function entryOf(name: string): Buffer {
  const bytes = Buffer.alloc(1 + name.length + 1 + 8)
  bytes.writeUInt8(name.length, 0)
  bytes.write(name, 1, 'latin1')
  bytes.write('l', 1 + name.length, 'latin1')
  return bytes
}

export class PlaceHeader {
  /** The entries; the values stand at the end of each. */
  readonly #entries: Buffer
  readonly #offsetAt: number
  readonly #partitionAt: number
  #scratch = Buffer.alloc(256)

  constructor(withPartition: boolean) {
    const offset = entryOf(offsetHeader)
    const partition = withPartition ? entryOf(partitionHeader) : Buffer.alloc(0)
    this.#entries = Buffer.concat([offset, partition])
    this.#offsetAt = offset.length - 8
    this.#partitionAt = withPartition ? this.#entries.length - 8 : -1
  }

  /** Well-formed `properties` with the place; a view that is valid until the next call. */
  put(properties: Uint8Array, offset: number, partition: number): Uint8Array {
    const sent = Buffer.from(properties.buffer, properties.byteOffset, properties.length)
    if (ownNames.some((name) => sent.includes(name)))
      return this.#replace(properties, offset, partition)
    const entries = this.#entries
    writeInt64(entries, this.#offsetAt, offset)
    if (this.#partitionAt >= 0) writeInt64(entries, this.#partitionAt, partition)
    const table = placeOf(properties, property.headers)
    return table < 0 ? this.#withTable(sent) : this.#inTable(sent, table)
  }

  /** A list that had no headers. */
  #withTable(sent: Buffer): Uint8Array {
    const flags = sent.readUInt16BE(0)
    let at = 2
    for (const flag of [property.contentType, property.contentEncoding])
      if ((flags & flag) !== 0) at += 1 + (sent[at] as number)
    const entries = this.#entries
    const into = this.#room(sent.length + lengthBytes + entries.length)
    sent.copy(into, 0, 0, at)
    into.writeUInt16BE(flags | property.headers, 0)
    into.writeUInt32BE(entries.length, at)
    entries.copy(into, at + lengthBytes)
    sent.copy(into, at + lengthBytes + entries.length, at)
    return into
  }

  /** Behind the entries of the table at `table`. */
  #inTable(sent: Buffer, table: number): Uint8Array {
    const entries = this.#entries
    const bytes = sent.readUInt32BE(table)
    const end = table + lengthBytes + bytes
    const into = this.#room(sent.length + entries.length)
    sent.copy(into, 0, 0, end)
    into.writeUInt32BE(bytes + entries.length, table)
    entries.copy(into, end)
    sent.copy(into, end + entries.length, end)
    return into
  }

  /** A message that came out of a stream before may have such headers already. */
  #replace(properties: Uint8Array, offset: number, partition: number): Uint8Array {
    const at = placeOf(properties, property.headers)
    const table = new Map<string, FieldValue>(at < 0 ? [] : decodeTable(properties, at))
    table.delete(offsetHeader)
    table.delete(partitionHeader)
    table.set(offsetHeader, { type: 'l', value: BigInt(offset) })
    if (this.#partitionAt >= 0) table.set(partitionHeader, { type: 'l', value: BigInt(partition) })
    return changeProperties(properties, [tableProperty(table)])
  }

  #room(bytes: number): Buffer {
    if (this.#scratch.length < bytes) this.#scratch = Buffer.alloc(bytes * 2)
    return this.#scratch.subarray(0, bytes)
  }
}

function writeInt64(into: Buffer, at: number, value: number): void {
  into.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at)
  into.writeUInt32BE(value >>> 0, at + 4)
}
