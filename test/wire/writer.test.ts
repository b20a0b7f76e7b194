// How the writer lays out chunks: references, growth, frames, tagged fields; and the types of
// drafts.
import assert from 'node:assert/strict'
import test from 'node:test'
import { AssertionFailure } from '../../src/base/assert.ts'
import { type FetchResponse, fetch } from '../../src/protocol/kafka/schema/fetch.ts'
import { compile, emit } from '../../src/wire/compiler.ts'
import { codec } from '../../src/wire/message.ts'
import { Reader } from '../../src/wire/reader.ts'
import {
  array,
  boolean,
  bytes,
  type Draft,
  float64,
  int8,
  int16,
  int32,
  int64,
  int64Big,
  nullable,
  type Of,
  since,
  string,
  struct,
  tagged,
  uuid,
} from '../../src/wire/schema.ts'
import { joined, Writer } from '../../src/wire/writer.ts'

const partition = (partitionIndex: number, records: Uint8Array) => ({
  partitionIndex,
  errorCode: 0,
  highWatermark: 10,
  lastStableOffset: 10,
  abortedTransactions: null,
  records,
})

test('long records go out by reference, between slices of the slab', () => {
  const records = [Buffer.alloc(9000, 1), Buffer.alloc(100, 2), Buffer.alloc(8000, 3)]
  const writer = new Writer()
  writer.frame()
  codec(fetch.response, 11).write(writer, {
    throttleTimeMs: 0,
    responses: [{ topic: 'orders', partitions: records.map((r, i) => partition(i, r)) }],
  })
  const { chunks, length } = writer.finish()
  assert.equal(chunks.length, 4)
  assert.equal(chunks[1], records[0])
  assert.equal(chunks[3], records[2])
  const bytes = joined({ chunks, length })
  assert.equal(bytes.length, length)
  assert.equal(bytes.readInt32BE(0), length - 4)
  const read: FetchResponse = codec(fetch.response, 11).read(new Reader(bytes, 4))
  assert.deepEqual(
    read.responses[0]?.partitions.map((p) => p.records),
    records,
  )
})

test('a message larger than a slab, with tagged fields around the growth, reads back', () => {
  const schema = struct({
    head: int8,
    names: tagged(2, array(string), []),
    inner: tagged(0, struct({ n: int64, s: string }), { n: -1, s: '' }),
  })
  const both = compile('Large', schema, 0, true)
  const value = {
    head: 1,
    names: Array.from({ length: 9000 }, (_, i) => `name number ${i}`),
    inner: { n: 5, s: 'é'.repeat(200) },
  }
  const writer = new Writer()
  both.write(writer, value)
  const bytes = joined(writer.finish())
  assert.ok(bytes.length > 128 * 1024)
  assert.deepEqual(both.read(new Reader(bytes)), value)
})

test('every kind of value survives the change to a new slab in its midst', () => {
  const kinds = struct({
    a: boolean,
    b: int16,
    c: int32,
    d: int64,
    e: int64Big,
    f: float64,
    g: uuid,
    h: string,
    i: bytes,
  })
  const value = {
    a: true,
    b: -2,
    c: 3,
    d: -(2 ** 40),
    e: 2n ** 62n,
    f: 1.5,
    g: '0123456789abcdef'.repeat(2),
    h: 'é',
    i: Buffer.from([1, 2, 3]),
  }
  const both = compile('Kinds', struct({ list: array(kinds) }), 0, true)
  for (let shift = 0; shift < 60; shift++) {
    const writer = new Writer()
    for (let n = 0; n < 64 * 1024 - shift; n++) writer.int8(0)
    writer.finish()
    both.write(writer, { list: [value] })
    assert.deepEqual(both.read(new Reader(joined(writer.finish()))), { list: [value] })
  }
})

test('messages written one after the other do not touch each other', () => {
  const writer = new Writer()
  const schema = compile('Text', struct({ text: string }), 0, false)
  const encoded = Array.from({ length: 3000 }, (_, i) => {
    if (i % 7 === 0) {
      writer.int32(i)
      writer.discard()
    }
    schema.write(writer, { text: `${i}`.repeat(20) })
    return writer.finish()
  })
  encoded.forEach((e, i) => {
    assert.deepEqual(schema.read(new Reader(joined(e))), { text: `${i}`.repeat(20) })
  })
})

test('numbers and strings that the field cannot hold are bugs of the caller', () => {
  const writer = new Writer()
  assert.throws(() => writer.int64(2 ** 53), AssertionFailure)
  assert.throws(() => writer.int64(0.5), AssertionFailure)
  assert.throws(() => writer.uuid('abc'), AssertionFailure)
  assert.throws(() => writer.uuid('z'.repeat(32)), AssertionFailure)
  assert.throws(() => writer.string16('x'.repeat(32768)), AssertionFailure)
  assert.throws(() => codec(fetch.request, 3), AssertionFailure)
})

test('null before the version that allows it is a bug of the caller', () => {
  const early = compile('Early', struct({ text: nullable(string, 2) }), 1, false)
  assert.throws(() => early.write(new Writer(), { text: null }), TypeError)
})

test('what a version lacks may be left out of a draft, and is there when read', () => {
  const schema = struct({ a: int32, b: since(2, int32, -1), c: tagged(0, string, 'none') })
  const draft: Draft<typeof schema> = { a: 1 }
  // @ts-expect-error: `a` is in every version.
  const without: Draft<typeof schema> = { b: 1 }
  // @ts-expect-error: reading always gives `b`.
  const partial: Of<typeof schema> = { a: 1, c: '' }
  assert.ok(without && partial)
  const both = compile('Draft', schema, 2, true)
  const writer = new Writer()
  both.write(writer, draft)
  const read = both.read(new Reader(joined(writer.finish())))
  assert.deepEqual(read, { a: 1, b: -1, c: 'none' } satisfies Of<typeof schema>)
})

test('compiled code names itself in stack traces', () => {
  const source = emit('FetchRequest', fetch.request.body, { number: 12, flexible: true })
  assert.match(source, /\/\/# sourceURL=wire\/FetchRequest@12$/)
})
