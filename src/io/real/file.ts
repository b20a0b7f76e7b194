// A file of the operating system behind DiskFile. Invariant: `write` resolves only when every byte
// was taken, whatever the system took at a time. Made by real-disk.ts only.
import fs from 'node:fs'
import { assert } from '../../base/assert.ts'
import { blockBytes, DiskError, type DiskFile } from '../disk.ts'
import { diskError, systemCall } from '../system-call.ts'
import { BriefWrites } from './brief-writes.ts'

/** What one writev may take (IOV_MAX on Linux and macOS). */
const chunksPerWrite = 1024

export interface RealFileTraits {
  readonly direct: boolean
  /** Each write is durable when it returns. */
  readonly durable: boolean
  /** The system has no O_DSYNC: a durable file syncs after each write. */
  readonly syncAfterWrite: boolean
}

export class RealFile implements DiskFile {
  readonly direct: boolean
  readonly #fd: number
  readonly #path: string
  readonly #syncAfterWrite: boolean
  readonly #brief: BriefWrites | null
  #open = true

  constructor(fd: number, path: string, traits: RealFileTraits) {
    this.#fd = fd
    this.#path = path
    this.direct = traits.direct
    this.#syncAfterWrite = traits.syncAfterWrite
    this.#brief = traits.direct && traits.durable ? new BriefWrites() : null
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    this.#check(into, position)
    let filled = 0
    while (filled < into.length) {
      const at = filled
      const bytes = await this.#call<number>('read', (done) =>
        fs.read(this.#fd, into, at, into.length - at, position + at, done),
      )
      filled += bytes
      if (bytes === 0 || (this.direct && bytes % blockBytes !== 0)) break
    }
    return filled
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    for (const chunk of chunks) this.#check(chunk, position)
    let rest = chunks.filter((chunk) => chunk.length > 0)
    let at = position
    while (rest.length > 0) {
      const taken = await this.#writeSome(rest, at)
      if (taken === 0) throw new DiskError('EIO', `write ${this.#path}: the system took no byte`)
      rest = skip(rest, taken)
      at += taken
    }
    if (this.#syncAfterWrite && at > position) await this.sync()
  }

  async sync(): Promise<void> {
    await this.#call<void>('fdatasync', (done) =>
      fs.fdatasync(this.#fd, done as fs.NoParamCallback),
    )
  }

  async truncate(bytes: number): Promise<void> {
    await this.#call<void>('ftruncate', (done) =>
      fs.ftruncate(this.#fd, bytes, done as fs.NoParamCallback),
    )
  }

  async size(): Promise<number> {
    return (await this.#call<fs.Stats>('fstat', (done) => fs.fstat(this.#fd, done))).size
  }

  /** The time of the last change, which nobody can set; of an open file it is in memory. */
  async version(): Promise<number> {
    assert(this.#open, `fstat on ${this.#path} after close`)
    try {
      return fs.fstatSync(this.#fd).ctimeMs
    } catch (cause) {
      throw diskError(`fstat ${this.#path}`, cause as NodeJS.ErrnoException)
    }
  }

  async close(): Promise<void> {
    await this.#call<void>('close', (done) => {
      this.#open = false
      fs.close(this.#fd, done as fs.NoParamCallback)
    })
  }

  /** One system call; a direct write that stopped inside a block is counted up to that block. */
  async #writeSome(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const startMs = this.#brief === null ? 0 : performance.now()
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const isHere = this.#brief?.mayBlock(bytes, startMs) === true
    const taken = isHere
      ? this.#writeNow(chunks, position)
      : await this.#writeLater(chunks, position)
    this.#brief?.ended(startMs, performance.now(), !isHere)
    return this.direct ? taken - (taken % blockBytes) : taken
  }

  #writeNow(chunks: readonly Uint8Array[], position: number): number {
    assert(this.#open, `write on ${this.#path} after close`)
    try {
      return fs.writevSync(this.#fd, chunks.slice(0, chunksPerWrite), position)
    } catch (cause) {
      throw diskError(`write ${this.#path}`, cause as NodeJS.ErrnoException)
    }
  }

  #writeLater(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const first = chunks[0]
    return this.#call<number>('write', (done) => {
      if (chunks.length === 1 && first) {
        fs.write(this.#fd, first, 0, first.length, position, done)
      } else {
        fs.writev(this.#fd, chunks.slice(0, chunksPerWrite), position, done)
      }
    })
  }

  /**
   * The memory of `Disk.allocate` starts at a page, so that an offset into it says the alignment.
   */
  #check(memory: Uint8Array, position: number): void {
    assert(Number.isSafeInteger(position) && position >= 0, `${this.#path}: position ${position}`)
    if (!this.direct) return
    for (const value of [position, memory.length, memory.byteOffset])
      assert(value % blockBytes === 0, `${this.#path}: a direct access is not aligned`)
  }

  #call<T>(
    what: string,
    start: (done: (error: NodeJS.ErrnoException | null, value: T) => void) => void,
  ): Promise<T> {
    assert(this.#open, `${what} on ${this.#path} after close`)
    return systemCall(`${what} ${this.#path}`, start)
  }
}

/** What is left of `chunks` behind their first `bytes` bytes. */
function skip(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let at = 0
  let left = bytes
  for (let chunk = chunks[at]; chunk && left >= chunk.length; chunk = chunks[++at]) {
    left -= chunk.length
  }
  const rest = chunks.slice(at)
  const first = rest[0]
  if (first && left > 0) rest[0] = first.subarray(left)
  return rest
}
