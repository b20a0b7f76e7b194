// What a partition remembers of the producers that number their batches, so that a batch sent twice
// is stored once: the last five batches of each producer id, as clients have five requests in
// flight. It is derived from the log alone: snapshots come with the manifest, the rest from replay.
// A node remembers a bounded number of producers; beyond it the one that has been silent longest is
// forgotten, in whichever partition, as if its id had expired there.
// The partition log asks before each append and tells after it. Kafka: "Idempotent producer",
// KIP-98, KIP-360.
import type { ErrorName } from '../model/errors.ts'
import { noProducerEpoch } from '../model/ids.ts'

const remembered = 5
const maxSequence = 0x7fffffff

/** A batch as its producer numbered it. */
export interface NumberedBatch {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly timestampMs: number
}

/** [first sequence, last sequence, base offset, last offset, timestamp] */
type Remembered = readonly [number, number, number, number, number]

export interface ProducerSnapshot {
  readonly id: number
  readonly epoch: number
  /** Of its last append, ms since 1970: expiry counts from it. */
  readonly lastMs: number
  readonly batches: readonly Remembered[]
}

interface Producer {
  readonly owner: ProducerState
  readonly id: number
  epoch: number
  lastMs: number
  batches: Remembered[]
}

export type SequenceCheck =
  | { readonly kind: 'next' }
  | { readonly kind: 'duplicate'; readonly baseOffset: number; readonly timestampMs: number }
  | { readonly kind: 'refused'; readonly error: ErrorName; readonly message: string }

const next: SequenceCheck = { kind: 'next' }

export const sequenceAfter = (sequence: number, count: number): number =>
  sequence > maxSequence - count ? count - (maxSequence - sequence) - 1 : sequence + count

/** The producers that all partitions of a node remember together. */
export class ProducerBudget {
  readonly #most: number
  /** The longest silent first. */
  readonly #bySilence = new Set<Producer>()

  constructor(most: number) {
    this.#most = most
  }

  /** It has been heard of; the one that has been silent longest may have to go for it. */
  heard(producer: Producer): void {
    this.#bySilence.delete(producer)
    this.#bySilence.add(producer)
    const [silent] = this.#bySilence.size > this.#most ? this.#bySilence : []
    silent?.owner.forget(silent.id)
  }

  drop(producer: Producer): void {
    this.#bySilence.delete(producer)
  }
}

export class ProducerState {
  readonly #budget: ProducerBudget
  /** Most partitions have none. */
  #producers: Map<number, Producer> | null = null
  /** True when something changed since the last snapshot. */
  dirty = false
  /** Offset of the newest record that a producer numbered. */
  lastOffset = -1

  constructor(budget: ProducerBudget, snapshots: readonly ProducerSnapshot[] = []) {
    this.#budget = budget
    for (const { id, epoch, lastMs, batches } of snapshots)
      this.#put({ owner: this, id, epoch, lastMs, batches: [...batches] })
  }

  get count(): number {
    return this.#producers?.size ?? 0
  }

  /** May this batch be appended now? Changes nothing. */
  check(producerId: number, epoch: number, first: number, last: number): SequenceCheck {
    const producer = this.#producers?.get(producerId)
    // Nothing known (expired, deleted, new): any sequence may start. Refusing would be fatal to
    // clients.
    if (producer === undefined) return next
    if (epoch < producer.epoch)
      return refused('invalidProducerEpoch', `epoch ${epoch} is older than ${producer.epoch}`)
    if (epoch > producer.epoch)
      return first === 0 || producer.epoch === noProducerEpoch
        ? next
        : refused('outOfOrderSequence', `a new epoch starts with sequence 0, not ${first}`)
    const known = producer.batches.find((b) => b[0] === first && b[1] === last)
    if (known !== undefined)
      return { kind: 'duplicate', baseOffset: known[2], timestampMs: known[4] }
    const newest = producer.batches[producer.batches.length - 1]
    if (newest === undefined || epoch === noProducerEpoch) return next
    if (first === sequenceAfter(newest[1], 1)) return next
    return refused('outOfOrderSequence', `sequence ${first} came after ${newest[1]}`)
  }

  /**
   * The batch has been appended; or, at replay, is found in the log. Older ones than known are
   * passed over.
   */
  note(batch: NumberedBatch): void {
    const { producerId: id, producerEpoch: epoch } = batch
    const known = this.#producers?.get(id)
    if (known !== undefined && epoch < known.epoch) return
    const isOfEpoch = epoch === known?.epoch
    const producer = isOfEpoch ? known : { owner: this, id, epoch, lastMs: 0, batches: [] }
    if (!isOfEpoch) this.forget(id)
    this.#put(producer)
    const newest = producer.batches[producer.batches.length - 1]
    if (newest !== undefined && batch.baseOffset <= newest[3]) return
    // It began anew where nobody knew it any more: at replay it may still be known.
    if (newest !== undefined && isBehind(batch, newest[1])) producer.batches = []
    producer.lastMs = Math.max(producer.lastMs, batch.timestampMs)
    producer.batches.push([
      batch.baseSequence,
      batch.lastSequence,
      batch.baseOffset,
      batch.lastOffset,
      batch.timestampMs,
    ])
    if (producer.batches.length > remembered) producer.batches.shift()
    this.lastOffset = batch.lastOffset
    this.dirty = true
  }

  #all(): Iterable<Producer> {
    return this.#producers?.values() ?? []
  }

  #put(producer: Producer): void {
    this.#producers ??= new Map()
    this.#producers.set(producer.id, producer)
    this.#budget.heard(producer)
  }

  /** The next batch of this producer may have any sequence. */
  forget(id: number): void {
    const producer = this.#producers?.get(id)
    if (producer === undefined) return
    this.#producers?.delete(id)
    this.#budget.drop(producer)
    this.dirty = true
  }

  /** The partition has gone. */
  clear(): void {
    for (const { id } of this.#all()) this.forget(id)
  }

  /** Forgets producers that have been silent since before `silentSinceMs`. */
  expire(silentSinceMs: number): void {
    for (const { id, lastMs } of this.#all()) if (lastMs < silentSinceMs) this.forget(id)
  }

  /**
   * As of the records below `offset`: those above may yet be lost, and then nobody has sent them.
   * Nothing of whoever began or raised its epoch above: else the batches of the epoch before,
   * found at replay, would count as of that epoch.
   */
  snapshot(below: number): ProducerSnapshot[] {
    const snapshots: ProducerSnapshot[] = []
    for (const { id, epoch, lastMs, batches } of this.#all()) {
      const kept = batches.filter((b) => b[3] < below)
      if (kept.length > 0) snapshots.push({ id, epoch, lastMs, batches: kept })
    }
    return snapshots
  }

  *active(): Iterable<{ id: number; epoch: number; lastSequence: number; lastMs: number }> {
    for (const p of this.#all())
      yield {
        id: p.id,
        epoch: p.epoch,
        lastSequence: p.batches.at(-1)?.[1] ?? -1,
        lastMs: p.lastMs,
      }
  }
}

const isBehind = ({ producerEpoch, baseSequence }: NumberedBatch, last: number): boolean =>
  producerEpoch !== noProducerEpoch &&
  baseSequence <= last &&
  baseSequence !== sequenceAfter(last, 1)

function refused(error: ErrorName, message: string): SequenceCheck {
  return { kind: 'refused', error, message }
}
