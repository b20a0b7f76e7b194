// The files that segments lie in: numbered, in one folder, opened when read and closed when others
// need the place. A file lives as long as a segment in it does. A run of segments in a file begins
// with a header that names its partition, so that a file can be read without the manifest if the
// worst comes.
//
// Run header:
//   offset size  field
//        0    4  magic "PMQS"
//        4    1  version, 1
//        5    3  zero
//        8    4  partition
//       12    4  zero
//       16   16  topic id
//       32    8  base offset
//       40    4  bytes of the run, 0 when it may grow
//       44   16  zero
//       60    4  CRC-32C of bytes 0..59
import { assert } from '../../base/assert.ts'
import { crc32c } from '../../base/crc32c.ts'
import type { Clock } from '../../io/clock.ts'
import { type Disk, DiskError, type DiskFile } from '../../io/disk.ts'
import { CheckedBytes } from './checked-bytes.ts'
import { IndexFiles, removeFile } from './index-files.ts'

export const segmentFolder = 'segments'
export const runHeaderBytes = 64
const runMagic = 0x504d5153
const runVersion = 1

/** What to do about a segment that cannot be read. */
export const remedy = 'restore a backup, or delete the records below what can be read, or the topic'

export const segmentPath = (file: number): string =>
  `${segmentFolder}/${String(file).padStart(12, '0')}.log`

/** What a header says of the batches behind it. */
export interface Run {
  readonly topicId: string
  readonly partition: number
  readonly baseOffset: number
  /** 0: it may grow. */
  readonly bytes: number
}

export function writeRunHeader(into: Uint8Array, run: Run): void {
  const view = new DataView(into.buffer, into.byteOffset, runHeaderBytes)
  into.fill(0, 0, runHeaderBytes)
  view.setUint32(0, runMagic)
  view.setUint8(4, runVersion)
  view.setInt32(8, run.partition)
  bufferOf(into).write(run.topicId, 16, 'hex')
  view.setBigInt64(32, BigInt(run.baseOffset))
  view.setUint32(40, run.bytes)
  view.setUint32(60, crc32c(into.subarray(0, 60)))
}

const bufferOf = ({ buffer, byteOffset }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, runHeaderBytes)

/** Whether bytes that are fewer than a header are the first of one. */
export const beginsRun = (bytes: Uint8Array): boolean =>
  bytes.subarray(0, 4).every((byte, i) => byte === ((runMagic >>> (24 - 8 * i)) & 0xff))

/** Null: it is none. */
export function readRunHeader(bytes: Uint8Array): Run | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, runHeaderBytes)
  if (view.getUint32(0) !== runMagic || view.getUint8(4) !== runVersion) return null
  if (view.getUint32(60) !== crc32c(bytes.subarray(0, 60))) return null
  return {
    topicId: bufferOf(bytes).toString('hex', 16, 32),
    partition: view.getInt32(8),
    baseOffset: Number(view.getBigInt64(32)),
    bytes: view.getUint32(40),
  }
}

/** Whether a stored header says that these are the records that lie behind it. */
export function isRunOf(bytes: Uint8Array, run: Omit<Run, 'bytes'>): boolean {
  const stored = readRunHeader(bytes)
  if (stored === null) return false
  const { topicId, partition, baseOffset } = stored
  return topicId === run.topicId && partition === run.partition && baseOffset === run.baseOffset
}

/** Bytes of a file, or the name of the error that there is instead. */
export type FileSize = number | string

/** What is in the folder. */
export interface StoredFiles {
  /** Numbers of files that no segment lies in. */
  readonly strays: readonly number[]
  /** Of those in which one does. */
  readonly sizes: ReadonlyMap<number, FileSize>
}

const looksAtOnce = 64

interface Handle {
  readonly file: Promise<DiskFile>
  users: number
}

export class SegmentFiles {
  readonly indexes: IndexFiles
  readonly checked: CheckedBytes
  readonly #disk: Disk
  readonly #openLimit: number
  readonly #beforeRemove: () => Promise<void>
  /** Least recently used first. */
  readonly #open = new Map<number, Handle>()
  /** Segments in each file. */
  readonly #segments = new Map<number, number>()
  /** Bytes of those that several segments may lie in, and of others as they were at the start. */
  readonly #bytes = new Map<number, number>()
  #nextNumber: number
  /** What was written past the page cache is not in it, and is read past it. */
  #isDirect = true

