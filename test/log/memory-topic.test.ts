import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { batchOverheadBytes } from '../../src/log/memory-batches.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { retentionStart } from '../../src/log/retention.ts'
import { brokerValues } from '../../src/model/config/config-source.ts'
import { resolveTopicSettings } from '../../src/model/config/topic-settings.ts'
import { batchOf, tinyOptions, topicA } from './log-fixture.ts'
import { append, open, readAll } from './open-log.ts'

const inMemory = resolveTopicSettings(
  new Map([
    ['polymq.flush', 'memory'],
    ['retention.bytes', '3000'],
    ['retention.ms', '-1'],
    ['message.timestamp.before.max.ms', '9223372036854775807'],
  ]),
  brokerValues(),
)

test('a topic in memory is read like others, is on no disk, uses no offset twice', async () => {
  const disk = memoryDisk()
  let store = await open(disk, 1, inMemory)
  let log = store.get(topicA, 0) as PartitionLog
  let told = 0
  log.watchers.add(() => told++)
  const values = Array.from({ length: 20 }, (_, i) => `value-${i}`)
  for (const value of values) await append(store, log, batchOf([value]))
  assert.deepEqual(await readAll(store, log), values)
  assert.deepEqual(await readAll(store, log, 7, 1), values.slice(7))
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(told > 0, 'watchers are told without a commit')
  assert.equal(store.journal.counters.frames, 0)
  await store.flush()
  assert.deepEqual(await disk.list('segments'), [])
  await store.close()
  // Who has read 20 of them must not take the next 20 for the same.
  for (let before = 20; before < 2 ** 38; before = log.logEndOffset) {
    store = await open(disk, 1, inMemory)
    log = store.get(topicA, 0) as PartitionLog
    assert.ok(log.logStartOffset >= before)
    assert.equal(log.logEndOffset, log.logStartOffset)
    await append(store, log, batchOf(['new']))
    assert.deepEqual(await readAll(store, log, log.logStartOffset), ['new'])
    await store.close()
  }
})

test('topics in memory have a bound together; retention and deletion give it back', async () => {
  const store = await open(memoryDisk(), 2, inMemory)
  const [a, b] = [store.get(topicA, 0) as PartitionLog, store.get(topicA, 1) as PartitionLog]
  const batch = (): Uint8Array => batchOf(['x'.repeat(1000)])
  const costEach = batch().length + batchOverheadBytes
  const full = Math.floor(tinyOptions.memoryTopicBytes / costEach)
  for (let i = 0; i < full; i++) await append(store, i % 2 === 0 ? a : b, batch())
  assert.equal(a.append(store.journal, batch(), 0, 1000).error, 'policyViolation')
  await store.raiseLogStart(a, retentionStart(a, 1000))
  // As with segments, what is kept reaches the bound.
  assert.ok(a.bytes < 3000 + batch().length, `${a.bytes} bytes are left`)
  assert.equal((await readAll(store, a, a.logStartOffset)).length, 3)
  await append(store, b, batch())
  await store.delete(topicA, [1])
  for (let i = 0; i < full - 3; i++) await append(store, a, batch())
  await store.close()
})
