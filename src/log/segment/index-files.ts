// The indexes of segments on disk, so that the first reader after a restart finds its place without
// going through a segment: one file beside each segment file, in a folder of their own. They are
// derived and never synced: a frame that is not whole, or does not go on where the one before it
// ended, counts as absent, and readers learn the rest as they pass. Invariant: a frame is written
// only when the manifest has what it describes, so that it can never speak of other batches. The
// segment files own it.
//
// Frame, one for each flush that grew a segment, or for a segment that was written anew:
//   offset size  field
//        0    4  magic "PMQI"
//        4    1  version, 1
//        5    3  zero
//        8    8  position of the segment in its file
//       16    8  base offset of the segment
//       24    8  when it was created, ms since 1970
//       32    8  from: bytes of the segment that frames before this one cover
//       40    8  to: bytes of the segment that are covered with this one
//       48    8  largest timestamp up to `to`
//       56    4  number of entries
//       60    4  CRC-32C of bytes 0..59 and of the entries
//   entries: offset 8, position in the segment 8, largest timestamp of all before 8
import { crc32c } from '../../base/crc32c.ts'
import { type Disk, DiskError } from '../../io/disk.ts'
import { ignoreOnly } from '../../io/system-call.ts'
import type { Segment } from './segment.ts'
import type { IndexEntry, SegmentIndex } from './segment-index.ts'

export const indexFolder = 'indexes'
const magic = 0x504d5149
const frameHeaderBytes = 64
const entryBytes = 24
/** No segment has an index as large; what is larger is not read. */
const fileBytesMax = 64 << 20

const indexPath = (file: number): string => `${indexFolder}/${String(file).padStart(12, '0')}.idx`

export class IndexFiles {
  readonly #disk: Disk
  readonly #reading = new Map<SegmentIndex, Promise<void>>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** Fills the index of a segment of an earlier run; nothing to do for others. Never rejects. */
  async read(segment: Segment): Promise<void> {
    const { index } = segment
    if (index.isRead) return
    let reading = this.#reading.get(index)
    if (reading === undefined) {
      reading = this.#read(segment).finally(() => this.#reading.delete(index))
      this.#reading.set(index, reading)
    }
    await reading
  }

  async #read(segment: Segment): Promise<void> {
    const bytes = await this.#content(segment.file)
    for (let at = 0; at + frameHeaderBytes <= bytes.length; ) {
      const frame = readFrame(bytes, at)
      if (frame === null) break
      if (isOf(frame, segment)) segment.index.add(frame.entries, frame.to, frame.maxTimestamp)
      at += frameHeaderBytes + frame.entries.length * entryBytes
    }
    segment.index.isRead = true
  }

  /** The whole file; nothing when it is not there or cannot be read: it is derived. */
  async #content(number: number): Promise<Uint8Array> {
    try {
      const file = await this.#disk.open(indexPath(number), { access: 'read' })
      try {
        const bytes = new Uint8Array(Math.min(await file.size(), fileBytesMax))
        return bytes.subarray(0, await file.read(bytes, 0))
      } finally {
        await file.close()
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return new Uint8Array(0)
    }
  }

  /**
   * Adds what the indexes of `segments`, all in one file, know from their byte `from` on. `from` 0:
   * the file is new.
   */
  async write(segments: readonly Segment[], from: number): Promise<void> {
    const [first] = segments
    if (first === undefined) return
    const options = { access: 'write', truncate: from === 0 } as const
    const file = await this.#disk.open(indexPath(first.file), options)
    try {
      const frames = segments.map((segment) => frameOf(segment, from))
      await file.write(frames, from === 0 ? 0 : await file.size())
    } finally {
      await file.close()
    }
  }

  async remove(number: number): Promise<void> {
    await removeFile(this.#disk, indexPath(number))
  }

  /** Numbers of the files that are there. */
  async numbers(): Promise<number[]> {
    const names = await this.#disk.list(indexFolder)
    return names.map((name) => Number.parseInt(name, 10)).filter((number) => number >= 0)
  }
}

/** False: somebody has put a folder in its place, which is not ours, and stays. */
export async function removeFile(disk: Disk, path: string): Promise<boolean> {
  try {
    await disk.remove(path)
    return true
  } catch (error) {
    ignoreOnly(error, 'EISDIR', 'EPERM')
    return false
  }
}

interface Frame {
  readonly position: number
  readonly baseOffset: number
  readonly createdMs: number
  readonly from: number
  readonly to: number
  readonly maxTimestamp: number
  readonly entries: readonly IndexEntry[]
}

const isOf = (frame: Frame, { position, baseOffset, createdMs, bytes, index }: Segment): boolean =>
  frame.position === position &&
  frame.baseOffset === baseOffset &&
  frame.createdMs === createdMs &&
  frame.from === index.covered &&
  frame.to <= bytes

function frameOf({ position, baseOffset, createdMs, index }: Segment, from: number): Uint8Array {
  const entries = index.entriesFrom(from)
  const bytes = new Uint8Array(frameHeaderBytes + entries.length * entryBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic)
  view.setUint8(4, 1)
  const fields = [position, baseOffset, createdMs, from, index.covered, index.maxTimestamp]
  for (const [i, field] of fields.entries()) view.setFloat64(8 + 8 * i, field)
  view.setUint32(56, entries.length)
  for (const [i, entry] of entries.entries()) {
    const at = frameHeaderBytes + i * entryBytes
    view.setFloat64(at, entry.offset)
    view.setFloat64(at + 8, entry.position)
    view.setFloat64(at + 16, entry.maxTimestampBefore)
  }
  view.setUint32(60, checksum(bytes))
  return bytes
}

/** The frame at `at`; null when it is not whole. */
function readFrame(bytes: Uint8Array, at: number): Frame | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at)
  if (view.getUint32(0) !== magic || view.getUint8(4) !== 1) return null
  const count = view.getUint32(56)
  const end = frameHeaderBytes + count * entryBytes
  if (end > view.byteLength) return null
  if (checksum(bytes.subarray(at, at + end)) !== view.getUint32(60)) return null
  const entries: IndexEntry[] = []
  for (let i = frameHeaderBytes; i < end; i += entryBytes)
    entries.push({
      offset: view.getFloat64(i),
      position: view.getFloat64(i + 8),
      maxTimestampBefore: view.getFloat64(i + 16),
    })
  const field = (i: number): number => view.getFloat64(8 + 8 * i)
  const [position, baseOffset, createdMs] = [field(0), field(1), field(2)]
  const [from, to, maxTimestamp] = [field(3), field(4), field(5)]
  return { position, baseOffset, createdMs, from, to, maxTimestamp, entries }
}

/** Of a frame, without the checksum itself. */
const checksum = (frame: Uint8Array): number =>
  crc32c(frame.subarray(frameHeaderBytes), crc32c(frame.subarray(0, 60)))
