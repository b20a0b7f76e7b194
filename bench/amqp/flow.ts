// The two ends of a load on one queue: a publisher that keeps a window of unconfirmed messages full
// (or the socket, if there is no window), and a consumer that acknowledges each delivery, many at
// once, or none.
import type { Connection } from './connection.ts'
import { ackBytes, ackMultipleAt, ackTagAt, ackTemplate } from './frames.ts'

/** Bytes of the largest write: many messages in one. */
const writeBytes = 65_536
/** Room for confirms that come one by one and out of order; a power of two above every window. */
const ringSize = 1 << 16

export interface Publishing {
  /** One message, encoded. */
  readonly message: Buffer
  /** Messages without confirm at a time; 0: no confirms. */
  readonly window: number
  /** Messages in all. */
  readonly limit: number
}

export class Publisher {
  sent = 0
  confirmed = 0
  readonly #connection: Connection
  readonly #publishing: Publishing
  readonly #chunk: Buffer
  readonly #perChunk: number
  /** Confirmed out of order: a bit of `ring` for a tag above `low`, below which all are. */
  readonly #ring = new Uint8Array(ringSize)
  #low = 0
  #stopped = false
  #whenDone: () => void = () => undefined

  constructor(connection: Connection, publishing: Publishing) {
    this.#connection = connection
    this.#publishing = publishing
    const { message, window } = publishing
    if (window >= ringSize) throw new Error(`a window of ${window} is above ${ringSize}`)
    this.#perChunk = Math.max(1, Math.floor(writeBytes / message.length))
    this.#chunk = Buffer.concat(Array.from({ length: this.#perChunk }, () => message))
    connection.onConfirmed = (tag, multiple) => this.#confirm(tag, multiple)
    connection.onTurn = () => this.#send()
  }

  /** Resolves when the limit is reached and confirmed. */
  run(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#whenDone = resolve
    })
    this.#send()
    return Promise.race([done, this.#connection.failed()])
  }

  stop(): void {
    this.#stopped = true
  }

  #send(): void {
    const { window, limit, message } = this.#publishing
    const { socket } = this.#connection
    while (!this.#stopped && !this.#connection.blocked && !socket.writableNeedDrain) {
      const room = window === 0 ? this.#perChunk : window - (this.sent - this.confirmed)
      const count = Math.min(this.#perChunk, limit - this.sent, room)
      if (count <= 0) break
      this.sent += count
      const isWhole = count === this.#perChunk
      socket.write(isWhole ? this.#chunk : this.#chunk.subarray(0, count * message.length))
    }
    if (this.sent >= limit && (window === 0 || this.confirmed >= limit)) this.#whenDone()
  }

  #confirm(tag: number, multiple: boolean): void {
    const ring = this.#ring
    const mask = ringSize - 1
    if (multiple)
      while (this.#low < tag) {
        this.#low++
        if (ring[this.#low & mask] === 0) this.confirmed++
        ring[this.#low & mask] = 0
      }
    else {
      this.confirmed++
      ring[tag & mask] = 1
    }
    while (ring[(this.#low + 1) & mask] === 1) {
      this.#low++
      ring[this.#low & mask] = 0
    }
  }
}

/**
 * Deliveries between two acknowledgements: 0 none at all, 1 each its own, n one for all of them.
 */
export type AckEvery = number

export class Consumer {
  delivered = 0
  readonly #connection: Connection
  readonly #ackEvery: AckEvery
  #acknowledged = 0
  #target = Number.POSITIVE_INFINITY
  #whenDone: () => void = () => undefined

  constructor(connection: Connection, ackEvery: AckEvery) {
    this.#connection = connection
    this.#ackEvery = ackEvery
    connection.onDelivered = (count, lastTag) => this.#received(count, lastTag)
  }

  /** Resolves when so many have come, all of them acknowledged. */
  until(count: number): Promise<void> {
    this.#target = count
    const done = new Promise<void>((resolve) => {
      this.#whenDone = resolve
    })
    return Promise.race([done, this.#connection.failed()])
  }

  #received(count: number, lastTag: number): void {
    this.delivered += count
    const isLast = this.delivered >= this.#target
    if (this.#ackEvery === 1) this.#ackEach(count, lastTag)
    else if (this.#ackEvery > 1 && (isLast || lastTag - this.#acknowledged >= this.#ackEvery)) {
      this.#acknowledged = lastTag
      const ack = Buffer.from(ackTemplate)
      ack.writeBigUInt64BE(BigInt(lastTag), ackTagAt)
      ack[ackMultipleAt] = 1
      this.#connection.socket.write(ack)
    }
    if (isLast) this.#whenDone()
  }

  /** One acknowledgement for each delivery of a read, in one write. */
  #ackEach(count: number, lastTag: number): void {
    const acks = Buffer.allocUnsafe(count * ackBytes)
    for (let i = 0; i < count; i++) {
      const at = i * ackBytes
      const tag = lastTag - count + 1 + i
      ackTemplate.copy(acks, at)
      acks.writeUInt32BE(Math.floor(tag / 2 ** 32), at + ackTagAt)
      acks.writeUInt32BE(tag >>> 0, at + ackTagAt + 4)
    }
    this.#connection.socket.write(acks)
  }
}
