// What a fetch of a compacted partition answers, and when.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { FetchAnswer } from '../../src/broker/api.ts'
import { Fetches } from '../../src/broker/fetches.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { leaderEpoch, nodeId, partitionId, topicId } from '../../src/model/ids.ts'
import type { Topic } from '../../src/model/topic.ts'
import { keyedBatch, plainSettings, topicA } from '../log/log-fixture.ts'
import { append, open } from '../log/open-log.ts'

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
  const fetches = new Fetches(
    store,
    clock,
    { fetches: 0, fetchedBytes: 0 },
    {
      beforeAppend: () => 'ready',
      afterAppend: () => undefined,
      logOf: () => undefined,
    },
  )
  const fetched = async (maxWaitMs: number): Promise<number> => {
    const epochs = { currentLeaderEpoch: -1, lastFetchedEpoch: -1 }
    const wish = { topic, partition: partitionId(0), offset: 0, maxBytes: 1000, ...epochs }
    const bounds = { minBytes: 1, maxBytes: 1000, watches: true, committedOnly: false }
    const began = clock.monotonic()
    const answer = await clock.runUntil(
      new Promise<FetchAnswer>((resolve) => {
        fetches.fetch({ partitions: [wish], maxWaitMs, ...bounds }, resolve)
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
