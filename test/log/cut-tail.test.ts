import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockBytes, type Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { batchOf, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open, openReported, readAll } from './open-log.ts'

// Nothing is flushed: stores are left behind as kill -9 leaves them.
const options = { ...tinyOptions, flushBytes: 1 << 20, asyncSyncMs: 5000 }
const asyncSettings = { ...plainSettings, flush: 'async' } as const
/** Two of these do not fit one file. */
const long = 'x'.repeat(tinyOptions.journalFileBytes / 2)
const firstFile = 'journal/000000.wal'

const start = (disk: Disk, settings = plainSettings): Promise<LogStore> =>
  open(disk, 1, settings, { options })

const logOf = (store: LogStore): PartitionLog => store.get(topicA, 0) as PartitionLog

async function put(store: LogStore, ...values: string[]): Promise<void> {
  for (const value of values) await append(store, logOf(store), batchOf([value]))
}

async function readFile(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, { access: 'read' })
  const bytes = Buffer.alloc(await file.size())
  await file.read(bytes, 0)
  await file.close()
  return bytes
}

async function turnBit(disk: Disk, path: string, at: number): Promise<void> {
  const byte = (await readFile(disk, path))[at] as number
  await write(disk, path, Buffer.of(byte ^ 1), at)
}

async function write(disk: Disk, path: string, bytes: Uint8Array, at: number): Promise<void> {
  const file = await disk.open(path, { access: 'write' })
  await file.write([bytes], at)
  await file.close()
}

/** Turns bits of the last place in the block at `at` that says `text`. */
async function spoil(disk: Disk, at: number, text: string): Promise<void> {
  const file = await disk.open(firstFile, { access: 'read' })
  const block = Buffer.alloc(blockBytes)
  await file.read(block, at)
  await file.close()
  const place = block.lastIndexOf(text)
  assert.ok(place >= 0, `${text} stands there`)
  await write(disk, firstFile, Buffer.of((block[place] as number) ^ 0x55), at + place)
}

test('a tail that was cut stays cut when the next commit begins a new file', async () => {
  const disk = memoryDisk()
  const first = await start(disk)
  await put(first, long)
  const end = first.journal.durableEnd as number
  await put(first, 'torn')
  await spoil(disk, end, 'torn')
  // What is left of the file is too short for the next commit.
  const second = await start(disk)
  assert.equal(logOf(second).logEndOffset, 1)
  await put(second, long, 'b')
  const third = await start(disk)
  assert.equal(logOf(third).logEndOffset, 3)
  await third.close()
})

test('what was acknowledged after a tail was cut is not taken for a part of it', async () => {
  const disk = memoryDisk()
  const first = await start(disk)
  await put(first, long)
  const end = first.journal.durableEnd as number
  // The commit of the second start begins a file, and only its first block gets to the disk.
  await put(await start(disk), long)
  await write(disk, 'journal/000001.wal', new Uint8Array(blockBytes), blockBytes)
  const third = await start(disk)
  assert.equal(logOf(third).logEndOffset, 1)
  await put(third, 'acknowledged', 'b', 'c')
  await spoil(disk, end, 'acknowledged')
  const { reported } = await openReported(disk, 1, plainSettings, { options })
  assert.match(reported.join(), /is damaged at byte 36864: out of service: partition 0/)
})

test('two starts that leave torn tails at one place, and a commit in the next file', async () => {
  const disk = memoryDisk()
  const first = await start(disk)
  await put(first, long)
  const end = first.journal.durableEnd as number
  // Of the commit of two blocks only the first gets to the disk.
  const second = await start(disk, asyncSettings)
  await put(second, 'y'.repeat(blockBytes))
  await write(disk, firstFile, new Uint8Array(blockBytes), end + blockBytes)
  // And of four that follow in its place, only the last three.
  const third = await start(disk, asyncSettings)
  assert.equal(logOf(third).logEndOffset, 1)
  await put(third, 'a', 'b', 'c', 'd')
  await write(disk, firstFile, new Uint8Array(blockBytes), end)
  const fourth = await start(disk)
  assert.equal(logOf(fourth).logEndOffset, 1)
  await put(fourth, long, 'e')
  const { store, reported } = await openReported(disk, 1, plainSettings, { options })
  assert.deepEqual(reported, [])
  assert.equal(logOf(store).logEndOffset, 3)
  await store.close()
})

