// Memory for what is read from disk on behalf of fetches: pieces of one size, used again, and a
// bound on what is lent at any time, so that many slow readers wait for each other instead of
// filling the node.
import { assert } from '../base/assert.ts'

export interface ReadBuffer {
  readonly memory: Uint8Array
  release(): void
}

export class ReadBuffers {
  readonly #limitBytes: number
  /** What is read at a time, and the least that is lent. */
  readonly pieceBytes: number
  readonly #idle: Uint8Array[] = []
  readonly #keep = 16
  #lentBytes = 0
  readonly #waiting: { bytes: number; go: (buffer: ReadBuffer) => void }[] = []

  constructor(limitBytes: number, pieceBytes: number) {
    this.#limitBytes = limitBytes
    this.pieceBytes = pieceBytes
  }

  get lentBytes(): number {
    return this.#lentBytes
  }

  /**
   * At least `bytes` of memory; waits while too much is lent. More than the limit is lent only
   * alone.
   */
  take(bytes: number): Promise<ReadBuffer> {
    const size = Math.max(bytes, this.pieceBytes)
    if (this.#waiting.length === 0 && this.#mayLend(size)) return Promise.resolve(this.#lend(size))
    return new Promise((go) => this.#waiting.push({ bytes: size, go }))
  }

  #mayLend(bytes: number): boolean {
    return this.#lentBytes === 0 || this.#lentBytes + bytes <= this.#limitBytes
  }

  #lend(bytes: number): ReadBuffer {
    this.#lentBytes += bytes
    const pooled = bytes === this.pieceBytes ? this.#idle.pop() : undefined
    const memory = pooled ?? Buffer.allocUnsafeSlow(bytes)
    let lent = true
    const release = (): void => {
      assert(lent, 'a read buffer is released once')
      lent = false
      this.#lentBytes -= bytes
      if (bytes === this.pieceBytes && this.#idle.length < this.#keep) this.#idle.push(memory)
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
