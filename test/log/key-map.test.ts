// The key map against a plain map, and how it says that it is full.
import assert from 'node:assert/strict'
import test from 'node:test'
import { KeyMap } from '../../src/log/compaction/key-map.ts'
import { seeded } from '../wire/random-value.ts'

test('latest offsets are those of a plain map', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed)
    const keys = new KeyMap(KeyMap.bytesFor(500), 0)
    const plain = new Map<string, number>()
    for (let offset = 0; offset < 1000; offset++) {
      const key = `k${Math.floor(random() * 500)}`
      assert.ok(keys.note(Buffer.from(key), offset), `seed ${seed}`)
      plain.set(key, offset)
    }
    assert.equal(keys.size, plain.size)
    for (let i = 0; i < 500; i++)
      assert.equal(
        keys.latest(Buffer.from(`k${i}`)),
        plain.get(`k${i}`) ?? -1,
        `seed ${seed}, k${i}`,
      )
  }
})

test('a full map takes known keys and refuses new ones, within its bytes', () => {
  const keys = new KeyMap(2400, 0)
  assert.equal(keys.capacity, 75)
  for (let i = 0; i < 75; i++) assert.ok(keys.note(Buffer.from([i]), i))
  assert.equal(keys.note(Buffer.from('new'), 75), false)
  assert.ok(keys.note(Buffer.from([7]), 76))
  assert.equal(keys.latest(Buffer.from([7])), 76)
  assert.equal(keys.latest(Buffer.from('new')), -1)
  assert.ok(keys.note(Buffer.from([0]), 2 ** 52))
  assert.equal(keys.latest(Buffer.from([0])), 2 ** 52)
})
