// An open file of a simulated disk. It also checks its callers: direct writes are aligned, memory
// does not change while it is being written, nothing is called after close. Made by sim-disk.ts.
import { assert } from '../../base/assert.ts'
import { blockBytes, type DiskFile } from '../disk.ts'
import type { SimChance } from './sim-chance.ts'
import type { SimOperation } from './sim-faults.ts'
import { type SimInode, sectorsOf } from './sim-inode.ts'

/** What a file needs of the disk that it is on. */
export interface SimDevice {
  readonly chance: SimChance
  isAllocated(memory: Uint8Array): boolean
  /**
   * One operation: `begin` has its effect after one delay, and the caller is answered after
   * another, when `end` has run. A drawn fault is thrown instead of `begin`; `failed` runs before
   * it.
   */
  step<T>(
    operation: SimOperation,
    path: string,
    begin: () => T,
    more?: { end?: () => void; failed?: () => void },
  ): Promise<T>
}

export class SimFile implements DiskFile {
  readonly direct: boolean
  readonly #durable: boolean
  readonly #disk: SimDevice
  readonly #inode: SimInode
  readonly #path: string
  #open = true

  constructor(
    disk: SimDevice,
    inode: SimInode,
    path: string,
    traits: { direct: boolean; durable: boolean },
  ) {
    this.#disk = disk
    this.#inode = inode
    this.#path = path
    this.direct = traits.direct
    this.#durable = traits.durable
    inode.hold()
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    this.#check(into, position)
    return this.#disk.step('read', this.#path, () => this.#inode.read(into, position))
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    for (const chunk of chunks) this.#check(chunk, position)
    const { chance } = this.#disk
    let taken: Uint8Array = new Uint8Array(0)
    let sequence = 0
    const begin = (): void => {
      taken = joined(chunks)
      this.#inode.write(taken, position)
      sequence = this.#inode.sequence
    }
    const end = (): void => {
      assert(isSame(taken, chunks), `${this.#path}: memory changed while it was written`)
      if (this.#durable) this.#inode.persist(sequence, ...sectorsOf(position, taken.length))
    }
    const failed = (): void => {
      const all = joined(chunks)
      const written = chance.oneIn(2) ? all.length : chance.int(all.length + 1)
      this.#inode.write(all.subarray(0, written), position)
      if (this.#durable && !this.direct) this.#inode.lose(...sectorsOf(position, written))
    }
    await this.#disk.step('write', this.#path, begin, { end, failed })
  }

  /** Covers what had been written when it was called, not what is being written beside it. */
  async sync(): Promise<void> {
    this.#checkOpen()
    const { sequence } = this.#inode
    const end = (): void => this.#inode.persist(sequence)
    // Past the page cache nothing counts as clean: it waits in the device for the next sync.
    const failed = (): void => {
      if (!this.direct) this.#inode.lose()
    }
    await this.#disk.step('sync', this.#path, () => undefined, { end, failed })
  }

  async truncate(bytes: number): Promise<void> {
    this.#checkOpen()
    await this.#disk.step('truncate', this.#path, () => this.#inode.truncate(bytes))
  }

  async size(): Promise<number> {
    this.#checkOpen()
    return this.#inode.size
  }

  async version(): Promise<number> {
    this.#checkOpen()
    return this.#inode.sequence
  }

  async close(): Promise<void> {
    this.#checkOpen()
    this.#open = false
    this.#inode.drop()
  }

  #check(memory: Uint8Array, position: number): void {
    this.#checkOpen()
    assert(Number.isSafeInteger(position) && position >= 0, `${this.#path}: position ${position}`)
    if (!this.direct) return
    for (const value of [position, memory.length, memory.byteOffset])
      assert(value % blockBytes === 0, `${this.#path}: a direct access is not aligned`)
    assert(this.#disk.isAllocated(memory), `${this.#path}: memory not aligned by Disk.allocate`)
  }

  #checkOpen(): void {
    assert(this.#open, `${this.#path} is closed`)
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

function isSame(all: Uint8Array, chunks: readonly Uint8Array[]): boolean {
  let at = 0
  return chunks.every((chunk) => {
    at += chunk.length
    return Buffer.compare(all.subarray(at - chunk.length, at), chunk) === 0
  })
}
