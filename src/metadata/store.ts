// The store of metadata as the rest of the house sees it: keys with values, one revision per
// change, and compare-and-swap on every change. The embedded store (embedded-store.ts) implements
// it for one node; the semantics are those of etcd, so that a cluster can keep the same keys there.
// One contract suite (test/contract/metadata-store.ts) holds every implementation.
//
// Revisions count transactions that changed something, from 1. Within one revision a key stands
// once.

export interface Entry {
  readonly key: string
  readonly value: string
  /** The revision that last put the key. */
  readonly modRevision: number
}

export interface Compare {
  readonly key: string
  /** What the key's `modRevision` must be; 0: the key must not exist. */
  readonly modRevision: number
}

export interface Txn {
  /** All must hold, or nothing happens. */
  readonly compare?: readonly Compare[]
  readonly put?: readonly { readonly key: string; readonly value: string }[]
  /** Keys to remove; one that is not there is ignored. */
  readonly delete?: readonly string[]
}

export interface TxnResult {
  /** Whether every comparison held, and so the change was made. */
  readonly ok: boolean
  /** The revision of the change, or of the store when nothing changed. */
  readonly revision: number
}

export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'delete'; readonly key: string }

/** All that one transaction changed below the watched prefix; never empty. */
export interface ChangeSet {
  readonly revision: number
  readonly changes: readonly Change[]
}

export interface MetadataStore {
  /** The last revision that is durable. */
  readonly revision: number
  get(key: string): Promise<Entry | null>
  /** Entries whose key starts with `prefix`, by key, all of one revision, which is returned too. */
  range(prefix: string): Promise<{ readonly entries: readonly Entry[]; readonly revision: number }>
  /**
   * Makes the change if the comparisons hold. Durable when it resolves, and then every later read
   * and every watch sees it. Rejects when the disk (or the cluster) fails: the change may then have
   * happened or not.
   */
  txn(txn: Txn): Promise<TxnResult>
  /**
   * Calls `listener` for every change set after `afterRevision`, in order, each once, never within
   * this call. Returns null when those changes are no longer known: then read a range and watch
   * from there.
   */
  watch(prefix: string, afterRevision: number, listener: (changes: ChangeSet) => void): Watch | null
  close(): Promise<void>
}

export interface Watch {
  cancel(): void
}
