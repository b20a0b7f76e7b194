// What was written or found right lately is not summed again for who sums it anyway, unless
// somebody else has written to the file.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Clock } from '../../src/io/clock.ts'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import { CheckedBytes } from '../../src/log/segment/checked-bytes.ts'
import { segmentPath } from '../../src/log/segment/segment-files.ts'
import { batchOf, plainSettings, tinyOptions } from './log-fixture.ts'
import { append, open, openReported } from './open-log.ts'

const hourMs = 3_600_000
const batches = 30

/** A clock that tests turn on. */
class TurnedClock implements Clock {
  aheadMs = 0
  readonly now = (): number => realClock.now()
  readonly after = realClock.after.bind(realClock)
  readonly soon = realClock.soon.bind(realClock)
  monotonic(): number {
    return realClock.monotonic() + this.aheadMs
  }
}

const options = { ...tinyOptions, ownFileBytes: 1, readPieceBytes: 4096 }

async function fill(store: LogStore, log: PartitionLog): Promise<void> {
  for (let i = 0; i < batches; i++) await append(store, log, batchOf(['x'.repeat(900)]))
  await store.flush()
}

/** Reads on and on, as a Kafka client does; returns where something was found damaged, or -1. */
async function readOn(store: LogStore, log: PartitionLog, isPassedOn = true): Promise<number> {
  for (let offset = 0; offset < log.highWatermark; ) {
    const read = emptyRead()
    const want = { offset, below: log.highWatermark, maxBytes: 3000, mustGive: true, isPassedOn }
    await store.reader.readFromDisk(log, want, read)
    if (read.damaged) return offset
    offset += Math.round(read.bytes / 980)
    store.reader.release(read)
  }
  return -1
}

/** Bytes that were summed ahead of a reader. */
async function summed(store: LogStore, log: PartitionLog, isPassedOn = true): Promise<number> {
  const before = store.reader.summedBytes
  assert.equal(await readOn(store, log, isPassedOn), -1)
  return store.reader.summedBytes - before
}

async function turnBit(disk: Disk, { segments: [segment] }: PartitionLog): Promise<void> {
  assert.ok(segment)
  const file = await disk.open(segmentPath(segment.file), { access: 'write' })
  const byte = new Uint8Array(1)
  const position = segment.position + (segment.bytes / batches) * 20.5
  await file.read(byte, Math.floor(position))
  await file.write([Uint8Array.of((byte[0] ?? 0) ^ 1)], Math.floor(position))
  await file.close()
}

test('what this process wrote within the hour is summed for those alone who do not', async () => {
  const clock = new TurnedClock()
  const store = await open(memoryDisk(), 1, plainSettings, { options, clock })
  const [log] = store.all as [PartitionLog]
  await fill(store, log)
  assert.equal(await summed(store, log), 0)
  assert.ok((await summed(store, log, false)) > 20_000)
  clock.aheadMs += hourMs
  assert.ok((await summed(store, log)) > 20_000, 'an hour later')
  assert.equal(await summed(store, log), 0, 'and not again')
  await fill(store, log)
  assert.equal(await summed(store, log), 0, 'nor when the file has grown')
  await store.close()
})

test('after a start everything is summed, once', async () => {
  const disk = memoryDisk()
  const first = await open(disk, 1, plainSettings, { options })
  await fill(first, first.all[0] as PartitionLog)
  await first.close()
  const store = await open(disk, 1, plainSettings, { options })
  const [log] = store.all as [PartitionLog]
  assert.ok((await summed(store, log)) > 20_000)
  assert.equal(await summed(store, log), 0)
  await store.close()
})

test('a bit that somebody else turns is found by the next reader', async () => {
  const disk = memoryDisk()
  const clock = new TurnedClock()
  const { store } = await openReported(disk, 1, plainSettings, { options, clock })
  const [log] = store.all as [PartitionLog]
  await fill(store, log)
  assert.equal(await summed(store, log), 0)
  await turnBit(disk, log)
  clock.aheadMs += 1000
  assert.equal(await readOn(store, log), 20)
  await turnBit(disk, log)
  clock.aheadMs += 1000
  assert.ok((await summed(store, log)) > 20_000, 'the file is another one')
  await store.close()
})

