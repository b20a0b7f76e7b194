// A disk that runs full, and what is taken again when there is space.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Disk, DiskError } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import { DiskSpace } from '../../src/log/disk-space.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { batchOf, keyedBatch, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open } from './open-log.ts'

const KiB = 1024
const bytesMin = 400 * KiB

const value = 'x'.repeat(4000)

const quiet = {
  failed: (cause: unknown) => assert.fail(String(cause)),
  report: () => undefined,
}

/** Appends and flushes as upkeep would have it, until the disk is low; returns the last offset. */
async function fill(store: LogStore, log: PartitionLog): Promise<number> {
  for (let i = 0; i < 2000; i++) {
    await store.lookAtSpace(bytesMin)
    const outcome = log.append(store.journal, batchOf([value]), 0, 0)
    if (outcome.error === 'storageError') return log.logEndOffset
    if (outcome.error === 'requestTimedOut')
      await new Promise<void>((resolve) => store.journal.whenRoom(resolve))
    else await new Promise<void>((done) => store.journal.whenCommitted(outcome.lsn, done))
  }
  return assert.fail('the disk was never low')
}

test('on a simulated disk: refused before it is full, taken again, nothing lost', async () => {
  const clock = new SimClock()
  const disk = new SimDisk(clock, new SimChance(1), { capacityBytes: 1200 * KiB })
  const lines: string[] = []
  const hooks = {
    failed: (cause: unknown) => assert.fail(String(cause)),
    report: (line: string) => void lines.push(line),
  }
  const settings = { ...plainSettings, segmentMs: 0 }
  const parts = { clock, options: { ...tinyOptions, ownFileBytes: 1 }, hooks }
  const work = async (): Promise<void> => {
    const store = await open(disk, 1, settings, parts)
    const log = store.get(topicA, 0) as PartitionLog
    for (let round = 1; round <= 20; round++) {
      const end = await fill(store, log)
      assert.ok((await disk.freeBytes()) > bytesMin / 2, 'there is space left')
      assert.match(lines.at(-1) ?? '', /records are refused until there is more; make room/)
      const refused = log.append(store.journal, batchOf([value]), 0, 0)
      assert.match(refused.message ?? '', /polymq\.disk\.free\.bytes\.min/)
      // What may be written is flushed; then space is made, as retention or an administrator does.
      await store.flush()
      await store.raiseLogStart(log, end)
      await store.lookAtSpace(bytesMin)
      assert.match(lines.at(-1) ?? '', /records are taken again/)
      assert.equal(lines.length, round * 2, 'told once each time')
    }
    await store.close()
  }
  await clock.runUntil(work())
})

test('a journal that finds no space for a file waits for it, and nothing ends', async () => {
  const clock = new SimClock()
  const disk = new SimDisk(clock, new SimChance(1))
  let isFull = true
  const openFile = disk.open.bind(disk)
  disk.open = async (path, how) => {
    const file = await openFile(path, how)
    const write = file.write.bind(file)
    const isNew = path.endsWith('.wal') && path !== 'journal/000000.wal'
    file.write = (chunks, at) =>
      isFull && isNew ? Promise.reject(new DiskError('ENOSPC', 'full')) : write(chunks, at)
    return file
  }
  const work = async (): Promise<void> => {
    const store = await open(disk, 1, plainSettings, { clock })
    const log = store.get(topicA, 0) as PartitionLog
    const { journal } = store
    const append = async (): Promise<void> => {
      const { lsn, error } = log.append(journal, batchOf([value]), 0, 0)
      assert.equal(error, null)
      await new Promise<void>((done) => journal.whenCommitted(lsn, done))
    }
    while (journal.hasRoom(value.length)) await append()
    assert.ok(log.logEndOffset > 5)
    isFull = false
    while (!journal.hasRoom(value.length))
      await new Promise<void>((resolve) => journal.whenRoom(resolve))
    await append()
    const names = await disk.list('journal')
    assert.deepEqual(names.slice(0, 2), ['000000.wal', '000002.wal'], 'the first try is gone')
    await store.close()
  }
  await clock.runUntil(work())
})

