// What the embedded store will hold when the transactions of a group have been written: the map
// that is durable, and above it the changes decided so far. Pure; thrown away when the group was
// written or failed.

import type { Entry, Txn, TxnResult } from './store.ts'
import type { StoreRecord } from './store-record.ts'

export class Draft {
  readonly #base: ReadonlyMap<string, Entry>
  /** The modRevision of keys that the group changed; 0: removed. */
  readonly #changed = new Map<string, number>()
  #revision: number

  constructor(base: ReadonlyMap<string, Entry>, revision: number) {
    this.#base = base
    this.#revision = revision
  }

  /** Whether `txn` holds, and the record to write for it: null when it changes nothing. */
  decide(txn: Txn): { record: (StoreRecord & { kind: 'txn' }) | null; result: TxnResult } {
    const holds = (txn.compare ?? []).every((c) => this.#modRevision(c.key) === c.modRevision)
    const puts = (txn.put ?? []).map(({ key, value }) => [key, value] as const)
    const deletes = (txn.delete ?? []).filter((key) => this.#modRevision(key) !== 0)
    if (!holds || puts.length + deletes.length === 0)
      return { record: null, result: { ok: holds, revision: this.#revision } }
    const revision = ++this.#revision
    for (const key of deletes) this.#changed.set(key, 0)
    for (const [key] of puts) this.#changed.set(key, revision)
    return { record: { kind: 'txn', revision, puts, deletes }, result: { ok: true, revision } }
  }

  #modRevision(key: string): number {
    return this.#changed.get(key) ?? this.#base.get(key)?.modRevision ?? 0
  }
}
