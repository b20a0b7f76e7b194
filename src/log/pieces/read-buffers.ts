// Memory for what is read from disk on behalf of fetches: aligned pieces of two sizes, used again,
// and a bound on what is lent at any time, so that many slow readers wait for each other instead of
// filling the node. Only who holds nothing may wait: else two could wait for what the other holds.
// Who wants memory for a read goes before who would read ahead.
import { assert } from '../../base/assert.ts'
import { blockBytes } from '../../io/disk.ts'
import { IdleMemory } from './idle-memory.ts'

export interface ReadBuffer {
  readonly memory: Uint8Array
  readonly lentBytes: number
  release(): void
}

const align = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes

/** The blocks that so many bytes lie in, wherever they begin. */
const roomFor = (bytes: number): number => align(bytes) + 2 * blockBytes

export class ReadBuffers {
  readonly limitBytes: number
  /** What is read at a time. */
  readonly pieceBytes: number
  /** What is read ahead of a reader at a time: a call to the system costs as much as 100 KB. */
  readonly aheadBytes: number
  /** What is lent for a piece, and for what is read ahead: less is not, and more as it comes. */
  readonly #sizes: readonly number[]
  readonly #idle: IdleMemory
  #lentBytes = 0
  /** Called when so many bytes are missing: who keeps memory for later may give it back. */
  whenShort: (bytes: number) => void = () => undefined
  readonly #waiting: { bytes: number; go: (buffer: ReadBuffer) => void }[] = []

  /** @param allocate zeroed memory that suits direct reads */
  constructor(limitBytes: number, pieceBytes: number, allocate: (bytes: number) => Uint8Array) {
    this.limitBytes = limitBytes
    this.pieceBytes = pieceBytes
    this.aheadBytes = Math.max(pieceBytes, Math.min(2 * pieceBytes, align(limitBytes / 16)))
    this.#sizes = [pieceBytes, this.aheadBytes].map(roomFor)
    this.#idle = new IdleMemory(this.#sizes, limitBytes, allocate)
  }

  /** Somebody waits for memory. */
  get isShort(): boolean {
    return this.#waiting.length > 0
  }

  get lentBytes(): number {
    return this.#lentBytes
  }

  /**
   * At least `bytes` of memory; waits while too much is lent. More than the limit is lent only
   * alone.
   */
  take(bytes: number): Promise<ReadBuffer> {
    const taken = this.tryTake(bytes)
    if (taken !== null) return Promise.resolve(taken)
    return new Promise((go) => this.#waiting.push({ bytes: this.#sizeFor(bytes), go }))
  }

  /** At least `bytes` of memory, unless too much is lent. */
  tryTake(bytes: number): ReadBuffer | null {
    const taken = this.tryTakeIdle(bytes)
    if (taken !== null) return taken
    this.whenShort(this.#sizeFor(bytes))
    return this.tryTakeIdle(bytes)
  }

  /** As `tryTake`, but takes nothing from who keeps memory for later. */
  tryTakeIdle(bytes: number): ReadBuffer | null {
    const size = this.#sizeFor(bytes)
    return this.#waiting.length === 0 && this.#mayLend(size) ? this.#lend(size) : null
  }

  #sizeFor(bytes: number): number {
    return this.#sizes.find((size) => bytes <= size) ?? align(bytes)
  }

  #mayLend(bytes: number): boolean {
    return this.#lentBytes === 0 || this.#lentBytes + bytes <= this.limitBytes
  }

  #lend(bytes: number): ReadBuffer {
    this.#lentBytes += bytes
    const memory = this.#idle.take(bytes)
    let lent = true
    const release = (): void => {
      assert(lent, 'a read buffer is released once')
      lent = false
      this.#lentBytes -= bytes
      this.#idle.put(memory)
      this.#wake()
      if (this.#lentBytes === 0) this.#idle.rest()
    }
    return { memory, lentBytes: bytes, release }
  }

  #wake(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#mayLend(next.bytes);
      next = this.#waiting[0]
    ) {
      this.#waiting.shift()
      next.go(this.#lend(next.bytes))
    }
  }
}
