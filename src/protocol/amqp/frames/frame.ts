// A frame of AMQP 0-9-1 (section 4.2.3):
//
//   type octet | channel short | size long | payload, `size` octets | 0xCE
//
// and a content header's payload (section 4.2.6.1):
//
//   class short | weight short, 0 | body size longlong | property flags short | properties

export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const

export const frameEnd = 0xce
/** What stands before the payload, and that with what stands behind it. */
export const frameHead = 7
export const frameOverhead = 8
/** Of a content header, before the property flags. */
export const contentHead = 12

export const basicClass = 60
/** Class and method, as they stand in a method frame. */
export const hot = {
  publish: 0x003c0028,
  ack: 0x003c0050,
  reject: 0x003c005a,
  nack: 0x003c0078,
} as const

/** Whether two ranges hold the same bytes. */
export function sameBytes(
  a: Uint8Array,
  aFrom: number,
  b: Uint8Array,
  bFrom: number,
  length: number,
): boolean {
  for (let i = length - 1; i >= 0; i--) if (a[aFrom + i] !== b[bFrom + i]) return false
  return true
}

/** Below it a loop is faster than a call into the engine. */
const loopBytesMax = 80

/** Copies `from[start, end)` to `to` at `at`, and says where it ended. */
export function copyBytes(
  to: Buffer,
  at: number,
  from: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start
  if (length > loopBytesMax) {
    to.set(length === from.length ? from : from.subarray(start, end), at)
    return at + length
  }
  for (let i = 0; i < length; i++) to[at + i] = from[start + i] as number
  return at + length
}

export function putUint32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

export const uint32At = (b: Uint8Array, at: number): number =>
  (((b[at] as number) << 24) |
    ((b[at + 1] as number) << 16) |
    ((b[at + 2] as number) << 8) |
    (b[at + 3] as number)) >>>
  0

const two32 = 2 ** 32

export function putUint64(bytes: Buffer, at: number, value: number): void {
  putUint32(bytes, at, value < two32 ? 0 : Math.floor(value / two32))
  putUint32(bytes, at + 4, value < two32 ? value : value % two32)
}

/** The nearest number. */
export const uint64At = (b: Uint8Array, at: number): number =>
  uint32At(b, at) * two32 + uint32At(b, at + 4)
