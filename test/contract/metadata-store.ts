// What every MetadataStore must do. `open` gives a fresh, empty store.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ChangeSet, MetadataStore } from '../../src/metadata/store.ts'

export function metadataStoreContract(name: string, open: () => Promise<MetadataStore>): void {
  const run = (title: string, body: (store: MetadataStore) => Promise<void>) =>
    test(title, async () => {
      const store = await open()
      await body(store)
      await store.close()
    })
  const put = (store: MetadataStore, key: string, value: string) =>
    store.txn({ put: [{ key, value }] })

  describe(`metadata store: ${name}`, () => {
    run('a key is there with the revision that put it', async (store) => {
      assert.equal(await store.get('/a'), null)
      assert.deepEqual(await put(store, '/a', 'one'), { ok: true, revision: 1 })
      await put(store, '/b', 'other')
      assert.deepEqual(await store.get('/a'), { key: '/a', value: 'one', modRevision: 1 })
      assert.equal((await put(store, '/a', 'two')).revision, 3)
      assert.equal((await store.get('/a'))?.modRevision, 3)
      assert.equal(store.revision, 3)
    })

    run('a range is sorted and keeps to its prefix', async (store) => {
      for (const key of ['/b/2', '/a', '/b/1', '/c']) await put(store, key, key)
      const { entries, revision } = await store.range('/b/')
      assert.deepEqual(
        entries.map((e) => e.key),
        ['/b/1', '/b/2'],
      )
      assert.equal(revision, 4)
    })

    run('a comparison that fails changes nothing', async (store) => {
      await put(store, '/a', 'one')
      const txn = { compare: [{ key: '/a', modRevision: 0 }], put: [{ key: '/b', value: 'x' }] }
      assert.deepEqual(await store.txn(txn), { ok: false, revision: 1 })
      assert.equal(await store.get('/b'), null)
      assert.ok((await store.txn({ ...txn, compare: [{ key: '/a', modRevision: 1 }] })).ok)
      assert.ok((await store.txn({ ...txn, compare: [{ key: '/new', modRevision: 0 }] })).ok)
    })

    run('of many that ask at once, one wins, and later ones see it', async (store) => {
      const tries = Array.from({ length: 20 }, (_, i) =>
        store.txn({
          compare: [{ key: '/a', modRevision: 0 }],
          put: [{ key: '/a', value: `${i}` }],
        }),
      )
      const won = (await Promise.all(tries)).filter((result) => result.ok)
      assert.equal(won.length, 1)
      assert.equal(store.revision, 1)
    })

    run('deleting what is not there is no change', async (store) => {
      assert.deepEqual(await store.txn({ delete: ['/a'] }), { ok: true, revision: 0 })
      await put(store, '/a', '')
      assert.equal((await store.txn({ delete: ['/a'] })).revision, 2)
      assert.equal(await store.get('/a'), null)
      assert.ok((await store.txn({ compare: [{ key: '/a', modRevision: 0 }] })).ok)
    })

    run('a watch tells each change set whole, in order, below its prefix', async (store) => {
      const seen: ChangeSet[] = []
      const watch = store.watch('/w/', 0, (changes) => seen.push(changes))
      assert.ok(watch)
      const txn = store.txn({ put: ['/w/1', '/x', '/w/2'].map((key) => ({ key, value: 'v' })) })
      await Promise.all([txn, put(store, '/x', 'y'), store.txn({ delete: ['/w/1'] })])
      watch.cancel()
      await put(store, '/w/3', 'unseen')
      assert.deepEqual(
        seen.map((s) => [s.revision, s.changes.map((c) => c.kind)]),
        [
          [1, ['put', 'put']],
          [3, ['delete']],
        ],
      )
    })
  })
}
