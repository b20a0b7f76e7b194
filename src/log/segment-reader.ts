// Reads batches out of one segment, in pieces of a MiB or more. The index says where to begin; what
// is passed on the way teaches it. The log reader calls it.
import { BatchHeader, headerBytes } from '../model/record-batch.ts'
import { pieceBytes, type ReadBuffers } from './read-buffers.ts'
import type { ReadResult, ReadWant } from './read-result.ts'
import type { Segment } from './segment/segment.ts'
import type { SegmentFiles } from './segment/segment-files.ts'

/** Where to read on: the first wanted batch is not wholly in the piece. */
interface Again {
  readonly from: number
  readonly bytes: number
}

/** The wanted batches of a piece, from and to; empty when there are none. */
interface Range {
  readonly from: number
  readonly to: number
}

export class SegmentReader {
  readonly #files: SegmentFiles
  readonly #buffers: ReadBuffers
  readonly #header = new BatchHeader()

  constructor(files: SegmentFiles, buffers: ReadBuffers) {
    this.#files = files
    this.#buffers = buffers
  }

  /** Adds what it finds to `into`. False when the next batch is there but cannot be read. */
  async read(segment: Segment, want: ReadWant, into: ReadResult): Promise<boolean> {
    // What one read takes needs no index.
    if (segment.bytes > pieceBytes) await this.#files.indexes.read(segment)
    let place = segment.index.placeOf(want.offset)
    let bytes = Math.max(pieceBytes, want.maxBytes)
    for (;;) {
      bytes = Math.min(bytes, segment.bytes - place)
      if (bytes < headerBytes) return true
      const buffer = await this.#buffers.take(bytes)
      const piece = buffer.memory.subarray(0, bytes)
      const n = await this.#files.read(segment.file, piece, segment.position + place)
      const found = n < bytes ? null : this.#search(segment, piece, place, want)
      if (found !== null && 'to' in found && found.to > found.from) {
        into.records.push(piece.subarray(found.from, found.to))
        into.bytes += found.to - found.from
        into.buffers.push(buffer)
        return true
      }
      buffer.release()
      if (found === null) return false
      if ('to' in found) return true
      place = found.from
      bytes = Math.max(pieceBytes, found.bytes)
    }
  }

  /**
   * Looks for the wanted batches in a piece that starts at `place`; null when the first one is
   * damaged.
   */
  #search(
    segment: Segment,
    piece: Uint8Array,
    place: number,
    want: ReadWant,
  ): Range | Again | null {
    const header = this.#header
    let from = -1
    let at = 0
    let reached = -1
    while (at + headerBytes <= piece.length) {
      header.moveTo(piece, at)
      const { bytes, nextOffset } = header
      // Length and offsets are not under the checksum: they must fit what is around them.
      const fits =
        bytes >= headerBytes &&
        place + at + bytes <= segment.bytes &&
        header.baseOffset >= Math.max(reached, segment.baseOffset) &&
        nextOffset <= segment.nextOffset
      if (!fits || header.magic !== 2) {
        if (from < 0) return null
        break
      }
      const whole = at + bytes <= piece.length
      if (nextOffset > want.offset) {
        if (nextOffset > want.below) break
        if (!whole && from < 0) return { from: place + at, bytes }
        const taken = from < 0 ? 0 : at - from
        if (!whole || (taken + bytes > want.maxBytes && !(want.mustGive && taken === 0))) break
        if (header.checksum() !== header.crc) {
          if (from < 0) return null
          break
        }
        if (from < 0) from = at
      } else if (!whole) return { from: place + at + bytes, bytes: pieceBytes }
      segment.index.note(header.baseOffset, place + at, bytes, header.maxTimestamp)
      at += bytes
      reached = nextOffset
    }
    if (from >= 0) {
      segment.index.remember(reached, place + at)
      return { from, to: at }
    }
    const more = at > 0 && at + headerBytes > piece.length && place + at < segment.bytes
    return more ? { from: place + at, bytes: pieceBytes } : { from: 0, to: 0 }
  }
}
