import assert from 'node:assert/strict'
import test from 'node:test'
import { blockBytes, type Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realChance } from '../../src/io/real/chance.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import { DamagedLogError } from '../../src/log/log-parts.ts'
import { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import type { TopicSettings } from '../../src/model/config/topic-settings.ts'
import { batchOf, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open, openReported, readAll } from './open-log.ts'

test('what was appended is read back: from memory, from segments, after a restart', async () => {
  const disk = memoryDisk()
  let store = await open(disk)
  let log = store.get(topicA, 0) as PartitionLog
  const expected: string[] = []
  for (let i = 0; i < 300; i++) {
    const values = [`${i}-a-${'x'.repeat(i * 7)}`, `${i}-b`]
    assert.equal(await append(store, log, batchOf(values)), expected.length)
    expected.push(...values)
  }
  assert.ok(store.flusher.counters.passes > 2, 'the flusher ran')
  assert.deepEqual(await readAll(store, log), expected)
  assert.deepEqual(await readAll(store, log, 17), expected.slice(17))
  await store.close()
  store = await open(disk)
  log = store.get(topicA, 0) as PartitionLog
  assert.equal(log.highWatermark, expected.length)
  assert.deepEqual(await readAll(store, log), expected)
  await append(store, log, batchOf(['after']))
  assert.deepEqual(await readAll(store, log, 599), [expected[599], 'after'])
  await store.flush()
  assert.deepEqual(await readAll(store, log, 600), ['after'])
  await store.close()
})

test('many partitions in one journal keep apart, and share files', async () => {
  const disk = memoryDisk()
  let store = await open(disk, 50)
  for (let round = 0; round < 40; round++)
    await Promise.all(
      Array.from({ length: 50 }, (_, p) =>
        append(
          store,
          store.get(topicA, p) as PartitionLog,
          batchOf([`${p}/${round}`, 'y'.repeat(100)]),
        ),
      ),
    )
  for (let again = 0; again < 2; again++) {
    for (let p = 0; p < 50; p++) {
      const values = await readAll(store, store.get(topicA, p) as PartitionLog)
      assert.deepEqual(
        values.filter((v) => !v.startsWith('y')),
        Array.from({ length: 40 }, (_, round) => `${p}/${round}`),
      )
    }
    await store.close()
    store = await open(disk, 50)
  }
  await store.close()
})

test('a batch that comes twice is stored once, also after a restart', async () => {
  const disk = memoryDisk()
  let store = await open(disk)
  let log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 7; i++) {
    const batch = batchOf(['v'], { id: 5, epoch: 0, sequence: i })
    assert.equal(await append(store, log, batch), i)
  }
  assert.equal(await append(store, log, batchOf(['v'], { id: 5, epoch: 0, sequence: 4 })), 4)
  await store.flush()
  await store.close()
  store = await open(disk)
  log = store.get(topicA, 0) as PartitionLog
  assert.equal(await append(store, log, batchOf(['v'], { id: 5, epoch: 0, sequence: 6 })), 6)
  const old = log.append(store.journal, batchOf(['v'], { id: 5, epoch: 0, sequence: 1 }), 0, 1000)
  assert.equal(old.error, 'outOfOrderSequence')
  const gap = log.append(store.journal, batchOf(['v'], { id: 5, epoch: 0, sequence: 8 }), 0, 1000)
  assert.equal(gap.error, 'outOfOrderSequence')
  await store.close()
})

test('deleting records and partitions gives their space back', async () => {
  const disk = memoryDisk()
  const store = await open(disk, 2)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 100; i++) await append(store, log, batchOf(['z'.repeat(2000)]))
  await store.flush()
  const before = (await disk.list('segments')).length
  assert.ok(before > 0)
  await store.raiseLogStart(log, 99)
  assert.equal(log.logStartOffset, 99)
  assert.deepEqual(await readAll(store, log, 99), ['z'.repeat(2000)])
  await store.delete(topicA, [0, 1])
  assert.deepEqual(await disk.list('segments'), [])
  await store.close()
})

