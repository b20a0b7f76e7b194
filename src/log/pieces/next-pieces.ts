// What sequential readers will want next of segments: what was read along with what they have, and
// what is read while that is being sent. Only memory that nobody else wants; two reads at a time,
// so that the disk need not wait for this process in between.
// Invariant: a piece holds what the segment held when it was asked for, which never changes; a
// segment that was grown since holds more. The segment reader owns it.
import type { Piece } from './piece.ts'
import type { ReadBuffer, ReadBuffers } from './read-buffers.ts'

interface Ahead {
  /** Null when it could not be read. */
  readonly piece: Promise<Piece | null>
  /** Undefined while it is being read. */
  there?: Piece
  readonly lentBytes: number
}

/**
 * So often the oldest piece may stand in the way of another: its reader may be slow, or gone. Given
 * up sooner, many readers would have read what none of them gets to use.
 */
const timesInTheWay = 64

export class NextPieces {
  readonly #buffers: ReadBuffers
  readonly #mostBytes: number
  /** By file and position; oldest first. */
  readonly #pieces = new Map<string, Ahead>()
  /** Ends of the two queues of reads. */
  #shorter: Promise<unknown> = Promise.resolve()
  #longer: Promise<unknown> = Promise.resolve()
  #inTheWay = 0
  /** Memory that is lent on behalf of what is here. */
  heldBytes = 0

  /** @param mostBytes the memory that it may hold: but always one piece */
  constructor(buffers: ReadBuffers, mostBytes: number) {
    this.#buffers = buffers
    this.#mostBytes = mostBytes
    buffers.whenShort = (bytes) => this.#giveUp(bytes)
  }

  /** Has `read` fill memory for `bytes`, unless that is under way or there is no memory. */
  begin(key: string, bytes: number, read: (into: ReadBuffer) => Promise<Piece | null>): void {
    if (this.#pieces.has(key)) return
    const isRoom = this.heldBytes === 0 || this.heldBytes + bytes <= this.#mostBytes
    const buffer = isRoom ? this.#buffers.tryTakeIdle(bytes) : null
    if (buffer === null) {
      if (++this.#inTheWay >= timesInTheWay) this.#giveUp(1)
      return
    }
    // A failed read is met again by whoever really wants the piece.
    const piece = this.#shorter.then(() => read(buffer)).catch(() => null)
    this.#shorter = this.#longer
    this.#longer = piece
    const ahead: Ahead = { piece, lentBytes: buffer.lentBytes }
    this.#add(key, ahead)
    void piece.then((done) => {
      if (done !== null) ahead.there = done
      else if (this.#pieces.get(key) === ahead) void this.take(key)
    })
  }

  /** Holds a piece until it is taken. */
  keep(key: string, piece: Piece): void {
    if (this.#pieces.has(key)) piece.release()
    else this.#add(key, { piece: Promise.resolve(piece), there: piece, lentBytes: piece.lentBytes })
  }

  /** The piece, which is the caller's now; undefined when it was not asked for. */
  take(key: string): Promise<Piece | null> | undefined {
    const ahead = this.#pieces.get(key)
    if (ahead === undefined) return undefined
    this.#pieces.delete(key)
    this.heldBytes -= ahead.lentBytes
    return ahead.piece
  }

  #add(key: string, ahead: Ahead): void {
    this.#pieces.set(key, ahead)
    this.heldBytes += ahead.lentBytes
  }

  /** Lets go of the oldest, as many as hold so many bytes. */
  #giveUp(bytes: number): void {
    this.#inTheWay = 0
    const left = this.heldBytes - bytes
    for (const [key, { there }] of this.#pieces) {
      if (this.heldBytes <= left) return
      // Of what an answer holds too nothing would come back.
      if (there?.isAlone === false) continue
      const piece = this.take(key)
      if (there !== undefined) there.release()
      else void piece?.then((late) => late?.release())
    }
  }
}
