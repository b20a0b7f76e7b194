// Reads a file front to back in large pieces, whatever is asked: for the scan of the journal and
// for those who rewrite segments.
import type { DiskFile } from './disk.ts'

export class ReadAhead {
  readonly #file: DiskFile
  readonly #aheadBytes: number
  #buffer = new Uint8Array(0)
  #from = 0
  #bytes = 0

  constructor(file: DiskFile, aheadBytes: number) {
    this.#file = file
    this.#aheadBytes = aheadBytes
  }

  /** As `DiskFile.read`. */
  async read(into: Uint8Array, position: number): Promise<number> {
    if (position < this.#from || position + into.length > this.#from + this.#bytes) {
      if (into.length >= this.#aheadBytes) return this.#file.read(into, position)
      if (this.#buffer.length === 0) this.#buffer = new Uint8Array(this.#aheadBytes)
      this.#bytes = await this.#file.read(this.#buffer, position)
      this.#from = position
    }
    const at = position - this.#from
    const n = Math.min(into.length, this.#bytes - at)
    into.set(this.#buffer.subarray(at, at + n))
    return n
  }

  /** The same bytes at once, if they are there: valid until the next read. Null: they are not. */
  view(position: number, bytes: number): Uint8Array | null {
    const at = position - this.#from
    return at >= 0 && at + bytes <= this.#bytes ? this.#buffer.subarray(at, at + bytes) : null
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
