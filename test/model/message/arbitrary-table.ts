// Field tables of any shape, for the property tests of this folder.
import fc from 'fast-check'
import type { FieldTable, FieldValue } from '../../../src/model/message/field.ts'

const number = (type: 'b' | 'B' | 's' | 'u' | 'I' | 'i', min: number, max: number) =>
  fc.integer({ min, max }).map((value): FieldValue => ({ type, value }))
const name = fc.string({ unit: 'grapheme', maxLength: 20 })
const bytes = fc.uint8Array({ maxLength: 40 })

export const { table } = fc.letrec<{ value: FieldValue; table: FieldTable }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.boolean().map((value): FieldValue => ({ type: 't', value })),
    number('b', -128, 127),
    number('B', 0, 255),
    number('s', -32768, 32767),
    number('u', 0, 65535),
    number('I', -(2 ** 31), 2 ** 31 - 1),
    number('i', 0, 2 ** 32 - 1),
    fc.float({ noNaN: true }).map((value): FieldValue => ({ type: 'f', value })),
    fc.double({ noNaN: true }).map((value): FieldValue => ({ type: 'd', value })),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((value): FieldValue => ({ type: 'l', value })),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value): FieldValue => ({ type: 'T', value })),
    fc
      .tuple(fc.nat({ max: 255 }), fc.integer())
      .map(([scale, value]): FieldValue => ({ type: 'D', scale, value })),
    fc
      .tuple(fc.constantFrom('S' as const, 'x' as const), bytes)
      .map(([type, value]): FieldValue => ({ type, value })),
    fc.array(tie('value'), { maxLength: 4 }).map((value): FieldValue => ({ type: 'A', value })),
    tie('table').map((value): FieldValue => ({ type: 'F', value })),
    fc.constant<FieldValue>({ type: 'V' }),
  ),
  table: fc
    .array(fc.tuple(name, tie('value')), { maxLength: 5 })
    .map((entries): FieldTable => new Map(entries)),
}))
