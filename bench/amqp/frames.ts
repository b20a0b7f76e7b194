// Frames of AMQP 0-9-1 as a load needs them: made once, sent many times. Nothing here is shared
// with the broker's own codecs, so that a mistake of theirs does not hide itself.

export const methodFrame = 1
const headerFrame = 2
const bodyFrame = 3
const frameEnd = 0xce

/** Class and method in one number, as they stand in a method frame. */
export const methods = {
  connectionStart: (10 << 16) | 10,
  connectionStartOk: (10 << 16) | 11,
  connectionTune: (10 << 16) | 30,
  connectionTuneOk: (10 << 16) | 31,
  connectionOpen: (10 << 16) | 40,
  connectionOpenOk: (10 << 16) | 41,
  connectionClose: (10 << 16) | 50,
  connectionCloseOk: (10 << 16) | 51,
  connectionBlocked: (10 << 16) | 60,
  connectionUnblocked: (10 << 16) | 61,
  channelOpen: (20 << 16) | 10,
  channelOpenOk: (20 << 16) | 11,
  channelClose: (20 << 16) | 40,
  queueDeclare: (50 << 16) | 10,
  queueDeclareOk: (50 << 16) | 11,
  queuePurge: (50 << 16) | 30,
  queuePurgeOk: (50 << 16) | 31,
  basicQos: (60 << 16) | 10,
  basicQosOk: (60 << 16) | 11,
  basicConsume: (60 << 16) | 20,
  basicConsumeOk: (60 << 16) | 21,
  basicPublish: (60 << 16) | 40,
  basicDeliver: (60 << 16) | 60,
  basicAck: (60 << 16) | 80,
  basicNack: (60 << 16) | 120,
  confirmSelect: (85 << 16) | 10,
  confirmSelectOk: (85 << 16) | 11,
} as const

export const octet = (value: number): Buffer => Buffer.of(value)

export const short = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export const long = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const longlong = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

export const shortString = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([octet(bytes.length), bytes])
}

export const longString = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([long(bytes.length), bytes])
}

export const emptyTable = long(0)

/** A table that holds one table of flags, as clients tell their capabilities. */
export const capabilities = (names: readonly string[]): Buffer => {
  const sized = (bytes: Buffer): Buffer => Buffer.concat([long(bytes.length), bytes])
  const flags = names.map((name) => Buffer.concat([shortString(name), Buffer.from('t\x01')]))
  const inner = sized(Buffer.concat(flags))
  return sized(Buffer.concat([shortString('capabilities'), Buffer.from('F'), inner]))
}

const frame = (type: number, channel: number, payload: Buffer): Buffer =>
  Buffer.concat([
    ...[octet(type), short(channel), long(payload.length)],
    ...[payload, octet(frameEnd)],
  ])

export const method = (channel: number, id: number, ...fields: readonly Buffer[]): Buffer =>
  frame(methodFrame, channel, Buffer.concat([long(id), ...fields]))

/** What a message is besides its queue: its size, and whether it shall survive a restart. */
export interface Shape {
  readonly bytes: number
  readonly persistent: boolean
}

/** A message to a queue through the default exchange: method, header and body (one frame). */
export const publish = (queue: string, { bytes, persistent }: Shape): Buffer => {
  const fields = [short(0), shortString(''), shortString(queue), octet(0)]
  const deliveryMode = persistent ? [short(0x1000), octet(2)] : [short(0)]
  const header = Buffer.concat([short(60), short(0), longlong(bytes), ...deliveryMode])
  return Buffer.concat([
    method(1, methods.basicPublish, ...fields),
    frame(headerFrame, 1, header),
    ...(bytes === 0 ? [] : [frame(bodyFrame, 1, Buffer.alloc(bytes, 'm'))]),
  ])
}

/** Length of an acknowledgement, and where the tag and the flag `multiple` stand in it. */
export const ackBytes = 21
export const ackTagAt = 11
export const ackMultipleAt = 19
export const ackTemplate = method(1, methods.basicAck, longlong(0), octet(0))
