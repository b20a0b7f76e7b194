// How far consumers with a name have come: resumed exactly, written rarely.
import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { eventLoopTurn } from '../../src/io/real/clock.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import type { Appender, NewRecord } from '../../src/log/appender.ts'
import type { ErrorName } from '../../src/model/errors.ts'
import { textField } from '../../src/model/message/field.ts'
import { TrackedOffsets } from '../../src/stream/tracked-offsets.ts'
import { readTracked, trackedRecord } from '../../src/stream/tracked-record.ts'
import { first, KeepingConsumer, message, until, World, yes } from './stream-world.ts'

const named = { ...first, 'x-stream-consumer-name': textField('billing') }

const publishMany = (world: World, count: number): Promise<void> =>
  world.publish(...Array.from({ length: count }, (_, i) => message(`${i}`)))

test('what waits for a flush finds what was settled before on the disk', async () => {
  const disk = memoryDisk()
  const world = await World.open(disk)
  await publishMany(world, 20)
  const consumer = new KeepingConsumer(10)
  const reader = await world.consume(consumer, named)
  for (const { id } of consumer.got.slice(0, 7)) reader.accept(id)
  assert.equal(world.streams.isOwing, true)
  await new Promise<void>((durable) => world.streams.flush(durable))
  // Settled while the record is on its way: the next flush waits for it.
  reader.accept(consumer.got[7]?.id ?? assert.fail())
  const flushed = new Promise<void>((durable) => world.streams.flush(durable))
  reader.accept(consumer.got[8]?.id ?? assert.fail())
  await flushed
  await new Promise<void>((durable) => world.streams.flush(durable))
  // Left behind as kill -9 leaves it.
  const again = await World.open(disk)
  const late = new KeepingConsumer(1)
  await again.consume(late, named)
  await until(() => late.got.length === 1)
  assert.deepEqual(late.offsets, [9])
})

test('who waits for a flush does not wait for consumers that go on settling', async () => {
  const world = await World.open(memoryDisk())
  await publishMany(world, 100)
  const consumer = new KeepingConsumer(100)
  const reader = await world.consume(consumer, named)
  let isFlushed = false
  for (const [i, { id }] of consumer.got.entries()) {
    reader.accept(id)
    if (i === 0)
      world.streams.flush(() => {
        isFlushed = true
      })
    await eventLoopTurn()
    if (isFlushed) break
  }
  assert.equal(isFlushed, true)
  await world.close()
})

test('a consumer with a name goes on at the first message that it has not settled', async () => {
  const disk = memoryDisk()
  let world = await World.open(disk)
  await publishMany(world, 20)
  const consumer = new KeepingConsumer(10)
  const reader = await world.consume(consumer, named)
  const idOf = (offset: number): number => consumer.got[offset]?.id ?? assert.fail()
  for (const offset of [0, 1, 2, 4, 5]) reader.accept(idOf(offset))
  await reader.cancel()
  const again = new KeepingConsumer(1)
  await (await world.consume(again, named)).cancel()
  assert.deepEqual(again.offsets, [3])
  // Settled after it was cancelled.
  reader.accept(idOf(3))
  await world.close()
  world = await World.open(disk)
  const late = new KeepingConsumer(2)
  const lateReader = await world.consume(late, named)
  await until(() => late.got.length === 2)
  assert.deepEqual(late.offsets, [6, 7])
  for (const { id } of late.got) lateReader.accept(id)
  await lateReader.cancel()
  const other = new KeepingConsumer(1)
  await world.consume(other, { ...named, 'x-stream-consumer-name': textField('audit') })
  await until(() => other.got.length === 1)
  assert.deepEqual(other.offsets, [0], 'another name has another place')
  await world.close()
})

test('what was given back is where the consumer begins again', async () => {
  const world = await World.open(memoryDisk())
  await publishMany(world, 10)
  const consumer = new KeepingConsumer(5)
  const reader = await world.consume(consumer, named)
  for (const [offset, { id }] of consumer.got.entries())
    if (offset === 1) reader.reject(id, false)
    else if (offset === 3) reader.reject(id, true)
    else reader.accept(id)
  await reader.cancel()
  const again = new KeepingConsumer(1)
  await world.consume(again, named)
  assert.deepEqual(again.offsets, [3])
  await world.close()
})

test('a name is the tag where tracking is asked for, and next is kept too', async () => {
  const world = await World.open(memoryDisk())
  await publishMany(world, 3)
  const wishes = { 'x-stream-automatic-offset-tracking': yes }
  await (await world.consume(new KeepingConsumer(), wishes)).cancel()
  await publishMany(world, 2)
  const consumer = new KeepingConsumer()
  await world.consume(consumer, wishes)
  assert.deepEqual(consumer.offsets, [3, 4])
  await world.close()
})

test('deliveries that count as settled move the place of each partition', async () => {
  const world = await World.open(memoryDisk(), { partitions: 2 })
  for (let i = 0; i < 6; i++) await world.publish(message(`${i}`))
  const consumer = new KeepingConsumer(4)
  await (await world.consume(consumer, named, true)).cancel()
  assert.ok(consumer.got.every(({ id }) => id === 0))
  const again = new KeepingConsumer()
  await world.consume(again, named, true)
  assert.deepEqual([...consumer.bodies, ...again.bodies].sort(), ['0', '1', '2', '3', '4', '5'])
  await world.close()
})

