// CRC32C (Castagnoli, RFC 3720 appendix B.4), by the native library where it is installed for the
// platform.
import { crc32c as native } from '@node-rs/crc32'

/** The CRC of `bytes`; `seed` is the CRC of what came before them, 0 at the start. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return native(bytes, seed)
}
