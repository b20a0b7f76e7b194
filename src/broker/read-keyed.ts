// Reads a whole partition of an internal topic back for its coordinator: of each key the latest
// record, as compaction would have left them, so that a long history takes no memory.
import type { LogReader } from '../log/log-reader.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { emptyRead } from '../log/read-result.ts'
import { openBatch } from '../model/batch-content.ts'
import { BatchHeader } from '../model/record-batch.ts'
import { RecordWalk } from '../model/records.ts'

export interface KeyedRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

const openedBytesMax = 64 << 20
const pieceBytes = 1 << 20

export interface KeyedRecords {
  /** By the order of their offsets; of keys that were deleted there are none. */
  readonly records: Iterable<KeyedRecord>
  /** False: something was passed over, since one bad batch must not keep the node from starting. */
  readonly isWhole: boolean
}

export async function readKeyed(reader: LogReader, log: PartitionLog): Promise<KeyedRecords> {
  const latest = new Map<string, KeyedRecord>()
  let isWhole = true
  const header = new BatchHeader()
  for (let offset = log.logStartOffset; offset < log.highWatermark; ) {
    const read = emptyRead()
    const want = { offset, below: log.highWatermark, maxBytes: pieceBytes, mustGive: true }
    if (!reader.readFromMemory(log, want, read)) await reader.readFromDisk(log, want, read)
    const bytes = Buffer.concat(read.records)
    reader.release(read)
    if (read.damaged || bytes.length === 0) {
      isWhole = false
      offset = read.damaged ? read.wholeFrom : log.endOfPlace(offset)
    }
    for (let at = 0; at < bytes.length; at += header.bytes) {
      header.moveTo(bytes, at)
      offset = header.nextOffset
      const records = header.isControl ? null : openBatch(header, openedBytesMax)
      if (records?.ok !== true) continue
      if (!isWellFormed(records.value, header.recordCount)) continue
      for (const walk = new RecordWalk(records.value); walk.next(); ) note(latest, walk)
    }
  }
  return { records: latest.values(), isWhole }
}

function note(latest: Map<string, KeyedRecord>, { key, value }: RecordWalk): void {
  if (key === null) return
  const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
  latest.delete(name)
  // Copies: a view would keep all that was read with it.
  if (value !== null) latest.set(name, { key: Uint8Array.from(key), value: Uint8Array.from(value) })
}

function isWellFormed(records: Uint8Array, count: number): boolean {
  const walk = new RecordWalk(records)
  let found = 0
  while (walk.next()) found++
  return walk.problem === null && found === count
}
