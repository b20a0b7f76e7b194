// The bytes of one simulated file, twice: as a reader sees them, and as the device holds them.
// Between the two stand, for every sector of 512 bytes, its contents after each write that was not
// synced: a crash keeps any one of them, or none. Sizes wait in the same way. A whole sector is
// kept at once, as the page cache writes it.
import { type Budget, MemoryFile } from '../memory-file.ts'
import type { SimChance } from './sim-chance.ts'
import { drawSurvival } from './survival.ts'

export const sectorBytes = 512

interface Version {
  readonly sequence: number
  /** Never changed: crashes share it. */
  readonly bytes: Uint8Array
  /** Left by a truncate: once the file's size tells of it, nothing older may come back. */
  readonly isCut: boolean
}

export class SimInode {
  readonly #seen: MemoryFile
  readonly #durable = new Map<number, Uint8Array>()
  #durableSize = 0
  readonly #waiting = new Map<number, Version[]>()
  #waitingSizes: { readonly sequence: number; readonly size: number }[] = []
  #sequence = 0

  constructor(budget: Budget) {
    this.#seen = new MemoryFile(budget)
    this.#seen.hold()
  }

  get size(): number {
    return this.#seen.size
  }

  /** The number of the last change. */
  get sequence(): number {
    return this.#sequence
  }

  /** Another holder keeps the memory alive, until it drops it. */
  hold(): void {
    this.#seen.hold()
  }

  drop(): void {
    this.#seen.drop()
  }

  read(into: Uint8Array, position: number): number {
    return this.#seen.read(into, position)
  }

  /** Throws ENOSPC when the disk is full; what fitted is written. */
  write(bytes: Uint8Array, position: number): void {
    const sequence = ++this.#sequence
    const sizeBefore = this.size
    try {
      this.#seen.write(bytes, position)
    } finally {
      this.#wait(...sectorsOf(position, bytes.length), sequence, false)
      if (this.size !== sizeBefore) this.#waitingSizes.push({ sequence, size: this.size })
    }
  }

  truncate(size: number): void {
    const sequence = ++this.#sequence
    this.#seen.truncate(size)
    const first = Math.floor(size / sectorBytes)
    for (const sector of new Set([...this.#durable.keys(), ...this.#waiting.keys()]))
      if (sector >= first) this.#wait(sector, sector + 1, sequence, true)
    this.#waitingSizes.push({ sequence, size })
  }

  /**
   * Makes changes up to `sequence` durable; of the sectors from `from` to below `to` only, if
   * given.
   */
  persist(sequence: number, from = 0, to = Number.POSITIVE_INFINITY): void {
    for (const [sector, versions] of this.#waiting) {
      if (sector < from || sector >= to) continue
      const last = versions.findLast((version) => version.sequence <= sequence)
      if (last) this.#durable.set(sector, last.bytes)
      this.#forget(sector, versions, sequence)
    }
    const size = this.#waitingSizes.findLast((waiting) => waiting.sequence <= sequence)
    if (size) this.#durableSize = size.size
    this.#waitingSizes = this.#waitingSizes.filter((waiting) => waiting.sequence > sequence)
  }

  /**
   * A failed sync, of the sectors from `from` to below `to`: they count as clean, but never reached
   * the device. Readers still see them. The size is the file system's own, and waits on.
   */
  lose(from = 0, to = Number.POSITIVE_INFINITY): void {
    for (const sector of [...this.#waiting.keys()])
      if (sector >= from && sector < to) this.#waiting.delete(sector)
  }

  /** Turns one bit, for readers and on the device. */
  flipBit(position: number, bit: number): void {
    const sector = Math.floor(position / sectorBytes)
    const at = position % sectorBytes
    const durable = this.#durable.get(sector)?.slice()
    if (durable) {
      durable[at] = (durable[at] ?? 0) ^ (1 << bit)
      this.#durable.set(sector, durable)
    }
    const seen = new Uint8Array(1)
    if (this.#seen.read(seen, position) === 0) return
    this.#seen.write(Uint8Array.of((seen[0] ?? 0) ^ (1 << bit)), position)
  }

  /** The file that a crash leaves. */
  crashed(chance: SimChance, budget: Budget): SimInode {
    const survives = drawSurvival(chance, this.#sequence)
    const left = new SimInode(budget)
    const size = this.#waitingSizes.findLast(({ sequence }) => survives(sequence))
    left.#durableSize = size?.size ?? this.#durableSize
    for (const [sector, bytes] of this.#durable) left.#durable.set(sector, bytes)
    for (const [sector, versions] of this.#waiting) {
      const known = size?.sequence ?? 0
      const cut = versions.findLastIndex((v) => v.isCut && v.sequence <= known)
      const possible = versions.slice(Math.max(0, cut))
      const kept = possible.findLast((v) => survives(v.sequence)) ?? versions[cut]
      if (kept) left.#durable.set(sector, kept.bytes)
    }
    left.#showDurable()
    return left
  }

  /** After a crash: readers see the device. Bytes beyond the size do not come back. */
  #showDurable(): void {
    const end = this.#durableSize
    for (const [sector, bytes] of this.#durable) {
      const at = sector * sectorBytes
      if (at >= end) {
        this.#durable.delete(sector)
        continue
      }
      const inside = at + sectorBytes > end ? bytes.slice(0, end - at) : bytes
      if (inside !== bytes) {
        const cut = new Uint8Array(sectorBytes)
        cut.set(inside)
        this.#durable.set(sector, cut)
      }
      this.#seen.write(inside, at)
    }
    this.#seen.truncate(end)
  }

  /** What is seen now of the sectors from `from` to below `to` waits for a sync. */
  #wait(from: number, to: number, sequence: number, isCut: boolean): void {
    const all = new Uint8Array((to - from) * sectorBytes)
    this.#seen.read(all, from * sectorBytes)
    for (let sector = from; sector < to; sector++) {
      const at = (sector - from) * sectorBytes
      const version = { sequence, bytes: all.subarray(at, at + sectorBytes), isCut }
      const versions = this.#waiting.get(sector)
      if (versions === undefined) this.#waiting.set(sector, [version])
      else versions.push(version)
    }
  }

  #forget(sector: number, versions: readonly Version[], sequence: number): void {
    const later = versions.filter((version) => version.sequence > sequence)
    if (later.length > 0) this.#waiting.set(sector, later)
    else this.#waiting.delete(sector)
  }
}

/** The sectors that a range of bytes touches, as [first, one behind the last]. */
export function sectorsOf(position: number, bytes: number): [number, number] {
  return [Math.floor(position / sectorBytes), Math.ceil((position + bytes) / sectorBytes)]
}
