// The property list of a content header: which flag stands for what, and where in the bytes a value
// begins. AMQP 0-9-1, sections 4.2.6.1 and 1.8 ("basic" properties).

/** The flag of each property. */
export const property = {
  contentType: 1 << 15,
  contentEncoding: 1 << 14,
  headers: 1 << 13,
  deliveryMode: 1 << 12,
  priority: 1 << 11,
  correlationId: 1 << 10,
  replyTo: 1 << 9,
  expiration: 1 << 8,
  messageId: 1 << 7,
  timestamp: 1 << 6,
  type: 1 << 5,
  userId: 1 << 4,
  appId: 1 << 3,
  clusterId: 1 << 2,
} as const

const octets = property.deliveryMode | property.priority

/** Index of the value of `flag` in well-formed properties; -1: not set. */
export function placeOf(properties: Uint8Array, flag: number): number {
  if (properties.length < 2) return -1
  const flags = ((properties[0] as number) << 8) | (properties[1] as number)
  if ((flags & flag) === 0) return -1
  let at = 2
  for (let each = 1 << 15; each !== flag; each >>>= 1)
    if ((flags & each) !== 0) at += lengthAt(properties, at, each)
  return at
}

function lengthAt(properties: Uint8Array, at: number, flag: number): number {
  if ((octets & flag) !== 0) return 1
  if (flag === property.timestamp) return 8
  if (flag === property.headers) return 4 + uint32(properties, at)
  return 1 + (properties[at] as number)
}

const uint32 = (b: Uint8Array, at: number): number =>
  (((b[at] as number) << 24) |
    ((b[at + 1] as number) << 16) |
    ((b[at + 2] as number) << 8) |
    (b[at + 3] as number)) >>>
  0
