// The small parts of streams, each against something simpler.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { eventLoopTurn } from '../../src/io/real/clock.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { type FieldTable, type FieldValue, textField } from '../../src/model/message/field.ts'
import { MessageView } from '../../src/model/message/message.ts'
import {
  buildProperties,
  octetProperty,
  propertiesFault,
  property,
  tableProperty,
  textProperties,
  textProperty,
} from '../../src/model/message/properties.ts'
import { topicConfigOf } from '../../src/stream/declaration.ts'
import { PlaceHeader } from '../../src/stream/place-header.ts'
import { type Holder, ReadAheads } from '../../src/stream/read-aheads.ts'
import { Unsettled } from '../../src/stream/unsettled.ts'
import { table } from '../model/message/arbitrary-table.ts'
import { long } from './stream-world.ts'

test('a place is put into any properties, and nothing else of them changes', () => {
  const shortText = fc.string({ maxLength: 30 })
  const texts = fc.dictionary(fc.constantFrom(...Object.keys(textProperties)), shortText)
  const own = fc.constantFrom('x-stream-offset', 'x-stream-partition')
  const stale = fc.option(own, { nil: null })
  fc.assert(
    fc.property(
      texts,
      fc.option(table, { nil: null }),
      stale,
      fc.nat({ max: 2 ** 48 }),
      fc.boolean(),
      (set, headers, old, offset, isSuper) => {
        const values = Object.entries(set).map(([name, text]) =>
          textProperty(textProperties[name as keyof typeof textProperties], text),
        )
        values.push(octetProperty(property.deliveryMode, 2))
        const entries = new Map<string, FieldValue>(headers ?? [])
        if (old !== null && headers !== null) entries.set(old, textField('stale'))
        if (headers !== null) values.push(tableProperty(entries))
        const sent = buildProperties(values)
        const got = new PlaceHeader(isSuper).put(sent, offset, 3)
        assert.equal(propertiesFault(got), null)
        const wanted = new Map(entries)
        wanted.delete('x-stream-offset')
        if (isSuper || old === 'x-stream-partition') wanted.delete('x-stream-partition')
        wanted.set('x-stream-offset', { type: 'l', value: BigInt(offset) })
        if (isSuper) wanted.set('x-stream-partition', { type: 'l', value: 3n })
        const rest = values.filter(([flag]) => flag !== property.headers)
        assert.deepEqual(
          Buffer.from(got),
          Buffer.from(buildProperties([...rest, tableProperty(wanted)])),
        )
      },
    ),
  )
})

test('a header whose name is no UTF-8, and too long for one, goes with an old place', () => {
  const name = Buffer.alloc(200, 0xff)
  const entry = Buffer.concat([Buffer.of(200), name, Buffer.from('V')])
  const old = Buffer.from(tableProperty(new Map([['x-stream-offset', long(1)]]))[1])
  const bytes = Buffer.concat([old, entry])
  bytes.writeUInt32BE(bytes.length - 4, 0)
  const sent = buildProperties([[property.headers, bytes]])
  assert.equal(propertiesFault(sent), null)
  const view = new MessageView().set(
    '',
    '',
    new PlaceHeader(false).put(sent, 7, 0),
    Buffer.alloc(0),
  )
  assert.deepEqual([...view.headers], [['x-stream-offset', long(7)]])
})

test('a place beyond 32 bits is whole', () => {
  const got = new PlaceHeader(false).put(buildProperties([]), 2 ** 40 + 5, 0)
  const view = new MessageView().set('', '', got, new Uint8Array(0))
  assert.deepEqual(view.headers.get('x-stream-offset'), long(2 ** 40 + 5))
})

