// The latest offset of each key in a stretch of a log, within a fixed number of bytes: what
// compaction knows. Keys are remembered as 128 bits of their SHA-256, since two keys taken for one
// would lose a message, and clients choose keys. Open addressing in typed arrays: 24 bytes a slot,
// no object per key.
import { hash } from 'node:crypto'

const slotBytes = 24
const wordsPerKey = 4
/** Fuller than this, probing gets long. */
const loadMax = 0.75

export class KeyMap {
  readonly #digests: Uint32Array
  /** Offset + 1, so that fresh memory means empty and is not touched before it is used. */
  readonly #offsets: Float64Array
  readonly #slots: number
  readonly #digest = new Uint32Array(wordsPerKey)
  /** Keys that fit. */
  readonly capacity: number
  #size = 0
  /** All records below this offset, and from the start of the stretch on, have been noted. */
  coveredTo: number

  /** `from`: where the stretch starts. At least 32 bytes. */
  constructor(bytesMax: number, from: number) {
    this.#slots = Math.max(2, Math.floor(bytesMax / slotBytes))
    this.capacity = Math.floor(this.#slots * loadMax)
    this.#digests = new Uint32Array(this.#slots * wordsPerKey)
    this.#offsets = new Float64Array(this.#slots)
    this.coveredTo = from
  }

  /** What a map for `keys` keys takes. */
  static bytesFor(keys: number): number {
    return Math.ceil(keys / loadMax + 1) * slotBytes
  }

  get size(): number {
    return this.#size
  }

  /**
   * Notes a record, later ones after earlier ones. False when the key is new and the map is full.
   */
  note(key: Uint8Array, offset: number): boolean {
    const slot = this.#find(key)
    if (this.#offsets[slot] === 0) {
      if (this.#size === this.capacity) return false
      this.#size++
      this.#digests.set(this.#digest, slot * wordsPerKey)
    }
    this.#offsets[slot] = offset + 1
    return true
  }

  /** Offset of the last record with this key that was noted; -1 when there was none. */
  latest(key: Uint8Array): number {
    return (this.#offsets[this.#find(key)] ?? 0) - 1
  }

  /** The slot of the key, or the empty one where it would go; `#digest` is left as the key's. */
  #find(key: Uint8Array): number {
    // As a string: asking for a buffer costs five times as much.
    const text = hash('sha256', key, 'binary')
    const digest = this.#digest
    for (let word = 0; word < wordsPerKey; word++) {
      const at = word * 4
      digest[word] =
        text.charCodeAt(at) |
        (text.charCodeAt(at + 1) << 8) |
        (text.charCodeAt(at + 2) << 16) |
        (text.charCodeAt(at + 3) << 24)
    }
    let slot = (digest[0] ?? 0) % this.#slots
    while (this.#offsets[slot] !== 0 && !this.#isAt(slot)) slot = (slot + 1) % this.#slots
    return slot
  }

  #isAt(slot: number): boolean {
    const at = slot * wordsPerKey
    for (let word = 0; word < wordsPerKey; word++)
      if (this.#digests[at + word] !== this.#digest[word]) return false
    return true
  }
}
