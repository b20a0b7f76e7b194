import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { RecordFile } from '../../src/io/record-file.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'
import { SimDisk } from '../../src/io/sim/sim-disk.ts'
import { EmbeddedStore } from '../../src/metadata/embedded-store.ts'
import { metadataStoreContract } from '../contract/metadata-store.ts'

metadataStoreContract('embedded', () => EmbeddedStore.open(memoryDisk(), 'metadata'))

const all = async (store: EmbeddedStore) => (await store.range('')).entries

test('a store that is opened again holds the same, revisions too', async () => {
  const disk = memoryDisk()
  const before = await EmbeddedStore.open(disk, 'metadata')
  await before.txn({ put: [{ key: '/a', value: 'é"\n' }] })
  await before.txn({ put: [{ key: '/b', value: '2' }], delete: ['/a'] })
  const entries = await all(before)
  await before.close()
  const after = await EmbeddedStore.open(disk, 'metadata')
  assert.deepEqual(await all(after), entries)
  assert.equal(after.revision, 2)
  await after.close()
})

test('garbage is left behind by a rewrite', async () => {
  const disk = memoryDisk()
  const options = { rewriteBytesMin: 10_000 }
  const store = await EmbeddedStore.open(disk, 'metadata', options)
  await store.txn({ put: [{ key: '/kept', value: 'kept' }] })
  for (let i = 0; i < 1000; i++) await store.txn({ put: [{ key: '/a', value: `value ${i}` }] })
  const entries = await all(store)
  await store.close()
  const file = await disk.open('metadata', { access: 'read' })
  assert.ok((await file.size()) < 12_000)
  await file.close()
  const after = await EmbeddedStore.open(disk, 'metadata', options)
  assert.equal(after.revision, 1001)
  assert.deepEqual(await all(after), entries)
  assert.equal((await after.txn({ delete: ['/a'] })).revision, 1002)
  await after.close()
})

test('a record of another format stops the start and stays', async () => {
  const disk = memoryDisk()
  const { file } = await RecordFile.open(disk, 'metadata', { maxRecordBytes: 1000 })
  await file.append([Buffer.from('\x09[]')])
  await file.close()
  for (let i = 0; i < 2; i++)
    await assert.rejects(EmbeddedStore.open(disk, 'metadata'), { name: 'StoreFormatError' })
})

test('a write that fails is told before it is answered', async () => {
  const clock = new SimClock()
  const disk = new SimDisk(clock, new SimChance(1))
  const told: unknown[] = []
  const work = async () => {
    const store = await EmbeddedStore.open(disk, 'metadata', { failed: (e) => told.push(e) })
    disk.faults.failNext('write', 'ENOSPC')
    const put = [{ key: '/a', value: '1' }]
    await assert.rejects(store.txn({ put }), (error) => told.length === 1 && told[0] === error)
    assert.deepEqual(await all(store), [])
    await store.close()
  }
  const done = work()
  await clock.run(10_000)
  await done
})

/** Writes until the power is cut, then holds what is left against what was answered. */
async function crashRun(seed: number): Promise<void> {
  const clock = new SimClock()
  const disk = new SimDisk(clock, new SimChance(seed))
  const draw = new SimChance(seed + 1_000_000)
  const options = { rewriteBytesMin: 2000 }
  let answered = 0
  let asked = 0
  const work = async () => {
    const store = await EmbeddedStore.open(disk, 'metadata', options)
    for (;;) {
      const n = 1 + draw.int(4)
      const txns = Array.from({ length: n }, () => {
        const value = String(++asked)
        const puts = [`/k${asked % 5}`, '/last'].map((key) => ({ key, value }))
        return store.txn({ put: puts }).then((result) => {
          answered = Math.max(answered, result.revision)
        })
      })
      await Promise.all(txns)
    }
  }
  void work()
  await clock.run(5 + draw.int(200))
  await check(disk.crash(), () => clock.run(10_000), answered, asked, options)
}

async function check(
  disk: Disk,
  run: () => Promise<unknown>,
  answered: number,
  asked: number,
  options: { rewriteBytesMin: number },
): Promise<void> {
  const opening = EmbeddedStore.open(disk, 'metadata', options)
  await run()
  const store = await opening
  assert.ok(store.revision >= answered, `${store.revision} of ${answered} answered`)
  assert.ok(store.revision <= asked)
  const last = await store.get('/last')
  assert.equal(last?.value ?? '0', String(store.revision), 'each transaction whole')
  for (const { key, value, modRevision } of await all(store)) {
    assert.equal(value, String(modRevision))
    if (key !== '/last') assert.ok(store.revision - modRevision < 5)
  }
}

test('after a power cut every answered transaction is there, and each whole', async () => {
  for (let seed = 1; seed <= 220; seed++)
    await crashRun(seed).catch((cause: unknown) => {
      throw new Error(`seed ${seed}`, { cause })
    })
})
