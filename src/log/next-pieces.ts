// Pieces of segments that sequential readers will want next, read while what they have is being
// sent. Bounded, one read at a time, and only with memory that nobody else wants. Invariant: a
// piece holds what the segment held when it was asked for, which never changes; a segment that was
// grown since holds more. The segment reader owns it.
import type { ReadBuffer, ReadBuffers } from './read-buffers.ts'

export interface Piece extends ReadBuffer {
  readonly bytes: Uint8Array
}

interface Ahead {
  /** Null when it could not be read. */
  readonly reading: Promise<Piece | null>
  readonly lentBytes: number
}

export class NextPieces {
  readonly #buffers: ReadBuffers
  readonly #mostPieces: number
  /** By file and position; oldest first. */
  readonly #pieces = new Map<string, Ahead>()
  #last: Promise<unknown> = Promise.resolve()
  heldBytes = 0

  constructor(buffers: ReadBuffers, mostPieces: number) {
    this.#buffers = buffers
    this.#mostPieces = mostPieces
    buffers.whenShort = () => this.#giveUp(0)
  }

  /** Has `read` fill memory for `bytes`, unless that is under way or there is no memory. */
  begin(key: string, bytes: number, read: (into: ReadBuffer) => Promise<Piece | null>): void {
    if (this.#pieces.has(key)) return
    this.#giveUp(this.#mostPieces - 1)
    const before = this.#buffers.lentBytes
    const buffer = this.#buffers.tryTake(bytes)
    if (buffer === null) return
    const lentBytes = this.#buffers.lentBytes - before
    this.heldBytes += lentBytes
    // A failed read is met again by whoever really wants the piece.
    const reading = this.#last.then(() => read(buffer)).catch(() => null)
    this.#last = reading
    const ahead = { reading, lentBytes }
    this.#pieces.set(key, ahead)
    void reading.then((piece) => {
      if (piece === null && this.#pieces.get(key) === ahead) void this.take(key)
    })
  }

  /** The piece, which is the caller's now; undefined when it was not asked for. */
  take(key: string): Promise<Piece | null> | undefined {
    const ahead = this.#pieces.get(key)
    if (ahead === undefined) return undefined
    this.#pieces.delete(key)
    this.heldBytes -= ahead.lentBytes
    return ahead.reading
  }

  /** Lets go of the oldest, down to so many. */
  #giveUp(most: number): void {
    for (const key of this.#pieces.keys()) {
      if (this.#pieces.size <= most) return
      void this.take(key)?.then((piece) => piece?.release())
    }
  }
}
