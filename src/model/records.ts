// What is behind a batch's header once it is uncompressed: records, each a length and fields in
// zigzag varints. Kafka protocol guide, "Record". Walked without making objects where only the
// shape matters.
//
//   length varint | attributes int8 | timestamp delta varlong | offset delta varint |
//   key length varint, -1 null, key | value length, value | header count varint, headers
import { arePlainlyWhole } from './plain-records.ts'

/**
 * Goes from field to field. What does not fit sets `failed` and reads as 0, so that one look is
 * enough.
 */
class Cursor {
  at = 0
  failed = false
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /**
   * A zigzag varint of up to 64 bits; beyond 2^53 it is rounded, which no valid field comes near.
   */
  varint(): number {
    const first = this.bytes[this.at++]
    if (first !== undefined && first < 0x80) return (first >>> 1) ^ -(first & 1)
    return this.#longVarint(first)
  }

  #longVarint(first: number | undefined): number {
    let byte = first
    let value = 0
    let scale = 1
    for (let i = 0; i < 10 && byte !== undefined; i++) {
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      scale *= 0x80
      byte = this.bytes[this.at++]
    }
    this.failed = true
    return 0
  }

  /** Passes over bytes that have their length in front. Returns the length, -1 for null. */
  skipBytes(): number {
    const length = this.varint()
    if (length < -1 || length > this.bytes.length - this.at) this.failed = true
    else if (length > 0) this.at += length
    return length
  }
}

/** More headers than this in one record are an attack: clients send a handful. */
export const headersMax = 10_000

/**
 * Walks over the records of a batch without making an object for each: after `next()` the fields
 * are those of one record. Places are indexes into the bytes given.
 */
export class RecordWalk {
  readonly #cursor: Cursor
  /** Where the record begins and ends, length field included. */
  from = 0
  to = 0
  /** Where the timestamp delta begins and ends: the one field that is ever rewritten. */
  timestampFrom = 0
  timestampTo = 0
  attributes = 0
  timestampDelta = 0
  offsetDelta = 0
  /** Bytes of the key; -1 when it is null. */
  keyLength = -1
  keyTo = 0
  valueLength = -1
  valueTo = 0
  /** What is wrong with the bytes, once `next()` was false before their end. */
  problem: string | null = null

  constructor(records: Uint8Array) {
    this.#cursor = new Cursor(records)
  }

  /** Moves to the next record; false at the end, or when what follows is malformed. */
  next(): boolean {
    const cursor = this.#cursor
    if (this.to === cursor.bytes.length || this.problem !== null) return false
    this.from = this.to
    cursor.at = this.to
    const length = cursor.varint()
    this.to = cursor.at + length
    if (cursor.failed || length < 0 || this.to > cursor.bytes.length)
      return this.#fail('is longer than its batch')
    this.attributes = cursor.bytes[cursor.at++] ?? 0
    this.timestampFrom = cursor.at
    this.timestampDelta = cursor.varint()
    this.timestampTo = cursor.at
    this.offsetDelta = cursor.varint()
    this.keyLength = cursor.skipBytes()
    this.keyTo = cursor.at
    this.valueLength = cursor.skipBytes()
    this.valueTo = cursor.at
    const headers = cursor.varint()
    if (cursor.failed || cursor.at > this.to) return this.#fail('is cut short')
    if (headers !== 0) return this.#skipHeaders(headers)
    return cursor.at === this.to || this.#fail('has another length than its fields')
  }

  #skipHeaders(count: number): boolean {
    const cursor = this.#cursor
    if (count < 0 || count > headersMax) return this.#fail(`claims ${count} headers`)
    for (let i = 0; i < count; i++) {
      if (cursor.skipBytes() < 0) return this.#fail(`has a header ${i} without a key`)
      cursor.skipBytes()
      if (cursor.failed || cursor.at > this.to)
        return this.#fail(`has a header ${i} that is cut short`)
    }
    return cursor.at === this.to || this.#fail('has another length than its fields')
  }

  #fail(problem: string): false {
    this.problem = problem
    return false
  }

  get key(): Uint8Array | null {
    return this.#field(this.keyLength, this.keyTo)
  }
  get value(): Uint8Array | null {
    return this.#field(this.valueLength, this.valueTo)
  }

  #field(length: number, to: number): Uint8Array | null {
    return length < 0 ? null : this.#cursor.bytes.subarray(to - length, to)
  }
}

/** A record that is not accepted, by its index in the batch. */
export interface RecordError {
  readonly index: number
  readonly message: string
}

/**
 * Checks that `records` holds exactly `count` whole records whose offset deltas are 0, 1, 2 and so
 * on. Returns null when it does, else what is wrong and with which record.
 */
export function checkRecords(records: Uint8Array, count: number): RecordError | null {
  if (arePlainlyWhole(records, count)) return null
  const walk = new RecordWalk(records)
  let index = 0
  for (; walk.next(); index++)
    if (walk.offsetDelta !== index)
      return {
        index,
        message: `record ${index} has the offset delta ${walk.offsetDelta}, not ${index}`,
      }
  if (walk.problem !== null) return { index, message: `record ${index} ${walk.problem}` }
  if (index === count) return null
  return { index, message: `the batch holds ${index} records, not the ${count} that it claims` }
}

/** One record; byte fields are views of the batch. */
export interface Record {
  readonly attributes: number
  readonly timestampDelta: number
  readonly offsetDelta: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

/** The records of a batch, uncompressed; null when they are malformed or not `count`. */
export function readRecords(records: Uint8Array, count: number): Record[] | null {
  const found: Record[] = []
  const walk = new RecordWalk(records)
  while (walk.next()) {
    const { attributes, timestampDelta, offsetDelta, key, value } = walk
    found.push({ attributes, timestampDelta, offsetDelta, key, value })
  }
  return walk.problem === null && found.length === count ? found : null
}

/** Writes records without headers, as our own internal topics hold them. */
export function writeRecords(
  records: readonly { key: Uint8Array | null; value: Uint8Array | null }[],
): Uint8Array {
  const parts: Uint8Array[] = []
  records.forEach(({ key, value }, i) => {
    const body = [
      Uint8Array.of(0),
      varint(0),
      varint(i),
      varint(key === null ? -1 : key.length),
      key ?? empty,
      varint(value === null ? -1 : value.length),
      value ?? empty,
      varint(0),
    ]
    parts.push(varint(body.reduce((n, b) => n + b.length, 0)), ...body)
  })
  return Buffer.concat(parts)
}

const empty = new Uint8Array(0)

/** A zigzag varint of a safe integer. */
export function varint(n: number): Uint8Array {
  let rest = n >= 0 ? n * 2 : -n * 2 - 1
  const bytes: number[] = []
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
