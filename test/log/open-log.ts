// Opens a log on a disk, appends to it and reads it back, as the tests of the log do.
import assert from 'node:assert/strict'
import type { Disk } from '../../src/io/disk.ts'
import { realChance } from '../../src/io/real/chance.ts'
import { realClock } from '../../src/io/real/clock.ts'
import type { LogParts } from '../../src/log/log-parts.ts'
import { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import type { TopicSettings } from '../../src/model/config/topic-settings.ts'
import { BatchHeader } from '../../src/model/record-batch.ts'
import { readRecords } from '../../src/model/records.ts'
import { plainSettings, tinyOptions, topicA } from './log-fixture.ts'

/** Nothing may be reported. */
export async function open(
  disk: Disk,
  partitions = 1,
  settings: TopicSettings = plainSettings,
  parts: Partial<Omit<LogParts, 'disk'>> & { freeBytesMin?: number } = {},
): Promise<LogStore> {
  const { store, reported } = await openReported(disk, partitions, settings, parts)
  assert.deepEqual(reported, [])
  return store
}

export async function openReported(
  disk: Disk,
  partitions = 1,
  settings: TopicSettings = plainSettings,
  { freeBytesMin = 0, ...parts }: Partial<Omit<LogParts, 'disk'>> & { freeBytesMin?: number } = {},
  revision = 1,
): Promise<{ store: LogStore; reported: string[] }> {
  const reported: string[] = []
  const hooks = {
    failed: (cause: unknown) => {
      throw cause
    },
    report: (line: string) => void reported.push(line),
  }
  const known = {
    partitions: Array.from({ length: partitions }, (_, partition) => ({
      topic: topicA,
      partition,
      settings,
    })),
    revision: () => revision,
    freeBytesMin,
  }
  const plain = { disk, clock: realClock, chance: realChance, options: tinyOptions, hooks }
  return { store: await LogStore.open({ ...plain, ...parts }, known), reported }
}

export async function append(
  store: LogStore,
  log: PartitionLog,
  batch: Uint8Array,
): Promise<number> {
  while (!store.journal.hasRoom(batch.length))
    await new Promise<void>((resolve) => store.journal.whenRoom(resolve))
  const outcome = log.append(store.journal, batch, 0, 1000)
  assert.equal(outcome.error, null, outcome.message ?? '')
  await new Promise<void>((resolve) => store.journal.whenCommitted(outcome.lsn, resolve))
  return outcome.baseOffset
}

export async function readAll(
  store: LogStore,
  log: PartitionLog,
  from = 0,
  maxBytes = 5000,
): Promise<string[]> {
  const values: string[] = []
  const below = Math.min(log.highWatermark, log.damagedFrom ?? Number.POSITIVE_INFINITY)
  for (let offset = from; offset < below; ) {
    const read = emptyRead()
    const want = { offset, below, maxBytes, mustGive: true }
    if (!store.reader.readFromMemory(log, want, read))
      await store.reader.readFromDisk(log, want, read)
    assert.equal(read.damaged, false)
    assert.ok(read.bytes > 0, `nothing to read at ${offset}`)
    const all = Buffer.concat(read.records)
    store.reader.release(read)
    const header = new BatchHeader()
    for (let at = 0; at < all.length; at += header.bytes) {
      header.moveTo(all, at)
      assert.equal(header.checksum(), header.crc)
      for (const r of readRecords(header.records(), header.recordCount) ?? [])
        if (header.baseOffset + r.offsetDelta >= from)
          values.push(Buffer.from(r.value ?? []).toString())
      offset = header.nextOffset
    }
  }
  return values
}