test('the first unsettled delivery is where to go on, in whatever order they are settled', () => {
  const step = fc.record({
    settles: fc.boolean(),
    which: fc.nat(),
    gap: fc.integer({ min: 1, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const unsettled = new Unsettled()
      const model = new Map<number, number>()
      let next = 0
      for (const { settles, which, gap } of steps) {
        const numbers = [...model.keys()]
        if (settles && numbers.length > 0) {
          const number = numbers[which % numbers.length] as number
          unsettled.settle(number)
          model.delete(number)
        } else {
          next += gap
          model.set(unsettled.add(next), next)
        }
        assert.equal(unsettled.position(next + 1), Math.min(next + 1, ...model.values()))
      }
    }),
  )
})

test('what was given back holds its place, but not for ever', () => {
  const unsettled = new Unsettled()
  unsettled.giveBack(unsettled.add(0))
  for (let offset = 1; offset < 10_000; offset++) unsettled.settle(unsettled.add(offset))
  assert.equal(unsettled.position(10_000), 0)
  for (let offset = 10_000; offset < 30_000; offset++) unsettled.settle(unsettled.add(offset))
  assert.equal(unsettled.position(30_000), 30_000)
  unsettled.settle(1)
  unsettled.giveBack(50_000)
  assert.equal(unsettled.position(7), 7)
})

class Held implements Holder {
  inUse = false
  isHolding = true
  readonly #all: ReadAheads
  constructor(all: ReadAheads, bytes: number) {
    this.#all = all
    this.inUse = true
    all.hold(this, bytes)
  }
  letGo(): void {
    this.isHolding = false
    this.#all.hold(this, 0)
  }
}

test('who has not used what he holds for a while lets go of it', async () => {
  const clock = new SimClock()
  const all = new ReadAheads(100, clock)
  const idle = new Held(all, 10)
  const busy = new Held(all, 10)
  await clock.runFor(1000)
  busy.inUse = true
  await clock.runFor(1000)
  assert.deepEqual([idle.isHolding, busy.isHolding], [false, true])
  await clock.runFor(1000)
  assert.equal(busy.isHolding, false)
  assert.equal(all.bytes, 0)
  const before = clock.events
  await clock.run()
  assert.equal(clock.events, before, 'with nothing held nobody looks')
})

test('beyond the bound the first to hold is the first to let go', async () => {
  const all = new ReadAheads(25, new SimClock())
  const held = [new Held(all, 10), new Held(all, 10), new Held(all, 10)]
  assert.deepEqual(
    held.map(({ isHolding }) => isHolding),
    [false, true, true],
  )
  const large = new Held(all, 40)
  assert.ok(large.isHolding, 'one may always read')
  assert.equal(all.bytes, 40)
  let read = (): void => undefined
  all.loading(
    new Promise((resolve) => {
      read = resolve
    }),
  )
  let isClosed = false
  const closed = all.close().then(() => {
    isClosed = true
  })
  await eventLoopTurn()
  assert.equal(isClosed, false, 'what is read needs the files')
  read()
  await closed
  assert.equal(all.bytes, 0)
})

test('arguments of a declaration become keys of the topic', () => {
  const config = (wishes: Record<string, FieldValue>) => {
    const read = topicConfigOf(new Map(Object.entries(wishes)) as FieldTable)
    return read.ok ? Object.fromEntries(read.value) : read.error
  }
  const plain = {
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'max.message.bytes': String(128 << 20),
  }
  assert.deepEqual(config({}), plain)
  assert.deepEqual(
    config({
      'x-max-age': textField('7D'),
      'x-max-length-bytes': long(5_000_000),
      'x-stream-max-segment-size-bytes': long(10),
    }),
    {
      ...plain,
      'retention.ms': String(7 * 24 * 3_600_000),
      'retention.bytes': '5000000',
      'segment.bytes': String(1 << 20),
    },
  )
  assert.equal(config({ 'x-max-age': textField('7d') }), 'preconditionFailed')
  assert.equal(config({ 'x-max-age': long(7) }), 'preconditionFailed')
  assert.equal(config({ 'x-max-length-bytes': textField('5') }), 'preconditionFailed')
})
