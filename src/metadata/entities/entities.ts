// What the metadata store holds of vhosts, exchanges, queues and bindings, read once when a node
// starts. The broker keeps it from then on and writes each change with `entityTxn` parts of its
// own; nothing else writes these keys.
import { MetadataFormatError } from '../image.ts'
import type { Entry, MetadataStore } from '../store.ts'
import {
  type BindingEnds,
  type BindingValue,
  bindingPrefix,
  type ExchangeValue,
  exchangePrefix,
  parseBinding,
  parseExchange,
  parseQueue,
  parseVhost,
  partsOf,
  type QueueValue,
  queuePrefix,
  type VhostValue,
  vhostPrefix,
} from './entity-keys.ts'

export interface StoredVhost extends VhostValue {
  readonly name: string
}

export interface StoredExchange extends ExchangeValue {
  readonly vhost: string
  readonly name: string
}

export interface StoredQueue extends QueueValue {
  readonly vhost: string
  readonly name: string
}

export interface StoredBinding extends BindingValue, BindingEnds {
  readonly vhost: string
  readonly key: string
}

export interface Entities {
  readonly vhosts: readonly StoredVhost[]
  readonly exchanges: readonly StoredExchange[]
  readonly queues: readonly StoredQueue[]
  readonly bindings: readonly StoredBinding[]
}

/** Rejects with MetadataFormatError when the store holds what this release does not understand. */
export async function readEntities(store: MetadataStore): Promise<Entities> {
  const all = async <T>(prefix: string, of: (entry: Entry) => T | null): Promise<T[]> =>
    (await store.range(prefix)).entries.map((entry) => {
      const read = of(entry)
      if (read !== null) return read
      throw new MetadataFormatError(`the metadata key ${entry.key} is not of a known format`)
    })
  return {
    vhosts: await all(vhostPrefix, readVhost),
    exchanges: await all(exchangePrefix, readExchange),
    queues: await all(queuePrefix, readQueue),
    bindings: await all(bindingPrefix, readBinding),
  }
}

function readVhost({ key, value }: Entry): StoredVhost | null {
  const [name] = partsOf(vhostPrefix, key, 1) ?? []
  const parsed = parseVhost(value)
  return name === undefined || parsed === null ? null : { name, ...parsed }
}

function readExchange({ key, value }: Entry): StoredExchange | null {
  const [vhost, name] = partsOf(exchangePrefix, key, 2) ?? []
  const parsed = parseExchange(value)
  if (vhost === undefined || name === undefined || parsed === null) return null
  return { vhost, name, ...parsed }
}

function readQueue({ key, value }: Entry): StoredQueue | null {
  const [vhost, name] = partsOf(queuePrefix, key, 2) ?? []
  const parsed = parseQueue(value)
  if (vhost === undefined || name === undefined || parsed === null) return null
  return { vhost, name, ...parsed }
}

function readBinding({ key, value }: Entry): StoredBinding | null {
  const [vhost, source, letter, target] = partsOf(bindingPrefix, key, 5) ?? []
  const parsed = parseBinding(value)
  if (vhost === undefined || source === undefined || target === undefined) return null
  if (parsed === null || (letter !== 'q' && letter !== 'e')) return null
  return { vhost, key, source, kind: letter === 'q' ? 'queue' : 'exchange', target, ...parsed }
}