/** Three acknowledged commits, of which the last is damaged, and a torn one that proves it. */
async function damagedBeforeTorn(damage: (block: Buffer) => void): Promise<Disk> {
  const disk = memoryDisk()
  const first = await start(disk)
  await put(first, 'a', 'b')
  const at = first.journal.durableEnd as number
  await put(first, 'acknowledged')
  const end = first.journal.durableEnd as number
  await put(first, 'y'.repeat(blockBytes))
  await write(disk, firstFile, new Uint8Array(blockBytes), end + blockBytes)
  const file = await disk.open(firstFile, { access: 'read' })
  const block = Buffer.alloc(blockBytes)
  await file.read(block, at)
  await file.close()
  damage(block)
  await write(disk, firstFile, block, at)
  return disk
}

test('what a torn commit proves stays proved when others are written in its place', async () => {
  // The frames behind the header say all by themselves.
  const disk = await damagedBeforeTorn((block) => block.writeUInt8(block.readUInt8(20) ^ 1, 20))
  for (const offset of [3, 4, 5]) {
    const store = await start(disk)
    assert.equal(logOf(store).logEndOffset, offset)
    await put(store, 'new')
  }
  const last = await start(disk)
  const values = await readAll(last, logOf(last))
  assert.deepEqual(values, ['a', 'b', 'acknowledged', 'new', 'new', 'new'])
  await last.close()
})

test('a start that is refused leaves the proof of it', async () => {
  const disk = await damagedBeforeTorn((block) => block.fill(0, 0, 512))
  for (let i = 0; i < 3; i++)
    await assert.rejects(start(disk), /is damaged at byte 8192, and nothing/)
})

test('what was taken away from a folder, and put back, is whole again', async () => {
  const disk = memoryDisk()
  await put(await start(disk), 'a', 'b')
  await put(await start(disk), 'c')
  const bytes = await readFile(disk, firstFile)
  await write(disk, firstFile, Buffer.alloc(bytes.length), 0)
  const manifest = await readFile(disk, 'manifest')
  for (let i = 0; i < 2; i++) await assert.rejects(start(disk), { name: 'DamagedLogError' })
  assert.deepEqual(await readFile(disk, 'manifest'), manifest)
  await write(disk, firstFile, bytes, 0)
  const store = await start(disk)
  assert.deepEqual(await readAll(store, logOf(store)), ['a', 'b', 'c'])
  await store.close()
})

test('a manifest that does not know the start which wrote last is refused', async () => {
  const disk = memoryDisk()
  await put(await start(disk), 'a')
  await put(await start(disk), 'b', 'c')
  // In its last frame, which then looks like a write that never finished.
  await turnBit(disk, 'manifest', (await readFile(disk, 'manifest')).length - 3)
  for (let i = 0; i < 2; i++) await assert.rejects(start(disk), /'manifest' has lost its end/)
})

test('a manifest that has lost all but its beginning is refused, too', async () => {
  const disk = memoryDisk()
  for (const value of ['a', 'b', 'c']) await put(await start(disk), value)
  const manifest = await readFile(disk, 'manifest')
  const second = manifest.indexOf('PQRF', 1)
  const file = await disk.open('manifest', { access: 'write' })
  await file.truncate(second)
  await file.close()
  for (let i = 0; i < 5; i++) await assert.rejects(start(disk), /'manifest' has lost its end/)
})

test('two commits on both sides of the end of a file that have lost their headers', async () => {
  const disk = memoryDisk()
  const values = Array.from({ length: 18 }, (_, i) => `v${i}`)
  await put(await start(disk), ...values)
  const at = tinyOptions.journalFileBytes - blockBytes
  await turnBit(disk, firstFile, at + 20)
  await turnBit(disk, 'journal/000001.wal', 20)
  const store = await start(disk)
  assert.deepEqual(await readAll(store, logOf(store)), values)
  await store.close()
})

test('what a cut tail left in the place of a frame is not taken for it', async () => {
  const disk = memoryDisk()
  const first = await start(disk)
  await put(first, 'a')
  const end = first.journal.durableEnd as number
  await put(await start(disk, asyncSettings), 'lost', 'stale')
  const stale = (await readFile(disk, firstFile)).subarray(end + blockBytes, end + 2 * blockBytes)
  await write(disk, firstFile, new Uint8Array(blockBytes), end)
  const third = await start(disk)
  assert.equal(logOf(third).logEndOffset, 1)
  await put(third, 'b', 'c2345', 'd')
  // The disk has lost a write that it had acknowledged.
  await write(disk, firstFile, stale, end + blockBytes)
  await assert.rejects(start(disk), /is damaged at byte 8192, and nothing says/)
})
