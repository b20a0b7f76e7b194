// Writes the deliveries of one consumer into its connection's outgoing buffer. The method frame and
// the first part of the header frame are prepared for an exchange and a routing key, and used again
// while these stay the same; properties and body are copied as they came. One per consumer.
import type { MessageView } from '../../../model/message/message.ts'
import { basic } from '../methods/basic-methods.ts'
import { encodeMethod, encodeShortstr } from '../methods/method-codec.ts'
import {
  basicClass,
  contentHead,
  copyBytes,
  frameEnd,
  frameHead,
  frameOverhead,
  frameType,
  putUint32,
  putUint64,
} from './frame.ts'
import { putFrameHead, writeBody } from './frame-writer.ts'
import type { OutBuffer } from './out-buffer.ts'

/** Class and method, in front of the arguments. */
const methodHead = 4
const tagBytes = 8

export class DeliveryWriter {
  private readonly out: OutBuffer
  private readonly channel: number
  private readonly consumerTag: string
  private readonly bodyMax: number
  private exchange = ''
  private routingKey = ''
  /** The method frame, then the header frame up to its weight. */
  private start: Buffer | null = null
  /** In `start`: the delivery tag, behind which stands `redelivered`; the header frame's size. */
  private readonly tagAt: number
  private sizeAt = 0

  constructor(out: OutBuffer, channel: number, consumerTag: string, frameMax: number) {
    this.out = out
    this.channel = channel
    this.consumerTag = consumerTag
    this.bodyMax = frameMax - frameOverhead
    this.tagAt = frameHead + methodHead + encodeShortstr(consumerTag).length
  }

  write(tag: number, redelivered: boolean, message: MessageView): void {
    const { exchange, routingKey, properties, body } = message
    let { start } = this
    if (start === null || exchange !== this.exchange || routingKey !== this.routingKey)
      start = this.prepare(exchange, routingKey)
    const { out } = this
    const size = body.length
    const isOneFrame = size > 0 && size <= this.bodyMax
    const headLength = start.length + 8 + properties.length + 1
    const from = out.room(isOneFrame ? headLength + size + frameOverhead : headLength)
    const { slab } = out
    let at = copyBytes(slab, from, start, 0, start.length)
    putUint64(slab, from + this.tagAt, tag)
    slab[from + this.tagAt + tagBytes] = redelivered ? 1 : 0
    putUint32(slab, from + this.sizeAt, contentHead + properties.length)
    putUint32(slab, at, 0)
    putUint32(slab, at + 4, size)
    at = copyBytes(slab, at + 8, properties, 0, properties.length)
    slab[at++] = frameEnd
    if (isOneFrame) {
      putFrameHead(slab, at, frameType.body, this.channel, size)
      at = copyBytes(slab, at + frameHead, body, 0, size)
      slab[at] = frameEnd
    } else if (size > 0) writeBody(out, this.channel, body, this.bodyMax + frameOverhead)
  }

  private prepare(exchange: string, routingKey: string): Buffer {
    const { consumerTag } = this
    const values = { consumerTag, deliveryTag: 0, redelivered: false, exchange, routingKey }
    const method = encodeMethod(basic.deliver, values)
    const methodFrame = method.length + frameOverhead
    const start = Buffer.alloc(methodFrame + frameHead + 4)
    putFrameHead(start, 0, frameType.method, this.channel, method.length)
    start.set(method, frameHead)
    start[methodFrame - 1] = frameEnd
    putFrameHead(start, methodFrame, frameType.header, this.channel, 0)
    putUint32(start, methodFrame + frameHead, basicClass << 16)
    this.sizeAt = methodFrame + 3
    this.start = start
    this.exchange = exchange
    this.routingKey = routingKey
    return start
  }
}
