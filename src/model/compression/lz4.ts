// LZ4 in its frame format, one frame for a batch. The library inflates without a limit, so the frame is
// walked first: block by block for an upper bound, and only if that is too large, token by token for the
// exact size (no more than adding up lengths). lz4 "Frame Format Description" 1.6.4 and "Block Format".
//
//   magic 04 22 4d 18 | flags | block size code | content size int64? | dictionary id int32? | header checksum
//   block: length int32, top bit: stored as is | bytes | checksum int32?
//   end: int32 0 | content checksum int32?                                    all little-endian
import { createRequire } from 'node:module'
import { ok } from '../errors.ts'
import { type Codec, malformed, reasonOf, tooLarge } from './codec.ts'

type Library = typeof import('lz4-napi')

let loaded: Library | undefined
/** Loaded at first use: it costs some 30 ms, and most nodes never look inside an lz4 batch. */
function library(): Library {
  loaded ??= createRequire(import.meta.url)('lz4-napi') as Library
  return loaded
}

const magic = 0x184d2204
const flag = { blockChecksum: 0x10, contentSize: 0x08, contentChecksum: 0x04, dictionary: 0x01 }
const storedBit = 0x8000_0000

export const lz4: Codec = {
  decompress(bytes, maxBytes) {
    let size = frameOutput(bytes, upperBound)
    if (size > maxBytes) size = frameOutput(bytes, exactSize)
    if (Number.isNaN(size)) return malformed('lz4', 'not one whole frame')
    if (size > maxBytes) return tooLarge(maxBytes)
    try {
      return ok(library().decompressFrameSync(asBuffer(bytes)))
    } catch (error) {
      return malformed('lz4', reasonOf(error))
    }
  },

  /** The library writes independent blocks, the only ones that Kafka's Java client reads; it has no levels. */
  compress: (bytes) => library().compressFrameSync(asBuffer(bytes)),
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** Uncompressed size of the block that lies in `from`..`to`; NaN when malformed. */
type Measure = (bytes: Uint8Array, from: number, to: number, blockBytesMax: number) => number

const upperBound: Measure = (_bytes, _from, _to, blockBytesMax) => blockBytesMax

/** Uncompressed size of the one frame that fills `bytes`, or what it claims if more; NaN when malformed. */
function frameOutput(bytes: Uint8Array, measure: Measure): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 11 || view.getUint32(0, true) !== magic) return Number.NaN
  const flags = view.getUint8(4)
  const code = (view.getUint8(5) >>> 4) & 7
  if (flags >>> 6 !== 1 || code < 4 || flags & flag.dictionary) return Number.NaN
  const blockBytesMax = 2 ** (8 + 2 * code)
  let at = 7 + (flags & flag.contentSize ? 8 : 0)
  let output = 0
  for (;;) {
    if (at + 4 > bytes.length) return Number.NaN
    const field = view.getUint32(at, true)
    at += 4
    if (field === 0) break
    const to = at + (field & ~storedBit)
    if (to > bytes.length || to - at > blockBytesMax) return Number.NaN
    output += field & storedBit ? to - at : measure(bytes, at, to, blockBytesMax)
    at = to + (flags & flag.blockChecksum ? 4 : 0)
  }
  at += flags & flag.contentChecksum ? 4 : 0
  if (at !== bytes.length) return Number.NaN
  const claimed = flags & flag.contentSize ? Number(view.getBigUint64(6, true)) : 0
  return Math.max(output, claimed)
}

/** Adds up literals and matches. Each sequence: token, more literal length, literals, distance, more match. */
const exactSize: Measure = (bytes, from, to) => {
  let output = 0
  let at = from
  const length = (nibble: number): number => {
    let sum = nibble
    for (let more = nibble === 15; more; more = bytes[at++] === 255) sum += bytes[at] ?? Number.NaN
    return sum
  }
  while (at < to) {
    const token = bytes[at++] ?? 0
    const literals = length(token >>> 4)
    at += literals
    output += literals
    // The last sequence ends with its literals.
    if (!(at < to)) break
    at += 2
    output += length(token & 15) + 4
  }
  return at === to ? output : Number.NaN
}
