// An idempotent producer as clients are: it numbers its batches, has at most five in flight, and
// after a crash sends again, in order, what was not acknowledged. Every answer is held against what
// the model knows of the partition.
import type { PartitionModel, SentBatch } from './partition-model.ts'

export interface Numbered {
  readonly sequence: number
  readonly values: readonly string[]
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

  constructor(id: number, partition: PartitionModel) {
    this.id = id
    this.partition = partition
  }

  get maySend(): boolean {
    return this.recent.filter((n) => !n.acked).length < inFlightMax
  }

  next(values: readonly string[]): Numbered {
    const numbered = { sequence: this.#nextSequence, values, sent: null, acked: false }
    this.#nextSequence += values.length
    this.recent = [...this.recent.slice(1 - inFlightMax), numbered]
    return numbered
  }

  /** After a crash: begins anew when it lost what it thought was stored. */
  restarted(): void {
    const lost = this.recent.some((n) => (n.acked && !this.#isStored(n)) || this.#mayBeLost(n))
    if (!lost) return
    this.epoch++
    this.#nextSequence = 0
    this.recent = []
  }

  /** Where it must be found again, or null when a retry has to store it. */
  storedAt(numbered: Numbered): SentBatch | null {
    return this.#isStored(numbered) ? numbered.sent : null
  }

  /** Trimmed before it was synced: nobody knows whether the log still knew it after a power cut. */
  #mayBeLost({ sent }: Numbered): boolean {
    const { sync, startFloor } = this.partition
    return !sync && sent !== null && sent.baseOffset < startFloor
  }

  #isStored({ sent }: Numbered): boolean {
    return sent !== null && this.partition.batches.includes(sent)
  }
}
