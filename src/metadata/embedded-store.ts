// The metadata store of a single node: a map in memory, and a record file in which each transaction
// is one record. Invariants: the map holds exactly the transactions that are durable and answered;
// a transaction is compared with all that went before it, so they are worked off one group at a
// time, each group made durable by one write. Nothing is removed because it could not be read: a
// file that is damaged or of a newer format stops the start.
//
//   txn, txn, txn ──▶ waiting ──▶ compare on a draft ──▶ append ──▶ map, watchers, answers
//
// When the file has doubled it is rewritten from the map, between two groups.
import { Alike } from '../base/alike.ts'
import { assert } from '../base/assert.ts'
import type { Disk } from '../io/disk.ts'
import { RecordFile } from '../io/record-file.ts'
import { limits } from '../model/limits.ts'
import type { Change, ChangeSet, Entry, MetadataStore, Txn, TxnResult, Watch } from './store.ts'
import { Draft } from './store-draft.ts'
import { decodeRecord, encodeRecord, StoreFormatError, type StoreRecord } from './store-record.ts'

/** In one piece: what a text was put together from is not kept. */
const flat = (text: string): string => Buffer.from(text, 'utf8').toString('utf8')

/** A file below this is not worth a rewrite. */
const rewriteBytesMin = 1 << 20
/** How much of the waiting transactions one write takes, beyond one of any size. */
const groupBytesMax = 1 << 20
/** Where a record of live entries ends. */
const entriesBytes = 1 << 16

interface Waiting {
  readonly txn: Txn
  readonly resolve: (result: TxnResult) => void
  readonly reject: (error: unknown) => void
}

interface Watcher {
  readonly prefix: string
  readonly listener: (changes: ChangeSet) => void
}

/** A transaction of the group that is being written. */
interface Accepted {
  readonly waiting: Waiting
  readonly record: (StoreRecord & { kind: 'txn' }) | null
  readonly result: TxnResult
}

export interface EmbeddedStoreOptions {
  /** For tests: the size from which the file may be rewritten. */
  readonly rewriteBytesMin?: number
  /** Told when the file ended in a write that never finished. */
  readonly report?: (line: string) => void
  /** Told when a write failed: no transaction is made durable after it. */
  readonly failed?: (cause: unknown) => void
}

export class EmbeddedStore implements MetadataStore {
  readonly #file: RecordFile
  readonly #rewriteBytesMin: number
  readonly #failed: (cause: unknown) => void
  readonly #entries = new Map<string, Entry>()
  readonly #values = new Alike<string>()
  readonly #watchers = new Set<Watcher>()
  #revision = 0
  /** The file is rewritten when it has grown to this: twice what it held when it was tidy. */
  #rewriteFrom: number
  #rewriteFailure: unknown = null
  #waiting: Waiting[] = []
  #running: Promise<void> | null = null
  #closed = false

  /**
   * Opens or creates the store at `path`, whose folder must exist. Rejects with CorruptFileError or
   * StoreFormatError, leaving the file as it is, when it cannot be understood.
   */
  static async open(
    disk: Disk,
    path: string,
    options: EmbeddedStoreOptions = {},
  ): Promise<EmbeddedStore> {
    const store = await EmbeddedStore.read(disk, path, options)
    await store.settle()
    return store
  }

  /** The same, but nothing is written, and no transaction taken, before `settle`. */
  static async read(
    disk: Disk,
    path: string,
    options: EmbeddedStoreOptions = {},
  ): Promise<EmbeddedStore> {
    const maxRecordBytes = limits.metadataTxnBytes
    const { file, records } = await RecordFile.read(disk, path, {
      maxRecordBytes,
      ...(options.report && { report: options.report }),
    })
    const store = new EmbeddedStore(file, options)
    for (const record of records) store.#replay(decodeRecord(record))
    store.#tidyAt(store.#liveBytes())
    return store
  }

  /** What was read is durable now, and a torn tail is cut. */
  async settle(): Promise<void> {
    await this.#file.settle()
  }

  private constructor(file: RecordFile, options: EmbeddedStoreOptions) {
    this.#file = file
    this.#rewriteBytesMin = options.rewriteBytesMin ?? rewriteBytesMin
    this.#failed = options.failed ?? (() => undefined)
    this.#rewriteFrom = this.#rewriteBytesMin
  }

  get revision(): number {
    return this.#revision
  }

