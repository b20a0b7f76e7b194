// CRC-32C (Castagnoli), the checksum of record batches and of our own formats. The library uses the
// processor's instruction; `seed` continues a checksum over several pieces.
import { crc32c as native } from '@node-rs/crc32'

export function crc32c(bytes: Uint8Array, seed = 0): number {
  return native(bytes, seed)
}
