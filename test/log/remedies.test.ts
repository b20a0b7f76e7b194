// What operators are told to do about a damaged folder helps, and a folder that has lost what says
// whose its records are is left alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { RecordFile } from '../../src/io/record-file.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import { runHeaderBytes, segmentPath, writeRunHeader } from '../../src/log/segment/segment-files.ts'
import { encodeRecord } from '../../src/metadata/store-record.ts'
import { diskOf, filesOf, isRefused, logOf, partitions, put, start } from './folder-files.ts'
import { batchOf, topicA } from './log-fixture.ts'
import { append, readAll } from './open-log.ts'

test('segment files without manifest and journal are not those of a new folder', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  for (let p = 0; p < partitions; p++) await append(store, logOf(store, p), batchOf(['kept']))
  await store.flush()
  await store.close()
  const files = new Map(await filesOf(disk))
  for (const path of [...files.keys()])
    if (path === 'manifest' || path.startsWith('journal/')) files.delete(path)
  await isRefused(files, /'manifest' is missing, or empty, and \d segment files are there/)
})

/** The node ends with a record of partition 0 behind what is there, which is damaged then. */
async function damagedIn(disk: Disk, store: LogStore) {
  await append(store, logOf(store), batchOf(['damaged record']))
  for (let i = 0; i < 5; i++) await append(store, logOf(store, 1), batchOf([`behind ${i}`]))
  const files = new Map(await filesOf(disk))
  const [, journal] = [...files].find(([, bytes]) => bytes.includes('damaged record')) ?? []
  assert.ok(journal !== undefined)
  const at = journal.indexOf('damaged record')
  journal.writeUInt8(journal.readUInt8(at) ^ 1, at)
  const turned = await diskOf(files)
  return { disk: turned, again: await start(turned) }
}

async function withLastDamaged() {
  const disk = memoryDisk()
  const { store } = await start(disk)
  await append(store, logOf(store), batchOf(['kept']))
  return damagedIn(disk, store)
}

test('a partition whose only record is damaged is of use again when all is deleted', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  const { disk: turned, again } = await damagedIn(disk, store)
  const log = logOf(again.store)
  assert.equal(log.damagedFrom, 0)
  await again.store.raiseLogStart(log, log.highWatermark)
  assert.equal(log.damagedFrom, null)
  assert.equal(await append(again.store, log, batchOf(['new'])), 1)
  assert.deepEqual(await readAll(again.store, log), ['new'])
  const third = await start(await diskOf(await filesOf(turned)))
  assert.equal(logOf(third.store).damagedFrom, null)
  assert.deepEqual(await readAll(third.store, logOf(third.store)), ['new'])
  assert.match(third.reported.join('\n'), /only what was deleted stood there/)
})

test('no record gets the offset of a lost one, also when its file was set aside', async () => {
  const { disk, again } = await withLastDamaged()
  assert.equal(logOf(again.store).logEndOffset, 2)
  // Behind a pass of the flusher the journal says nothing of it any more.
  await again.store.flush()
  await again.store.close()
  const { store } = await start(disk)
  const log = logOf(store)
  assert.deepEqual([log.damagedFrom, log.logEndOffset], [1, 2])
  await store.raiseLogStart(log, log.highWatermark)
  assert.equal(await append(store, log, batchOf(['new'])), 2)
  assert.deepEqual(await readAll(store, log), ['new'])
})

test('folders that are named as our files are left alone, and stop nothing', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  await append(store, logOf(store), batchOf(['kept']))
  await store.flush()
  await store.close()
  const folders = [segmentPath(90), 'indexes/000000000090.idx']
  for (const folder of folders) await disk.makeDir(folder)
  for (let i = 0; i < 2; i++) {
    const again = await start(disk)
    assert.match(again.reported.join('\n'), /^left alone, .*: segments\/0+90\.log; move them/)
    assert.deepEqual(await readAll(again.store, logOf(again.store)), ['kept'])
    await again.store.close()
  }
  for (const folder of folders) await assert.rejects(disk.sizeOf(folder), { code: 'EISDIR' })
})

test('another file in the place of the manifest is named', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  await append(store, logOf(store), batchOf(['kept']))
  await store.close()
  const metadata = encodeRecord({ kind: 'txn', revision: 1, puts: [['k', 'v']], deletes: [] })
  const other = memoryDisk()
  const { file } = await RecordFile.read(other, 'manifest', { maxRecordBytes: 1000 })
  await file.settle()
  await file.append([metadata])
  await file.close()
  const bytes = (await filesOf(other)).get('manifest')
  assert.ok(bytes)
  const exchanged = await diskOf(new Map([...(await filesOf(disk)), ['manifest', bytes]]))
  await assert.rejects(start(exchanged), /^CorruptFileError: manifest is corrupt .* no manifest$/)
})

