// Reads as fetches do, and compares byte for byte with what was placed.
import type { LogStore } from '../../../src/log/log-store.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { emptyRead, type ReadResult, type ReadWant } from '../../../src/log/read-result.ts'
import { expect, RigFailure } from './failure.ts'
import { KeptRecords } from './kept-records.ts'
import type { PartitionModel } from './partition-model.ts'

export async function readSome(
  store: LogStore,
  log: PartitionLog,
  want: Omit<ReadWant, 'mustGive'>,
): Promise<ReadResult> {
  const read = emptyRead()
  const whole = { ...want, mustGive: true, isPassedOn: true }
  if (!store.reader.readFromMemory(log, whole, read))
    await store.reader.readFromDisk(log, whole, read)
  return read
}

/** What was read from `offset` is what was placed there; returns the offset behind it. */
export function checkBytes(
  model: PartitionModel,
  offset: number,
  read: ReadResult,
  mayStartLater = false,
): number {
  const all = Buffer.concat(read.records)
  expect(
    all.length === read.bytes,
    () => `${model.name}: ${read.bytes} bytes told, ${all.length} came`,
  )
  let due = model.from(offset)
  if (mayStartLater) {
    const first = all.readBigInt64BE(0)
    due = due.filter((b) => b.baseOffset >= Number(first))
  }
  let at = 0
  for (const batch of due) {
    if (at >= all.length) return batch.baseOffset
    const got = all.subarray(at, at + batch.bytes.length)
    if (Buffer.compare(got, batch.bytes) !== 0)
      throw new RigFailure(
        `${model.name}: at offset ${batch.baseOffset} (read from ${offset}) came ${brief(got)}, ` +
          `not ${brief(batch.bytes)}`,
      )
    at += batch.bytes.length
  }
  expect(at === all.length, () => `${model.name}: ${all.length - at} bytes behind the end`)
  return model.end
}

const brief = (b: Uint8Array): string =>
  `offset ${b.length < 8 ? '?' : Buffer.from(b).readBigInt64BE(0)} ` +
  `"${Buffer.from(b.subarray(65, 80)).toString('latin1')}"`

/** The same for a partition of which compaction leaves the newest records. */
export function checkKept(
  model: PartitionModel,
  offset: number,
  read: ReadResult,
  log: PartitionLog,
  nowMs: number,
): void {
  const kept = new KeptRecords(model)
  const to = kept.take(Buffer.concat(read.records), offset)
  kept.expectNewest(Math.max(offset, log.logStartOffset), to, nowMs)
}

/** All of a partition. False: from some offset on it is reported as damaged, or out of service. */
export async function readAll(
  store: LogStore,
  log: PartitionLog,
  model: PartitionModel,
  nowMs: number,
): Promise<boolean> {
  const kept = model.compacts ? new KeptRecords(model) : null
  const { logStartOffset } = log
  const below = Math.min(log.highWatermark, log.damagedFrom ?? Number.POSITIVE_INFINITY)
  for (let offset = log.logStartOffset; offset < below; ) {
    const read = await readSome(store, log, { offset, below, maxBytes: 10_000 })
    try {
      if (read.damaged) return false
      if (read.bytes === 0)
        throw new RigFailure(`${model.name}: nothing to read at ${offset} of ${below}`)
      offset = kept?.take(Buffer.concat(read.records), offset) ?? checkBytes(model, offset, read)
    } finally {
      store.reader.release(read)
    }
  }
  kept?.expectNewest(logStartOffset, below, nowMs)
  if (log.damagedFrom === null) kept?.expectNoneRisen()
  return log.damagedFrom === null
}