  get(key: string): Promise<Entry | null> {
    return Promise.resolve(this.#entries.get(key) ?? null)
  }

  range(prefix: string): Promise<{ entries: readonly Entry[]; revision: number }> {
    const entries = [...this.#entries.values()].filter((e) => e.key.startsWith(prefix))
    entries.sort((a, b) => (a.key < b.key ? -1 : 1))
    return Promise.resolve({ entries, revision: this.#revision })
  }

  txn(txn: Txn): Promise<TxnResult> {
    assert(!this.#closed, 'the metadata store is closed')
    return new Promise((resolve, reject) => {
      this.#waiting.push({ txn, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  watch(
    prefix: string,
    afterRevision: number,
    listener: (changes: ChangeSet) => void,
  ): Watch | null {
    // Only the present is kept in memory, and it changes within one turn with what `revision` says.
    if (afterRevision !== this.#revision) return null
    const watcher = { prefix, listener }
    this.#watchers.add(watcher)
    return { cancel: () => this.#watchers.delete(watcher) }
  }

  /** Waits for the transactions asked for before; none may follow. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#running) await this.#running
    await this.#file.close()
  }

  #replay(record: StoreRecord): void {
    const next = record.kind === 'txn' ? this.#revision + 1 : Math.max(1, this.#revision)
    if (record.revision < next || (record.kind === 'txn' && record.revision !== next))
      throw new StoreFormatError(`metadata revision ${record.revision} where ${next} was due`)
    this.#revision = record.revision
    if (record.kind === 'txn') this.#apply(record)
    else
      for (const entry of record.entries)
        this.#entries.set(entry.key, { ...entry, value: this.#kept(entry.value) })
  }

  #kept(value: string): string {
    return this.#values.same(value, flat(value))
  }

  /** Works off the queue; never rejects. */
  async #run(): Promise<void> {
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup()
      try {
        const records = group.flatMap(({ record }) => (record ? [encodeRecord(record)] : []))
        await this.#file.append(records)
      } catch (error) {
        this.#failed(error)
        for (const { waiting } of group) waiting.reject(error)
        continue
      }
      for (const accepted of group) this.#publish(accepted)
      await this.#rewriteIfGarbage()
    }
    this.#running = null
  }

  /** Takes waiting transactions and decides each on a draft that holds those before it. */
  #nextGroup(): Accepted[] {
    const draft = new Draft(this.#entries, this.#revision)
    const group: Accepted[] = []
    let bytes = 0
    for (const waiting of this.#waiting) {
      const cost = costOf(waiting.txn)
      if (group.length > 0 && bytes + cost > groupBytesMax) break
      bytes += cost
      group.push({ waiting, ...draft.decide(waiting.txn) })
    }
    this.#waiting.splice(0, group.length)
    return group
  }

  #publish({ waiting, record, result }: Accepted): void {
    if (record) {
      this.#revision = record.revision
      const changes = this.#apply(record)
      for (const watcher of [...this.#watchers]) this.#tell(watcher, record.revision, changes)
    }
    waiting.resolve(result)
  }

  #tell(watcher: Watcher, revision: number, all: readonly Change[]): void {
    const changes = all.filter((c) =>
      (c.kind === 'put' ? c.entry.key : c.key).startsWith(watcher.prefix),
    )
    if (changes.length > 0 && this.#watchers.has(watcher)) watcher.listener({ revision, changes })
  }

  #apply(record: StoreRecord & { kind: 'txn' }): Change[] {
    const deletes = record.deletes.map((key): Change => {
      this.#entries.delete(key)
      return { kind: 'delete', key }
    })
    const puts = record.puts.map(([key, value]): Change => {
      const entry = { key: flat(key), value: this.#kept(value), modRevision: record.revision }
      this.#entries.set(entry.key, entry)
      return { kind: 'put', entry }
    })
    return [...deletes, ...puts]
  }

  /** About the bytes of a file without garbage. */
  #liveBytes(): number {
    let bytes = 0
    for (const entry of this.#entries.values()) bytes += sizeOf(entry)
    return bytes
  }

  #tidyAt(bytes: number): void {
    this.#rewriteFrom = Math.max(this.#rewriteBytesMin, 2 * bytes)
  }

  /** A failed rewrite leaves the file as it was; whether it takes appends, the next one shows. */
  async #rewriteIfGarbage(): Promise<void> {
    if (this.#file.bytes < this.#rewriteFrom) return
    this.#rewriteFailure = null
    await this.#file.rewrite(this.#liveRecords()).catch((error: unknown) => {
      this.#rewriteFailure = error
    })
    this.#tidyAt(this.#file.bytes)
  }

  /** All entries as records of moderate size; at least one, which carries the revision. */
  #liveRecords(): Uint8Array[] {
    const records: Uint8Array[] = []
    let part: Entry[] = []
    let bytes = 0
    const cut = () => {
      records.push(encodeRecord({ kind: 'entries', revision: this.#revision, entries: part }))
      part = []
      bytes = 0
    }
    for (const entry of this.#entries.values()) {
      part.push(entry)
      bytes += sizeOf(entry)
      if (bytes >= entriesBytes) cut()
    }
    if (part.length > 0 || records.length === 0) cut()
    return records
  }

  /** Why the last rewrite failed, for the operator; null when it did not. */
  get rewriteFailure(): unknown {
    return this.#rewriteFailure
  }
}

const sizeOf = (entry: Entry): number => entry.key.length + entry.value.length + 32

/** An upper bound of a transaction's record, in bytes, as JSON may write six for one character. */
function costOf(txn: Txn): number {
  let characters = 64
  for (const { key, value } of txn.put ?? []) characters += key.length + value.length + 8
  for (const key of txn.delete ?? []) characters += key.length + 4
  return characters * 6
}
