// A record of a topic as a message. What an AMQP client published has its address and properties,
// byte for byte, in the header `amqp` (stored-message.ts writes it); any other record
// becomes a message to the default exchange with the topic's name as its routing key, whose
// properties follow from the record's key, headers and time. Records come from any producer, so a
// header of that name is believed only when it is well-formed. Called by StreamLane; what it sets
// are views.
import type { RecordWalk } from '../records.ts'
import type { MessageView } from './message.ts'
import { propertiesFault } from './properties.ts'
import { propertiesOfRecord, type RecordHeader } from './readable-headers.ts'

const ownName = 'amqp'
const ownNameBytes = Buffer.from(ownName)
const nothing = new Uint8Array(0)

/** A short string that is most often the same as the one before. */
class RepeatedText {
  #bytes = Buffer.alloc(0)
  #text = ''

  read(from: Buffer, at: number, end: number): string {
    if (this.#bytes.length !== end - at || from.compare(this.#bytes, 0, undefined, at, end) !== 0) {
      this.#bytes = Buffer.from(from.subarray(at, end))
      this.#text = this.#bytes.toString('utf8')
    }
    return this.#text
  }
}

export class RecordMessages {
  readonly #topic: string
  readonly #exchange = new RepeatedText()
  readonly #routingKey = new RepeatedText()

  constructor(topic: string) {
    this.#topic = topic
  }

  /** Sets `view` to the record that `walk` stands at, in the opened `records` of its batch. */
  read(walk: RecordWalk, records: Buffer, timestampMs: number, view: MessageView): void {
    const body = walk.value ?? nothing
    const headers = new Headers(records, walk.valueTo)
    if (headers.next() && headers.isNamed(ownNameBytes) && this.#own(headers, view, body)) return
    const foreign = readHeaders(records, walk.valueTo)
    view.set('', this.#topic, propertiesOfRecord(walk.key, foreign, timestampMs), body)
  }

  /** False: the header is not what our own topics hold. */
  #own(headers: Headers, view: MessageView, body: Uint8Array): boolean {
    const { bytes, valueFrom, valueTo } = headers
    if (valueFrom < 0) return false
    const keyAt = valueFrom + 1 + (bytes[valueFrom] ?? 0)
    if (keyAt >= valueTo) return false
    const propertiesAt = keyAt + 1 + (bytes[keyAt] as number)
    if (propertiesAt > valueTo) return false
    const properties = bytes.subarray(propertiesAt, valueTo)
    if (propertiesFault(properties) !== null) return false
    const exchange = this.#exchange.read(bytes, valueFrom + 1, keyAt)
    view.set(exchange, this.#routingKey.read(bytes, keyAt + 1, propertiesAt), properties, body)
    return true
  }
}

/** Goes through the headers of a record that a RecordWalk has found to be whole. */
class Headers {
  readonly bytes: Buffer
  #at: number
  #left: number
  #nameFrom = 0
  #nameTo = 0
  /** -1: null. */
  valueFrom = -1
  valueTo = -1

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.#at = at
    this.#left = this.#varint()
  }

  next(): boolean {
    if (this.#left <= 0) return false
    this.#left--
    const nameLength = this.#varint()
    this.#nameFrom = this.#at
    this.#at += nameLength
    this.#nameTo = this.#at
    const valueLength = this.#varint()
    this.valueFrom = valueLength < 0 ? -1 : this.#at
    this.#at += Math.max(0, valueLength)
    this.valueTo = this.#at
    return true
  }

  isNamed(name: Buffer): boolean {
    if (this.#nameTo - this.#nameFrom !== name.length) return false
    return this.bytes.compare(name, 0, undefined, this.#nameFrom, this.#nameTo) === 0
  }

  get name(): string {
    return this.bytes.toString('utf8', this.#nameFrom, this.#nameTo)
  }

  get value(): Uint8Array | null {
    return this.valueFrom < 0 ? null : this.bytes.subarray(this.valueFrom, this.valueTo)
  }

  /** Of lengths, which fit 32 bits. */
  #varint(): number {
    let zigzag = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.#at++] ?? 0
      zigzag |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }
}

/** All headers of a record that follow at `at`; values are views. */
export function readHeaders(records: Buffer, at: number): RecordHeader[] {
  const found: RecordHeader[] = []
  const headers = new Headers(records, at)
  while (headers.next()) found.push({ name: headers.name, value: headers.value })
  return found
}
