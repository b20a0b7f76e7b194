// Bits that turn in the header of a batch. Its first bytes are not under its checksum: what is
// known of them elsewhere finds out.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import { segmentPath } from '../../src/log/segment/segment-files.ts'
import { headerBytes } from '../../src/model/record-batch.ts'
import { batchOf, topicA } from './log-fixture.ts'
import { append, open, openReported } from './open-log.ts'

const batches = 6
const turned = 3

async function turn(disk: Disk, path: string, position: number, bit = 1): Promise<void> {
  const file = await disk.open(path, { access: 'write' })
  const byte = new Uint8Array(1)
  await file.read(byte, position)
  await file.write([Uint8Array.of((byte[0] ?? 0) ^ bit)], position)
  await file.close()
}

test('in a segment, a turned bit anywhere in the header of a batch is damage', async () => {
  const disk = memoryDisk()
  const { store, reported } = await openReported(disk)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < batches; i++) await append(store, log, batchOf([`v${i}`]))
  await store.flush()
  const [segment] = log.segments
  assert.ok(segment)
  const place = segment.position + (segment.bytes / batches) * turned
  for (let at = 0; at < headerBytes; at++) {
    await turn(disk, segmentPath(segment.file), place + at)
    const read = emptyRead()
    const want = { offset: turned, below: log.highWatermark, maxBytes: 5000, mustGive: true }
    await store.reader.readFromDisk(log, want, read)
    assert.equal(read.damaged, true, `byte ${at}`)
    // Who passes over it goes on behind the batch, or where its length is not sure, the segment.
    const isLengthSure = at >= 12 && at !== 16 && !(at >= 23 && at < 27)
    assert.equal(read.wholeFrom, isLengthSure ? turned + 1 : batches, `byte ${at}`)
    store.reader.release(read)
    await turn(disk, segmentPath(segment.file), place + at)
  }
  assert.equal(store.reader.counters.damaged, headerBytes)
  assert.equal(reported.length, 1, 'people are told once')
  assert.match(
    reported[0] ?? '',
    /^segments\/0+1\.log cannot be read at offset 3 of partition 0 of/,
  )
  await turn(disk, segmentPath(segment.file), place + (segment.bytes / batches) * 2 + 30)
  const read = emptyRead()
  const want = { offset: turned + 2, below: log.highWatermark, maxBytes: 5000, mustGive: true }
  await store.reader.readFromDisk(log, want, read)
  assert.equal(reported.length, 2, 'and of another place, too')
  await store.close()
})

test('a reader from before a turned bit is given what lies before it, and no more', async () => {
  const disk = memoryDisk()
  const { store } = await openReported(disk)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < batches; i++) await append(store, log, batchOf([`v${i}`]))
  await store.flush()
  const [segment] = log.segments
  assert.ok(segment)
  const before = (segment.bytes / batches) * turned
  for (let at = 0; at < headerBytes; at++)
    for (const bit of [1, 0x80]) {
      const place = segment.position + before + at
      await turn(disk, segmentPath(segment.file), place, bit)
      const read = emptyRead()
      const want = { offset: 0, below: log.highWatermark, maxBytes: 5000, mustGive: true }
      await store.reader.readFromDisk(log, want, read)
      assert.equal(read.bytes, before, `byte ${at}, bit ${bit}`)
      store.reader.release(read)
      await turn(disk, segmentPath(segment.file), place, bit)
    }
  await store.close()
})

test('a segment file that is missing is told at the start, and does not stop it', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const log = store.get(topicA, 0) as PartitionLog
  await append(store, log, batchOf(['v']))
  await store.flush()
  await store.close()
  await disk.remove(segmentPath(log.segments[0]?.file ?? 0))
  const again = await openReported(disk)
  assert.match(again.reported.join(), /^segments\/0+1\.log is missing: .* backup$/)
  await again.store.close()
})

test('in the journal, too', async () => {
  for (let at = 0; at < headerBytes; at++) {
    const disk = memoryDisk()
    const store = await open(disk)
    const log = store.get(topicA, 0) as PartitionLog
    for (let i = 0; i < batches; i++) await append(store, log, batchOf([`v${i}`]))
    await turn(disk, 'journal/000000.wal', log.tail.lsn(turned) + at)
    await store.close()
    const again = await openReported(disk)
    assert.equal(again.store.get(topicA, 0)?.damagedFrom, turned, `byte ${at}`)
    assert.equal(again.reported.length, 1)
    await again.store.close()
  }
})

test('out of service: told at each start, over when all its records are deleted', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < batches; i++) await append(store, log, batchOf([`v${i}`]))
  await turn(disk, 'journal/000000.wal', log.tail.lsn(turned) + 20)
  await store.close()
  await (await openReported(disk)).store.close()
  const second = await openReported(disk)
  assert.match(second.reported[0] ?? '', /^still out of service: partition 0 .* from offset 3 on/)
  const damaged = second.store.get(topicA, 0) as PartitionLog
  await second.store.raiseLogStart(damaged, batches)
  assert.equal(await append(second.store, damaged, batchOf(['again'])), batches)
  await second.store.close()
  const third = await openReported(disk)
  const healed = third.store.get(topicA, 0) as PartitionLog
  assert.equal(healed.damagedFrom, null)
  assert.equal(await append(third.store, healed, batchOf(['and again'])), batches + 1)
  await third.store.close()
})

test('an epoch lower than one that is stored already does not come into the log', async () => {
  const store = await open(memoryDisk())
  const log = store.get(topicA, 0) as PartitionLog
  for (const epoch of [5, 3]) log.append(store.journal, batchOf(['v']), epoch, 1000)
  await store.journal.drain()
  await store.flush()
  const read = emptyRead()
  const want = { offset: 0, below: 2, maxBytes: 5000, mustGive: true }
  await store.reader.readFromDisk(log, want, read)
  assert.equal(read.damaged, false)
  assert.equal(Buffer.concat(read.records).readInt32BE(read.bytes / 2 + 12), 5)
  store.reader.release(read)
  await store.close()
})
