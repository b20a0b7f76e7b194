// The sizes of the log by the broker's keys, and the one that a data folder keeps.
import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { logOptionsOf } from '../../src/log/log-options.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { resolveBrokerSettings } from '../../src/model/config/broker-settings.ts'
import { brokerValues } from '../../src/model/config/config-source.ts'
import { parseStaticConfig } from '../../src/model/config/static-config.ts'
import { batchOf, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open, readAll } from './open-log.ts'

const MiB = 1 << 20

function optionsOf(...settings: string[]) {
  const values = parseStaticConfig(settings)
  assert.ok(values.ok, String(settings))
  return logOptionsOf(resolveBrokerSettings(brokerValues(values.value)))
}

test('every key of the log has its option, in whole slabs', () => {
  const { slabBytes, ...plain } = optionsOf()
  assert.equal(slabBytes, 4 * MiB)
  assert.deepEqual(plain, {
    journalFileBytes: 32 * MiB,
    journalFiles: 6,
    slabs: 16,
    commitBytes: 8 * MiB,
    gatherMs: 1,
    asyncSyncMs: 1000,
    flushBytes: 24 * MiB,
    ownFileBytes: MiB,
    stagingBytes: 1 * MiB,
    rereadBytes: 64 * MiB,
    partitionsPerTurn: 250,
    batchesPerTurn: 128,
    manifestHistoryBytes: MiB,
    openFiles: 256,
    memoryTopicBytes: 256 * MiB,
    producersMax: 100_000,
    readBytes: 64 * MiB,
    readPieceBytes: MiB,
    rewriteBytes: MiB,
    mergeBelowBytes: MiB,
    mergeSegments: 8,
    sweptFileBytes: 1 << 20,
    trustMs: 3_600_000,
  })
  assert.equal(optionsOf('polymq.journal.file.bytes=8388609').journalFileBytes, 12 * MiB)
  assert.equal(optionsOf('polymq.journal.file.bytes=8388608').flushBytes, 6 * MiB)
  assert.equal(optionsOf('polymq.journal.files=9').journalFiles, 9)
  assert.equal(optionsOf('polymq.tail.cache.bytes=16777217').slabs, 5)
  assert.equal(optionsOf('polymq.commit.gather.ms=0.5').gatherMs, 0.5)
  assert.equal(optionsOf('polymq.memory.topic.bytes=0').memoryTopicBytes, 0)
  assert.equal(optionsOf('polymq.read.buffer.bytes=4194304').readBytes, 4 * MiB)
  assert.equal(optionsOf('polymq.segment.open.files=16').openFiles, 16)
  assert.equal(optionsOf('polymq.checksum.trust.ms=0').trustMs, 0)
  for (const text of ['polymq.journal.files=2', 'polymq.journal.file.bytes=1', 'polymq.x=1'])
    assert.equal(parseStaticConfig([text]).ok, false)
})

test('the size of a journal file is that of the first start', async () => {
  const disk = memoryDisk()
  const values = Array.from({ length: 30 }, (_, i) => `value-${i}`)
  for (const journalFileBytes of [64, 128, 32].map((kib) => kib * 1024)) {
    const options = { ...tinyOptions, journalFileBytes, manifestHistoryBytes: 0 }
    const store = await open(disk, 1, plainSettings, { options })
    const log = store.get(topicA, 0) as PartitionLog
    if (log.logEndOffset === 0) for (const v of values) await append(store, log, batchOf([v]))
    assert.deepEqual(await readAll(store, log), values)
    await append(store, log, batchOf(['more']))
    values.push('more')
    await store.flush()
    await store.close()
  }
})
