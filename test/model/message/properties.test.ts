import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FieldTable, FieldValue } from '../../../src/model/message/field.ts'
import { MessageView } from '../../../src/model/message/message.ts'
import {
  buildProperties,
  changeProperties,
  octetProperty,
  type PropertyValue,
  propertiesFault,
  property,
  tableProperty,
  textProperties,
  textProperty,
  timestampProperty,
} from '../../../src/model/message/properties.ts'
import { propertiesOfRecord, readableHeaders } from '../../../src/model/message/readable-headers.ts'
import { shownByTable, shownOf } from '../../../src/model/message/shown-record.ts'
import { table } from './arbitrary-table.ts'

const nothing = new Uint8Array(0)
const view = (properties: Uint8Array): MessageView =>
  new MessageView().set('e', 'k', properties, nothing)

const short = fc.string({ unit: 'grapheme', maxLength: 30 })
const wished = fc.record(
  {
    texts: fc.dictionary(fc.constantFrom(...Object.keys(textProperties)), short),
    mode: fc.constantFrom(1, 2),
    priority: fc.nat({ max: 255 }),
    timestamp: fc.nat(),
    headers: table,
  },
  { requiredKeys: ['texts'] },
)
type Wished = typeof wished extends fc.Arbitrary<infer T> ? T : never

function valuesOf({ texts, mode, priority, timestamp, headers }: Wished): PropertyValue[] {
  const values = Object.entries(texts).map(([name, text]) =>
    textProperty(textProperties[name as keyof typeof textProperties], text),
  )
  if (mode !== undefined) values.push(octetProperty(property.deliveryMode, mode))
  if (priority !== undefined) values.push(octetProperty(property.priority, priority))
  if (timestamp !== undefined) values.push(timestampProperty(timestamp))
  if (headers !== undefined) values.push(tableProperty(headers))
  return values
}

test('what was put together is well-formed, and each property is read from its place', () => {
  fc.assert(
    fc.property(wished, (wish) => {
      const properties = buildProperties(valuesOf(wish))
      assert.equal(propertiesFault(properties), null)
      const message = view(properties)
      for (const [name, flag] of Object.entries(textProperties))
        assert.equal(message.text(flag), wish.texts[name] ?? null)
      assert.equal(message.isPersistent, wish.mode === 2)
      assert.equal(message.priority, wish.priority ?? -1)
      assert.equal(message.timestamp, wish.timestamp === undefined ? null : BigInt(wish.timestamp))
      assert.deepEqual(message.headers, wish.headers ?? new Map())
    }),
  )
})

test('a change leaves the other properties byte for byte', () => {
  fc.assert(
    fc.property(wished, short, (wish, text) => {
      const before = buildProperties(valuesOf(wish))
      const after = changeProperties(
        before,
        [textProperty(property.messageId, text)],
        property.expiration,
      )
      const { expiration: _, ...texts } = wish.texts
      const expected = buildProperties(
        valuesOf({ ...wish, texts: { ...texts, 'message-id': text } }),
      )
      assert.deepEqual(after, expected)
    }),
  )
})

test('cut or changed properties are found out, or are other properties', () => {
  fc.assert(
    fc.property(wished, fc.nat(), fc.nat({ max: 255 }), (wish, at, byte) => {
      const good = buildProperties(valuesOf(wish))
      if (good.length > 2) assert.notEqual(propertiesFault(good.subarray(0, good.length - 1)), null)
      const bad = Uint8Array.from(good)
      bad[at % bad.length] = byte
      if (propertiesFault(bad) !== null) return
      const message = view(bad)
      for (const flag of Object.values(textProperties)) message.text(flag)
      assert(message.headers.size >= 0)
    }),
    { numRuns: 1000 },
  )
})

test('a reader of another protocol sees properties and headers under published names', () => {
  const properties = buildProperties([
    textProperty(property.contentType, 'application/json'),
    textProperty(property.messageId, 'm-1'),
    octetProperty(property.deliveryMode, 2),
    timestampProperty(1_700_000_000),
    tableProperty(
      new Map([
        ['traceparent', { type: 'S', value: Buffer.from('00-ab-cd-01') }],
        ['n', { type: 'l', value: 7n }],
        ['ok', { type: 't', value: true }],
        ['none', { type: 'V' }],
        ['list', { type: 'A', value: [{ type: 'I', value: 1 }] }],
      ]),
    ),
  ])
  const seen = readableHeaders(view(properties)).map(({ name, value }) => [
    name,
    value === null ? null : Buffer.from(value).toString(),
  ])
  assert.deepEqual(Object.fromEntries(seen), {
    'content-type': 'application/json',
    'amqp.message-id': 'm-1',
    'amqp.timestamp': '1700000000',
    traceparent: '00-ab-cd-01',
    n: '7',
    ok: 'true',
    none: null,
    list: '[1]',
  })
})

