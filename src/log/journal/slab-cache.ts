// The memory that the journal writes from and that tail readers are served from: slabs of one size,
// each holding a run of LSNs. A slab is used again only when its bytes are on disk and no reader
// holds it; a slab that a slow reader still holds is let go instead of waited for, up to a bound,
// so that a slow reader costs memory, never the writers' time. The journal owns the cache; fetches
// pin slabs through it.
import { assert } from '../../base/assert.ts'

export class Slab {
  readonly memory: Uint8Array
  /** LSN of its first byte. */
  start = 0
  /** LSN of the first byte that was ever put there: a journal may begin anywhere in a slab. */
  first = 0
  /** Readers that may still send from it. */
  pins = 0
  constructor(memory: Uint8Array) {
    this.memory = memory
  }
}

export class SlabCache {
  readonly slabBytes: number
  readonly #limit: number
  readonly #lingerLimit: number
  readonly #allocate: (bytes: number) => Uint8Array
  /** Oldest first, without gaps in LSN except where `forget` was called. */
  #live: Slab[] = []
  #free: Slab[] = []
  /** Pinned slabs that the cache has let go of. */
  #lingering = new Set<Slab>()

  /** Holds at most `limit` slabs, and as many again while slow readers pin them. */
  constructor(slabBytes: number, limit: number, allocate: (bytes: number) => Uint8Array) {
    this.slabBytes = slabBytes
    this.#limit = limit
    this.#lingerLimit = limit
    this.#allocate = allocate
  }

  /** LSN of the oldest byte in memory; Infinity when nothing is. */
  get start(): number {
    return this.#live[0]?.first ?? Number.POSITIVE_INFINITY
  }

  /** Slabs that could be had now, given that everything below `written` is on disk. */
  available(written: number): number {
    let n = this.#limit - this.#live.length
    for (const slab of this.#live) {
      if (slab.start + this.slabBytes > written) break
      n++
    }
    return n
  }

  /** The slab of `lsn`, where writing begins; the oldest written one makes room. */
  take(lsn: number, written: number): Slab {
    const slab = this.#spare(written)
    slab.start = lsn - (lsn % this.slabBytes)
    slab.first = lsn
    this.#live.push(slab)
    return slab
  }

  #spare(written: number): Slab {
    if (this.#live.length < this.#limit) return this.#fresh()
    const oldest = this.#live.shift()
    assert(oldest && oldest.start + this.slabBytes <= written, 'a slab is reused only when on disk')
    if (oldest.pins === 0) return oldest
    this.#lingering.add(oldest)
    return this.#fresh()
  }

  #fresh(): Slab {
    return this.#free.pop() ?? new Slab(this.#allocate(this.slabBytes))
  }

  /** The slab that holds `lsn`, if it is in memory. */
  at(lsn: number): Slab | undefined {
    const first = this.#live[0]
    if (first === undefined || lsn < first.first) return undefined
    const guess = this.#live[Math.floor((lsn - first.start) / this.slabBytes)]
    if (guess !== undefined && lsn >= guess.start && lsn < guess.start + this.slabBytes)
      return guess
    return this.#live.find((s) => lsn >= s.start && lsn < s.start + this.slabBytes)
  }

  /** How often slabs are held by readers, in sum. */
  get pins(): number {
    return [...this.#live, ...this.#lingering].reduce((n, s) => n + s.pins, 0)
  }

  /** False when slow readers hold so much already that this one must read from disk. */
  get mayPin(): boolean {
    return this.#lingering.size < this.#lingerLimit
  }

  /**
   * Adds the bytes [lsn, lsn + bytes) to `out` as views, and pins their slabs into `pinned`.
   * False, with nothing added, when part of them is not in memory.
   */
  slice(lsn: number, bytes: number, out: Uint8Array[], pinned: Slab[] | null): boolean {
    if (this.at(lsn) === undefined || this.at(lsn + bytes - 1) === undefined) return false
    for (let from = lsn; from < lsn + bytes; ) {
      const slab = this.at(from)
      assert(slab, 'the slabs between two in memory are in memory')
      const to = Math.min(lsn + bytes, slab.start + this.slabBytes)
      out.push(slab.memory.subarray(from - slab.start, to - slab.start))
      if (pinned !== null && pinned[pinned.length - 1] !== slab) {
        slab.pins++
        pinned.push(slab)
      }
      from = to
    }
    return true
  }

  /** The same in one piece that nobody pins, for this turn only; null: it is not one in memory. */
  view(lsn: number, bytes: number): Uint8Array | null {
    const slab = this.at(lsn)
    if (slab === undefined || lsn + bytes > slab.start + this.slabBytes) return null
    return slab.memory.subarray(lsn - slab.start, lsn - slab.start + bytes)
  }

  unpin(slabs: readonly Slab[]): void {
    for (const slab of slabs) {
      assert(slab.pins > 0, 'a slab is released once for each pin')
      if (--slab.pins === 0 && this.#lingering.delete(slab) && this.#free.length === 0)
        this.#free.push(slab)
    }
  }
}
