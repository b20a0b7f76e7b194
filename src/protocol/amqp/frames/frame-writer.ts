// Writes frames into a connection's outgoing buffer: methods, contents, and by hand what comes with
// every message: acknowledgements. Deliveries are written by delivery-writer.ts.
import type { MessageView } from '../../../model/message/message.ts'
import { encodeMethod } from '../methods/method-codec.ts'
import type { Fields, Method, Values } from '../methods/schema.ts'
import {
  basicClass,
  contentHead,
  copyBytes,
  frameEnd,
  frameHead,
  frameOverhead,
  frameType,
  hot,
  putUint32,
  putUint64,
} from './frame.ts'
import type { OutBuffer } from './out-buffer.ts'

export function putFrameHead(
  bytes: Buffer,
  at: number,
  type: number,
  channel: number,
  size: number,
): void {
  bytes[at] = type
  bytes[at + 1] = channel >>> 8
  bytes[at + 2] = channel
  putUint32(bytes, at + 3, size)
}

function writeFrame(out: OutBuffer, type: number, channel: number, payload: Uint8Array): void {
  const at = out.room(payload.length + frameOverhead)
  putFrameHead(out.slab, at, type, channel, payload.length)
  out.slab.set(payload, at + frameHead)
  out.slab[at + frameHead + payload.length] = frameEnd
}

export function writeMethod<F extends Fields>(
  out: OutBuffer,
  channel: number,
  method: Method<F>,
  values: Values<F>,
): void {
  writeFrame(out, frameType.method, channel, encodeMethod(method, values))
}

export function writeHeartbeat(out: OutBuffer): void {
  writeFrame(out, frameType.heartbeat, 0, new Uint8Array(0))
}

const confirmBytes = 21

/** basic.ack or basic.nack, to a publisher. */
export function writeConfirm(
  out: OutBuffer,
  channel: number,
  isAck: boolean,
  tag: number,
  multiple: boolean,
): void {
  const at = out.room(confirmBytes)
  const { slab } = out
  putFrameHead(slab, at, frameType.method, channel, 13)
  putUint32(slab, at + 7, isAck ? hot.ack : hot.nack)
  putUint64(slab, at + 11, tag)
  slab[at + 19] = multiple ? 1 : 0
  slab[at + 20] = frameEnd
}

/** A method with a content: basic.return, basic.get-ok. */
export function writeContent<F extends Fields>(
  out: OutBuffer,
  channel: number,
  method: Method<F>,
  values: Values<F>,
  message: MessageView,
  frameMax: number,
): void {
  writeMethod(out, channel, method, values)
  const { properties, body } = message
  const size = contentHead + properties.length
  const at = out.room(size + frameOverhead)
  const { slab } = out
  putFrameHead(slab, at, frameType.header, channel, size)
  putUint32(slab, at + frameHead, basicClass << 16)
  putUint64(slab, at + frameHead + 4, body.length)
  const end = copyBytes(slab, at + frameHead + contentHead, properties, 0, properties.length)
  slab[end] = frameEnd
  writeBody(out, channel, body, frameMax)
}

/** The body in as many frames as it needs. */
export function writeBody(
  out: OutBuffer,
  channel: number,
  body: Uint8Array,
  frameMax: number,
): void {
  const most = frameMax - frameOverhead
  for (let from = 0; from < body.length; from += most) {
    const to = Math.min(body.length, from + most)
    const at = out.room(to - from + frameOverhead)
    putFrameHead(out.slab, at, frameType.body, channel, to - from)
    const end = copyBytes(out.slab, at + frameHead, body, from, to)
    out.slab[end] = frameEnd
  }
}
