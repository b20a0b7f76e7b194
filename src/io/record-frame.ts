// The frame of a record file: what one write adds, holding the records of one or several appends,
// so that a crash loses all of it or nothing. Used by record-file.ts and record-scan.ts. Big
// endian.
//
// | at | bytes | field | |----|-------|-------| | 0 | 4 | magic `PQRF` | | 4 | 1 | version, 1 | | 5
// | 3 | zero | | 8 | 4 | length of the body | | 12 | 8 | sequence number, one more than that of the
// frame before | | 20 | 4 | CRC32C of the body | | 24 | 4 | CRC32C of bytes 0 to 23, seeded with
// the low 32 bits of the frame's position in the file | | 28 | | body: for each record its length
// (4 bytes), then its bytes |
//
// The header has a check of its own so that a length is believed only when it is whole. The
// position in the check makes a frame valid in one place only: bytes inside a record cannot pass
// for a frame by chance, and since it has zeros, not by intent either: what clients choose is kept
// as JSON, which writes control characters otherwise. To change the layout: raise the version, keep
// reading the old one; `rewrite` carries a file over.
import { assert } from '../base/assert.ts'
import { crc32c } from '../base/crc32c.ts'

export const frameHeaderBytes = 28
export const frameMagic = 0x50515246
const version = 1

export interface FrameHeader {
  readonly version: number
  readonly bodyBytes: number
  readonly sequence: number
  readonly bodyCRC: number
}

/** Bytes that `records` take in a frame, without its header. */
export function bodyBytesOf(records: readonly Uint8Array[]): number {
  return records.reduce((sum, record) => sum + 4 + record.length, 0)
}

export function encodeFrame(
  records: readonly Uint8Array[],
  sequence: number,
  position: number,
): Uint8Array {
  const bodyBytes = bodyBytesOf(records)
  const frame = new Uint8Array(frameHeaderBytes + bodyBytes)
  const view = new DataView(frame.buffer)
  let at = frameHeaderBytes
  for (const record of records) {
    view.setUint32(at, record.length)
    frame.set(record, at + 4)
    at += 4 + record.length
  }
  view.setUint32(0, frameMagic)
  view.setUint8(4, version)
  view.setUint32(8, bodyBytes)
  view.setBigUint64(12, BigInt(sequence))
  view.setUint32(20, crc32c(frame.subarray(frameHeaderBytes)))
  view.setUint32(24, crc32c(frame.subarray(0, 24), seedOf(position)))
  return frame
}

/**
 * The header at the start of `bytes`, which stand at `position` of the file; null if none is valid.
 */
export function decodeHeader(bytes: Uint8Array, position: number): FrameHeader | null {
  if (bytes.length < frameHeaderBytes) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, frameHeaderBytes)
  if (view.getUint32(0) !== frameMagic) return null
  if (view.getUint32(24) !== crc32c(bytes.subarray(0, 24), seedOf(position))) return null
  return {
    version: view.getUint8(4),
    bodyBytes: view.getUint32(8),
    sequence: Number(view.getBigUint64(12)),
    bodyCRC: view.getUint32(20),
  }
}

/** Whether `bytes`, which begin with a magic, go on as a header does and as no text can. */
export const hasZeros = (bytes: Uint8Array): boolean =>
  bytes[4] === version && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0

export function isKnownVersion(header: FrameHeader): boolean {
  return header.version === version
}

/** The records in a body whose check was right, as views of it. */
export function decodeBody(body: Uint8Array): Uint8Array[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const records: Uint8Array[] = []
  for (let at = 0; at < body.length; ) {
    const length = view.getUint32(at)
    at += 4
    assert(at + length <= body.length, 'a record reaches beyond a body that was written whole')
    records.push(body.subarray(at, at + length))
    at += length
  }
  return records
}

/** The library takes a seed of 32 bits without sign. */
function seedOf(position: number): number {
  return position % 2 ** 32
}
