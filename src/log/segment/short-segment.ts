// How far a segment goes whose file is shorter than it should be: what is left of it is served.
// Goes through batch headers only, from the last place that the index knows. Called by recovery,
// for files that have lost their end.
import { type Disk, DiskError, type DiskFile } from '../../io/disk.ts'
import { ReadAhead } from '../../io/read-ahead.ts'
import { BatchHeader, headerBytes } from '../../model/record-batch.ts'
import type { IndexFiles } from './index-files.ts'
import { goesOn, type Segment } from './segment.ts'
import { segmentPath } from './segment-files.ts'
import type { Place } from './segment-index.ts'

const aheadBytes = 64 << 10

/** The first offset of a segment that a file of `fileBytes` does not hold wholly. */
export async function firstLostOffset(
  disk: Disk,
  indexes: IndexFiles,
  segment: Segment,
  fileBytes: number,
): Promise<number> {
  const left = fileBytes - segment.position
  if (left < headerBytes) return segment.baseOffset
  try {
    await indexes.read(segment)
    const file = await disk.open(segmentPath(segment.file), { access: 'read' })
    const start = { position: 0, offset: segment.baseOffset }
    try {
      return await endOf(file, segment, segment.index.placeBefore(left) ?? start, left)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return segment.baseOffset
  }
}

async function endOf(file: DiskFile, segment: Segment, from: Place, left: number): Promise<number> {
  const ahead = new ReadAhead(file, aheadBytes)
  const header = new BatchHeader()
  const memory = new Uint8Array(headerBytes)
  let place = from
  while (place.position + headerBytes <= left) {
    if ((await ahead.read(memory, segment.position + place.position)) < headerBytes) break
    header.moveTo(memory)
    const end = place.position + header.bytes
    if (!goesOn(segment, header, place) || end > left) break
    place = { position: end, offset: header.nextOffset }
  }
  return place.offset
}
