// Durable records of a coordinator, as batches in a partition of an internal topic. The topic is
// made when the first record is written, so that a node without groups has none. Keeps the order of
// its appends, also while it waits for the topic or for room in the journal; for the latter as long
// as Kafka does by default (offsets.commit.timeout.ms), since a full disk gives none.
import type { Clock } from '../io/clock.ts'
import type { Appender, NewRecord } from '../log/appender.ts'
import type { LogStore } from '../log/log-store.ts'
import type { ErrorName } from '../model/errors.ts'
import { buildBatch } from '../model/record-batch.ts'
import { writeRecords } from '../model/records.ts'
import type { Topic } from '../model/topic.ts'

/** Milliseconds that an append waits for room. */
const roomMs = 5000

interface Waiting {
  readonly batch: Uint8Array
  /** Monotonic time. */
  readonly sinceMs: number
  readonly done: (error: ErrorName | null) => void
}

export class InternalAppender implements Appender {
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #partition: number
  /** The topic, made if need be; null when it cannot be made now. */
  readonly #topic: () => Promise<Topic | null>
  readonly #report: (line: string) => void
  readonly #queue: Waiting[] = []
  #running = false
  /** There may be room; null: the journal was not asked. */
  #room: Promise<void> | null = null
  /** It has been said that there is no room. */
  #isTold = false

  constructor(
    store: LogStore,
    clock: Clock,
    partition: number,
    topic: () => Promise<Topic | null>,
    report: (line: string) => void,
  ) {
    this.#store = store
    this.#clock = clock
    this.#partition = partition
    this.#topic = topic
    this.#report = report
  }

  append(records: readonly NewRecord[], done: (error: ErrorName | null) => void): void {
    const batch = batchOf(records, this.#clock.now())
    this.#queue.push({ batch, sinceMs: this.#clock.monotonic(), done })
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    const topic = await this.#topic()
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const { journal } = this.#store
      const log = topic === null ? undefined : this.#store.get(topic.id, this.#partition)
      if (topic === null || log === undefined) {
        this.#queue.shift()
        next.done('coordinatorNotAvailable')
        continue
      }
      if (next.batch.length > journal.maxBatchBytes) {
        this.#queue.shift()
        this.#report(
          `${topic.name}, partition ${this.#partition}: state of ${next.batch.length} bytes does ` +
            `not fit the journal, which takes ${journal.maxBatchBytes}; have smaller groups, or ` +
            'begin a data folder with a larger polymq.journal.file.bytes',
        )
        next.done('messageTooLarge')
        continue
      }
      if (!journal.hasRoom(next.batch.length)) {
        if (await this.#awaitRoom(next)) continue
        this.#queue.shift()
        if (!this.#isTold)
          this.#report(
            `${topic.name}, partition ${this.#partition}: there has been no room in the journal ` +
              `for ${roomMs / 1000} seconds, so that state is refused; what it holds waits for ` +
              'room on the disk: make some',
          )
        this.#isTold = true
        next.done('coordinatorNotAvailable')
        continue
      }
      this.#isTold = false
      this.#queue.shift()
      const epoch = topic.partitions[this.#partition]?.leaderEpoch ?? 0
      const outcome = log.appendTrusted(journal, next.batch, epoch, this.#clock.now())
      const { done } = next
      journal.whenCommitted(outcome.lsn, () => done(outcome.error))
    }
    this.#running = false
  }

  /** True when there may be room now; false when that has taken too long. */
  #awaitRoom({ sinceMs }: Waiting): Promise<boolean> {
    const leftMs = sinceMs + roomMs - this.#clock.monotonic()
    if (leftMs <= 0) return Promise.resolve(false)
    this.#room ??= new Promise<void>((resolve) => this.#store.journal.whenRoom(resolve)).then(
      () => {
        this.#room = null
      },
    )
    const room = this.#room
    return new Promise((resolve) => {
      const timer = this.#clock.after(leftMs, () => resolve(false))
      void room.then(() => {
        timer.cancel()
        resolve(true)
      })
    })
  }
}

function batchOf(records: readonly NewRecord[], nowMs: number): Uint8Array {
  return buildBatch(
    {
      baseOffset: 0,
      leaderEpoch: 0,
      attributes: 0,
      lastOffsetDelta: records.length - 1,
      baseTimestamp: nowMs,
      maxTimestamp: nowMs,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      recordCount: records.length,
    },
    writeRecords(records),
  )
}
