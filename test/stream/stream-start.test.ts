// Where consumers begin: every kind of start, in logs of any shape, against a list of all records.
import assert from 'node:assert/strict'
import test, { before } from 'node:test'
import fc from 'fast-check'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { prepareCompression } from '../../src/model/compression.ts'
import { type FieldValue, textField } from '../../src/model/message/field.ts'
import { compressions } from '../../src/model/record-batch.ts'
import { intervalMs } from '../../src/stream/interval.ts'
import { parseStart } from '../../src/stream/stream-start.ts'
import { sampleBatch } from '../model/sample-batch.ts'
import { KeepingConsumer, long, message, until, World } from './stream-world.ts'

before(prepareCompression)

const hourMs = 3_600_000

test('an interval is digits and a letter', () => {
  assert.equal(intervalMs('1h'), hourMs)
  assert.equal(intervalMs('7D'), 7 * 24 * hourMs)
  assert.equal(intervalMs('2M'), 60 * 24 * hourMs)
  assert.equal(intervalMs('1Y'), 365 * 24 * hourMs)
  assert.equal(intervalMs('90s'), 90_000)
  assert.equal(intervalMs('5m'), 300_000)
  for (const wrong of ['', 'h', '1', '1d', '-1h', '1.5h', '1h ', '9999999999s'])
    assert.equal(intervalMs(wrong), null, wrong)
})

test('a start is read from whatever clients send', () => {
  const nowMs = 10 * hourMs
  const read = (value?: FieldValue) => {
    const start = parseStart(value, nowMs)
    return start.ok ? start.value : start.error
  }
  assert.deepEqual(read(), { at: 'next' })
  assert.deepEqual(read(textField('last')), { at: 'last' })
  assert.deepEqual(read(textField('1h')), { at: 'timestamp', timestampMs: 9 * hourMs })
  assert.deepEqual(read({ type: 'T', value: 5n }), { at: 'timestamp', timestampMs: 5000 })
  assert.deepEqual(read(long(7)), { at: 'offset', offset: 7 })
  assert.deepEqual(read({ type: 'I', value: 7 }), { at: 'offset', offset: 7 })
  assert.equal(read({ type: 't', value: true }), 'preconditionFailed')
  assert.equal(read({ type: 'l', value: -1n }), 'preconditionFailed')
})

// ---- Against a list -----------------------------------------------------------------------------

interface Known {
  readonly offset: number
  readonly batch: number
  readonly timestampMs: number
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('produce' as const),
      // Seconds, in any order: the times of producers jump.
      seconds: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
      compression: fc.constantFrom(...compressions),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('raise' as const), by: fc.nat({ max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)

const start: fc.Arbitrary<FieldValue> = fc.oneof(
  fc.constantFrom('first', 'last', 'next').map(textField),
  fc.nat({ max: 70 }).map(long),
  fc.integer({ min: 0, max: 32 }).map((s): FieldValue => ({ type: 'T', value: BigInt(s) })),
)

/** What a consumer that begins there is given of the records that are there. */
function expected(all: readonly Known[], from: FieldValue, logStart: number): number[] {
  const there = all.filter(({ offset }) => offset >= logStart)
  const begin = (): number => {
    if (from.type === 'T')
      return there.find((r) => r.timestampMs >= Number(from.value) * 1000)?.offset ?? Infinity
    if (from.type === 'l') return Math.min(Number(from.value), all.length)
    const text = from.type === 'S' ? Buffer.from(from.value).toString() : ''
    if (text === 'next') return Infinity
    if (text === 'first') return 0
    const last = all.at(-1)?.batch
    return all.find(({ batch }) => batch === last)?.offset ?? 0
  }
  const at = begin()
  return there.filter((r) => r.offset >= at).map(({ offset }) => offset)
}

test('every start gives what a list of all records gives', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 14 })
  await fc.assert(
    fc.asyncProperty(steps, fc.array(start, { minLength: 8, maxLength: 8 }), async (done, from) => {
      const disk = memoryDisk()
      let world = await World.open(disk)
      const all: Known[] = []
      for (const [batch, each] of done.entries()) {
        if (each.do === 'flush') await world.store.flush()
        else if (each.do === 'raise')
          await world.store.raiseLogStart(world.log(), world.log().logStartOffset + each.by)
        else if (each.do === 'restart') {
          await world.close()
          world = await World.open(disk)
        } else {
          const { seconds, compression } = each
          const records = seconds.map((s, i) => {
            all.push({ offset: all.length, batch, timestampMs: s * 1000 })
            return { key: null, value: `${all.length - 1}/${i}`, timestampMs: s * 1000 }
          })
          await world.produce(sampleBatch({ records, compression }))
        }
      }
      for (const each of from) {
        const consumer = new KeepingConsumer()
        const reader = await world.consume(consumer, { 'x-stream-offset': each })
        const wanted = expected(all, each, world.log().logStartOffset)
        await until(() => consumer.got.length >= wanted.length)
        assert.deepEqual(consumer.offsets, wanted, JSON.stringify(each.type))
        await world.publish(message('later'))
        all.push({ offset: all.length, batch: 1000 + all.length, timestampMs: Infinity })
        await until(() => consumer.got.length > wanted.length)
        assert.equal(consumer.bodies.at(-1), 'later')
        await reader.cancel()
      }
      await world.close()
    }),
    { numRuns: 40 },
  )
})
