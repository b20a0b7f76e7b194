// Frames that belong together land in one commit: after a crash all of them are there, or none.
import assert from 'node:assert/strict'
import test from 'node:test'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { batchOf, plainSettings, topicA } from './log-fixture.ts'
import { open, openReported } from './open-log.ts'

const groups = 40

/** Appends groups of three batches of up to 16 KB, of which some do not fit an ordinary commit. */
async function appendGroups(store: LogStore, chance: SimChance): Promise<void> {
  const logs = [0, 1, 2].map((p) => store.get(topicA, p) as PartitionLog)
  const { journal } = store
  for (let i = 0; i < groups; i++) {
    const batches = logs.map(() => batchOf([`${i}${'x'.repeat(chance.int(16_000))}`]))
    const bytes = batches.reduce((n, b) => n + b.length, 0)
    if (!journal.mayBeTogether(bytes, 3)) continue
    while (!journal.hasRoom(bytes, 3))
      await new Promise<void>((resolve) => journal.whenRoom(resolve))
    journal.together(bytes, 3)
    for (const [p, log] of logs.entries())
      log.appendTrusted(journal, batches[p] as Uint8Array, 0, 1000)
    if (chance.oneIn(2) && journal.hasRoom(100))
      logs[0]?.appendTrusted(journal, batchOf(['alone']), 0, 1000)
    if (chance.oneIn(2))
      await new Promise<void>((resolve) => journal.whenCommitted(journal.appendedLsn, resolve))
  }
}

test('a crash leaves all frames of a group or none, whatever the seed', async () => {
  let cut = 0
  for (let seed = 1; seed <= 60; seed++) {
    const chance = new SimChance(seed)
    const clock = new SimClock()
    const disk = new SimDisk(clock, chance, {})
    const store = await clock.runUntil(open(disk, 3, plainSettings, { clock }))
    const work = appendGroups(store, chance)
    work.catch((cause: unknown) => assert.fail(cause as Error))
    await clock.run(20 + chance.int(120))
    const next = new SimClock()
    const left = disk.crash(next)
    const opening = openReported(left, 3, plainSettings, { clock: next })
    const { store: again } = await next.runUntil(opening)
    const [, one, two] = [0, 1, 2].map((p) => again.get(topicA, p)?.highWatermark)
    assert.equal(one, two, `seed ${seed}`)
    if ((one ?? 0) < groups) cut++
  }
  assert.ok(cut > 20, 'crashes come in between')
})