  /**
   * @param nextNumber 1, or what it was at the last start
   * @param beforeRemove what says that a file is not needed any more is beyond doubt then
   */
  constructor(
    disk: Disk,
    clock: Clock,
    { openFiles, trustMs }: { readonly openFiles: number; readonly trustMs: number },
    nextNumber: number,
    beforeRemove: () => Promise<void>,
  ) {
    this.#disk = disk
    this.#nextNumber = nextNumber
    this.#beforeRemove = beforeRemove
    this.indexes = new IndexFiles(disk)
    this.checked = new CheckedBytes(clock, trustMs, (file) => this.#versionOf(file))
    this.#openLimit = openFiles
  }

  /** A number that no file has had. */
  newNumber(): number {
    return this.#nextNumber++
  }

  /** Those below may be of files that somebody has moved away, and may put back. */
  get nextNumber(): number {
    return this.#nextNumber
  }

  get count(): number {
    return this.#segments.size
  }

  /** One more segment lies in `file`. */
  retain(file: number): void {
    this.#segments.set(file, (this.#segments.get(file) ?? 0) + 1)
    this.#nextNumber = Math.max(this.#nextNumber, file + 1)
  }

  /** It is written, and does not grow. */
  written(file: number, bytes: number): void {
    if (this.#segments.has(file)) this.#bytes.set(file, bytes)
  }

  /** Of files that have lost what most of them held: bytes, by number. */
  bytesBeyond(live: ReadonlyMap<number, number>, deadMin: number): Map<number, number> {
    const found = new Map<number, number>()
    for (const [file, bytes] of this.#bytes) {
      const dead = bytes - (live.get(file) ?? 0)
      if (dead >= deadMin && dead * 2 >= bytes) found.set(file, bytes)
    }
    return found
  }

  /** One segment fewer, and the manifest says so already; the last one takes the file with it. */
  async release(file: number): Promise<void> {
    const left = (this.#segments.get(file) ?? 0) - 1
    assert(left >= 0, 'a segment is released once')
    if (left > 0) {
      this.#segments.set(file, left)
      return
    }
    this.#segments.delete(file)
    this.#bytes.delete(file)
    this.checked.forget(file)
    await this.#beforeRemove()
    const handle = this.#open.get(file)
    if (handle !== undefined) await this.#close(file, handle)
    await this.remove(file)
    await this.indexes.remove(file)
  }

  /** False: somebody has put a folder in its place, which is not ours. */
  async remove(file: number): Promise<boolean> {
    return removeFile(this.#disk, segmentPath(file))
  }

  /**
   * Looks at what is on the disk, and writes nothing. Strays are files that no segment lies in.
   * Names that are not made here are nothing of ours.
   */
  async compare(): Promise<StoredFiles> {
    const strays: number[] = []
    const needed: number[] = []
    for (const name of await this.#disk.list(segmentFolder)) {
      const number = Number.parseInt(name, 10)
      if (`${segmentFolder}/${name}` !== segmentPath(number)) continue
      this.#nextNumber = Math.max(this.#nextNumber, number + 1)
      if (this.#segments.has(number)) needed.push(number)
      else strays.push(number)
    }
    // No later segment file may find an index under its number.
    for (const number of await this.indexes.numbers())
      this.#nextNumber = Math.max(this.#nextNumber, number + 1)
    const sizes = new Map<number, FileSize>()
    for (let i = 0; i < needed.length; i += looksAtOnce) {
      const some = needed.slice(i, i + looksAtOnce)
      const found = await Promise.all(some.map((number) => this.#sizeOf(number)))
      for (const [k, number] of some.entries()) {
        const size = found[k] ?? 'ENOENT'
        sizes.set(number, size)
        if (typeof size === 'number') this.#bytes.set(number, size)
      }
    }
    return { strays, sizes }
  }

  async #sizeOf(file: number): Promise<FileSize> {
    try {
      return await this.#disk.sizeOf(segmentPath(file))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return error.code
    }
  }

  /** Indexes of files that no segment lies in go. */
  async removeStrayIndexes(): Promise<void> {
    for (const number of await this.indexes.numbers())
      if (!this.#segments.has(number)) await this.indexes.remove(number)
  }

  /**
   * Fills `into` from `position` of a file, both aligned; returns the bytes read, 0 when the file
   * has gone.
   */
  async read(file: number, into: Uint8Array, position: number): Promise<number> {
    if (!this.#segments.has(file)) return 0
    const isDirect = this.#isDirect
    try {
      return await this.#with(file, (open) => open.read(into, position))
    } catch (cause) {
      // It may have been removed before it was opened.
      if (!this.#segments.has(file)) return 0
      if (!(isDirect && cause instanceof DiskError && cause.code === 'EINVAL')) throw cause
    }
    return this.#readCached(file, into, position)
  }

  /** NaN, which no version is: it has gone, or cannot be opened. */
  async #versionOf(file: number): Promise<number> {
    if (!this.#segments.has(file)) return Number.NaN
    try {
      return await this.#with(file, (open) => open.version())
    } catch (cause) {
      if (!(cause instanceof DiskError)) throw cause
      return Number.NaN
    }
  }

  async #with<T>(file: number, use: (open: DiskFile) => Promise<T>): Promise<T> {
    const handle = this.#use(file)
    handle.users++
    try {
      return await use(await handle.file)
    } finally {
      if (--handle.users === 0 && this.#open.get(file) !== handle) await closeHandle(handle)
      this.#trim()
    }
  }

  /** The file system, or memory that is not aligned as it should be, takes no direct reads. */
  async #readCached(file: number, into: Uint8Array, position: number): Promise<number> {
    this.#isDirect = false
    for (const [number, handle] of [...this.#open]) await this.#close(number, handle)
    return this.read(file, into, position)
  }

  #use(file: number): Handle {
    let handle = this.#open.get(file)
    if (handle !== undefined) this.#open.delete(file)
    else handle = this.#opening(file)
    this.#open.set(file, handle)
    return handle
  }

  #opening(file: number): Handle {
    const options = { access: 'read', direct: this.#isDirect } as const
    const handle = { file: this.#disk.open(segmentPath(file), options), users: 0 }
    // The next reader tries anew.
    handle.file.catch(() => {
      if (this.#open.get(file) === handle) this.#open.delete(file)
    })
    return handle
  }

  #trim(): void {
    for (const [number, handle] of this.#open) {
      if (this.#open.size <= this.#openLimit) return
      if (handle.users === 0) void this.#close(number, handle)
    }
  }

  /** Whoever is reading closes it when done. */
  async #close(number: number, handle: Handle): Promise<void> {
    this.#open.delete(number)
    if (handle.users === 0) await closeHandle(handle)
  }

  async close(): Promise<void> {
    for (const [number, handle] of [...this.#open]) await this.#close(number, handle)
  }
}

async function closeHandle(handle: Handle): Promise<void> {
  // When opening failed, whoever wanted to read was told, and there is nothing to close.
  const file = await handle.file.catch(() => null)
  await file?.close()
}
