// Messages on their way into topics. Those of one turn for one partition share a record batch; it
// is placed when the turn is over, or when it is full. What finds no room in the journal waits for
// it in order, and until it is placed `isHeldUp` stops the doors. A key decides the partition as
// Kafka's producers decide it; messages without one go together into one partition for a turn, then
// into the next. Streams owns it.
import type { Clock } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { ok, type Refusal, type Result, refuse } from '../model/errors.ts'
import type { MessageView } from '../model/message/message.ts'
import { type Shown, shownOf } from '../model/message/shown-record.ts'
import { Addresses, storedBytesMax } from '../model/message/stored-message.ts'
import { headerBytes } from '../model/record-batch.ts'
import type { Topic } from '../model/topic.ts'
import { partitionOfKey } from './key-partition.ts'
import { TopicBatch } from './topic-batch.ts'

/** A batch takes no more messages when it has grown to this. */
const fullBytes = 256 << 10
/** So much of one turn is placed without waiting for its end. */
const turnBytesMax = 8 << 20

/** Of batches that wait for room: doors stop long before. */
const waitingBytesMax = 64 << 20

/** A batch that waits for room, and who is told once it is durable, with all before it. */
interface Waiting {
  readonly log: PartitionLog
  readonly leaderEpoch: number
  readonly batch: Uint8Array
  readonly told: (() => void)[]
}

export class TopicAppends {
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #addresses = new Addresses()
  readonly #open = new Map<PartitionLog, TopicBatch>()
  #openBytes = 0
  /** Which partition takes what has no key, modulo their number. */
  #turn = 0
  readonly #waiting: Waiting[] = []
  #waitingBytes = 0
  #waitsForRoom = false
  #whenTaken: (() => void)[] = []
  /** Of the last batch that was placed. */
  #lsn = 0

  constructor(store: LogStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * Takes a message, of which nothing is kept beyond the call; the offset is not known yet. It is
   * durable when `flush` says so.
   */
  append(topic: Topic, message: MessageView): Result<null> {
    const shown = shownOf(message)
    const partition = this.#partitionFor(topic, shown)
    const log = this.#store.get(topic.id, partition)
    const leaderEpoch = topic.partitions[partition]?.leaderEpoch
    if (log === undefined || leaderEpoch === undefined || log.deleted) return refuse('unknownTopic')
    const address = this.#addresses.encode(message.exchange, message.routingKey)
    const bytes = storedBytesMax(message, address, shown)
    const refusal = this.#refusal(log, shown, headerBytes + bytes)
    if (refusal !== null) return { ok: false, ...refusal }
    this.#batchFor(log, leaderEpoch, bytes).add(message, address, shown, this.#clock.now())
    this.#openBytes += bytes
    if (this.#openBytes > turnBytesMax) this.flush(null)
    return ok(null)
  }

  #partitionFor({ partitions }: Topic, { key }: Shown): number {
    return key === null ? this.#turn % partitions.length : partitionOfKey(key, partitions.length)
  }

  /** Whether `append` would refuse it now. */
  refuses(topic: Topic, message: MessageView): boolean {
    const shown = shownOf(message)
    const log = this.#store.get(topic.id, this.#partitionFor(topic, shown))
    if (log === undefined || log.deleted) return true
    const address = this.#addresses.encode(message.exchange, message.routingKey)
    const bytes = headerBytes + storedBytesMax(message, address, shown)
    return this.#refusal(log, shown, bytes) !== null
  }

  #refusal(log: PartitionLog, shown: Shown, bytes: number): Refusal | null {
    if (this.#waitingBytes > waitingBytesMax) return refuse('resourceExhausted')
    const { settings, memory } = log
    const bytesMax = this.#bytesMax(log)
    if (bytes > bytesMax)
      return refuse('messageTooLarge', `${log.label} takes messages of up to ${bytesMax} bytes`)
    if (log.damagedFrom !== null) return refuse('storageError', log.damageText())
    if (settings.cleanup.compact && shown.key === null)
      return refuse('invalidRecord', 'a compacted topic takes no message without x-kafka-key')
    if (memory === null && this.#store.space.isLow)
      return refuse('storageError', this.#store.space.lowText())
    const pending = this.#open.get(log)?.bytes ?? 0
    return memory === null || memory.fits(pending + bytes) ? null : refuse('policyViolation')
  }

  #bytesMax(log: PartitionLog): number {
    const { batchBytesMax } = log.settings
    return log.memory === null
      ? Math.min(batchBytesMax, this.#store.journal.maxBatchBytes)
      : batchBytesMax
  }

  /** An open batch that has room for so many bytes. */
  #batchFor(log: PartitionLog, leaderEpoch: number, bytes: number): TopicBatch {
    const open = this.#open.get(log)
    if (open !== undefined && open.bytes + bytes <= Math.min(fullBytes, this.#bytesMax(log)))
      return open
    if (open !== undefined) {
      this.#close(open)
      this.#place()
    }
    const batch = new TopicBatch(log, leaderEpoch, this.#clock.now())
    this.#open.set(log, batch)
    return batch
  }

  #close(batch: TopicBatch): void {
    const { log, leaderEpoch } = batch
    this.#open.delete(log)
    const bytes = batch.build()
    this.#waiting.push({ log, leaderEpoch, batch: bytes, told: [] })
    this.#waitingBytes += bytes.length
  }

  /**
   * The turn is over: places what was taken in it. `durable` is called when all of it is, and all
   * before it; at once when nothing has to be waited for. Null: nobody waits.
   */
  flush(durable: (() => void) | null): void {
    if (this.#open.size > 0) {
      for (const batch of this.#open.values()) this.#close(batch)
      this.#openBytes = 0
      this.#turn++
      this.#place()
    }
    if (durable === null) return
    const last = this.#waiting.at(-1)
    if (last !== undefined) last.told.push(durable)
    else this.#store.journal.whenCommitted(this.#lsn, durable)
  }

  #place(): void {
    const { journal } = this.#store
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { log, leaderEpoch, batch, told } = next
      const needsRoom = log.memory === null && !log.deleted
      if (needsRoom && !journal.hasRoom(batch.length)) {
        this.#waitForRoom()
        return
      }
      this.#waiting.shift()
      this.#waitingBytes -= batch.length
      // Who deletes a topic deletes what was on its way there.
      if (!log.deleted) {
        const placed = log.appendTrusted(journal, batch, leaderEpoch, this.#clock.now())
        this.#lsn = Math.max(this.#lsn, placed.lsn)
      }
      for (const action of told) journal.whenCommitted(this.#lsn, action)
    }
    const taken = this.#whenTaken
    this.#whenTaken = []
    for (const action of taken) action()
  }

  #waitForRoom(): void {
    if (this.#waitsForRoom) return
    this.#waitsForRoom = true
    this.#store.journal.whenRoom(() => {
      this.#waitsForRoom = false
      this.#place()
    })
  }

  /** Doors stop reading who publishes. */
  get isHeldUp(): boolean {
    return this.#waiting.length > 0
  }

  /** Calls `action` once, when nothing waits any more. */
  whenTaken(action: () => void): void {
    if (this.isHeldUp) this.#whenTaken.push(action)
    else action()
  }
}
