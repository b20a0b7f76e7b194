// A message as it passes through the node: where it was published to, its properties as the bytes
// they came in, and its body. A view: doors and queues reuse one, so whoever is handed one keeps
// nothing of it beyond the call. Properties are read from the bytes when somebody asks; whoever
// sets them has made sure, once, that they are well-formed (`propertiesFault`).
//
//   properties   flags uint16 | the values of the flags that are set, from the highest on
//                (AMQP 0-9-1, section 4.2.6.1; RabbitMQ sends no second flag word)

import { type FieldTable, noFields } from './field.ts'
import { decodeTable } from './field-codec.ts'
import { placeOf, property } from './properties.ts'

const nothing = new Uint8Array(0)

export class MessageView {
  exchange = ''
  routingKey = ''
  properties: Uint8Array = nothing
  body: Uint8Array = nothing
  #headers: FieldTable | null = null

  set(exchange: string, routingKey: string, properties: Uint8Array, body: Uint8Array): this {
    this.exchange = exchange
    this.routingKey = routingKey
    this.properties = properties
    this.body = body
    this.#headers = null
    return this
  }

  /** Looks at nothing any more. */
  clear(): void {
    this.set('', '', nothing, nothing)
  }

  /** One of its own, which may be kept. */
  copy(): MessageView {
    const { exchange, routingKey, properties, body } = this
    const view = new MessageView()
    return view.set(exchange, routingKey, new Uint8Array(properties), new Uint8Array(body))
  }

  /** What was published as durable: delivery mode 2. */
  get isPersistent(): boolean {
    return this.#octet(property.deliveryMode) === 2
  }

  /** -1: not set. */
  get priority(): number {
    return this.#octet(property.priority)
  }

  /** As it came: milliseconds in digits; null: not set. */
  get expiration(): string | null {
    return this.text(property.expiration)
  }

  /**
   * The same as a number; Infinity: not set, or nothing that can be understood. An AMQP client is
   * refused then, but records of other producers come as they are.
   */
  get expirationMs(): number {
    const { expiration } = this
    if (expiration === null || !/^\+?\d+$/.test(expiration)) return Number.POSITIVE_INFINITY
    return Number(expiration)
  }

  /** One of the short strings; null: not set. */
  text(flag: number): string | null {
    const at = placeOf(this.properties, flag)
    if (at < 0) return null
    const length = this.properties[at] as number
    return Buffer.from(
      this.properties.buffer,
      this.properties.byteOffset + at + 1,
      length,
    ).toString('utf8')
  }

  /** Seconds since 1970; null: not set. */
  get timestamp(): bigint | null {
    const at = placeOf(this.properties, property.timestamp)
    if (at < 0) return null
    const { buffer, byteOffset } = this.properties
    return new DataView(buffer, byteOffset).getBigUint64(at)
  }

  get headers(): FieldTable {
    if (this.#headers !== null) return this.#headers
    const at = placeOf(this.properties, property.headers)
    this.#headers = at < 0 ? noFields : decodeTable(this.properties, at)
    return this.#headers
  }

  #octet(flag: number): number {
    const at = placeOf(this.properties, flag)
    return at < 0 ? -1 : (this.properties[at] as number)
  }
}
