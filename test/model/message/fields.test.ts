import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FieldTable, FieldValue } from '../../../src/model/message/field.ts'
import { decodeTable, encodeTable } from '../../../src/model/message/field-codec.ts'
import { scanTable } from '../../../src/model/message/field-scan.ts'
import { WireError } from '../../../src/wire/wire-error.ts'
import { table } from './arbitrary-table.ts'

test('a table of any values comes back as it was', () => {
  fc.assert(
    fc.property(table, (wanted) => {
      assert.deepEqual(decodeTable(encodeTable(wanted)), wanted)
    }),
    { numRuns: 500 },
  )
})

test('bytes as another implementation writes them', () => {
  // {"n": int32 1, "s": "ab", "l": [true, void]} of the specification's grammar, by hand.
  const hex =
    '0000001a' + '016e4900000001' + '0173530000000261' + '62' + '016c41' + '00000003' + '740156'
  const expected: FieldTable = new Map<string, FieldValue>([
    ['n', { type: 'I', value: 1 }],
    ['s', { type: 'S', value: new Uint8Array([0x61, 0x62]) }],
    ['l', { type: 'A', value: [{ type: 't', value: true }, { type: 'V' }] }],
  ])
  assert.deepEqual(decodeTable(Buffer.from(hex, 'hex')), expected)
  assert.equal(Buffer.from(encodeTable(expected)).toString('hex'), hex)
})

/** What is wrong with it, or ''. */
function faultOf(read: () => unknown): string {
  try {
    read()
    return ''
  } catch (error) {
    assert(error instanceof WireError, String(error))
    return error.message
  }
}

test('bytes that are cut or changed are refused with one error, or read as another table', () => {
  fc.assert(
    fc.property(table, fc.nat(), fc.nat({ max: 255 }), (wanted, at, byte) => {
      const good = encodeTable(wanted)
      const bad = Uint8Array.from(good)
      bad[at % bad.length] = byte
      // Looking through them finds the same fault, or the end.
      for (const bytes of [good, bad, good.subarray(0, at % good.length)])
        assert.equal(
          faultOf(() => scanTable(bytes)),
          faultOf(() => decodeTable(bytes)),
        )
      assert.equal(scanTable(Buffer.concat([good, Uint8Array.of(byte)])), good.length)
    }),
    { numRuns: 2000 },
  )
})

test('tables in tables end somewhere', () => {
  let deep: FieldTable = new Map()
  for (let i = 0; i < 40; i++) deep = new Map([['a', { type: 'F', value: deep }]])
  assert.throws(() => decodeTable(encodeTable(deep)), WireError)
  assert.match(
    faultOf(() => scanTable(encodeTable(deep))),
    /more than 32 deep/,
  )
})
