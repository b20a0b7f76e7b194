// A data folder with metadata of another cluster, with copies of the journal's files, or with a
// folder in the place of a file; and what a refused start leaves behind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realChance } from '../../src/io/real/chance.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { LogStore } from '../../src/log/log-store.ts'
import {
  diskOf,
  type Files,
  filesOf,
  isRefused,
  logOf,
  options,
  put,
  start,
} from './folder-files.ts'
import { batchOf, plainSettings, topicA } from './log-fixture.ts'
import { append, open, readAll } from './open-log.ts'

// ---- Metadata of another cluster ----------------------------------------------------------------

const settled = (): Promise<void> => Promise.resolve()

test('the log of one cluster does not open with the metadata of another, or none', async () => {
  const disk = memoryDisk()
  const openAs = async (cluster: string | null, revision: number, settle = settled) => {
    const hooks = { failed: assert.fail, report: assert.fail }
    const parts = { disk, clock: realClock, chance: realChance, options, hooks }
    const known = [{ topic: topicA, partition: 0, settings: plainSettings }]
    return LogStore.open(parts, {
      partitions: cluster === 'ours' ? known : [],
      ...{ revision: () => revision, cluster: () => cluster, settle },
    })
  }
  // Of before the manifest knew it.
  const before = await open(disk, 1, plainSettings, { options })
  await append(before, logOf(before), batchOf(['kept']))
  await before.flush()
  await before.close()
  await (await openAs('ours', 1)).close()
  const files = await filesOf(disk)
  await assert.rejects(
    openAs('theirs', 9, assert.fail),
    /is that of cluster theirs, .* of cluster ours/,
  )
  await assert.rejects(openAs(null, 9, assert.fail), /'metadata' is missing, empty or cut short/)
  assert.deepEqual([...(await filesOf(disk))], [...files])
  assert.deepEqual(await readAll(await openAs('ours', 1), logOf(await openAs('ours', 1))), ['kept'])
})

// ---- Files in the journal's folder --------------------------------------------------------------

async function journalCopies(): Promise<{ early: Buffer; late: Files }> {
  const disk = memoryDisk()
  const { store } = await start(disk)
  for (let i = 0; i < 5; i++) await append(store, logOf(store), batchOf([`v${i}`]))
  const early = (await filesOf(disk)).get('journal/000000.wal') as Buffer
  for (let i = 5; i < 10; i++) await append(store, logOf(store), batchOf([`v${i}`]))
  return { early, late: await filesOf(disk) }
}

test('a copy beside the journal under another name is left alone, and told', async () => {
  const { early, late } = await journalCopies()
  for (const name of ['copy.wal', '000000x.wal', '000000 (copy).wal', '9.wal', '000000.wal.bak']) {
    const disk = await diskOf(new Map([...late, [`journal/${name}`, early]]))
    for (let i = 0; i < 3; i++) {
      const { store, reported } = await start(disk)
      assert.equal(reported.length, 1)
      assert.match(reported[0] ?? '', /^left alone, .*: journal\/.*; move them/)
      assert.equal(logOf(store).logEndOffset, 10 + i)
      await append(store, logOf(store), batchOf(['on']))
    }
    assert.deepEqual((await filesOf(disk)).get(`journal/${name}`), early)
  }
})

test('two files that say they are the same part of the journal: both are named', async () => {
  const { early, late } = await journalCopies()
  const words = /journal\/000000\.wal and journal\/000009\.wal say .* the same part of the journal/
  for (const copy of [early, late.get('journal/000000.wal') as Buffer])
    await isRefused(new Map([...late, ['journal/000009.wal', copy]]), words)
})

test('a copy of a part that is over is not used, and its name is not given away', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  await append(store, logOf(store), batchOf(['z'.repeat(5000)]))
  const copy = (await filesOf(disk)).get('journal/000000.wal') as Buffer
  const fill = 'z'.repeat(9000)
  for (let i = 0; i < 8; i++) await append(store, logOf(store), batchOf([fill]))
  await store.flush()
  await store.close()
  const next = (await disk.list('journal')).length
  const path = `journal/00000${next}.wal`
  await put(disk, path, copy)
  const again = await start(disk)
  assert.match(again.reported.join(), new RegExp(`^left alone, .*${path}`))
  for (let i = 0; i < 20; i++) await append(again.store, logOf(again.store), batchOf([fill]))
  assert.deepEqual((await filesOf(disk)).get(path), copy)
})

test('a folder in the place of a journal file, or a file in that of a folder', async () => {
  const { late } = await journalCopies()
  const disk = await diskOf(late)
  await disk.remove('journal/000000.wal')
  await disk.makeDir('journal/000000.wal')
  await assert.rejects(start(disk), { name: 'DiskError', code: 'EISDIR' })
  for (const folder of ['segments', 'indexes']) {
    const other = await diskOf(late)
    await other.removeTree(folder)
    await put(other, folder, Buffer.from('x'))
    await assert.rejects(start(other), new RegExp(`'${folder}' is not a folder`))
  }
})

// ---- A refused start ----------------------------------------------------------------------------

test('a refused start leaves the folder as it was, whatever is missing or torn', async () => {
  const { late } = await journalCopies()
  const manifest = late.get('manifest') as Buffer
  const without = new Map(late)
  without.delete('manifest')
  await isRefused(without, /'manifest' is missing/)
  const torn = Buffer.concat([manifest, Buffer.from('torn')])
  const noJournal = new Map([...late, ['manifest', torn]])
  noJournal.delete('journal/000000.wal')
  await isRefused(noJournal, /000000\.wal is missing/)
})
