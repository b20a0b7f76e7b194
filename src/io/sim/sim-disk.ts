// A disk of a seed. Every operation begins and ends at drawn moments of virtual time, so that a run
// explores interleavings; `crash` gives the disk that a power cut at this moment leaves: what was
// made durable, and any part of the rest that Linux might have written by itself. Used by tests
// only.
import { assert } from '../../base/assert.ts'
import { type Disk, DiskError, type DiskFile, type OpenOptions, pathNames } from '../disk.ts'
import { Budget } from '../memory-file.ts'
import type { SimChance } from './sim-chance.ts'
import type { SimClock } from './sim-clock.ts'
import { type SimFaultRates, SimFaults, type SimOperation } from './sim-faults.ts'
import { type SimDevice, SimFile } from './sim-file.ts'
import { SimInode } from './sim-inode.ts'
import { absent, SimFolder, SimNames } from './sim-names.ts'

export interface SimDiskOptions extends SimFaultRates {
  readonly capacityBytes?: number
  /** Whether files opened `direct` are so; the default is yes. */
  readonly takesDirect?: boolean
}

/** An ordinary operation takes up to `delayMs`, a slow one up to `slowDelayMs`. */
const delayMs = 1
const slowDelayMs = 500

export class SimDisk implements Disk, SimDevice {
  readonly clock: SimClock
  readonly chance: SimChance
  readonly faults: SimFaults
  readonly #options: SimDiskOptions
  #budget: Budget
  #names = new SimNames()
  readonly #locks = new Set<string>()
  readonly #allocated = new WeakSet<ArrayBufferLike>()
  /** Calls under way never end. */
  #crashed = false

  constructor(clock: SimClock, chance: SimChance, options: SimDiskOptions = {}) {
    this.clock = clock
    this.chance = chance
    this.faults = new SimFaults(options)
    this.#options = options
    this.#budget = new Budget(options.capacityBytes ?? Number.POSITIVE_INFINITY)
  }

  /** The power is cut: calls under way never end. Returns what the next start finds. */
  crash(clock: SimClock = this.clock): SimDisk {
    this.#crashed = true
    this.clock.trace('crash')
    const left = new SimDisk(clock, this.chance, this.#options)
    left.setCapacity(Number.POSITIVE_INFINITY)
    left.#names = this.#names.crashed(this.chance, left.#budget)
    left.setCapacity(this.#budget.limitBytes)
    return left
  }

  /**
   * The process dies, the system lives: what was written is seen by the next start, durable or not.
   */
  kill(clock: SimClock = this.clock): SimDisk {
    this.#crashed = true
    this.clock.trace('kill')
    const left = new SimDisk(clock, this.chance, this.#options)
    left.#names = this.#names
    left.#budget = this.#budget
    return left
  }

  /** What others on the same disk leave to us changes: to below what is used, even. */
  setCapacity(bytes: number): void {
    this.#budget.limitBytes = bytes
  }

  get usedBytes(): number {
    return this.#budget.usedBytes
  }

  /** Damages stored data, as a device does that lies. */
  flipBit(path: string, position: number, bit = 0): void {
    const found = this.#names.find(path)
    assert(found instanceof SimInode, `${path} is no file`)
    found.flipBit(position, bit)
  }

  open(path: string, options: OpenOptions): Promise<DiskFile> {
    return this.step('open', path, () => {
      const place = this.#names.place(path)
      let found = place.folder.seen.get(place.name)
      if (found instanceof SimFolder) throw new DiskError('EISDIR', `${path} is a folder`)
      if (!found) {
        if (options.access === 'read') throw absent(path)
        found = new SimInode(this.#budget)
        this.#names.create(place, found)
      }
      if (options.truncate) found.truncate(0)
      const direct = options.direct === true && (this.#options.takesDirect ?? true)
      return new SimFile(this, found, path, { direct, durable: options.durable === true })
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.step('names', `${from} to ${to}`, () =>
      this.#names.rename(this.#names.place(from), this.#names.place(to)),
    )
  }

  remove(path: string): Promise<void> {
    return this.step('names', path, () => {
      const found = this.#names.find(path)
      if (found instanceof SimFolder) throw new DiskError('EISDIR', `${path} is a folder`)
      if (found) this.#names.unlink(this.#names.place(path))
    })
  }

  removeTree(path: string): Promise<void> {
    return this.step('names', path, () => {
      if (this.#names.find(path)) this.#names.unlink(this.#names.place(path))
    })
  }

  async makeDir(path: string): Promise<void> {
    const names = pathNames(path)
    for (let depth = 1; depth <= names.length; depth++) {
      const part = names.slice(0, depth).join('/')
      await this.step('names', part, () => {
        const place = this.#names.place(part)
        const found = place.folder.seen.get(place.name)
        if (found instanceof SimInode) throw new DiskError('ENOTDIR', `${part} is a file`)
        if (!found) this.#names.create(place, new SimFolder())
      })
      await this.syncDir(names.slice(0, depth - 1).join('/'))
    }
  }

  sizeOf(path: string): Promise<number> {
    return this.step('read', path, () => {
      const found = this.#names.find(path)
      if (found === undefined) throw absent(path)
      if (found instanceof SimFolder) throw new DiskError('EISDIR', `${path} is a folder`)
      return found.size
    })
  }

  list(path: string): Promise<string[]> {
    return this.step('names', path, () => {
      const found = this.#names.find(path)
      if (found instanceof SimInode) throw new DiskError('ENOTDIR', `${path} is a file`)
      return [...(found?.seen.keys() ?? [])].sort()
    })
  }

  syncDir(path: string): Promise<void> {
    return this.step('sync', path, () => {
      const found = this.#names.find(path)
      if (!(found instanceof SimFolder)) throw absent(path)
      this.#names.sync(found)
    })
  }

  async freeBytes(): Promise<number> {
    return this.#budget.limitBytes - this.#budget.usedBytes
  }

  lock(path: string): Promise<{ release(): Promise<void> }> {
    return this.step('names', path, () => {
      const key = pathNames(path).join('/')
      if (this.#locks.has(key)) throw new DiskError('EBUSY', `${path} is in use by this process`)
      this.#locks.add(key)
      return { release: async () => void this.#locks.delete(key) }
    })
  }

  allocate(bytes: number): Uint8Array {
    const memory = new Uint8Array(bytes)
    this.#allocated.add(memory.buffer)
    return memory
  }

  isAllocated(memory: Uint8Array): boolean {
    return this.#allocated.has(memory.buffer)
  }

  step<T>(
    operation: SimOperation,
    path: string,
    begin: () => T,
    more: { end?: () => void; failed?: () => void } = {},
  ): Promise<T> {
    const fault = this.faults.draw(operation, path, this.chance)
    return new Promise((resolve, reject) => {
      this.#later(`begin ${operation} ${path}`, () => {
        const answer = attempt(() => {
          if (!fault) return begin()
          more.failed?.()
          throw fault
        })
        this.#later(`end ${operation} ${path}`, () => {
          if ('error' in answer) return reject(answer.error)
          more.end?.()
          resolve(answer.value)
        })
      })
    })
  }

  #later(what: string, action: () => void): void {
    const slow = this.chance.oneIn(this.#options.slowOneIn ?? 0)
    const delay = (this.chance.int(1000) / 1000) * (slow ? slowDelayMs : delayMs)
    this.clock.after(delay, () => {
      if (this.#crashed) return
      this.clock.trace(what)
      action()
    })
  }
}

function attempt<T>(action: () => T): { value: T } | { error: unknown } {
  try {
    return { value: action() }
  } catch (error) {
    return { error }
  }
}
