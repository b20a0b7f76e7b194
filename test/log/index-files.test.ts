// Indexes of segments over a restart: a reader finds its place, whatever became of the index file.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Disk, DiskFile } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import { batchOf, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open } from './open-log.ts'

const KiB = 1024
const options = {
  ...tinyOptions,
  journalFileBytes: 512 * KiB,
  slabBytes: 64 * KiB,
  slabs: 8,
  commitBytes: 128 * KiB,
  flushBytes: 384 * KiB,
  ownFileBytes: 1,
}
/** Batches of 16 KiB each. */
const count = 250
const value = (i: number): string => `${i}`.padEnd(16 * KiB, '.')

/** Counts what is read of segment files. */
function counting(disk: Disk): { disk: Disk; read: () => number } {
  let bytes = 0
  const watched = (file: DiskFile): DiskFile =>
    new Proxy(file, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          if (name === 'read') bytes += (args[0] as Uint8Array).length
          return member.apply(target, args)
        }
      },
    })
  const openFile: Disk['open'] = async (path, how) => {
    const file = await disk.open(path, how)
    return path.startsWith('segments/') ? watched(file) : file
  }
  const seen = new Proxy(disk, {
    get(target, name) {
      if (name === 'open') return openFile
      const member = Reflect.get(target, name) as unknown
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  return { disk: seen, read: () => bytes }
}

const opened = async (disk: Disk): Promise<[LogStore, PartitionLog]> => {
  const store = await open(disk, 1, plainSettings, { options })
  return [store, store.get(topicA, 0) as PartitionLog]
}

async function grow(disk: Disk, from: number, to: number): Promise<void> {
  const [store, log] = await opened(disk)
  for (let i = from; i < to; i++) await append(store, log, batchOf([value(i)], null, 1000 + i))
  await store.flush()
  await store.close()
}

/** Reads one record of the first segment after a restart; returns how much was read for it. */
async function seek(disk: Disk, offset: number): Promise<number> {
  const { disk: watched, read } = counting(disk)
  const [store, log] = await opened(watched)
  const before = read()
  const found = emptyRead()
  const want = { offset, below: log.highWatermark, maxBytes: 1, mustGive: true }
  await store.reader.readFromDisk(log, want, found)
  assert.equal(found.damaged, false)
  const text = Buffer.concat(found.records).toString('latin1')
  assert.ok(text.includes(value(offset)), `the record at ${offset}`)
  store.reader.release(found)
  const bytes = read() - before
  await store.close()
  return bytes
}

async function damage(disk: Disk, path: string, position: number): Promise<void> {
  const file = await disk.open(path, { access: 'write' })
  const byte = new Uint8Array(1)
  await file.read(byte, position)
  await file.write([Uint8Array.of((byte[0] ?? 0) ^ 4)], position)
  await file.close()
}

const path = 'indexes/000000000001.idx'

test('after a restart a reader goes to its place, and the segment goes on growing', async () => {
  const disk = memoryDisk()
  await grow(disk, 0, count - 100)
  await grow(disk, count - 100, count)
  const [store, log] = await opened(disk)
  assert.equal(log.segments.length, 1)
  await store.reader.readIndex(log.segments[0] ?? assert.fail())
  const { index, bytes, baseOffset } = log.segments[0] ?? assert.fail()
  assert.equal(index.covered, bytes)
  assert.equal(index.maxTimestamp, 1000 + count - 1)
  const near = index.offsetOfTime(1000 + 200, baseOffset)
  assert.ok(near > 180 && near <= 200, `${near}`)
  await store.close()
  // All but the last piece of the partition lies before it.
  assert.ok((await seek(disk, 200)) <= 1100 * KiB)
})

test('an index that is damaged, cut or absent: what it lacks is learned', async () => {
  const disk = memoryDisk()
  await grow(disk, 0, count)
  const index = await disk.open(path, { access: 'write' })
  const bytes = await index.size()
  const whole = new Uint8Array(bytes)
  await index.read(whole, 0)
  for (const position of [0, 40, 63, 64, 100, bytes - 1]) {
    await index.write([whole], 0)
    await damage(disk, path, position)
    assert.ok((await seek(disk, 200)) > 0, `damaged at ${position}`)
  }
  await index.truncate(bytes - 10)
  await seek(disk, 200)
  await index.close()
  await disk.remove(path)
  assert.ok((await seek(disk, 200)) > 3000 * KiB, 'from the start')
  await grow(disk, count, count + 5)
  const [store, log] = await opened(disk)
  assert.equal(log.segments.length, 2, 'without its index a segment grows no more')
  await store.close()
})

test('an index goes with its segment; a stray one is removed', async () => {
  const disk = memoryDisk()
  await grow(disk, 0, 40)
  assert.equal((await disk.list('indexes')).length, 1)
  const [store] = await opened(disk)
  await store.delete(topicA, [0])
  assert.deepEqual(await disk.list('indexes'), [])
  await store.close()
  const stray = await disk.open('indexes/000000000009.idx', { access: 'write' })
  await stray.close()
  const again = await open(disk, 1, plainSettings, {
    options,
    hooks: { failed: assert.fail, report: () => undefined },
  })
  assert.deepEqual(await disk.list('indexes'), [])
  await again.close()
})
