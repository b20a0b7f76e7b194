// A message as a record of a batch, and back. The record's value is the body; its first header,
// `amqp`, holds what else the message is, in the bytes that it came in. Its key, and more headers,
// are what others see (shown-record.ts). Written into memory that the caller has measured, read as
// views. Queues call it once for each message, so
// nothing is allocated here but the views and the strings of an address not met just before.
//
//   record       length varint | attributes 0 | timestamp delta varlong | offset delta varint |
//                key length varint, -1 none, key | body length varint, body | header count |
//                4, "amqp" | value length varint, value | other headers
//   value        exchange shortstr | routing key shortstr | properties
//
// A record without that header comes from a producer of another protocol: its body is its value.
import type { MessageView } from './message.ts'
import { propertiesFault, property } from './properties.ts'
import { propertiesOfRecord } from './readable-headers.ts'
import { readHeaders } from './record-message.ts'
import { nothingShown, type Shown, shownBytes } from './shown-record.ts'

/** Names are short strings: their bytes fit one octet of length. */
const shortMax = 255
/** Longer properties are not remembered. */
const rememberedMax = 256
const nothing = new Uint8Array(0)
/** Attributes, and the header's name with its length. */
const fixedBytes = 1 + 5

/** The exchange and routing key of messages, as bytes; remembers the last of each direction. */
export class Addresses {
  #exchange = ''
  #routingKey = ''
  #written: Uint8Array = Uint8Array.of(0, 0)
  #read: Uint8Array = Uint8Array.of(0, 0)
  exchange = ''
  routingKey = ''

