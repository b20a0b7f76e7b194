// What each compression codec offers. Every one obeys the same law: what a peer sent is never
// believed about its size, no more than `maxBytes` (and a block of slack) is ever allocated, and
// bad data is a value.
import { type Result, refuse } from '../errors.ts'

export interface Codec {
  /** Refuses with `messageTooLarge` above `maxBytes`, with `invalidRecord` when malformed. */
  decompress(bytes: Uint8Array, maxBytes: number): Result<Uint8Array>
  compress(bytes: Uint8Array, level?: number): Uint8Array
}

export const tooLarge = (maxBytes: number): Result<never> =>
  refuse(
    'messageTooLarge',
    `the records are larger than ${maxBytes} bytes when uncompressed; send them in smaller batches`,
  )

/** Not `corruptBatch`: the checksum held, so sending the same bytes again cannot help. */
export const malformed = (codec: string, why: string): Result<never> =>
  refuse('invalidRecord', `the records cannot be uncompressed: ${codec}: ${why}`)

/** What a codec's library said when it threw. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** True when node:zlib stopped because the output would exceed its `maxOutputLength`. */
export const isOutputTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
