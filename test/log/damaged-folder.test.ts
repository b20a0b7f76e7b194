// A data folder in which files are missing, cut, exchanged, copied or of another cluster: what is
// certain is served, what is not stops the start with a line, and nothing is thrown away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realChance } from '../../src/io/real-chance.ts'
import { realClock } from '../../src/io/real-clock.ts'
import { DamagedLogError } from '../../src/log/log-parts.ts'
import { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import { segmentPath } from '../../src/log/segment/segment-files.ts'
import { batchOf, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open, openReported, readAll } from './open-log.ts'

// Stores are left behind as kill -9 leaves them, unless they are closed.
const options = { ...tinyOptions, flushBytes: 1 << 20, asyncSyncMs: 5000, ownFileBytes: 4000 }
const partitions = 3
const rounds = 10

type Files = ReadonlyMap<string, Buffer>

async function filesOf(disk: Disk): Promise<Files> {
  const files = new Map<string, Buffer>()
  for (const folder of ['', 'journal', 'segments', 'indexes'])
    for (const name of await disk.list(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (['journal', 'segments', 'indexes'].includes(path)) continue
      const file = await disk.open(path, { access: 'read' })
      const bytes = Buffer.alloc(await file.size())
      await file.read(bytes, 0)
      await file.close()
      files.set(path, bytes)
    }
  return files
}

async function diskOf(files: Files): Promise<Disk> {
  const disk = memoryDisk()
  for (const folder of ['journal', 'segments', 'indexes']) await disk.makeDir(folder)
  for (const [path, bytes] of files) await put(disk, path, bytes)
  return disk
}

async function put(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path, { access: 'write', truncate: true })
  await file.write([bytes], 0)
  await file.close()
}

const start = (disk: Disk): Promise<{ store: LogStore; reported: string[] }> =>
  openReported(disk, partitions, plainSettings, { options })

const logOf = (store: LogStore, partition = 0): PartitionLog =>
  store.get(topicA, partition) as PartitionLog

async function isDamagedAt(store: LogStore, log: PartitionLog, offset: number): Promise<boolean> {
  const read = emptyRead()
  const want = { offset, below: log.highWatermark, maxBytes: 5000, mustGive: true }
  await store.reader.readFromDisk(log, want, read)
  store.reader.release(read)
  return read.damaged
}

/** The start is refused with these words, twice, and leaves the folder as it was. */
async function isRefused(files: Files, words: RegExp): Promise<void> {
  const disk = await diskOf(files)
  for (let i = 0; i < 2; i++)
    await assert.rejects(start(disk), (error) => {
      assert.ok(error instanceof DamagedLogError)
      assert.match(error.message, words)
      return true
    })
  assert.deepEqual([...(await filesOf(disk))], [...files])
}

/** Short segments of all partitions, one file each round. */
async function writeRounds(disk: Disk): Promise<LogStore> {
  const store = await open(disk, partitions, plainSettings, { options })
  for (let round = 0; round < rounds; round++) {
    for (let p = 0; p < partitions; p++)
      await append(store, logOf(store, p), batchOf([`v${p}-${round}`]))
    await store.flush()
  }
  return store
}

const valuesOf = (partition: number): string[] =>
  Array.from({ length: rounds }, (_, round) => `v${partition}-${round}`)

async function areAllThere(store: LogStore): Promise<void> {
  for (let p = 0; p < partitions; p++)
    assert.deepEqual(await readAll(store, logOf(store, p)), valuesOf(p))
}

// ---- What the manifest does not name ------------------------------------------------------------

test('a manifest that has lost what a merge noted: the merged file is kept, the start refused', async () => {
  const disk = memoryDisk()
  const store = await writeRounds(disk)
  const before = await filesOf(disk)
  await store.cleaner.merge(store.all)
  const merged = new Map(await filesOf(disk))
  const manifest = Buffer.from(merged.get('manifest') as Buffer)
  manifest[manifest.length - 3] = (manifest[manifest.length - 3] as number) ^ 1
  const words =
    /missing: .*01\.log.* and 7 more; there, .* segments\/0+11\.log; .*put the right one/
  await isRefused(new Map([...merged, ['manifest', manifest]]), words)
  await isRefused(new Map([...merged, ['manifest', before.get('manifest') as Buffer]]), words)
  await areAllThere((await start(await diskOf(merged))).store)
})

test('a file that nothing refers to is removed when all else is well, and only then', async () => {
  const disk = memoryDisk()
  await (await writeRounds(disk)).close()
  const files = await filesOf(disk)
  const withStray = new Map([...files, [segmentPath(90), Buffer.from('left by a crash')]])
  const well = await diskOf(withStray)
  assert.deepEqual((await start(well)).reported, ['removed 1 segment files that nothing refers to'])
  const torn = Buffer.concat([files.get('manifest') as Buffer, Buffer.from('torn')])
  const cut = await diskOf(new Map([...withStray, ['manifest', torn]]))
  assert.match((await start(cut)).reported.join('\n'), /manifest ended in .*\nkept 1 segment files/)
  assert.ok((await filesOf(cut)).has(segmentPath(90)))
  const withName = new Map([...files, ['segments/000000000001 (copy).log', Buffer.from('mine')]])
  const copied = await diskOf(withName)
  assert.deepEqual((await start(copied)).reported, [])
  assert.ok((await filesOf(copied)).has('segments/000000000001 (copy).log'))
})

test('a file that was found missing before does not stop a start that finds a stray one', async () => {
  const disk = memoryDisk()
  await (await writeRounds(disk)).close()
  await disk.remove(segmentPath(2))
  await (await start(disk)).store.close()
  await put(disk, segmentPath(90), Buffer.from('left by a crash'))
  const { reported } = await start(disk)
  assert.match(reported.join('\n'), /02\.log is missing: .*\nkept 1 segment files/)
})

// ---- Segment files that are not as they should be -----------------------------------------------

test('a segment file that is missing, short or a folder: told once, out of service, put back', async () => {
  const disk = memoryDisk()
  await (await writeRounds(disk)).close()
  const files = await filesOf(disk)
  const path = segmentPath(4)
  const faults: readonly [(disk: Disk) => Promise<void>, RegExp][] = [
    [(d) => d.remove(path), /04\.log is missing: out of service: partition 0 .* from offset 3 on/],
    [(d) => put(d, path, Buffer.alloc(100)), /04\.log has 100 bytes of \d+: out of service/],
    [(d) => d.remove(path).then(() => d.makeDir(path)), /04\.log cannot be read \(EISDIR\): out/],
  ]
  for (const [damage, words] of faults) {
    const damaged = await diskOf(files)
    await damage(damaged)
    for (let i = 0; i < 2; i++) {
      const { store, reported } = await start(damaged)
      assert.equal(reported.length, 1)
      assert.match(reported[0] ?? '', words)
      const log = logOf(store)
      assert.equal(log.damagedFrom, 3)
      assert.equal(log.append(store.journal, batchOf(['x']), 0, 1000).error, 'storageError')
      assert.equal(await isDamagedAt(store, log, 3), true)
      await store.cleaner.merge(store.all)
      await store.flush()
      assert.equal(reported.length, 1)
      await store.close()
    }
    await damaged.removeTree(path)
    await put(damaged, path, files.get(path) as Buffer)
    const { store, reported } = await start(damaged)
    assert.deepEqual(reported, [])
    await areAllThere(store)
    await append(store, logOf(store), batchOf(['on']))
  }
})

test('thousands of missing files are a few lines, and their records can be deleted', async () => {
  const disk = memoryDisk()
  await (await writeRounds(disk)).close()
  for (let file = 1; file <= rounds; file++) await disk.remove(segmentPath(file))
  const { store, reported } = await start(disk)
  assert.equal(reported.length, 6)
  assert.match(reported[5] ?? '', /^5 more segment files .* partition 0 .* partition 2/)
  await store.raiseLogStart(logOf(store), rounds)
  assert.equal(logOf(store).damagedFrom, null)
  assert.equal(await append(store, logOf(store), batchOf(['on'])), rounds)
})

/** A partition with a segment that goes on growing, on 'end' of a block or not. */
async function growing(disk: Disk, isAligned: boolean): Promise<LogStore> {
  const { store } = await start(disk)
  let fill = 5000
  if (isAligned) while ((64 + batchOf(['z'.repeat(fill)]).length) % 4096 !== 0) fill++
  await append(store, logOf(store), batchOf(['z'.repeat(fill)]))
  await store.flush()
  return store
}

test('a growing segment whose file is missing or short at the start does not grow', async () => {
  for (const isAligned of [true, false])
    for (const isMissing of [true, false]) {
      const disk = memoryDisk()
      const first = await growing(disk, isAligned)
      const [segment] = logOf(first).segments
      assert.ok(segment)
      assert.equal((segment.position + segment.bytes) % 4096 === 0, isAligned)
      await first.close()
      const path = segmentPath(1)
      const bytes = (await filesOf(disk)).get(path) as Buffer
      await disk.remove(path)
      if (!isMissing) await put(disk, path, bytes.subarray(0, 1000))
      const { store, reported } = await start(disk)
      assert.match(reported.join(), isMissing ? /01\.log is missing/ : /01\.log has 1000 bytes/)
      await store.flush()
      await store.close()
      assert.equal((await filesOf(disk)).get(path)?.length, isMissing ? undefined : 1000)
    }
})

test('a growing segment that loses its end while the node runs: the next one begins', async () => {
  for (const isMissing of [true, false]) {
    const disk = memoryDisk()
    const reported: string[] = []
    const hooks = { failed: assert.fail, report: (line: string) => void reported.push(line) }
    const store = await open(disk, 1, plainSettings, { options, hooks })
    await append(store, logOf(store), batchOf(['z'.repeat(5000)]))
    await store.flush()
    await disk.remove(segmentPath(1))
    if (!isMissing) await put(disk, segmentPath(1), Buffer.alloc(4096))
    await append(store, logOf(store), batchOf(['y'.repeat(5000)]))
    await store.flush()
    assert.match(
      reported.join(),
      /01\.log has lost its end: partition 0 .* goes on in another file/,
    )
    assert.equal((await filesOf(disk)).get(segmentPath(1))?.length, isMissing ? undefined : 4096)
    assert.deepEqual(await readAll(store, logOf(store), 1), ['y'.repeat(5000)])
    await store.close()
    await put(disk, segmentPath(1), Buffer.alloc(9000))
    const again = await openReported(disk, 1, plainSettings, { options })
    assert.deepEqual(await readAll(again.store, logOf(again.store), 1), ['y'.repeat(5000)])
  }
})

test('a segment that is known to be damaged does not grow', async () => {
  const disk = memoryDisk()
  await (await growing(disk, false)).close()
  const bytes = Buffer.from((await filesOf(disk)).get(segmentPath(1)) as Buffer)
  bytes[64 + 8] = (bytes[64 + 8] as number) ^ 1
  await put(disk, segmentPath(1), bytes)
  const first = await start(disk)
  assert.equal(await isDamagedAt(first.store, logOf(first.store), 0), true)
  await append(first.store, logOf(first.store), batchOf(['y'.repeat(5000)]))
  await first.store.flush()
  const second = await start(disk)
  assert.deepEqual(await readAll(second.store, logOf(second.store), 1), ['y'.repeat(5000)])
})

test('segment files that have changed places are damage, and nobody is given the other one', async () => {
  const disk = memoryDisk()
  const first = (await start(disk)).store
  for (const p of [0, 1]) await append(first, logOf(first, p), batchOf([`${p}`.repeat(5000)]))
  await first.flush()
  await first.close()
  const files = await filesOf(disk)
  await put(disk, segmentPath(1), files.get(segmentPath(2)) as Buffer)
  await put(disk, segmentPath(2), files.get(segmentPath(1)) as Buffer)
  const { store, reported } = await start(disk)
  for (const p of [0, 1]) assert.equal(await isDamagedAt(store, logOf(store, p), 0), true)
  assert.equal(reported.length, 2)
})

test('a merge tells once of a source that is damaged or cannot be read, and leaves it alone', async () => {
  const turn = async (disk: Disk): Promise<void> => {
    const bytes = Buffer.from((await filesOf(disk)).get(segmentPath(2)) as Buffer)
    bytes[70] = (bytes[70] as number) ^ 1
    await put(disk, segmentPath(2), bytes)
  }
  const block = async (disk: Disk): Promise<void> => {
    await disk.remove(segmentPath(2))
    await disk.makeDir(segmentPath(2))
  }
  const faults = [turn, block, (disk: Disk) => disk.remove(segmentPath(2))]
  for (const damage of faults) {
    const disk = memoryDisk()
    const reported: string[] = []
    const hooks = { failed: assert.fail, report: (line: string) => void reported.push(line) }
    const store = await LogStore.open(
      { disk, clock: realClock, chance: realChance, options, hooks },
      {
        partitions: [0, 1].map((partition) => ({
          ...{ topic: topicA, partition, settings: plainSettings },
        })),
        revision: () => 1,
      },
    )
    for (let round = 0; round < rounds; round++) {
      for (const p of round === 1 ? [0] : [0, 1])
        await append(store, logOf(store, p), batchOf([`v${p}-${round}`]))
      await store.flush()
    }
    await damage(disk)
    for (let pass = 0; pass < 3; pass++) await store.cleaner.merge(store.all)
    assert.equal(reported.length, 1, reported.join('\n'))
    assert.match(
      reported[0] ?? '',
      /02\.log is damaged at byte \d+: partition 0 .* restore a backup/,
    )
    assert.equal(logOf(store, 0).segments.length, rounds)
    assert.equal(logOf(store, 1).segments.length, 1)
    await store.close()
  }
})

// ---- Metadata of another cluster ----------------------------------------------------------------

const settled = (): Promise<void> => Promise.resolve()

test('the log of one cluster is not opened with the metadata of another, or without any', async () => {
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
  await assert.rejects(openAs(null, 9, assert.fail), /'metadata' is missing, or empty/)
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

test('a copy beside the journal under another name is left alone, and told at each start', async () => {
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

test('two files that say they are the same part of the journal: refused, with both named', async () => {
  const { early, late } = await journalCopies()
  const words = /journal\/000000\.wal and journal\/000009\.wal say .* the same part of the journal/
  for (const copy of [early, late.get('journal/000000.wal') as Buffer])
    await isRefused(new Map([...late, ['journal/000009.wal', copy]]), words)
})

test('a copy of a part that is not needed any more is not used, and its name is not given away', async () => {
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
