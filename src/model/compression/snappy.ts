// Snappy in the two forms that Kafka clients write: one raw block (librdkafka and most others), and
// the frame of the Java library snappy-java ("xerial"), which is also what we write:
//
//   82 'SNAPPY' 00 | version int32, 1 | oldest compatible version int32, 1 | blocks
//   block: length int32 | raw snappy of at most 32 KiB
//
// The two cannot be mixed up: read as a raw block, the magic's third byte is a copy from before the
// start. A raw block begins with its uncompressed size; all sizes are added up before anything is
// uncompressed.
import { createRequire } from 'node:module'
import { ok, type Result } from '../errors.ts'
import { type Codec, malformed, reasonOf, tooLarge } from './codec.ts'

type Library = typeof import('snappy')

let loaded: Library | undefined
/** Loaded at first use: it costs some 25 ms, and most nodes never look inside a snappy batch. */
function library(): Library {
  loaded ??= createRequire(import.meta.url)('snappy') as Library
  return loaded
}

const frameHeader = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex')
const magicBytes = 8
const blockBytes = 32 * 1024

export const snappy: Codec = {
  decompress(bytes, maxBytes) {
    const blocks = isFramed(bytes) ? frameBlocks(bytes) : [bytes]
    if (blocks === null) return malformed('snappy', 'a block does not fit its frame')
    let total = 0
    for (const block of blocks) {
      total += claimedBytes(block)
      if (Number.isNaN(total)) return malformed('snappy', 'a block does not tell its size')
      if (total > maxBytes) return tooLarge(maxBytes)
    }
    return uncompressed(blocks, total)
  },

  compress(bytes) {
    const parts: Uint8Array[] = [frameHeader]
    for (let at = 0; at < bytes.length; at += blockBytes) {
      const block = library().compressSync(bytes.subarray(at, at + blockBytes))
      const length = Buffer.alloc(4)
      length.writeInt32BE(block.length)
      parts.push(length, block)
    }
    return Buffer.concat(parts)
  },
}

const isFramed = (bytes: Uint8Array, at = 0): boolean =>
  bytes.length - at >= frameHeader.length &&
  frameHeader.compare(bytes, at, at + magicBytes, 0, magicBytes) === 0

/** The raw blocks of a frame, or of several; null when their lengths do not add up. */
function frameBlocks(bytes: Uint8Array): Uint8Array[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const blocks: Uint8Array[] = []
  let at = frameHeader.length
  while (at < bytes.length) {
    // Its magic is no length: it would be below 0.
    if (isFramed(bytes, at)) {
      at += frameHeader.length
      continue
    }
    if (at + 4 > bytes.length) return null
    const length = view.getInt32(at)
    at += 4
    // No block is empty: even one of nothing tells that it is.
    if (length <= 0 || length > bytes.length - at) return null
    blocks.push(bytes.subarray(at, at + length))
    at += length
  }
  return blocks
}

/**
 * The uncompressed size at the head of a raw block, a varint of 32 bits; NaN when there is none.
 */
function claimedBytes(block: Uint8Array): number {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = block[i]
    if (byte === undefined) return Number.NaN
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return value
  }
  return Number.NaN
}

function uncompressed(blocks: readonly Uint8Array[], total: number): Result<Uint8Array> {
  try {
    const { uncompressSync } = library()
    const parts = blocks.map((block) => uncompressSync(block, { asBuffer: true }) as Buffer)
    return ok(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, total))
  } catch (error) {
    return malformed('snappy', reasonOf(error))
  }
}