test('after a clean stop a journal that ends early is damage, not a torn tail', async () => {
  const wholeTail = async (spoil: (disk: Disk, name: string) => Promise<void>) => {
    const disk = memoryDisk()
    const store = await open(disk)
    const log = store.get(topicA, 0) as PartitionLog
    for (const value of ['a', 'b', 'c']) await append(store, log, batchOf([value]))
    await store.close()
    const [name] = (await disk.list('journal')).map((file) => `journal/${file}`)
    assert.ok(name)
    await spoil(disk, name)
    return disk
  }
  const emptied = await wholeTail(async (disk, name) => {
    const file = await disk.open(name, { access: 'write' })
    await file.truncate(0)
    await file.close()
  })
  await assert.rejects(open(emptied), DamagedLogError)
  const removed = await wholeTail((disk, name) => disk.remove(name))
  await assert.rejects(open(removed), DamagedLogError)

  const flipped = await wholeTail(async (disk, name) => {
    const file = await disk.open(name, { access: 'write' })
    const bytes = new Uint8Array(await file.size())
    await file.read(bytes, 0)
    const at = Buffer.from(bytes).lastIndexOf('c')
    await file.write([Uint8Array.of(0x21)], at)
    await file.close()
  })
  const lines: string[] = []
  const store = await open(flipped, 1, plainSettings, {
    hooks: { failed: assert.fail, report: (line) => lines.push(line) },
  })
  const log = store.get(topicA, 0) as PartitionLog
  assert.match(lines.join('\n'), /out of service: partition 0 .* from offset 2 on/)
  assert.equal(log.damagedFrom, 2)
  assert.deepEqual(await readAll(store, log), ['a', 'b'])
  await store.close()
})

test('records without any metadata are not forgotten', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  await append(store, store.get(topicA, 0) as PartitionLog, batchOf(['a']))
  await store.close()
  const hooks = { failed: assert.fail, report: assert.fail }
  const parts = { disk, clock: realClock, chance: realChance, options: tinyOptions, hooks }
  await assert.rejects(
    LogStore.open(parts, { partitions: [], revision: () => 0 }),
    /ends at revision 0/,
  )
  await (await open(disk)).close()
})

test('metadata that has lost its end is refused, and nothing is thrown away', async () => {
  for (const flushes of [false, true]) {
    const disk = memoryDisk()
    const { store } = await openReported(disk, 2, plainSettings, {}, 7)
    await append(store, store.get(topicA, 1) as PartitionLog, batchOf(['a']))
    // It is not closed: it was killed.
    if (flushes) await store.flush()
    await assert.rejects(openReported(disk, 1, plainSettings, {}, 6), /revision 6.* at 7/)
    const { store: again } = await openReported(disk, 2, plainSettings, {}, 8)
    assert.deepEqual(await readAll(again, again.get(topicA, 1) as PartitionLog), ['a'])
  }
})

test('a journal file that is missing is refused', async () => {
  for (const missing of ['000000.wal', '000001.wal']) {
    const disk = memoryDisk()
    const store = await open(disk)
    const log = store.get(topicA, 0) as PartitionLog
    for (let i = 0; i < 90; i++) await append(store, log, batchOf(['z'.repeat(900)]))
    await disk.rename(`journal/${missing}`, 'elsewhere')
    await assert.rejects(open(disk), new RegExp(`${missing} is missing`))
    await disk.rename('elsewhere', `journal/${missing}`)
    assert.equal((await open(disk)).get(topicA, 0)?.logEndOffset, 90)
  }
})

test('a journal file whose beginning was wiped is damage, or all of it', async () => {
  for (const wipedBytes of [blockBytes, 4 * blockBytes, tinyOptions.journalFileBytes]) {
    const disk = memoryDisk()
    const store = await open(disk)
    const log = store.get(topicA, 0)
    assert.ok(log)
    for (let i = 0; i < 8; i++) await append(store, log, batchOf([`v${i}`]))
    const file = await disk.open('journal/000000.wal', { access: 'write' })
    await file.write([new Uint8Array(wipedBytes)], 0)
    await file.close()
    // As after kill -9: the first store is not closed.
    await assert.rejects(openReported(disk), DamagedLogError, `${wipedBytes} bytes`)
    await assert.rejects(openReported(disk), DamagedLogError, 'and nothing was thrown away')
  }
})

test('a journal file that is too short is refused: it may have held records', async () => {
  for (const [name, left] of [
    ['000000.wal', 0],
    ['000001.wal', 4096],
  ] as const) {
    const disk = memoryDisk()
    const store = await open(disk)
    const log = store.get(topicA, 0) as PartitionLog
    for (let i = 0; i < 90; i++) await append(store, log, batchOf(['z'.repeat(900)]))
    const file = await disk.open(`journal/${name}`, { access: 'write' })
    await file.truncate(left)
    await file.close()
    await assert.rejects(open(disk), new RegExp(`${name} has ${left} bytes of 65536`))
  }
})

