// Reads a record file from its start: the records, where the good frames end, and whether the rest
// is the torn tail of a write that never finished (nothing valid follows) or corruption (something
// does). Writes nothing. Called by record-file.ts.
//
// The two can be told apart because there is at most one unfinished write, and it is one frame:
// bytes behind a bad frame were written by later, finished writes only.
import { crc32c } from '../base/crc32c.ts'
import { CorruptFileError } from './corrupt-file.ts'
import type { DiskFile } from './disk.ts'
import {
  decodeBody,
  decodeHeader,
  type FrameHeader,
  frameHeaderBytes,
  hasZeros,
  isKnownVersion,
} from './record-frame.ts'

export interface Scan {
  readonly records: Uint8Array[]
  /** Where the good frames end; less than `size` when there is a torn tail. */
  readonly end: number
  /** Where the last good frame begins; `end` when there is none. */
  readonly lastFrame: number
  readonly size: number
  readonly nextSequence: number
  /** The last good frame has no records. */
  readonly isClosed: boolean
}

/** Of a file that is absent. */
export const emptyScan: Scan = {
  records: [],
  end: 0,
  lastFrame: 0,
  size: 0,
  nextSequence: 0,
  isClosed: false,
}

const windowBytes = 1 << 20
const magicBytes = Uint8Array.of(0x50, 0x51, 0x52, 0x46)

export async function scanRecords(
  file: DiskFile,
  path: string,
  bodyBytesMax: number,
): Promise<Scan> {
  const source = new Source(file, path, await file.size())
  const records: Uint8Array[] = []
  let end = 0
  let lastFrame = 0
  let nextSequence: number | null = null
  let isClosed = false
  while (end < source.size) {
    const header = decodeHeader(await source.view(end, frameHeaderBytes), end)
    if (!header) {
      await source.assertNoFrameFrom(end + 1, end)
      break
    }
    // All that is left is its own.
    if (end + frameHeaderBytes + header.bodyBytes > source.size) break
    checkHeader(header, nextSequence, bodyBytesMax, (what) => source.corrupt(end, what))
    const next: number = end + frameHeaderBytes + header.bodyBytes
    const body = await source.view(end + frameHeaderBytes, header.bodyBytes)
    if (crc32c(body) !== header.bodyCRC) {
      await source.assertNoFrameFrom(next, end)
      break
    }
    for (const record of decodeBody(body)) records.push(record)
    isClosed = body.length === 0
    nextSequence = header.sequence + 1
    lastFrame = end
    end = next
  }
  return { records, end, lastFrame, size: source.size, nextSequence: nextSequence ?? 0, isClosed }
}

/** A header whose check is right was written here, whole: what it says must make sense. */
function checkHeader(
  header: FrameHeader,
  expected: number | null,
  bodyBytesMax: number,
  corrupt: (what: string) => CorruptFileError,
): void {
  if (!isKnownVersion(header)) throw corrupt(`version ${header.version} is not known`)
  if (header.bodyBytes > bodyBytesMax) throw corrupt(`a frame of ${header.bodyBytes} bytes`)
  if (expected !== null && header.sequence !== expected)
    throw corrupt(`frame ${header.sequence} where ${expected} should be`)
}

/** The file through a window that moves forward, so that small frames do not cost a read each. */
class Source {
  readonly size: number
  readonly #file: DiskFile
  readonly #path: string
  #window = new Uint8Array(0)
  #windowAt = 0

  constructor(file: DiskFile, path: string, size: number) {
    this.#file = file
    this.#path = path
    this.size = size
  }

  corrupt(position: number, what: string): CorruptFileError {
    return new CorruptFileError(this.#path, position, what)
  }

  /** `bytes` bytes from `position`, fewer at the end of the file. The memory is not used again. */
  async view(position: number, bytes: number): Promise<Uint8Array> {
    const end = Math.min(position + bytes, this.size)
    const isInside = position >= this.#windowAt && end <= this.#windowAt + this.#window.length
    if (!isInside) {
      const wanted = Math.min(Math.max(bytes, windowBytes), this.size - position)
      const window = new Uint8Array(wanted)
      this.#window = window.subarray(0, await this.#file.read(window, position))
      this.#windowAt = position
    }
    return this.#window.subarray(position - this.#windowAt, end - this.#windowAt)
  }

  /** Throws if a valid header stands anywhere from `from`: then the frame at `bad` is corrupt. */
  async assertNoFrameFrom(from: number, bad: number): Promise<void> {
    for (let at = from; at + frameHeaderBytes <= this.size; ) {
      const piece = await this.view(at, windowBytes)
      for (const found of magicsIn(piece)) {
        const bytes = await this.view(at + found, frameHeaderBytes)
        if (hasZeros(bytes) && decodeHeader(bytes, at + found))
          throw this.corrupt(bad, `a bad frame, with a good one at byte ${at + found}`)
      }
      at += Math.max(1, piece.length - magicBytes.length + 1)
    }
  }
}

function magicsIn(bytes: Uint8Array): number[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const found: number[] = []
  for (let at = buffer.indexOf(magicBytes); at >= 0; at = buffer.indexOf(magicBytes, at + 1))
    found.push(at)
  return found
}