test('of segment files shorter than a header, only those go that one has begun', async () => {
  const disk = memoryDisk()
  await (await start(disk)).store.close()
  const header = new Uint8Array(runHeaderBytes)
  writeRunHeader(header, { topicId: topicA, partition: 0, baseOffset: 0, bytes: 0 })
  await put(disk, segmentPath(90), Buffer.from('notes'))
  await put(disk, segmentPath(91), header.subarray(0, 23))
  await put(disk, segmentPath(92), Buffer.alloc(23))
  const again = await start(disk)
  assert.match(again.reported.join('\n'), /\nleft alone, .*: segments\/0+90\.log; move them/)
  assert.deepEqual(await disk.list('segments'), ['000000000090.log'])
  await again.store.close()
})

test('what is no file of the journal is left alone, whatever its name', async () => {
  const disk = memoryDisk()
  await (await start(disk)).store.close()
  await put(disk, 'journal/000090.wal', Buffer.from('notes of mine'))
  await put(disk, 'journal/000091.wal', Buffer.alloc(0))
  const again = await start(disk)
  assert.match(again.reported.join('\n'), /left alone, .*: journal\/000090\.wal; move them/)
  await again.store.close()
  const journal = await disk.list('journal')
  assert.ok(journal.includes('000090.wal') && !journal.includes('000091.wal'))
})

test('no file gets the number of one that was moved away', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  await append(store, logOf(store), batchOf(['kept']))
  await store.close()
  const files = new Map(await filesOf(disk))
  files.set(segmentPath(90), Buffer.alloc(4096))
  files.set('manifest', Buffer.concat([files.get('manifest') as Buffer, Buffer.from('torn')]))
  const kept = await diskOf(files)
  await (await start(kept)).store.close()
  await kept.remove(segmentPath(90))
  const again = await start(kept)
  await again.store.flush()
  assert.deepEqual(await kept.list('segments'), ['000000000091.log'])
  await again.store.close()
})

// ---- Segment files that are newer than the manifest -------------------------------------------

test('records that only a segment file has are not thrown away with it', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  for (const value of ['a', 'b']) await append(store, logOf(store), batchOf([value]))
  const older = await filesOf(disk)
  for (const value of ['c', 'd']) await append(store, logOf(store), batchOf([value]))
  await store.flush()
  await append(store, logOf(store), batchOf(['e']))
  await store.flush()
  await store.close()
  const files = new Map(await filesOf(disk))
  for (const [path, bytes] of older)
    if (path === 'manifest' || path.startsWith('journal/')) files.set(path, bytes)
  const [first, second] = [...files.keys()].filter((path) => path.startsWith('segments/'))
  assert.ok(first && second)
  const words = /hold records of partition 0 of .* these are older, put the right ones back/
  await isRefused(files, words)
  // Each by itself: one begins behind the end, one holds more than the journal has of it.
  for (const path of [first, second])
    await isRefused(new Map([...files].filter(([each]) => each !== path)), words)
  const moved = await diskOf(
    new Map([...files].filter(([each]) => ![first, second].includes(each))),
  )
  const without = await start(moved)
  assert.deepEqual(await readAll(without.store, logOf(without.store)), ['a', 'b'])
})

test('what a pass of the flusher has left is removed, and its records are all there', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  for (const value of ['a', 'b', 'c']) await append(store, logOf(store), batchOf([value]))
  const before = await filesOf(disk)
  await store.flush()
  const files = new Map(before)
  for (const [path, bytes] of await filesOf(disk))
    if (path.startsWith('segments/')) files.set(path, bytes)
  const again = await start(await diskOf(files))
  assert.deepEqual(again.reported, ['removed 1 segment files that nothing refers to'])
  assert.deepEqual(await readAll(again.store, logOf(again.store)), ['a', 'b', 'c'])
})

test("somebody's file under the name of a segment file is left alone", async () => {
  const disk = memoryDisk()
  await (await start(disk)).store.close()
  await put(disk, segmentPath(7), Buffer.from('notes of mine'))
  const { reported } = await start(disk)
  assert.match(reported.join('\n'), /^left alone, .*: segments\/0+7\.log; move them/)
  assert.equal(await disk.sizeOf(segmentPath(7)), 13)
})
