// Memory for reads: who holds some does not wait, and what is read ahead yields to who waits.
import assert from 'node:assert/strict'
import test from 'node:test'
import { DiskError } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { NextPieces } from '../../src/log/pieces/next-pieces.ts'
import { Piece } from '../../src/log/pieces/piece.ts'
import { type ReadBuffer, ReadBuffers } from '../../src/log/pieces/read-buffers.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import { batchOf, plainSettings, tinyOptions } from './log-fixture.ts'
import { append, open } from './open-log.ts'

const allocate = (bytes: number): Uint8Array => new Uint8Array(bytes)
const pieceBytes = 4096
const lentEach = 3 * 4096

test('a piece is read once, handed out once, and given up for who must have memory', async () => {
  const buffers = new ReadBuffers(2 * lentEach, pieceBytes, allocate)
  const next = new NextPieces(buffers, 2 * lentEach)
  let reads = 0
  const begin = (key: string): void =>
    next.begin(key, pieceBytes, async (into): Promise<Piece> => {
      reads++
      return Piece.of(into, 0, into.memory.length)
    })
  for (const key of ['a', 'a', 'b', 'c']) begin(key)
  assert.equal(next.heldBytes, 2 * lentEach, 'there is no memory for c')
  const piece = await next.take('a')
  assert.ok(piece)
  assert.equal(next.take('a'), undefined)
  assert.equal(buffers.tryTakeIdle(1), null, 'who would read ahead takes nothing from others')
  const waited = await buffers.take(1)
  assert.equal(next.heldBytes, 0, 'b was given up')
  assert.equal(reads, 2)
  waited.release()
  piece.release()
  assert.equal(buffers.lentBytes, 0)
})

test('what cannot be read ahead is left to who wants it', async () => {
  const next = new NextPieces(new ReadBuffers(lentEach, pieceBytes, allocate), lentEach)
  const refusing = (into: ReadBuffer): Promise<Piece> => {
    into.release()
    return Promise.reject(new Error('EIO'))
  }
  next.begin('a', 1, refusing)
  assert.equal(await next.take('a'), null)
  next.begin('b', 1, refusing)
  for (let i = 0; i < 10; i++) await null
  assert.equal(next.take('b'), undefined)
  assert.equal(next.heldBytes, 0)
})

test('readers that go on, in a memory for one piece, get everything in turn', async () => {
  const options = { ...tinyOptions, ownFileBytes: 1, readPieceBytes: 4096, readBytes: lentEach }
  const store = await open(memoryDisk(), 2, plainSettings, { options })
  const logs = [...store.all] as PartitionLog[]
  for (const log of logs)
    for (let i = 0; i < 30; i++) await append(store, log, batchOf(['x'.repeat(900)]))
  await store.flush()
  const readAll = async (log: PartitionLog): Promise<void> => {
    for (let offset = 0; offset < 30; ) {
      const read = emptyRead()
      const want = { offset, below: 30, maxBytes: 3000, mustGive: true }
      await store.reader.readFromDisk(log, want, read)
      assert.ok(read.bytes > 0 && !read.damaged)
      offset += Math.round(read.bytes / 980)
      store.reader.release(read)
    }
  }
  await Promise.all([...logs, ...logs].map(readAll))
  assert.equal(store.reader.lentBytes, 0)
  const first = emptyRead()
  const second = emptyRead()
  const want = { offset: 0, below: 30, maxBytes: 3000, mustGive: true }
  await store.reader.readFromDisk(logs[0] as PartitionLog, want, first)
  await store.reader.readFromDisk(logs[1] as PartitionLog, { ...want, mustGive: false }, second)
  assert.equal(second.bytes, 0, 'who holds some does not wait for more')
  assert.equal(second.damaged, false)
  store.reader.release(first)
  await store.close()
})

test('a disk that fails in a later piece takes nothing from the first', async () => {
  const disk = memoryDisk()
  const options = { ...tinyOptions, ownFileBytes: 1, readPieceBytes: 4096 }
  const store = await open(disk, 1, plainSettings, { options })
  const [log] = store.all as [PartitionLog]
  for (let i = 0; i < 20; i++) await append(store, log, batchOf(['x'.repeat(900)]))
  await store.flush()
  const plainOpen = disk.open.bind(disk)
  disk.open = async (path, how) => {
    const file = await plainOpen(path, how)
    const read = file.read.bind(file)
    file.read = (into, position) =>
      position >= 8192 ? Promise.reject(new DiskError('EIO', 'bad sector')) : read(into, position)
    return file
  }
  const readFrom = async (offset: number): Promise<{ bytes: number; damaged: boolean }> => {
    const read = emptyRead()
    const want = { offset, below: 20, maxBytes: 50_000, mustGive: true }
    await store.reader.readFromDisk(log, want, read)
    store.reader.release(read)
    return read
  }
  const first = await readFrom(0)
  assert.ok(first.bytes > 4096 && !first.damaged, `${first.bytes} bytes`)
  assert.deepEqual((await readFrom(15)).damaged, true)
  disk.open = plainOpen
  await store.close()
})
