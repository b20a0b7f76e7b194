import assert from 'node:assert/strict'
import test from 'node:test'
import { arePlainlyWhole } from '../../src/model/plain-records.ts'
import { RecordWalk, writeRecords } from '../../src/model/records.ts'

/** What the careful walk says. */
function isWhole(records: Uint8Array, count: number): boolean {
  const walk = new RecordWalk(records)
  let n = 0
  while (walk.next()) if (walk.offsetDelta !== n++) return false
  return walk.problem === null && n === count
}

const sample = (sizes: readonly number[]): Uint8Array =>
  writeRecords(
    sizes.map((size, i) => ({
      key: i % 3 === 0 ? null : Buffer.alloc(i % 200, 'k'),
      value: i % 7 === 3 ? null : Buffer.alloc(size, 'v'),
    })),
  )

test('records of every usual size are plainly whole', () => {
  for (const sizes of [[0], [1, 2, 3], [60, 61, 62, 63, 64, 65], [8190, 8191, 8192, 20_000]])
    assert.equal(arePlainlyWhole(sample(sizes), sizes.length), true)
  const many = Array.from({ length: 20_000 }, (_, i) => i % 150)
  assert.equal(arePlainlyWhole(sample(many), many.length), true)
})

test('it never says yes to what the careful walk refuses', () => {
  const sizes = [5, 0, 130, 64, 3, 9]
  const good = sample(sizes)
  for (let at = 0; at < good.length; at++)
    for (const value of [0, 1, 2, 0x7f, 0x80, 0xff, (good[at] as number) ^ 1]) {
      const bad = Uint8Array.from(good)
      bad[at] = value
      for (const count of [sizes.length - 1, sizes.length, sizes.length + 1])
        if (arePlainlyWhole(bad, count)) assert.ok(isWhole(bad, count), `byte ${at} = ${value}`)
    }
  for (let length = 0; length < good.length; length++)
    for (let count = 1; count <= sizes.length; count++)
      if (arePlainlyWhole(good.subarray(0, length), count))
        assert.ok(isWhole(good.subarray(0, length), count), `cut at ${length}`)
})
