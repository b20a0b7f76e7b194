import assert from 'node:assert/strict'
import test from 'node:test'
import { type ProducerIdBlocks, ProducerIds } from '../../src/coordinator/producer-ids.ts'

class Blocks implements ProducerIdBlocks {
  reserved = 0
  isBroken = false
  private readonly size: number

  constructor(size: number) {
    this.size = size
  }

  reserveBlock(): Promise<number> {
    if (this.isBroken) return Promise.reject(new Error('no store'))
    return Promise.resolve(this.reserved++ * this.size)
  }
}

const take = (ids: ProducerIds): Promise<number | string> =>
  new Promise((resolve) =>
    ids.initProducerId((r) => resolve(r.ok ? r.value.producerId : `${r.error}: ${r.message}`)),
  )

test('producer ids: never twice, over many blocks and with many at once', async () => {
  const blocks = new Blocks(10)
  const ids = new ProducerIds(blocks, 10)
  const first = await Promise.all(Array.from({ length: 35 }, () => take(ids)))
  for (let i = 0; i < 35; i++) first.push(await take(ids))
  assert.equal(new Set(first).size, 70)
  assert.ok(first.every((id) => typeof id === 'number' && id >= 0))
  const afterRestart = await take(new ProducerIds(blocks, 10))
  assert.ok(!first.includes(afterRestart))
})

test('producer ids: the next block is there before this one ends', async () => {
  const blocks = new Blocks(1_000)
  const ids = new ProducerIds(blocks)
  await take(ids)
  assert.equal(blocks.reserved, 1)
  for (let i = 0; i < 950; i++) await take(ids)
  assert.equal(blocks.reserved, 2)
})

test('producer ids: without a store one may try again', async () => {
  const blocks = new Blocks(10)
  const ids = new ProducerIds(blocks, 10)
  blocks.isBroken = true
  assert.equal(await take(ids), 'coordinatorNotAvailable: no store')
  blocks.isBroken = false
  assert.equal(await take(ids), 0)
})
