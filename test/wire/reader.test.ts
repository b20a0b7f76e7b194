// What the reader refuses: lengths, counts and numbers that the bytes at hand do not bear out.
import assert from 'node:assert/strict'
import test from 'node:test'
import { FetchRequest, fetch } from '../../src/protocol/kafka/schema/fetch.ts'
import { compile } from '../../src/wire/compiler.ts'
import { codec } from '../../src/wire/message.ts'
import { Reader } from '../../src/wire/reader.ts'
import { array, int8, int16, nullable, string, struct, tagged } from '../../src/wire/schema.ts'
import { fixedLayout } from '../../src/wire/width.ts'
import { WireError } from '../../src/wire/wire-error.ts'
import { joined, Writer } from '../../src/wire/writer.ts'

const of = (hex: string): Reader => new Reader(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const refuses = (run: () => unknown, message: RegExp): void =>
  assert.throws(run, (error) => error instanceof WireError && message.test(error.message))

test('an array that cannot fit is refused by name, before anything is allocated', () => {
  const bytes = Buffer.from(
    'ffffffff 000001f4 00000001 00000001 00 7fffffff 0000'.replaceAll(' ', ''),
    'hex',
  )
  refuses(
    () => codec(fetch.request, 4).read(new Reader(bytes)),
    /^FetchRequest\.topics: array of 2147483647 elements does not fit in 2 bytes$/,
  )
})

test('elements without width, and all elements together, have a limit', () => {
  const empty = compile('Empty', struct({ list: array(struct({})) }), 0, false)
  refuses(() => empty.read(of('000186a1')), /array of 100001 elements/)
  assert.deepEqual(empty.read(of('00000001')), { list: [{}] })
  const nested = compile('Nested', struct({ list: array(array(int8)) }), 0, true)
  const inner = Buffer.alloc(600_004, 0)
  const writer = new Writer()
  writer.uvarint(3)
  for (let i = 0; i < 2; i++) writer.bytesCompact(inner)
  refuses(() => nested.read(new Reader(joined(writer.finish()))), /more than 250000 array elements/)
})

test('lengths below -1, and null where none is allowed, are refused', () => {
  refuses(() => of('fffe').length16('s'), /^s: length -2$/)
  refuses(() => of('80000000').length32('s'), /length -2147483648/)
  const plain = compile('Plain', struct({ text: string }), 0, true)
  refuses(() => plain.read(of('0000')), /^Plain\.text: null where a string is required$/)
  const later = compile('Later', struct({ text: nullable(string, 2) }), 1, true)
  refuses(() => later.read(of('0000')), /null where/)
})

test('strings fit two bytes of length again, whatever they hold', () => {
  const bytes = Buffer.alloc(40_000, 0xff)
  refuses(() => new Reader(bytes).text(32_768, 's'), /too long/)
  refuses(() => new Reader(bytes).text(20_000, 's'), /not UTF-8/)
  assert.equal(new Reader(Buffer.alloc(32_767, 0x61)).text(32_767, 's').length, 32_767)
})

test('varints: limits and full range', () => {
  assert.equal(of('ffffffff0f').uvarint('v'), 2 ** 32 - 1)
  refuses(() => of('ffffffff1f').uvarint('v'), /longer than 32 bits/)
  refuses(() => of('ffffffffff01').uvarint('v'), /longer than 32 bits/)
  refuses(() => of('ffffffffffffffffffffff01').varlong('v'), /longer than 64 bits/)
  refuses(() => of('ffffffffffffffffff01').varlong('v'), /beyond 2\^53/)
  const writer = new Writer()
  const numbers = [0, -1, 1, 63, -64, 64, 2 ** 31, -(2 ** 40), 2 ** 53 - 1, 1 - 2 ** 53]
  for (const n of numbers) writer.varlong(n)
  for (const n of [0, -1, 2 ** 31 - 1, -(2 ** 31)]) writer.varint(n)
  const reader = new Reader(joined(writer.finish()))
  for (const n of numbers) assert.equal(reader.varlong('v'), n)
  for (const n of [0, -1, 2 ** 31 - 1, -(2 ** 31)]) assert.equal(reader.varint('v'), n)
  reader.finish('v')
})

test('64-bit integers beyond 2^53 are refused, unless read as bigint or rounded', () => {
  refuses(() => of('7fffffffffffffff').int64('v'), /^v: integer is beyond 2\^53$/)
  refuses(() => of('ffe0000000000000').int64('v'), /beyond/)
  assert.equal(of('ffe0000000000001').int64('v'), Number.MIN_SAFE_INTEGER)
  assert.equal(of('7fffffffffffffff').int64Big('v'), 2n ** 63n - 1n)
  assert.equal(of('7fffffffffffffff').int64Near('v'), 2 ** 63)
  assert.equal(of('ffffffffffffffff').int64Near('v'), -1)
  assert.equal(of('ffe0000000000001').int64Near('v'), Number.MIN_SAFE_INTEGER)
})

test('tagged fields: unknown ones are skipped, any order is read, false sizes are refused', () => {
  const one = compile('One', struct({ a: int8, b: tagged(1, int16, 7) }), 0, true)
  assert.deepEqual(one.read(of('05 00')), { a: 5, b: 7 })
  assert.deepEqual(one.read(of('05 03 00 01 ff 01 02 0009 05 00')), { a: 5, b: 9 })
  assert.deepEqual(one.read(of('05 02 01 02 0009 01 02 0008')), { a: 5, b: 8 })
  assert.deepEqual(one.read(of('05 03 03 00 01 02 0009 00 00')), { a: 5, b: 9 })
  refuses(() => one.read(of('05 01 01 03 000900')), /tagged field ends/)
  refuses(() => one.read(of('05 01 01 09 0009')), /9 bytes do not fit/)
  refuses(() => one.read(of('05 ff01 01 00')), /255 tagged fields do not fit/)
})

test('bytes come as views of the input, inside the given range only', () => {
  const input = Buffer.from('00010203040506', 'hex')
  const reader = new Reader(input, 2, 5)
  const view = reader.bytes(3, 'v')
  assert.equal(view.buffer, input.buffer)
  assert.deepEqual([...view], [2, 3, 4])
  refuses(() => reader.int8('v'), /^v: 1 bytes do not fit in the 0 that remain$/)
})

test('structs of fixed width know their size and places', () => {
  assert.deepEqual(fixedLayout(struct({ a: int8, b: int16, c: int8 })), {
    size: 4,
    offsets: { a: 0, b: 1, c: 3 },
  })
  assert.throws(() => fixedLayout(struct({ a: string })))
  assert.throws(() => fixedLayout(FetchRequest))
})