test('what others see is written straight from the bytes as it is through a table', () => {
  const plain = fc.constantFrom<FieldValue>(
    ...(['b', 'B', 's', 'u', 'I', 'i', 'f', 'd'] as const).map((type) => ({ type, value: 100 })),
    ...(['l', 'L', 'T'] as const).map((type) => ({ type, value: 1n << 62n })),
    { type: 'd', value: -1.7976931348623157e308 },
    { type: 'I', value: -(2 ** 31) },
    { type: 'l', value: -(2n ** 63n) },
    { type: 't', value: false },
    { type: 'V' },
    { type: 'S', value: new Uint8Array(700) },
    { type: 'x', value: new Uint8Array(0) },
  )
  const names = fc.constantFrom(
    '',
    'a',
    'traceparent',
    'x-kafka-key',
    'content-type',
    'amqp.type',
    'grün',
    'n'.repeat(255),
  )
  const flat = fc.dictionary(names, plain).map((of): FieldTable => new Map(Object.entries(of)))
  fc.assert(
    fc.property(wished, fc.option(flat), (wish, headers) => {
      const properties = buildProperties(valuesOf(headers === null ? wish : { ...wish, headers }))
      const { key, headerCount, headers: written } = shownOf(view(properties))
      const expected = shownByTable(view(properties))
      assert.deepEqual([key, headerCount], [expected.key, expected.headerCount])
      assert.deepEqual(Buffer.from(written), Buffer.from(expected.headers))
    }),
    { numRuns: 2000 },
  )
})

test('a property shows before an entry of its name', () => {
  const entry = { type: 'S', value: Buffer.from('own') } as const
  const own = [...valuesOf({ texts: { 'content-type': 'text/plain' } })]
  const entries = new Map([
    ['content-type', entry],
    ['amqp.type', entry],
  ])
  const seen = readableHeaders(view(buildProperties([...own, tableProperty(entries)])))
  assert.deepEqual(
    seen.map(({ name, value }) => [name, Buffer.from(value ?? '').toString()]),
    [
      ['content-type', 'text/plain'],
      ['amqp.type', 'own'],
    ],
  )
})

test('the plain message shows no headers', () => {
  const plain = buildProperties([
    octetProperty(property.deliveryMode, 2),
    octetProperty(property.priority, 3),
  ])
  assert.equal(readableHeaders(view(plain)).length, 0)
})

test('what was made readable reads back as the same properties', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(textProperties)), short), (texts) => {
      const properties = buildProperties(valuesOf({ texts }))
      const message = view(propertiesOfRecord(null, readableHeaders(view(properties)), 5000))
      // Whom it is from nobody has checked.
      for (const [name, flag] of Object.entries(textProperties))
        assert.equal(message.text(flag), name === 'user-id' ? null : (texts[name] ?? null))
    }),
  )
})

test('a record of another protocol: headers become entries, and so does the key', () => {
  const bytes = Uint8Array.of(0xff, 0xfe)
  const headers = [
    { name: 'traceparent', value: Buffer.from('00-ab') },
    { name: 'raw', value: bytes },
    { name: 'none', value: null },
    { name: 'amqp.correlation-id', value: Buffer.from('c') },
    { name: 'n'.repeat(256), value: Buffer.from('too long for AMQP') },
  ]
  const properties = propertiesOfRecord(Buffer.from('key'), headers, 1_700_000_000_999)
  assert.equal(propertiesFault(properties), null)
  const message = view(properties)
  assert.equal(message.text(property.correlationId), 'c')
  assert.equal(message.timestamp, 1_700_000_000n)
  assert.equal(message.isPersistent, true)
  assert.deepEqual(Object.fromEntries(message.headers), {
    'x-kafka-key': { type: 'S', value: Uint8Array.from(Buffer.from('key')) },
    traceparent: { type: 'S', value: Uint8Array.from(Buffer.from('00-ab')) },
    raw: { type: 'x', value: bytes },
    none: { type: 'V' },
  })
})