test('a topic in memory does not mind; a repeated batch is known as one', async () => {
  const store = await open(
    memoryDisk(),
    2,
    { ...plainSettings, flush: 'memory' },
    { hooks: { failed: assert.fail, report: () => undefined } },
  )
  const log = store.create({
    topic: 'b'.repeat(32),
    partition: 0,
    settings: plainSettings,
  })
  const numbered = () => batchOf(['a'], { id: 1, epoch: 0, sequence: 0 })
  assert.equal(log.append(store.journal, numbered(), 0, 0).error, null)
  Object.defineProperty(store.space, 'isLow', { value: true })
  assert.equal(log.append(store.journal, numbered(), 0, 0).error, null)
  assert.equal(log.append(store.journal, batchOf(['b']), 0, 0).error, 'storageError')
  const inMemory = store.get(topicA, 0) as PartitionLog
  assert.equal(inMemory.append(store.journal, batchOf(['b']), 0, 0).error, null)
  await store.close()
})

test('what is left decides, with a little more to be taken again; 0 is no bound', async () => {
  let free = 1600
  const space = new DiskSpace({ freeBytes: async () => free } as Disk, 0)
  assert.equal(await space.look(1600), false)
  free = 1599
  assert.equal(await space.look(1600), true)
  free = 1650
  assert.equal(await space.look(1600), false)
  assert.equal(space.isLow, true)
  free = 1700
  assert.equal(await space.look(1600), true)
  assert.deepEqual([await space.mayWrite(1600), await space.mayWrite(1601)], [true, false])
  free = 0
  assert.equal(await space.look(0), false)
  assert.equal(await space.mayWrite(1 << 30), true)
})

test('there is always room for a file of the journal', async () => {
  let free = 199
  const space = new DiskSpace({ freeBytes: async () => free } as Disk, 100)
  assert.equal(await space.look(16), true)
  assert.match(space.lowText(), /asks for 0 MiB/)
  free = 213
  assert.equal(await space.look(16), true)
  assert.equal(space.isLow, false)
  free = 212
  assert.deepEqual([await space.mayWrite(99), await space.mayWrite(100)], [true, false])
  assert.equal(await space.look(0), false)
})

/** A disk that says to have so much left. */
function diskWith(space: { freeBytes: number }): Disk {
  const disk = memoryDisk()
  disk.freeBytes = () => Promise.resolve(space.freeBytes)
  return disk
}

test('what is written anew finds room first, and may when records are refused', async () => {
  const space = { freeBytes: 2 ** 40 }
  const cleanup = { delete: false, compact: true }
  const settings = { ...plainSettings, cleanup, segmentMs: 0 }
  const store = await open(diskWith(space), 1, settings, { hooks: quiet })
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 40; i++) {
    await append(store, log, keyedBatch('k', `${i} ${value}`))
    await store.flush()
  }
  const { counters } = store.cleaner
  const clean = async (freeBytes: number): Promise<number> => {
    space.freeBytes = freeBytes
    await store.lookAtSpace(bytesMin)
    assert.equal(store.space.isLow, true)
    await store.cleaner.merge([log])
    await store.cleaner.clean([log], 2000, 1 << 20)
    return counters.cleanings
  }
  const { bytes } = log
  assert.equal(await clean(1), 0)
  assert.equal(log.segments.length, 40, 'nor are they merged')
  assert.equal(await clean(bytes + bytesMin / 2), 1)
  assert.ok(log.bytes < bytes / 10)
  await store.close()
})

test('a start on a disk that is low flushes nothing that has no room', async () => {
  const space = { freeBytes: 2 ** 40 }
  const disk = diskWith(space)
  const options = { ...tinyOptions, flushBytes: 2 ** 40 }
  let store = await open(disk, 1, plainSettings, { options })
  for (let i = 0; i < 10; i++)
    await append(store, store.get(topicA, 0) as PartitionLog, batchOf([value]))
  await store.close()
  space.freeBytes = 1
  store = await open(disk, 1, plainSettings, { hooks: quiet, freeBytesMin: bytesMin })
  await store.flush()
  assert.equal(store.flusher.counters.passes, 0)
  space.freeBytes = 2 ** 40
  await store.lookAtSpace(bytesMin)
  await store.flush()
  assert.ok(store.flusher.counters.passes > 0)
  await store.close()
})
