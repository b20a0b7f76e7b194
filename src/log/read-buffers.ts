// Memory for what is read from disk on behalf of fetches: aligned pieces of one size, used again,
// and a bound on what is lent at any time, so that many slow readers wait for each other instead of
// filling the node. Only who holds nothing may wait: else two could wait for what the other holds.
import { assert } from '../base/assert.ts'
import { blockBytes } from '../io/disk.ts'

export interface ReadBuffer {
  readonly memory: Uint8Array
  release(): void
}

const align = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes

export class ReadBuffers {
  readonly #allocate: (bytes: number) => Uint8Array
  readonly #limitBytes: number
  /** What is read at a time. */
  readonly pieceBytes: number
  /** The least that is lent: a piece, wherever it begins and ends. */
  readonly #leastBytes: number
  readonly #idle: Uint8Array[] = []
  readonly #keep = 16
  #lentBytes = 0
  /** Called when somebody has to wait: who keeps memory for later may give it back. */
  whenShort: () => void = () => undefined
  readonly #waiting: { bytes: number; go: (buffer: ReadBuffer) => void }[] = []

  /** @param allocate zeroed memory that suits direct reads */
  constructor(limitBytes: number, pieceBytes: number, allocate: (bytes: number) => Uint8Array) {
    this.#limitBytes = limitBytes
    this.pieceBytes = pieceBytes
    this.#leastBytes = align(pieceBytes) + 2 * blockBytes
    this.#allocate = allocate
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
    this.whenShort()
    return new Promise((go) => this.#waiting.push({ bytes: this.#sizeFor(bytes), go }))
  }

  /** At least `bytes` of memory, unless too much is lent. */
  tryTake(bytes: number): ReadBuffer | null {
    const size = this.#sizeFor(bytes)
    return this.#waiting.length === 0 && this.#mayLend(size) ? this.#lend(size) : null
  }

  #sizeFor(bytes: number): number {
    return Math.max(align(bytes), this.#leastBytes)
  }

  #mayLend(bytes: number): boolean {
    return this.#lentBytes === 0 || this.#lentBytes + bytes <= this.#limitBytes
  }

  #lend(bytes: number): ReadBuffer {
    this.#lentBytes += bytes
    const isPooled = bytes === this.#leastBytes
    const memory = (isPooled ? this.#idle.pop() : undefined) ?? this.#allocate(bytes)
    let lent = true
    const release = (): void => {
      assert(lent, 'a read buffer is released once')
      lent = false
      this.#lentBytes -= bytes
      if (isPooled && this.#idle.length < this.#keep) this.#idle.push(memory)
      this.#wake()
    }
    return { memory, release }
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
