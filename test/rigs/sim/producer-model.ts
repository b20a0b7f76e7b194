// An idempotent producer as clients are: it numbers its batches, has at most five in flight, and
// after a crash sends again, in order, what was not acknowledged. Every answer is held against what
// the model knows of the partition.
import type { NewRecord, PartitionModel, SentBatch } from './partition-model.ts'

export interface Numbered {
  readonly sequence: number
  readonly records: readonly NewRecord[]
  readonly timestampMs: number
  /** Null until it has been placed. */
  sent: SentBatch | null
  acked: boolean
}

const inFlightMax = 5

export class ProducerModel {
  readonly id: number
  readonly partition: PartitionModel
  epoch = 0
  #nextSequence = 0
  /** The last five, oldest first; those that are not acknowledged are the last of them. */
  recent: Numbered[] = []
  /** The one before them. */
  #before: Numbered | null = null

  constructor(id: number, partition: PartitionModel) {
    this.id = id
    this.partition = partition
  }

  get maySend(): boolean {
    return this.recent.filter((n) => !n.acked).length < inFlightMax
  }

  next(records: readonly NewRecord[], timestampMs: number): Numbered {
    const sequence = this.#nextSequence
    const numbered = { sequence, records, timestampMs, sent: null, acked: false }
    this.#nextSequence += records.length
    if (this.recent.length === inFlightMax) this.#before = this.recent[0] ?? null
    this.recent = [...this.recent.slice(1 - inFlightMax), numbered]
    return numbered
  }

  /** After a crash: begins anew when it lost what it thought was stored. */
  restarted(): void {
    const known = this.#before === null ? this.recent : [this.#before, ...this.recent]
    if (known.some((n) => (n.acked && !this.#isStored(n)) || this.#mayBeLost(n))) this.beginAnew()
  }

  /** Clients may raise their epoch at any time when nothing is in flight (KIP-360). */
  get mayBeginAnew(): boolean {
    return this.recent.length > 0 && this.recent.every((n) => n.acked)
  }

  beginAnew(): void {
    this.epoch++
    this.#nextSequence = 0
    this.recent = []
    this.#before = null
  }

  /** Where it must be found again, or null when a retry has to store it. */
  storedAt(numbered: Numbered): SentBatch | null {
    return this.#isStored(numbered) ? numbered.sent : null
  }

  /** Trimmed before it was synced: nobody knows whether the log still knew it after a power cut. */
  #mayBeLost({ sent }: Numbered): boolean {
    const { isSync, startFloor } = this.partition
    return !isSync && sent !== null && sent.baseOffset < startFloor
  }

  #isStored({ sent }: Numbered): boolean {
    return sent !== null && this.partition.batches.includes(sent)
  }
}
