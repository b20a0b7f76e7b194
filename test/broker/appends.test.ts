// Appends that are not placed at once: for want of time, and what no journal can take.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { AppendRequest } from '../../src/broker/api.ts'
import { Appends } from '../../src/broker/appends.ts'
import { InternalAppender } from '../../src/broker/internal-appender.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import type { LogStore } from '../../src/log/log-store.ts'
import type { AppendOutcome } from '../../src/model/append-outcome.ts'
import type { ErrorName } from '../../src/model/errors.ts'
import { leaderEpoch, nodeId, partitionId, topicId } from '../../src/model/ids.ts'
import type { Topic } from '../../src/model/topic.ts'
import { batchOf, plainSettings, topicA } from '../log/log-fixture.ts'
import { open, readAll } from '../log/open-log.ts'

const node = nodeId(1)
const state = { leader: node, leaderEpoch: leaderEpoch(0), replicas: [node], isr: [node] }
const topic: Topic = {
  id: topicId(topicA),
  name: 'a',
  internal: false,
  kind: 'log',
  partitions: [state, state],
  config: new Map(),
}

const to = (partition: number, value: string): AppendRequest => ({
  topic,
  partition: partitionId(partition),
  batch: batchOf([value]),
})

const quiet = { failed: () => assert.fail(), report: () => undefined }

const noQueues = {
  logOf: () => undefined,
  beforeAppend: () => assert.fail(),
  afterAppend: () => assert.fail(),
}

const counters = () => ({
  appendRequests: 0,
  appendedRecords: 0,
  appendedBytes: 0,
  refusedBatches: 0,
  heldBack: 0,
})

const valuesOf = async (store: LogStore, partition: number): Promise<string[]> => {
  const log = store.get(topicA, partition)
  assert.ok(log)
  return readAll(store, log)
}

test('a request that has had its share of a turn lets others go first', async () => {
  const store = await open(memoryDisk(), 2, plainSettings)
  let nowMs = 0
  const turns: (() => void)[] = []
  // Every look at the clock takes 20 ms: each turn has time for one batch.
  const monotonic = (): number => (nowMs += 20)
  const clock = { ...realClock, now: () => 1000, monotonic, soon: (f: () => void) => turns.push(f) }
  const appends = new Appends(store, clock as never, counters(), noQueues)
  const answered: string[] = []
  const reply =
    (name: string) =>
    (outcomes: readonly AppendOutcome[]): void => {
      assert.deepEqual(new Set(outcomes.map((o) => o.error)), new Set([null]))
      answered.push(`${name} ${outcomes.map((o) => o.baseOffset)}`)
    }
  const large = ['l0', 'l1', 'l2'].map((value) => to(0, value))
  assert.equal(appends.append(large, 'none', reply('large')), false)
  assert.equal(appends.isHeldUp(1), false)
  for (const { batch } of large.slice(1)) batch.fill(0)
  // The turn ends, and the rest of the large request is still to come.
  turns.shift()?.()
  assert.equal(appends.append([to(0, 'other')], 'none', reply('other')), true)
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn()
  assert.deepEqual(answered, ['other 1', 'large 0,2,3'])
  const { journal } = store
  await new Promise<void>((done) => journal.whenCommitted(journal.appendedLsn, done))
  assert.deepEqual(await valuesOf(store, 0), ['l0', 'other', 'l1', 'l2'])
  await store.close()
})

test('many requests of one turn have a share of it together', async () => {
  const store = await open(memoryDisk(), 2, plainSettings)
  let nowMs = 0
  const turns: (() => void)[] = []
  const monotonic = (): number => (nowMs += 8)
  const clock = { ...realClock, now: () => 1000, monotonic, soon: (f: () => void) => turns.push(f) }
  const appends = new Appends(store, clock as never, counters(), noQueues)
  const placed = ['a', 'b', 'c', 'd'].map((value) =>
    appends.append([to(0, value)], 'none', () => undefined),
  )
  assert.deepEqual(placed, [true, true, false, false])
  assert.equal(turns.length, 2, 'the end of the turn, and the first that waits')
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn()
  assert.equal(
    appends.append([to(0, 'e')], 'none', () => undefined),
    true,
  )
  const { journal } = store
  await new Promise<void>((done) => journal.whenCommitted(journal.appendedLsn, done))
  assert.deepEqual(await valuesOf(store, 0), ['a', 'b', 'c', 'd', 'e'])
  await store.close()
})

test('a request beyond what the journal has room for waits for the rest', async () => {
  const store = await open(memoryDisk(), 2, plainSettings)
  // A turn is never too long, however busy the machine is.
  const clock = { ...realClock, monotonic: () => 0 }
  const appends = new Appends(store, clock, counters(), noQueues)
  const large = Array.from({ length: 40 }, (_, i) => to(i % 2, `${i} ${'x'.repeat(10_000)}`))
  const outcomes = await new Promise<readonly AppendOutcome[]>((done) => {
    assert.equal(appends.append(large, 'all', done), false)
    assert.equal(appends.isHeldUp(1), true)
  })
  assert.deepEqual(new Set(outcomes.map((o) => o.error)), new Set([null]))
  assert.equal(appends.isHeldUp(1), false)
  assert.equal((await valuesOf(store, 1)).length, 20)
  await store.close()
})

test("what no file of the journal can take is refused also when it is the node's own", async () => {
  const store = await open(memoryDisk(), 1, plainSettings)
  const lines: string[] = []
  const own = (): Promise<Topic> => Promise.resolve(topic)
  const appender = new InternalAppender(store, realClock, 0, own, (line) => lines.push(line))
  const write = (bytes: number): Promise<ErrorName | null> =>
    new Promise((done) =>
      appender.append([{ key: Buffer.from('k'), value: Buffer.alloc(bytes) }], done),
    )
  assert.equal(await write(store.journal.maxBatchBytes), 'messageTooLarge')
  assert.match(lines[0] ?? '', /^a, partition 0: state of .* does not fit the journal/)
  assert.equal(await write(10), null)
  await store.close()
})

test("the node's own records wait for room so long and no longer, told once", async () => {
  const clock = new SimClock()
  const disk = new SimDisk(clock, new SimChance(1))
  let freeBytes = 2 ** 40
  disk.freeBytes = async () => freeBytes
  const work = async (): Promise<void> => {
    const store = await open(disk, 1, plainSettings, { clock, hooks: quiet })
    const lines: string[] = []
    const own = (): Promise<Topic> => Promise.resolve(topic)
    const appender = new InternalAppender(store, clock, 0, own, (line) => lines.push(line))
    const record = { key: Buffer.from('k'), value: Buffer.alloc(20_000) }
    const write = (): Promise<ErrorName | null> =>
      new Promise((done) => appender.append([record], done))
    freeBytes = 1
    await store.lookAtSpace(400_000)
    let taken = 0
    while ((await write()) === null) taken++
    assert.ok(taken > 0)
    const fromMs = clock.monotonic()
    assert.deepEqual(
      await Promise.all([write(), write()]),
      Array(2).fill('coordinatorNotAvailable'),
    )
    assert.equal(clock.monotonic() - fromMs, 5000)
    assert.match(lines.join(), /^a, partition 0: there has been no room in the journal for 5 sec/)
    assert.equal(lines.length, 1)
    freeBytes = 2 ** 40
    await store.lookAtSpace(400_000)
    assert.equal(await write(), null)
    await store.close()
  }
  await clock.runUntil(work())
})
