// A data folder of a release that did not yet remember the files of the journal, nor stretch them.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { RecordFile } from '../../src/io/record-file.ts'
import { filesOf, logOf, start } from './folder-files.ts'
import { batchOf } from './log-fixture.ts'
import { append, readAll } from './open-log.ts'

const notThen = ['journalSized', 'journalMarked', 'journalSlots']

/** The manifest without what was not in it then, and the journal cut behind what it holds. */
async function makeOlder(disk: Disk): Promise<void> {
  const options = { maxRecordBytes: 1 << 20, report: () => assert.fail() }
  const { file, records } = await RecordFile.open(disk, 'manifest', options)
  const older = records.map((record) => {
    const change = JSON.parse(Buffer.from(record).toString()) as Record<string, unknown>
    for (const key of notThen) delete change[key]
    return Buffer.from(JSON.stringify(change))
  })
  await file.rewrite(older)
  await file.close()
  for (const [path, bytes] of await filesOf(disk)) {
    if (!path.startsWith('journal/')) continue
    const journal = await disk.open(path, { access: 'write' })
    await journal.truncate(bytes.findLastIndex((byte) => byte !== 0) + 1)
    await journal.close()
  }
}

test('a folder of before files had their size starts, and starts again', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  await append(store, logOf(store), batchOf(['a']))
  await store.close()
  await makeOlder(disk)
  for (const value of ['b', 'c']) {
    const { store: next } = await start(disk)
    await append(next, logOf(next), batchOf([value]))
    // Left behind as kill -9 leaves it.
    assert.equal(next.journal.durableEnd !== null, true)
  }
  const { store: last, reported } = await start(disk)
  assert.deepEqual(await readAll(last, logOf(last)), ['a', 'b', 'c'])
  assert.deepEqual(reported, [])
  await last.close()
})
