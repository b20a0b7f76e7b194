// What a schema becomes for one version, whether compiled or interpreted.
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** Reads and writes one version of one message. */
export interface Codec<R, D> {
  /** Throws WireError when the bytes are not such a message. Leaves the reader behind it. */
  read(reader: Reader): R
  write(writer: Writer, value: D): void
}