  encode(exchange: string, routingKey: string): Uint8Array {
    if (exchange === this.#exchange && routingKey === this.#routingKey) return this.#written
    const first = shortBytes(exchange)
    const second = shortBytes(routingKey)
    const bytes = new Uint8Array(2 + first.length + second.length)
    bytes[0] = first.length
    bytes.set(first, 1)
    bytes[1 + first.length] = second.length
    bytes.set(second, 2 + first.length)
    this.#exchange = exchange
    this.#routingKey = routingKey
    this.#written = bytes
    return bytes
  }

  /** Sets the two names from the bytes at `at`; where they end, or -1 if they do before `end`. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    const last = this.#read
    let same = 0
    while (same < last.length && bytes[at + same] === last[same]) same++
    if (same === last.length && at + same <= end) return at + same
    const keyAt = at + 1 + (bytes[at] ?? 0)
    const to = keyAt + 1 + (bytes[keyAt] ?? 0)
    if (keyAt >= end || to > end) return -1
    this.exchange = textOf(bytes, at + 1, keyAt)
    this.routingKey = textOf(bytes, keyAt + 1, to)
    this.#read = new Uint8Array(bytes.subarray(at, to))
    return to
  }
}

const shortBytes = (text: string): Uint8Array => Buffer.from(text).subarray(0, shortMax)

const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8')

const zigzag = (n: number): number => (n >= 0 ? n * 2 : -n * 2 - 1)

/** Bytes of a varint of `z`, which is in zigzag already. */
function width(z: number): number {
  if (z < 0x80) return 1
  if (z < 0x4000) return 2
  let n = 3
  for (let rest = Math.floor(z / 0x200000); rest > 0; rest = Math.floor(rest / 0x80)) n++
  return n
}

function putVarint(into: Uint8Array, from: number, z: number): number {
  let at = from
  let rest = z
  while (rest >= 0x80) {
    into[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  into[at++] = rest
  return at
}

/** The most bytes that the record of a message takes. */
export function storedBytesMax(
  { properties, body }: MessageView,
  address: Uint8Array,
  shown: Shown = nothingShown,
): number {
  const bytes = fixedBytes + 50 + address.length + properties.length + body.length
  return bytes + shownBytes(shown)
}

/**
 * Writes the record at `from`, where there is room for `storedBytesMax`; returns its end. `address`
 * is of `Addresses.encode`.
 */
export function writeStored(
  into: Uint8Array,
  from: number,
  message: MessageView,
  address: Uint8Array,
  timestampDelta: number,
  offsetDelta: number,
  shown: Shown = nothingShown,
): number {
  const { properties, body } = message
  const { key, headers } = shown
  const headerCount = (1 + shown.headerCount) * 2
  const timestamp = zigzag(timestampDelta)
  const valueBytes = address.length + properties.length
  const length =
    fixedBytes +
    width(timestamp) +
    width(offsetDelta * 2) +
    (key === null ? 1 : width(key.length * 2) + key.length) +
    width(body.length * 2) +
    body.length +
    width(headerCount) +
    width(valueBytes * 2) +
    valueBytes +
    headers.length
  let at = putVarint(into, from, length * 2)
  into[at++] = 0
  at = putVarint(into, at, timestamp)
  at = putVarint(into, at, offsetDelta * 2)
  if (key === null) into[at++] = 1
  else at = putShort(into, putVarint(into, at, key.length * 2), key)
  at = putVarint(into, at, body.length * 2)
  into.set(body, at)
  at += body.length
  at = putVarint(into, at, headerCount)
  into[at++] = 8
  into[at++] = 0x61
  into[at++] = 0x6d
  into[at++] = 0x71
  into[at++] = 0x70
  at = putVarint(into, at, valueBytes * 2)
  at = putShort(into, at, address)
  at = putShort(into, at, properties)
  return headers.length === 0 ? at : putShort(into, at, headers)
}

/** A loop is faster than a call for the few bytes that these most often are. */
function putShort(into: Uint8Array, at: number, bytes: Uint8Array): number {
  const n = bytes.length
  if (n > 48) into.set(bytes, at)
  else for (let i = 0; i < n; i++) into[at + i] = bytes[i] as number
  return at + n
}

/**
 * Goes through the records of one opened batch, forwards; moving back begins anew. What is
 * malformed ends it: batches are checked before they are stored.
 */
export class StoredRecords {
  #wellFormed: Uint8Array = nothing
  #bytes: Uint8Array = nothing
  #from = 0
  #end = 0
  #at = 0
  #fieldsAt = 0
  #fieldsEnd = 0
  #baseOffset = 0
  #baseTimestamp = 0
  #arrivedMs = -1
  /** Of the record found; -1: none yet. */
  offset = -1
  timestampMs = 0

  /**
   * The records lie in `bytes` between the two places. `arrivedMs`: of a batch of another producer,
   * whose word for when and from whom it is counts for nothing; -1: it is our own.
   */
  open(
    bytes: Uint8Array,
    from: number,
    end: number,
    baseOffset: number,
    baseTimestamp: number,
    arrivedMs = -1,
  ): void {
    this.#arrivedMs = arrivedMs
    this.#bytes = bytes
    this.#from = from
    this.#at = from
    this.#end = end
    this.#baseOffset = baseOffset
    this.#baseTimestamp = baseTimestamp
    this.offset = -1
  }

  /** The same batch has grown, perhaps in other memory. */
  grown(bytes: Uint8Array, end: number): void {
    this.#bytes = bytes
    this.#end = end
  }

  /** Moves to the first record at or behind `offset`; false when the batch ends before. */
  seek(offset: number): boolean {
    if (this.offset === offset) return true
    if (offset < this.offset) {
      this.#at = this.#from
      this.offset = -1
    }
    while (this.offset < offset) if (!this.#next()) return false
    return true
  }

  #next(): boolean {
    if (this.#at >= this.#end) return false
    const length = this.#varint()
    const end = this.#at + length
    if (length <= 0 || end > this.#end) return false
    this.#at++
    this.timestampMs = this.#baseTimestamp + this.#varint()
    this.offset = this.#baseOffset + this.#varint()
    this.#fieldsAt = this.#at
    this.#fieldsEnd = end
    this.#at = end
    return true
  }

  /** When the record found came in. */
  get arrivedMs(): number {
    return this.#arrivedMs < 0 ? this.timestampMs : this.#arrivedMs
  }

  /** Of the record found. */
  get bodyBytes(): number {
    const next = this.#at
    this.#at = this.#fieldsAt
    const keyBytes = this.#varint()
    if (keyBytes > 0) this.#at += keyBytes
    const bodyBytes = Math.max(0, this.#varint())
    this.#at = next
    return bodyBytes
  }

  /**
   * Sets `view` to the message of the record found; its views are of the batch. What another
   * producer wrote is a message to `queue`.
   */
  read(view: MessageView, addresses: Addresses, queue: string): void {
    const next = this.#at
    const end = this.#fieldsEnd
    this.#at = this.#fieldsAt
    const keyBytes = this.#varint()
    const keyFrom = this.#at
    if (keyBytes > 0) this.#at += keyBytes
    const bodyBytes = Math.max(0, this.#varint())
    const bodyFrom = this.#at
    this.#at += bodyBytes
    const headersAt = this.#at
    const headers = this.#varint()
    const body = this.#bytes.subarray(bodyFrom, Math.min(end, bodyFrom + bodyBytes))
    const propertiesAt = headers > 0 && this.#isOwn() ? this.#address(addresses) : -1
    const properties = propertiesAt < 0 ? null : this.#bytes.subarray(propertiesAt, this.#at)
    if (properties !== null && this.#isWellFormed(properties) && this.#mayClaim(properties))
      view.set(addresses.exchange, addresses.routingKey, properties, body)
    else {
      const { buffer, byteOffset } = this.#bytes
      const foreign = readHeaders(Buffer.from(buffer, byteOffset, end), headersAt)
      const key = keyBytes < 0 ? null : this.#bytes.subarray(keyFrom, keyFrom + keyBytes)
      view.set('', queue, propertiesOfRecord(key, foreign, this.timestampMs), body)
    }
    this.#at = next
  }

  /** Whom a message is from is checked where it is published. */
  #mayClaim(properties: Uint8Array): boolean {
    if (this.#arrivedMs < 0) return true
    return ((((properties[0] ?? 0) << 8) | (properties[1] ?? 0)) & property.userId) === 0
  }

  /** Others may write such a header too. What is as the last one is not looked at again. */
  #isWellFormed(properties: Uint8Array): boolean {
    const last = this.#wellFormed
    const { length } = properties
    let same = last.length === length ? 0 : -1
    while (same >= 0 && same < length && last[same] === properties[same]) same++
    if (same === length) return true
    if (propertiesFault(properties) !== null) return false
    if (length <= rememberedMax) this.#wellFormed = properties.slice()
    return true
  }

  /** Whether the header here is called `amqp`. */
  #isOwn(): boolean {
    const b = this.#bytes
    const at = this.#at
    this.#at += 5
    return (
      b[at] === 8 &&
      b[at + 1] === 0x61 &&
      b[at + 2] === 0x6d &&
      b[at + 3] === 0x71 &&
      b[at + 4] === 0x70
    )
  }

  /** Reads the names; where the properties begin, with the place at their end. */
  #address(addresses: Addresses): number {
    const bytes = this.#varint()
    const from = this.#at
    this.#at = from + bytes
    if (bytes < 0 || this.#at > this.#fieldsEnd) return -1
    return addresses.decode(this.#bytes, from, this.#at)
  }

  #varint(): number {
    const b = this.#bytes
    let byte = b[this.#at++] ?? 0
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 0x7f
    let scale = 0x80
    for (let i = 1; i < 10 && byte >= 0x80; i++) {
      byte = b[this.#at++] ?? 0
      value += (byte & 0x7f) * scale
      scale *= 0x80
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}
