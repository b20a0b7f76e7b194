// The codecs of record batches behind two functions. Batches are stored and served as they
// came; here comes what must look inside: validation, look-up by timestamp, compaction, and topics
// that want another codec than their producers.
import type { Codec } from './compression/codec.ts'
import { gzip } from './compression/gzip.ts'
import { lz4 } from './compression/lz4.ts'
import { snappy } from './compression/snappy.ts'
import { prepareZstd, zstd } from './compression/zstd.ts'
import { ok, type Result } from './errors.ts'
import type { Compression } from './record-batch.ts'

const none: Codec = {
  decompress: (bytes) => ok(bytes),
  compress: (bytes) => bytes,
}

const codecs: { readonly [name in Compression]: Codec } = { none, gzip, snappy, lz4, zstd }

/**
 * To be awaited once at start, before the first batch: one codec cannot be loaded synchronously.
 */
export const prepareCompression = (): Promise<void> => prepareZstd()

/**
 * Uncompresses at most `maxBytes` (at least 1); a view of `bytes` when there is nothing to do.
 * Refuses with `messageTooLarge` when it would be more, `invalidRecord` when malformed; memory
 * stays within `maxBytes` and a few MiB of the codec's own whatever the bytes claim. Synchronous.
 */
export const decompress = (
  compression: Compression,
  bytes: Uint8Array,
  maxBytes: number,
): Result<Uint8Array> => codecs[compression].decompress(bytes, maxBytes)

/** Levels are the codec's own: gzip 1 to 9, zstd up to 22; the others have none and ignore it. */
export const compress = (compression: Compression, bytes: Uint8Array, level?: number): Uint8Array =>
  codecs[compression].compress(bytes, level)

/** What the bytes of a codec start with; snappy's raw form has nothing of the kind. */
const beginnings: { readonly [name in Compression]: readonly number[] } = {
  none: [],
  gzip: [0x1f, 0x8b],
  snappy: [],
  lz4: [0x04, 0x22, 0x4d, 0x18],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
}

/** Whether `bytes` may be of this codec, by their first ones only. */
export const beginsAs = (compression: Compression, bytes: Uint8Array): boolean =>
  beginnings[compression].every((byte, i) => bytes[i] === byte)
