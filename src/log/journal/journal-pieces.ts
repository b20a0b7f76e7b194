// Parts of the journal that have left memory, read again in large pieces: the flusher takes them
// batch by batch in another order than they were written in, and a read for each batch would hold
// it up until producers have to wait. Holds so much at most and gives nothing up until the flusher
// closes it, when a pass is over. What it gives is from the disk, and is to be checked.
import type { Journal } from './journal.ts'

export class JournalPieces {
  readonly #journal: Pick<Journal, 'read'>
  readonly #pieceBytes: number
  readonly #piecesMax: number
  /** By number; null: it cannot be read in one. */
  readonly #pieces = new Map<number, Uint8Array | null>()
  #isOpen = false

  /** @param pieceBytes a journal file is made of whole pieces */
  constructor(journal: Pick<Journal, 'read'>, pieceBytes: number, bytesMax: number) {
    this.#journal = journal
    this.#pieceBytes = pieceBytes
    this.#piecesMax = Math.floor(bytesMax / pieceBytes)
  }

  open(): void {
    this.#isOpen = true
  }

  /** The bytes [lsn, lsn + bytes), if they are here; valid until `close`. */
  view(lsn: number, bytes: number): Uint8Array | null {
    const piece = this.#pieces.get(this.#numberOf(lsn))
    const at = lsn % this.#pieceBytes
    return piece && at + bytes <= piece.length ? piece.subarray(at, at + bytes) : null
  }

  /**
   * The same, read if need be. Null: they do not lie in one piece, there is no room for it, it
   * cannot be read, or it is not open.
   */
  async read(lsn: number, bytes: number): Promise<Uint8Array | null> {
    const number = this.#numberOf(lsn)
    const isOne = this.#isOpen && this.#numberOf(lsn + bytes - 1) === number
    if (isOne && !this.#pieces.has(number) && this.#pieces.size < this.#piecesMax) {
      const piece = new Uint8Array(this.#pieceBytes)
      const isThere = await this.#journal.read(piece, number * this.#pieceBytes)
      this.#pieces.set(number, isThere ? piece : null)
    }
    return this.view(lsn, bytes)
  }

  close(): void {
    this.#isOpen = false
    this.#pieces.clear()
  }

  #numberOf(lsn: number): number {
    return Math.floor(lsn / this.#pieceBytes)
  }
}
