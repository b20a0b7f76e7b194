// Reads batches out of one segment, in pieces of a MiB or more. The index says where to begin; what
// is passed on the way teaches it. The log reader calls it.
import { BatchHeader, headerBytes } from '../model/record-batch.ts'
import type { PartitionLog } from './partition-log.ts'
import type { ReadBuffers } from './read-buffers.ts'
import type { ReadResult, ReadWant } from './read-result.ts'
import { goesOn, type Segment } from './segment/segment.ts'
import type { SegmentFiles } from './segment/segment-files.ts'
import type { Place } from './segment/segment-index.ts'

/** Where to read on: the first wanted batch is not wholly in the piece. */
interface Again {
  readonly from: Place
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
  async read(
    log: PartitionLog,
    segment: Segment,
    want: ReadWant,
    into: ReadResult,
  ): Promise<boolean> {
    const { pieceBytes } = this.#buffers
    // What one read takes needs no index.
    if (segment.bytes > pieceBytes) await this.#files.indexes.read(segment)
    const start = { position: 0, offset: segment.baseOffset }
    let place = segment.index.placeOf(want.offset) ?? start
    let bytes = Math.max(pieceBytes, want.maxBytes)
    for (;;) {
      bytes = Math.min(bytes, segment.bytes - place.position)
      if (bytes < headerBytes) return true
      const buffer = await this.#buffers.take(bytes)
      const piece = buffer.memory.subarray(0, bytes)
      const n = await this.#files.read(segment.file, piece, segment.position + place.position)
      const found = n < bytes ? null : this.#search(log, segment, piece, place, want)
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
      bytes = Math.max(this.#buffers.pieceBytes, found.bytes)
    }
  }

  /**
   * Looks for the wanted batches in a piece that starts at `start`; null when the first one is
   * damaged.
   */
  #search(
    log: PartitionLog,
    segment: Segment,
    piece: Uint8Array,
    start: Place,
    want: ReadWant,
  ): Range | Again | null {
    const header = this.#header
    let from = -1
    let at = 0
    let place = start
    while (at + headerBytes <= piece.length) {
      header.moveTo(piece, at)
      const { bytes, nextOffset } = header
      if (!goesOn(segment, header, place)) {
        if (from < 0) return null
        break
      }
      const next = { position: place.position + bytes, offset: nextOffset }
      const whole = at + bytes <= piece.length
      if (nextOffset > want.offset) {
        if (nextOffset > want.below) break
        if (!whole && from < 0) return { from: place, bytes }
        const taken = from < 0 ? 0 : at - from
        if (!whole || (taken + bytes > want.maxBytes && !(want.mustGive && taken === 0))) break
        if (!log.isWhole(header)) {
          if (from < 0) return null
          break
        }
        if (from < 0) from = at
      } else if (!whole) return { from: next, bytes: this.#buffers.pieceBytes }
      segment.index.note(header.baseOffset, place.position, bytes, header.maxTimestamp)
      at += bytes
      place = next
    }
    if (from >= 0) {
      segment.index.remember(place.offset, place.position)
      return { from, to: at }
    }
    const more = at > 0 && at + headerBytes > piece.length && place.position < segment.bytes
    return more ? { from: place, bytes: this.#buffers.pieceBytes } : { from: 0, to: 0 }
  }
}
