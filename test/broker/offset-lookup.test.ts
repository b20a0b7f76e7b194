// Offsets by time against a search through everything, wherever the log start stands.
import assert from 'node:assert/strict'
import test from 'node:test'
import { OffsetLookup } from '../../src/broker/offset-lookup.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { plainSettings, tinyOptions, topicA } from '../log/log-fixture.ts'
import { append, open } from '../log/open-log.ts'
import { sampleBatch } from '../model/sample-batch.ts'

const batchAt = (timesMs: readonly number[]): Uint8Array =>
  sampleBatch({ records: timesMs.map((timestampMs) => ({ key: null, value: 'v', timestampMs })) })

/** Batches of one to four records with times in any order, some of them in segments. */
async function filled(chance: SimChance): Promise<{ store: LogStore; times: number[] }> {
  const options = { ...tinyOptions, ownFileBytes: 1 }
  const store = await open(memoryDisk(), 1, plainSettings, { options })
  const log = store.get(topicA, 0) as PartitionLog
  const times: number[] = []
  for (let i = 0; i < 12; i++) {
    const some = Array.from({ length: 1 + chance.int(4) }, () => 1000 + chance.int(15))
    await append(store, log, batchAt(some))
    times.push(...some)
    if (chance.oneIn(4)) await store.flush()
  }
  return { store, times }
}

test('the newest record and the first as new as a time, behind any log start', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const { store, times } = await filled(new SimChance(seed))
    const log = store.get(topicA, 0) as PartitionLog
    const lookup = new OffsetLookup(store.reader, realClock)
    for (let start = 0; start <= times.length; start++) {
      await store.raiseLogStart(log, start)
      const left = times.slice(start)
      const found = async (spec: Parameters<OffsetLookup['find']>[1]): Promise<number> => {
        const answer = await lookup.find(log, spec)
        assert.ok(answer.ok)
        return answer.value.offset
      }
      const expected = (wanted: number): number => {
        const at = left.findIndex((t) => t >= wanted)
        return at < 0 ? -1 : start + at
      }
      const where = `seed ${seed}, log start ${start} of ${times}`
      assert.equal(await found({ at: 'maxTimestamp' }), expected(Math.max(...left)), where)
      for (const timestampMs of [999, 1007, 1014, 1015])
        assert.equal(await found({ at: 'timestamp', timestampMs }), expected(timestampMs), where)
    }
    await store.close()
  }
})
