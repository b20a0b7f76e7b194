// What a fetch answers of a compacted partition, and when; and of a damaged one.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { FetchAnswer } from '../../src/broker/api.ts'
import { Fetches } from '../../src/broker/fetches.ts'
import type { Clock } from '../../src/io/clock.ts'
import { DiskError } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { segmentPath } from '../../src/log/segment/segment-files.ts'
import { leaderEpoch, nodeId, partitionId, topicId } from '../../src/model/ids.ts'
import type { Topic } from '../../src/model/topic.ts'
import { batchOf, keyedBatch, plainSettings, topicA } from '../log/log-fixture.ts'
import { append, open, openReported } from '../log/open-log.ts'

const topic: Topic = {
  id: topicId(topicA),
  name: 't',
  internal: false,
  kind: 'log',
  partitions: [
    { replicas: [nodeId(1)], leaderEpoch: leaderEpoch(0), leader: nodeId(1), isr: [nodeId(1)] },
  ],
  config: new Map(),
}

const fetchesOf = (store: LogStore, clock: Clock): Fetches =>
  new Fetches(
    store,
    clock,
    { fetches: 0, fetchedBytes: 0 },
    {
      beforeAppend: () => 'ready',
      afterAppend: () => undefined,
      logOf: () => undefined,
    },
  )

const epochs = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 }
const wish = { topic, partition: partitionId(0), offset: 0, maxBytes: 1000, ...epochs }
const bounds = { minBytes: 1, maxBytes: 1000, watches: true, committedOnly: false }
const request = { partitions: [wish], ...bounds }

test('an answer without a record, where compaction left none, does not come at once', async () => {
  const clock = new SimClock()
  const cleanup = { delete: false, compact: true }
  const settings = { ...plainSettings, cleanup, tombstoneRetentionMs: 0, dirtyRatioMin: 0 }
  const store = await clock.runUntil(open(memoryDisk(), 1, settings, { clock }))
  const log = store.get(topicA, 0) as PartitionLog
  await clock.runUntil(append(store, log, keyedBatch('k', null)))
  await clock.runUntil(store.flush())
  for (const nowMs of [clock.now(), clock.now() + 1]) {
    await clock.runUntil(store.cleaner.clean([log], nowMs, 1 << 20))
    log.cleanedUpTo = 0
  }
  const fetches = fetchesOf(store, clock)
  const fetched = async (maxWaitMs: number): Promise<number> => {
    const began = clock.monotonic()
    const answer = await clock.runUntil(
      new Promise<FetchAnswer>((resolve) => {
        fetches.fetch({ ...request, maxWaitMs }, resolve)
      }),
    )
    assert.equal(answer.outcomes[0]?.recordBytes, 61)
    answer.release()
    return clock.monotonic() - began
  }
  assert.equal(await fetched(5000), 100)
  assert.equal(await fetched(20), 20)
  assert.equal(await fetched(0), 0)
  await clock.runUntil(store.close())
})

test('a client is told whether a batch is not right, or was not to be had', async () => {
  const disk = memoryDisk()
  const first = await open(disk)
  await append(first, first.get(topicA, 0) as PartitionLog, batchOf(['x']))
  await first.flush()
  const file = (first.get(topicA, 0) as PartitionLog).segments[0]?.file ?? 0
  await first.close()
  const { store, reported } = await openReported(disk)
  const fetches = fetchesOf(store, realClock)
  const fetched = async (): Promise<string | null | undefined> => {
    const answer = await new Promise<FetchAnswer>((resolve) => {
      fetches.fetch({ ...request, maxWaitMs: 0 }, resolve)
    })
    answer.release()
    return answer.outcomes[0]?.error
  }
  const disks = disk.open.bind(disk)
  disk.open = async (path, options) => {
    if (path === segmentPath(file)) throw new DiskError('EACCES', path)
    return disks(path, options)
  }
  assert.equal(await fetched(), 'storageError')
  assert.match(reported.join(), /partition 0 of .* \(EACCES\): let this process read the file$/)
  disk.open = disks
  assert.equal(await fetched(), null)
  const turned = await disk.open(segmentPath(file), { access: 'write' })
  const end = await turned.size()
  await turned.write([Buffer.alloc(end - 100, 1)], 100)
  await turned.close()
  assert.equal(await fetched(), 'corruptBatch')
  await store.close()
})