test('a bit that somebody turns while the file grows is found, too', async () => {
  const disk = memoryDisk()
  const { store } = await openReported(disk, 1, plainSettings, { options })
  const [log] = store.all as [PartitionLog]
  await fill(store, log)
  const plainOpen = disk.open.bind(disk)
  disk.open = async (path, how) => {
    const file = await plainOpen(path, how)
    if (how.access === 'read' || !path.startsWith('segments/')) return file
    const write = file.write.bind(file)
    file.write = async (chunks, position) => {
      disk.open = plainOpen
      await write(chunks, position)
    }
    const sync = file.sync.bind(file)
    file.sync = async () => {
      await turnBit(disk, log)
      await sync()
    }
    return file
  }
  await fill(store, log)
  assert.equal(await readOn(store, log), 20)
  await store.close()
})

test('who begins to read has the first piece summed, whatever is known', async () => {
  const disk = memoryDisk()
  const { store } = await openReported(disk, 1, plainSettings, { options })
  const [log] = store.all as [PartitionLog]
  await fill(store, log)
  await turnBit(disk, log)
  const read = emptyRead()
  const want = { offset: 20, below: batches, maxBytes: 3000, mustGive: true, isPassedOn: true }
  await store.reader.readFromDisk(log, want, read)
  assert.equal(read.damaged, true)
  await store.close()
})

test('where nothing is to be trusted all is summed each time', async () => {
  const disk = memoryDisk()
  const { store } = await openReported(disk, 1, plainSettings, {
    options: { ...options, trustMs: 0 },
  })
  const [log] = store.all as [PartitionLog]
  await fill(store, log)
  assert.ok((await summed(store, log)) > 20_000)
  assert.ok((await summed(store, log)) > 20_000)
  await store.close()
})

test('a run of bytes grows, and ends with the hour or with a change that is not ours', async () => {
  const clock = new TurnedClock()
  let version = 1
  const checked = new CheckedBytes(clock, 3_600_000, () => Promise.resolve(version))
  checked.found(7, 100, 200, 1)
  checked.found(7, 200, 300, 1)
  assert.equal(checked.covers(7, 100, 300, 1), true)
  assert.equal(checked.covers(7, 99, 300, 1), false)
  assert.equal(checked.covers(7, 100, 300, 2), false)
  checked.found(7, 400, 500, 1)
  assert.equal(checked.covers(7, 400, 500, 1), false, 'a hole is not jumped over')
  checked.writing(7, 1)
  version = 2
  assert.equal(await checked.version(7), 1, 'its own changes count when they are over')
  await checked.written(7, 300, 350, { version: 2, isAlone: true })
  assert.equal(checked.covers(7, 100, 350, await checked.version(7)), true)
  checked.found(7, 0, 400, 1)
  assert.equal(checked.covers(7, 0, 400, 2), false, 'read before the change')
  version = 3
  assert.equal(await checked.version(7), 2, 'looked at a moment ago')
  clock.aheadMs += 1000
  assert.equal(await checked.version(7), 3)
  checked.writing(7, 3)
  await checked.written(7, 350, 360, { version: 4, isAlone: true })
  assert.equal(checked.covers(7, 100, 200, 4), false, 'somebody wrote before us')
  assert.equal(checked.covers(7, 350, 360, 4), true)
  checked.writing(7, 4)
  await checked.written(7, 360, 370, { version: 5, isAlone: false })
  assert.equal(checked.covers(7, 360, 370, 5), false, 'somebody wrote while we did')
  checked.found(7, 350, 360, 5)
  assert.equal(checked.covers(7, 350, 360, 5), true)
  clock.aheadMs += hourMs
  assert.equal(checked.covers(7, 350, 360, 5), false)
  checked.found(7, 0, 10, Number.NaN)
  checked.forget(7)
  assert.equal(checked.covers(7, 0, 10, Number.NaN), false)
})
