// Zstandard by node:zlib where it has it (Node 22.15 and later), else by a WebAssembly build, which has to be
// compiled first: `prepareZstd`, once, before the first batch. Frames are uncompressed one by one, since the
// WebAssembly build takes the size of its whole output from what the first frame claims.
import * as zlib from 'node:zlib'
import { assert } from '../../base/assert.ts'
import { ok, type Result, refuse } from '../errors.ts'
import { type Codec, isOutputTooLarge, malformed, reasonOf, tooLarge } from './codec.ts'
import { readZstdFrame } from './zstd-frame.ts'

/** The part of node:zlib that types for Node 20 do not know. */
interface NativeZstd {
  zstdCompressSync(bytes: Uint8Array, options: { params: { [parameter: number]: number } }): Buffer
  zstdDecompressSync(bytes: Uint8Array, options: { maxOutputLength: number }): Buffer
}

interface Engine {
  /** One frame; throws what `isTooLarge` or `reasonOf` explain. */
  decompressFrame(frame: Uint8Array, maxBytes: number): Uint8Array
  compress(bytes: Uint8Array, level: number): Uint8Array
  isTooLarge(error: unknown): boolean
}

/** As in zstd.h: ZSTD_c_compressionLevel, ZSTD_CLEVEL_DEFAULT, and ZSTD_error_dstSize_tooSmall. */
const compressionLevel = 100
const defaultLevel = 3
const outputTooSmall = /code -70\b/

let engine = nativeEngine()

function nativeEngine(): Engine | null {
  const native: Partial<NativeZstd> = zlib as Partial<NativeZstd>
  const { zstdCompressSync, zstdDecompressSync } = native
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return null
  return {
    decompressFrame: (frame, maxBytes) => zstdDecompressSync(frame, { maxOutputLength: maxBytes }),
    compress: (bytes, level) => zstdCompressSync(bytes, { params: { [compressionLevel]: level } }),
    isTooLarge: isOutputTooLarge,
  }
}

/** Makes zstd ready to use. Costs some 45 ms on Node 20, nothing where node:zlib has it. */
export async function prepareZstd(): Promise<void> {
  if (engine !== null) return
  const wasm = await import('@bokuweb/zstd-wasm')
  await wasm.init()
  engine ??= {
    decompressFrame: (frame, maxBytes) => wasm.decompress(frame, { defaultHeapSize: maxBytes }),
    compress: (bytes, level) => wasm.compress(bytes, level),
    isTooLarge: (error) => outputTooSmall.test(reasonOf(error)),
  }
}

export const zstd: Codec = {
  decompress(bytes, maxBytes) {
    if (engine === null) return refuse('unsupportedCompression', 'zstd is not ready yet')
    const parts: Uint8Array[] = []
    let total = 0
    for (let from = 0; from < bytes.length; ) {
      const frame = readZstdFrame(bytes, from)
      if (frame === null) return malformed('zstd', 'not a whole frame')
      if (frame.outputMax > 0 && frame.claimedBytes !== 0) {
        if (total + (frame.claimedBytes ?? 0) > maxBytes) return tooLarge(maxBytes)
        const room = Math.min(frame.claimedBytes ?? frame.outputMax, maxBytes - total)
        const part = decompressFrame(engine, bytes.subarray(from, frame.to), room, maxBytes)
        if (!part.ok) return part
        parts.push(part.value)
        total += part.value.length
      }
      from = frame.to
    }
    return ok(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, total))
  },

  compress(bytes, level = defaultLevel) {
    assert(engine !== null, 'prepareCompression() comes before the first zstd batch')
    return engine.compress(bytes, level)
  },
}

/** One frame into at most `room` bytes. */
function decompressFrame(
  engine: Engine,
  frame: Uint8Array,
  room: number,
  maxBytes: number,
): Result<Uint8Array> {
  if (room === 0) return tooLarge(maxBytes)
  try {
    return ok(engine.decompressFrame(frame, room))
  } catch (error) {
    return engine.isTooLarge(error) ? tooLarge(maxBytes) : malformed('zstd', reasonOf(error))
  }
}