test('a place below the log start goes to it; of a deleted topic none is kept', async () => {
  const world = await World.open(memoryDisk())
  await publishMany(world, 10)
  await (await world.consume(new KeepingConsumer(0), named)).cancel()
  await world.store.raiseLogStart(world.log(), 4)
  const consumer = new KeepingConsumer(1)
  const reader = await world.consume(consumer, named)
  assert.deepEqual(consumer.offsets, [4])
  world.streams.offsets.forget(world.topic.id)
  reader.accept(consumer.got[0]?.id ?? assert.fail())
  await reader.cancel()
  const again = new KeepingConsumer(1)
  await world.consume(again, { ...named, 'x-stream-offset': textField('last') })
  assert.deepEqual(again.offsets, [4], 'the last batch begins below the log start')
  await world.close()
})

// ---- Alone --------------------------------------------------------------------------------------

const key = { topic: 'c'.repeat(32), partition: 7, name: 'naïve' }

/** Keeps what is appended, and says when it is durable. */
class KeptRecords implements Appender {
  readonly records: NewRecord[] = []
  readonly waiting: ((error: ErrorName | null) => void)[] = []
  append(records: readonly NewRecord[], done: (error: ErrorName | null) => void): void {
    this.records.push(...records)
    this.waiting.push(done)
  }
  get offsets(): (number | null | undefined)[] {
    return this.records.map((r) => readTracked(r.key, r.value)?.offset)
  }
}

const alone = (placesMax = 100) => {
  const clock = new SimClock()
  const appender = new KeptRecords()
  const lines: string[] = []
  const report = (line: string): void => void lines.push(line)
  const offsets = new TrackedOffsets({ appender, clock, report }, placesMax)
  const place = offsets.get(key)
  assert.ok(place.ok)
  return { clock, appender, offsets, lines, place: place.value }
}

test('a record of a place reads back as it was, and what is not one is none', () => {
  for (const offset of [0, 5, 2 ** 52, null]) {
    const record = trackedRecord(key, offset)
    assert.deepEqual(readTracked(record.key, record.value), { key, offset })
  }
  assert.equal(readTracked(Buffer.alloc(5), null), null)
  assert.equal(readTracked(Buffer.from(`\u0001${'x'.repeat(60)}`), null), null)
  assert.equal(readTracked(trackedRecord(key, 1).key, Buffer.alloc(3)), null)
})

test('a place is written once a second, or a thousand messages further', async () => {
  const { clock, appender, offsets, place } = alone()
  for (let i = 1; i <= 500; i++) offsets.move(place, i, 1)
  await clock.runFor(999)
  assert.deepEqual(appender.offsets, [])
  await clock.runFor(1)
  assert.deepEqual(appender.offsets, [500])
  for (let i = 501; i <= 1700; i++) offsets.move(place, i, 1)
  assert.deepEqual(appender.offsets, [500], 'one is on its way')
  appender.waiting.shift()?.(null)
  offsets.move(place, 1701, 1)
  assert.deepEqual(appender.offsets, [500, 1701])
  appender.waiting.shift()?.(null)
  await clock.runFor(5000)
  assert.deepEqual(appender.offsets, [500, 1701], 'nothing has moved')
})

test('who saves waits until the last place is durable', async () => {
  const { clock, appender, offsets, place } = alone()
  offsets.move(place, 1, 1)
  let saved = false
  void offsets.save(place).then(() => {
    saved = true
  })
  offsets.move(place, 2, 1)
  appender.waiting.shift()?.(null)
  await clock.runFor(0)
  assert.equal(saved, false)
  assert.deepEqual(appender.offsets, [1, 2])
  appender.waiting.shift()?.(null)
  await clock.runFor(0)
  assert.equal(saved, true)
})

test('a place that could not be written is tried again, and told of once', async () => {
  const { clock, appender, offsets, lines, place } = alone()
  offsets.move(place, 9, 1)
  await clock.runFor(1000)
  appender.waiting.shift()?.('coordinatorNotAvailable')
  await clock.runFor(1000)
  assert.deepEqual(appender.offsets, [9, 9])
  appender.waiting.shift()?.('coordinatorNotAvailable')
  await clock.runFor(1000)
  appender.waiting.shift()?.(null)
  assert.equal(lines.length, 1)
  const close = offsets.close()
  await clock.runUntil(close)
  assert.equal(appender.records.length, 3)
})

test('what is loaded is what was written last; the number of places is bounded', () => {
  const { offsets } = alone(3)
  const b = { ...key, partition: 8 }
  const c = { ...key, name: 'c' }
  offsets.load([
    trackedRecord(key, 5),
    trackedRecord(b, 6),
    trackedRecord(c, 7),
    trackedRecord(key, 8),
    trackedRecord(b, null),
    { key: Buffer.from('other'), value: null },
  ])
  const read = [key, b, c].map((each) => {
    const place = offsets.get(each)
    return place.ok ? place.value.offset : place.error
  })
  assert.deepEqual(read, [8, -1, 7])
  const more = offsets.get({ ...key, name: 'd' })
  assert.equal(more.ok ? null : more.error, 'resourceExhausted')
  offsets.retain((topic) => topic !== key.topic)
  assert.ok(offsets.get({ ...key, name: 'd' }).ok)
})