test('a young journal has its size as well', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  await append(store, store.get(topicA, 0) as PartitionLog, batchOf(['v']))
  const file = await disk.open('journal/000000.wal', { access: 'write' })
  await file.truncate(4096)
  await file.close()
  await assert.rejects(open(disk), /000000\.wal has 4096 bytes/)
})

test('what is deleted while it is flushed leaves no segment behind', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 3; i++) await append(store, log, batchOf([`v${i}`]))
  const flushing = store.flush()
  while ((await disk.list('segments')).length === 0) assert.equal(log.segments.length, 0)
  await Promise.all([flushing, store.raiseLogStart(log, 3)])
  assert.equal(log.segments.length, 0)
  assert.deepEqual(await disk.list('segments'), [])
  await store.close()
  const again = await open(disk)
  assert.equal(again.get(topicA, 0)?.segments.length, 0)
  await again.close()
})

test('a partition that is deleted while a pass drops what is below log starts', async () => {
  const disk = memoryDisk()
  const options = { ...tinyOptions, ownFileBytes: 1 }
  const store = await open(disk, 2, plainSettings, { options })
  const logs = [...store.all] as [PartitionLog, PartitionLog]
  for (let i = 0; i < 2; i++) {
    if (i > 0) await store.flush()
    for (const log of logs) await append(store, log, batchOf(['v']))
  }
  const flushing = store.flush()
  for (let i = 0; logs[1].growing === null && i < 1000; i++) await null
  await Promise.all(logs.map((log) => store.raiseLogStart(log, 2)))
  for (let i = 0; logs[0].segments.length > 0 && i < 1000; i++) await null
  assert.equal(logs[1].segments.length, 1, 'its turn has not come yet')
  await Promise.all([flushing, store.delete(topicA, [1])])
  assert.deepEqual(await disk.list('segments'), [])
  await store.close()
  await (await open(disk, 2, plainSettings, { options })).close()
})

test('a log start that another call has moved is durable when the second call ends', async () => {
  for (let seed = 0; seed < 10; seed++) {
    const disk = new SimDisk(new SimClock(), new SimChance(seed))
    const { store } = await disk.clock.runUntil(openReported(disk, 1, plainSettings, disk))
    const log = store.get(topicA, 0) as PartitionLog
    for (let i = 0; i < 3; i++) await disk.clock.runUntil(append(store, log, batchOf(['v'])))
    const first = store.raiseLogStart(log, 2)
    await disk.clock.runUntil(store.raiseLogStart(log, 1))
    const cut = disk.crash(new SimClock())
    first.catch(assert.fail)
    const { store: again } = await cut.clock.runUntil(openReported(cut, 1, plainSettings, cut))
    assert.equal(again.get(topicA, 0)?.logStartOffset, 2, `seed ${seed}`)
  }
})

test('no segment is thrown away because the manifest has lost what it said of it', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const log = store.get(topicA, 0) as PartitionLog
  for (let i = 0; i < 300; i++) await append(store, log, batchOf([`${i}-${'x'.repeat(1000)}`]))
  await store.close()
  const segments = await disk.list('segments')
  assert.ok(segments.length > 0)
  const manifest = await disk.open('manifest', { access: 'write' })
  await manifest.truncate(100)
  await manifest.close()
  await assert.rejects(open(disk), DamagedLogError)
  assert.deepEqual(await disk.list('segments'), segments)
})

test('records that a start found after a failed sync stay, even if the power goes', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new SimDisk(new SimClock(), new SimChance(seed), { takesDirect: false })
    const { store } = await disk.clock.runUntil(openReported(disk, 1, async, disk))
    const log = store.get(topicA, 0) as PartitionLog
    await disk.clock.runUntil(append(store, log, batchOf(['unsure'])))
    disk.faults.failNext('sync', 'EIO')
    await disk.clock.runUntil(assert.rejects(store.journal.syncWritten()))
    const restarted = disk.kill(new SimClock())
    const seen = await endAfterStart(restarted)
    assert.equal(seen, 1, 'the page cache still has it')
    assert.equal(await endAfterStart(restarted.crash(new SimClock())), seen, `seed ${seed}`)
  }
})

const async: TopicSettings = { ...plainSettings, flush: 'async' }

async function endAfterStart(disk: SimDisk): Promise<number> {
  const { store } = await disk.clock.runUntil(openReported(disk, 1, async, disk))
  return store.get(topicA, 0)?.highWatermark ?? -1
}
