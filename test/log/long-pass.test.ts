// A pass over many partitions lets others have their turn: what they do meanwhile must hold.
import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import { batchOf, plainSettings, tinyOptions, topicA } from './log-fixture.ts'
import { append, open, readAll } from './open-log.ts'

const partitions = 30
const turn = (): Promise<void> => new Promise((resolve) => realClock.soon(resolve))

/** Two batches to each partition, then a pass; `meanwhile` runs once in each of its turns. */
async function passWith(
  store: LogStore,
  work: () => Promise<void>,
  meanwhile: (turns: number) => void,
): Promise<number> {
  let done = false
  let turns = 0
  const passing = work().finally(() => {
    done = true
  })
  while (!done) {
    await turn()
    meanwhile(turns++)
  }
  await passing
  assert.ok(store.flusher.counters.passes > 0)
  return turns
}

async function fill(store: LogStore, round: number): Promise<void> {
  for (const log of store.all) {
    for (const part of ['a', 'b'])
      await append(store, log, batchOf([`${log.partition}/${round}${part}`]))
  }
}

/** Of each partition that has records: where it starts, and its values. */
async function stateOf(store: LogStore): Promise<unknown[]> {
  const state: unknown[] = []
  for (const log of store.all) {
    const { partition, logStartOffset, logEndOffset } = log
    if (logEndOffset === 0) continue
    state.push([partition, logStartOffset, await readAll(store, log, logStartOffset)])
  }
  return state
}

async function disturbedPasses(manifestHistoryBytes: number): Promise<void> {
  const options = { ...tinyOptions, partitionsPerTurn: 1, mergeSegments: 2, manifestHistoryBytes }
  const disk = memoryDisk()
  const reopen = (): Promise<LogStore> => open(disk, partitions, plainSettings, { options })
  let store = await reopen()
  const deleted = new Set<number>()
  for (let round = 0; round < 4; round++) {
    await fill(store, round)
    const late: Promise<unknown>[] = []
    const turns = await passWith(
      store,
      () => store.flush(),
      (n) => {
        // Each partition in another quarter of the pass, before and behind where that stands.
        const p = (n * 11) % partitions
        const log = store.get(topicA, p)
        if (log === undefined || Math.floor(n / partitions) !== p % 4) return
        if (p % 5 > 2) {
          deleted.add(p)
          late.push(store.delete(topicA, [p]))
        } else if (p % 2 === 0) late.push(store.raiseLogStart(log, log.logStartOffset + 1))
      },
    )
    assert.ok(turns >= 3 * partitions, `${turns} turns`)
    await Promise.all(late)
    if (round > 1) await store.cleaner.merge(store.all)
    const before = await stateOf(store)
    await store.close()
    store = await reopen()
    assert.deepEqual(await stateOf(store), before)
  }
  assert.ok(deleted.size > 10)
  await store.close()
}

test('deletions and moves of log starts between the turns of a pass hold', async () => {
  await disturbedPasses(1 << 20)
})

test('the same while the manifest is written anew', async () => {
  await disturbedPasses(0)
})
