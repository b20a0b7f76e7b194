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

/** Rejects when the partition is damaged: half of the truth is worse than none. */
export async function readKeyed(reader: LogReader, log: PartitionLog): Promise<KeyedRecord[]> {
  const found: KeyedRecord[] = []
  const header = new BatchHeader()
  for (let offset = log.logStartOffset; offset < log.highWatermark; ) {
    const read = emptyRead()
    const want = { offset, below: log.highWatermark, maxBytes: pieceBytes, mustGive: true }
    if (!reader.readFromMemory(log, want, read)) await reader.readFromDisk(log, want, read)
    const bytes = Buffer.concat(read.records)
    reader.release(read)
    if (read.damaged || bytes.length === 0)
      throw new Error(`partition ${log.partition} of an internal topic cannot be read at ${offset}`)
    for (let at = 0; at < bytes.length; at += header.bytes) {
      header.moveTo(bytes, at)
      offset = header.nextOffset
      const records = header.isControl ? null : openBatch(header, openedBytesMax)
      if (records?.ok !== true) continue
      for (const { key, value } of readRecords(records.value, header.recordCount) ?? [])
        if (key !== null) found.push({ key, value })
    }
  }
  return found
}
