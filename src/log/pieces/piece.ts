// A run of a segment's bytes in lent memory. Held by each read that gives views of it, and by what
// is kept for the next read; with the last holder the memory goes back. The segment reader makes
// pieces, next-pieces.ts keeps them.
import { assert } from '../../base/assert.ts'
import type { ReadBuffer } from './read-buffers.ts'

interface Held {
  readonly buffer: ReadBuffer
  holders: number
}

export class Piece {
  readonly bytes: Uint8Array
  /** So many of them are batches whose checksums have been found right. */
  summedBytes = 0
  /** So many of them are batches that were right lately; 0: they were summed, or nobody knows. */
  trustedBytes = 0
  readonly #held: Held
  #released = false

  private constructor(bytes: Uint8Array, held: Held) {
    this.bytes = bytes
    this.#held = held
  }

  /** The bytes [from, to) of lent memory, which goes back with the piece. */
  static of(buffer: ReadBuffer, from: number, to: number): Piece {
    return new Piece(buffer.memory.subarray(from, to), { buffer, holders: 1 })
  }

  /** What comes behind the first `at` bytes: a holder of its own. */
  after(at: number): Piece {
    assert(!this.#released, 'what is held can be held once more')
    this.#held.holders++
    const rest = new Piece(this.bytes.subarray(at), this.#held)
    rest.summedBytes = Math.max(0, this.summedBytes - at)
    rest.trustedBytes = Math.max(0, this.trustedBytes - at)
    return rest
  }

  /** Whether nobody else holds the memory: then it goes back when this is released. */
  get isAlone(): boolean {
    return this.#held.holders === 1
  }

  /** Of the lent memory that this is a part of. */
  get lentBytes(): number {
    return this.#held.buffer.lentBytes
  }

  release(): void {
    assert(!this.#released, 'a piece is released once')
    this.#released = true
    if (--this.#held.holders === 0) this.#held.buffer.release()
  }
}
