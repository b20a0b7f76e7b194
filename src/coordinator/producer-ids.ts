// Hands out producer ids. Ids come in blocks that `reserveBlock` makes durable before we see them,
// so none is ever given twice, whatever crashes; what is left of a block is lost then, and may be.
// The next block is asked for before this one ends, so that nobody waits as a rule.
//
// An idempotent producer always gets a new id with epoch 0, also when it names the one that it had:
// as in Apache Kafka, epochs are raised by us only for producers with a transactional id; others
// raise their own (KIP-360). Called by broker/.
import { assert } from '../base/assert.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import { type ProducerId, producerId } from '../model/ids.ts'

export interface ProducerIdBlocks {
  /** Resolves to the first of `blockSize` ids that nobody else gets, once that is durable. */
  reserveBlock(): Promise<number>
}

export interface ProducerIdentity {
  readonly producerId: ProducerId
  readonly epoch: number
}

type Reply = (identity: Result<ProducerIdentity>) => void

/** As many as Apache Kafka reserves at a time. */
export const producerIdBlockSize = 1_000
/** With so many left, the next block is asked for. */
const askAt = 100
/** Producers that wait for a block; beyond that they are told to try again. */
const waitingMax = 10_000

export class ProducerIds {
  private next = 0
  private end = 0
  /** Reserved, to be used when the current block ends. */
  private spare: number | null = null
  private isAsking = false
  private waiting: Reply[] = []
  private readonly blocks: ProducerIdBlocks
  private readonly blockSize: number

  constructor(blocks: ProducerIdBlocks, blockSize = producerIdBlockSize) {
    this.blocks = blocks
    this.blockSize = blockSize
  }

  /** For an idempotent producer without a transactional id. */
  initProducerId(reply: Reply): void {
    if (this.next === this.end) this.takeSpare()
    const identity = this.take()
    if (identity !== null) reply(ok(identity))
    else if (this.waiting.length < waitingMax) this.waiting.push(reply)
    else reply(refuse('coordinatorNotAvailable'))
    if (this.spare === null && this.end - this.next <= Math.min(askAt, this.blockSize)) this.ask()
  }

  private take(): ProducerIdentity | null {
    if (this.next === this.end) return null
    return { producerId: producerId(this.next++), epoch: 0 }
  }

  private takeSpare(): void {
    if (this.spare === null) return
    this.next = this.spare
    this.end = this.spare + this.blockSize
    this.spare = null
  }

  private ask(): void {
    if (this.isAsking) return
    this.isAsking = true
    this.blocks.reserveBlock().then(
      (first) => this.reserved(first),
      (cause: unknown) => this.failed(cause),
    )
  }

  private reserved(first: number): void {
    assert(first >= 0 && Number.isSafeInteger(first + this.blockSize), 'ids fit a number')
    this.isAsking = false
    this.spare = first
    const waiting = this.waiting
    this.waiting = []
    for (const reply of waiting) this.initProducerId(reply)
  }

  /** Who waits may try again; without anybody waiting the next one asks again. */
  private failed(cause: unknown): void {
    this.isAsking = false
    const waiting = this.waiting
    this.waiting = []
    const message = cause instanceof Error ? cause.message : String(cause)
    for (const reply of waiting) reply(refuse('coordinatorNotAvailable', message))
  }
}
