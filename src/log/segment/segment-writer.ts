// Writes one segment file front to back, or goes on where an earlier flush ended: everything passes
// through one aligned buffer, so that the file can be written past the page cache. The last block
// of a file is filled with zeros, and written again with more in it by the next flush: bytes that
// were durable keep their value in both versions, so a torn write cannot hurt them. The flusher and
// the cleaner use it.
import { assert } from '../../base/assert.ts'
import { blockBytes, type Disk, DiskError, type DiskFile } from '../../io/disk.ts'
import { segmentPath } from './segment-files.ts'

export class SegmentWriter {
  readonly file: number
  readonly #out: DiskFile
  readonly #staging: Uint8Array
  /** Position in the file of the first byte of the staging buffer, a multiple of `blockBytes`. */
  #base: number
  #filled: number
  /** Of the file, as the last write of this one left it. */
  #version: number
  /** Nobody else has written to the file since it was opened here. */
  isAlone = true

  private constructor(
    file: number,
    out: DiskFile,
    staging: Uint8Array,
    base: number,
    filled: number,
    version: number,
  ) {
    this.#version = version
    this.file = file
    this.#out = out
    this.#staging = staging
    this.#base = base
    this.#filled = filled
  }

  /** Begins a new file. @param staging memory of `Disk.allocate`, lent. */
  static async begin(disk: Disk, file: number, staging: Uint8Array): Promise<SegmentWriter> {
    assert(staging.length % blockBytes === 0, 'the staging buffer is whole blocks')
    const options = { access: 'write', direct: true, truncate: true } as const
    const out = await disk.open(segmentPath(file), options)
    return new SegmentWriter(file, out, staging, 0, 0, await out.version())
  }

  /**
   * Goes on where what was flushed ends; null when it is not there any more, or cannot be read:
   * nothing was written then.
   */
  static async goOn(
    disk: Disk,
    file: number,
    end: number,
    staging: Uint8Array,
  ): Promise<SegmentWriter | null> {
    // Before it is opened, which would make one that is missing.
    if ((await sizeOf(disk, file)) < end) return null
    const out = await disk.open(segmentPath(file), { access: 'write', direct: true })
    const base = end - (end % blockBytes)
    const version = await out.version()
    if (end === base || (await readLast(out, staging.subarray(0, blockBytes), base)) >= end - base)
      return new SegmentWriter(file, out, staging, base, end - base, version)
    await out.close()
    return null
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#base + this.#filled
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const n = Math.min(bytes.length - from, this.#staging.length - this.#filled)
      this.#stage(bytes.subarray(from, from + n))
      from += n
      if (this.#filled === this.#staging.length) await this.#push(this.#staging.length)
    }
  }

  /** The same at once, if nothing has to be waited for; false: nothing was taken. */
  tryWrite(bytes: Uint8Array): boolean {
    if (bytes.length >= this.#staging.length - this.#filled) return false
    this.#stage(bytes)
    return true
  }

  #stage(bytes: Uint8Array): void {
    this.#staging.set(bytes, this.#filled)
    this.#filled += bytes.length
  }

  /** Of the file, see `DiskFile.version`, after the last write. */
  get version(): number {
    return this.#version
  }

  /** Writes what is staged and makes the file durable. */
  async finish(): Promise<void> {
    if (this.#filled > 0) {
      const padded = Math.ceil(this.#filled / blockBytes) * blockBytes
      this.#staging.fill(0, this.#filled, padded)
      await this.#push(padded)
    }
    await this.#out.sync()
    await this.#look()
    await this.#out.close()
  }

  async #look(): Promise<void> {
    if ((await this.#out.version()) !== this.#version) this.isAlone = false
  }

  async #push(bytes: number): Promise<void> {
    await this.#look()
    await this.#out.write([this.#staging.subarray(0, bytes)], this.#base)
    this.#version = await this.#out.version()
    this.#base += bytes
    this.#filled = 0
  }
}

async function sizeOf(disk: Disk, file: number): Promise<number> {
  try {
    return await disk.sizeOf(segmentPath(file))
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return -1
  }
}

/** Bytes read; -1 when the disk gives an error. */
async function readLast(out: DiskFile, into: Uint8Array, position: number): Promise<number> {
  try {
    return await out.read(into, position)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return -1
  }
}
