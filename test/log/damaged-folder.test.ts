// A data folder in which files are missing, cut, exchanged, copied or of another cluster: what is
// certain is served, what is not stops the start with a line, and nothing is thrown away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realChance } from '../../src/io/real/chance.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { emptyRead } from '../../src/log/read-result.ts'
import { segmentPath } from '../../src/log/segment/segment-files.ts'
import {
  diskOf,
  type Files,
  filesOf,
  isRefused,
  logOf,
  options,
  partitions,
  put,
  start,
} from './folder-files.ts'
import { batchOf, plainSettings, topicA } from './log-fixture.ts'
import { append, open, openReported, readAll } from './open-log.ts'

const rounds = 10

async function isDamagedAt(store: LogStore, log: PartitionLog, offset: number): Promise<boolean> {
  const read = emptyRead()
  const want = { offset, below: log.highWatermark, maxBytes: 5000, mustGive: true }
  await store.reader.readFromDisk(log, want, read)
  store.reader.release(read)
  return read.damaged
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

/** A file that was made, and that nothing was written to. */
const leftByCrash = Buffer.alloc(4096)

test('a manifest that has lost what a merge noted: merged file kept, start refused', async () => {
  const disk = memoryDisk()
  const store = await writeRounds(disk)
  const before = await filesOf(disk)
  await store.cleaner.merge(store.all)
  const merged = new Map(await filesOf(disk))
  const manifest = Buffer.from(merged.get('manifest') as Buffer)
  const turned = (at: number): Files => {
    const bytes = Buffer.from(manifest)
    bytes[at] = (bytes[at] as number) ^ 1
    return new Map([...merged, ['manifest', bytes]])
  }
  const words =
    /missing: .*01\.log.* and 7 more; there, .* segments\/0+11\.log; .*put the right one/
  await isRefused(new Map([...merged, ['manifest', before.get('manifest') as Buffer]]), words)
  // Nobody needs its last frame; the one before it was sealed before the merged files went.
  await areAllThere((await start(await diskOf(turned(manifest.length - 3)))).store)
  const noted = turned(manifest.length - 40)
  const damaged = await diskOf(noted)
  for (let i = 0; i < 2; i++)
    await assert.rejects(start(damaged), /manifest is corrupt at byte \d+/)
  assert.deepEqual([...(await filesOf(damaged))], [...noted])
  await areAllThere((await start(await diskOf(merged))).store)
})

test('a file that nothing refers to is removed when all else is well, and only then', async () => {
  const disk = memoryDisk()
  await (await writeRounds(disk)).close()
  const files = await filesOf(disk)
  const withStray = new Map([...files, [segmentPath(90), leftByCrash]])
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

test('a file that was missing before does not stop a start that finds a stray one', async () => {
  const disk = memoryDisk()
  await (await writeRounds(disk)).close()
  await disk.remove(segmentPath(2))
  await (await start(disk)).store.close()
  await put(disk, segmentPath(90), leftByCrash)
  const { reported } = await start(disk)
  assert.match(reported.join('\n'), /02\.log is missing: .*\nkept 1 segment files/)
})

// ---- Segment files that are not as they should be -----------------------------------------------

test('a segment file that is missing, short or a folder: out of service, put back', async () => {
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

test('what is left of a segment that has lost its end is served', async () => {
  const disk = memoryDisk()
  const { store } = await start(disk)
  for (let i = 0; i < 6; i++) await append(store, logOf(store), batchOf([`${i}`.repeat(3000)]))
  await store.flush()
  await store.close()
  const bytes = (await filesOf(disk)).get(segmentPath(1)) as Buffer
  await put(disk, segmentPath(1), bytes.subarray(0, 4 * 3200))
  const again = await start(disk)
  const log = logOf(again.store)
  assert.match(again.reported.join(), /has 12800 bytes of \d+: .* from offset 4 on/)
  assert.equal(log.damagedFrom, 4)
  assert.equal(log.highWatermark, 6)
  const served = await readAll(again.store, log)
  assert.deepEqual(
    served,
    [0, 1, 2, 3].map((i) => `${i}`.repeat(3000)),
  )
  assert.equal(await isDamagedAt(again.store, log, 4), true)
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

test('segment files that have changed places are damage, and are read by nobody', async () => {
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

test('a merge tells once of a source that it cannot read, and leaves it alone', async () => {
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
