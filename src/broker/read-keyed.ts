// Reads a whole partition of an internal topic back into its coordinator, oldest record first.
import type { LogReader } from '../log/log-reader.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { emptyRead } from '../log/read-result.ts'
import { openBatch } from '../model/batch-content.ts'
import { BatchHeader } from '../model/record-batch.ts'
import { readRecords } from '../model/records.ts'

export interface KeyedRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

const openedBytesMax = 64 << 20
const pieceBytes = 1 << 20

export interface KeyedRecords {
  readonly records: readonly KeyedRecord[]
  /** False: something was passed over, since one bad batch must not keep the node from starting. */
  readonly isWhole: boolean
}

export async function readKeyed(reader: LogReader, log: PartitionLog): Promise<KeyedRecords> {
  const found: KeyedRecord[] = []
  let isWhole = true
  let step = 1
  const header = new BatchHeader()
  for (let offset = log.logStartOffset; offset < log.highWatermark; ) {
    const read = emptyRead()
    const want = { offset, below: log.highWatermark, maxBytes: pieceBytes, mustGive: true }
    if (!reader.readFromMemory(log, want, read)) await reader.readFromDisk(log, want, read)
    const bytes = Buffer.concat(read.records)
    reader.release(read)
    if (read.damaged || bytes.length === 0) {
      isWhole = false
      // How long the batch is that cannot be read, nobody knows.
      offset = Math.min(offset + step, log.endOfPlace(offset))
      step *= 2
    } else step = 1
    for (let at = 0; at < bytes.length; at += header.bytes) {
      header.moveTo(bytes, at)
      offset = header.nextOffset
      const records = header.isControl ? null : openBatch(header, openedBytesMax)
      if (records?.ok !== true) continue
      for (const { key, value } of readRecords(records.value, header.recordCount) ?? [])
        if (key !== null) found.push({ key, value })
    }
  }
  return { records: found, isWhole }
}
