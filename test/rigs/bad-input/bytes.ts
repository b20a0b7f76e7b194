// Pieces of requests by hand, for what no schema would write.

export const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export const text16 = (text: string): Buffer =>
  Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)])

/** Unsigned, seven bits a byte, lowest first. */
export const uvarint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}

export const sized = (...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([int32(body.length), body])
}

/** A request with a good header of version 1, and `body` behind it. */
export const request = (apiKey: number, version: number, ...body: readonly Uint8Array[]): Buffer =>
  sized(int16(apiKey), int16(version), int32(1), text16('bad-input'), ...body)

/** The same with a header of version 2, which ends with tagged fields: none. */
export const flexibleRequest = (
  apiKey: number,
  version: number,
  ...body: readonly Uint8Array[]
): Buffer => request(apiKey, version, Uint8Array.of(0), ...body)
