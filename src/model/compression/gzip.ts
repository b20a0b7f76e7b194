// Gzip (RFC 1952) by node:zlib, which counts what it inflates and stops at the limit.
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { ok } from '../errors.ts'
import { type Codec, isOutputTooLarge, malformed, reasonOf, tooLarge } from './codec.ts'

/** Piece that the output grows by; the default of 16 KiB makes many for a usual batch. */
const chunkSize = 64 * 1024

export const gzip: Codec = {
  decompress(bytes, maxBytes) {
    try {
      return ok(gunzipSync(bytes, { maxOutputLength: maxBytes, chunkSize }))
    } catch (error) {
      return isOutputTooLarge(error) ? tooLarge(maxBytes) : malformed('gzip', reasonOf(error))
    }
  },

  compress: (bytes, level = constants.Z_DEFAULT_COMPRESSION) =>
    gzipSync(bytes, { level, chunkSize }),
}
