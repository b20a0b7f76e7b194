// Topics as streams: what doors that speak of queues do with a topic. One for each node; the broker
// gives it an appender for tracked offsets, and hands it their records when it starts.
import { countdown } from '../base/countdown.ts'
import type { Clock } from '../io/clock.ts'
import type { Appender } from '../log/appender.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import { type FieldTable, type FieldValue, textOf } from '../model/message/field.ts'
import type { MessageView } from '../model/message/message.ts'
import type { Topic } from '../model/topic.ts'
import { queueNameOf } from '../model/topic-name.ts'
import type { Consumer } from './consumer.ts'
import { ReadAheads } from './read-aheads.ts'
import { parseFilter } from './stream-filter.ts'
import { StreamLane } from './stream-lane.ts'
import { lanesMax, type ReaderCounters, StreamReader, type Tracking } from './stream-reader.ts'
import { findStart, parseStart, placeAt, type StreamStart, startArgument } from './stream-start.ts'
import { TopicAppends } from './topic-appends.ts'
import { type Tracked, TrackedOffsets } from './tracked-offsets.ts'

export interface StreamParts {
  readonly store: LogStore
  readonly clock: Clock
  /** Of the internal topic of tracked offsets. */
  readonly appender: Appender
  report(line: string): void
}

export interface StreamOptions {
  /** What all consumers together may have read and not delivered. */
  readonly readAheadBytes: number
  /** The same for one. */
  readonly consumerBytes: number
  /** Tracked offsets: one for each name and partition. */
  readonly trackedMax: number
}

export const streamOptions: StreamOptions = {
  readAheadBytes: 64 << 20,
  consumerBytes: 1 << 20,
  trackedMax: 100_000,
}

export interface StreamWish {
  /** Of the consumer; its name where `x-stream-automatic-offset-tracking` is set and no other. */
  readonly tag: string
  /** Deliveries count as settled when they are made. */
  readonly settled: boolean
  readonly arguments: FieldTable
}

/** What one lane of a consumer reads. */
interface Source {
  readonly log: PartitionLog
  readonly topic: Topic
  readonly partition: number
}

const nameBytesMax = 255
const pieceBytesMin = 64 << 10

export class Streams {
  readonly offsets: TrackedOffsets
  /** Something was appended in its life. */
  isUsed = false
  /** Of all that read. */
  readonly counters: ReaderCounters = { delivered: 0, accepted: 0 }
  readonly #parts: StreamParts
  readonly #options: StreamOptions
  readonly #readAheads: ReadAheads
  readonly #appends: TopicAppends

  constructor(parts: StreamParts, options: StreamOptions = streamOptions) {
    this.#parts = parts
    this.#options = options
    this.#readAheads = new ReadAheads(options.readAheadBytes, parts.clock)
    this.#appends = new TopicAppends(parts.store, parts.clock)
    this.offsets = new TrackedOffsets(parts, options.trackedMax)
  }

  /** Bytes that consumers have read and not been given. */
  get readAheadBytes(): number {
    return this.#readAheads.bytes
  }

  /**
   * A consumer of all partitions of a topic; nothing is delivered before its first `resume`.
   * Refused: `queueNotFound`, `preconditionFailed` (arguments), `resourceExhausted`.
   */
  consume(topic: Topic, wish: StreamWish, consumer: Consumer): Promise<Result<StreamReader>> {
    return this.consumeAll(topic.name, [topic], wish, consumer)
  }

  /** The same of several topics, whose partitions count as one after the other. */
  async consumeAll(
    name: string,
    topics: readonly Topic[],
    wish: StreamWish,
    consumer: Consumer,
  ): Promise<Result<StreamReader>> {
    const { store, clock } = this.#parts
    const start = parseStart(wish.arguments.get(startArgument), clock.now())
    if (!start.ok) return start
    const filter = parseFilter(wish.arguments)
    if (!filter.ok) return filter
    const trackedAs = trackedName(wish)
    if (!trackedAs.ok) return trackedAs
    const sources: Source[] = []
    for (const topic of topics)
      for (const partition of topic.partitions.keys()) {
        const log = store.get(topic.id, partition)
        if (log !== undefined) sources.push({ log, topic, partition })
      }
    const gone = (): Result<never> => refuse('queueNotFound', `there is no topic ${name}`)
    const expected = topics.reduce((sum, topic) => sum + topic.partitions.length, 0)
    if (sources.length === 0 || sources.length < expected) return gone()
    if (sources.length > lanesMax)
      return refuse('resourceExhausted', `a consumer reads at most ${lanesMax} partitions`)
    const tracking = this.#tracking(sources, trackedAs.value)
    if (!tracking.ok) return tracking
    const lanes = await this.#lanes(sources, start.value, tracking.value)
    if (sources.some(({ log }) => log.deleted)) return gone()
    const { settled } = wish
    const { counters } = this
    const parts = { counters, clock, lanes, name, filter: filter.value, settled }
    return ok(new StreamReader({ ...parts, tracking: tracking.value }, consumer))
  }

  #tracking(sources: readonly Source[], name: string | null): Result<Tracking | null> {
    if (name === null) return ok(null)
    const places: Tracked[] = []
    for (const { topic, partition } of sources) {
      const place = this.offsets.get({ topic: topic.id, partition, name })
      if (!place.ok) return place
      places.push(place.value)
    }
    return ok({ offsets: this.offsets, name, places })
  }

  #lanes(
    sources: readonly Source[],
    start: StreamStart,
    tracking: Tracking | null,
  ): Promise<StreamLane[]> {
    const { store, report } = this.#parts
    const parts = { store, report, readAheads: this.#readAheads }
    const share = Math.floor(this.#options.consumerBytes / sources.length)
    const pieceBytes = Math.max(Math.min(pieceBytesMin, this.#options.consumerBytes), share)
    // Partitions that came while a consumer with a name was away are read from their beginning.
    const isBack = tracking?.places.some((place) => (place?.offset ?? -1) >= 0) ?? false
    return Promise.all(
      sources.map(async ({ log, topic }, i) => {
        const tracked = tracking?.places[i]?.offset ?? -1
        const goesOnAt = tracked < 0 && isBack ? log.logStartOffset : tracked
        const place =
          goesOnAt >= 0
            ? placeAt(Math.min(goesOnAt, log.logEndOffset))
            : await findStart(store.reader, log, start)
        return new StreamLane(log, queueNameOf(topic.name), place, pieceBytes, parts)
      }),
    )
  }

  /** A topic has more partitions: who reads it reads them too, from their beginning. */
  follow(reader: StreamReader, topic: Topic): void {
    const { store, report } = this.#parts
    const parts = { store, report, readAheads: this.#readAheads }
    for (const log of this.logsOf(topic)) {
      if (reader.reads(log)) continue
      const place = this.#placeOf(log, reader.trackedAs)
      const begin = placeAt(Math.max(place?.offset ?? 0, log.logStartOffset))
      const lane = new StreamLane(log, queueNameOf(topic.name), begin, pieceBytesMin, parts)
      reader.follow(lane, place)
    }
  }

  /** Null: the consumer has no name, or there is no room for another offset. */
  #placeOf({ topic, partition }: PartitionLog, name: string | null): Tracked | null {
    const place = name === null ? null : this.offsets.get({ topic, partition, name })
    return place?.ok === true ? place.value : null
  }

  /** Of all partitions, in order. */
  logsOf(topic: Topic): PartitionLog[] {
    return [...topic.partitions.keys()]
      .map((partition) => this.#parts.store.get(topic.id, partition))
      .filter((log) => log !== undefined)
  }

  /**
   * The offset of each partition at which a reader begins, as the argument says. Refused:
   * `preconditionFailed`.
   */
  async startsOf(topic: Topic, argument: FieldValue | undefined): Promise<Result<number[]>> {
    const { store, clock, report } = this.#parts
    const start = parseStart(argument, clock.now())
    if (!start.ok) return start
    const parts = { store, report, readAheads: this.#readAheads }
    const starts = this.logsOf(topic).map(async (log) => {
      const place = await findStart(store.reader, log, start.value)
      const lane = new StreamLane(log, topic.name, place, pieceBytesMin, parts)
      if (start.value.at !== 'timestamp') return place.offset
      for (;;) {
        const step = lane.step()
        if (step !== 'load') break
        await new Promise<void>((done) => lane.load(done))
      }
      lane.letGo()
      return lane.next
    })
    return ok(await Promise.all(starts))
  }

  /** Records that readers may see. */
  count(topic: Topic): number {
    let count = 0
    for (const log of this.logsOf(topic)) count += log.highWatermark - log.logStartOffset
    return count
  }

  // ---- Appending --------------------------------------------------------------------------------

  /**
   * Appends a message to a partition of the topic: that of its `x-kafka-key`, or any. Placed by
   * `flush`; nothing of it is kept beyond the call. Refused: `unknownTopic`, `messageTooLarge`,
   * `invalidRecord`, `storageError`, `policyViolation`, `resourceExhausted`.
   */
  append(topic: Topic, message: MessageView): Result<null> {
    this.isUsed = true
    return this.#appends.append(topic, message)
  }

  /** Whether `append` would refuse it now, or it would have to wait. */
  refuses(topic: Topic, message: MessageView): boolean {
    return this.#appends.isHeldUp || this.#appends.refuses(topic, message)
  }

  /** Somebody may have to wait for what was appended or settled. */
  get isOwing(): boolean {
    return this.isUsed || this.offsets.isBehind
  }

  /** As `Messaging.flush`; null: nobody waits for what was appended and settled. */
  flush(durable: (() => void) | null): void {
    if (durable === null || !this.offsets.isBehind) {
      this.#appends.flush(durable)
      return
    }
    const done = countdown(2, durable)
    this.#appends.flush(done)
    this.offsets.saveAll(done)
  }

  /** True while appended messages wait for room in the journal. */
  get isHeldUp(): boolean {
    return this.#appends.isHeldUp
  }

  whenTaken(action: () => void): void {
    this.#appends.whenTaken(action)
  }

  /** Tracked offsets are durable. Before the store is closed. */
  async close(): Promise<void> {
    this.flush(null)
    await this.offsets.close()
    await this.#readAheads.close()
  }
}

/** Null: the node keeps no offset for this consumer. */
function trackedName({ tag, arguments: wishes }: StreamWish): Result<string | null> {
  const given = wishes.get('x-stream-consumer-name')
  const automatic = wishes.get('x-stream-automatic-offset-tracking')
  if (automatic !== undefined && automatic.type !== 't')
    return refuse('preconditionFailed', 'x-stream-automatic-offset-tracking is true or false')
  if (given === undefined) return ok(automatic?.value === true ? tag : null)
  const name = textOf(given)
  if (name === null || name === '' || Buffer.byteLength(name) > nameBytesMax)
    return refuse(
      'preconditionFailed',
      `x-stream-consumer-name is a string of 1 to ${nameBytesMax} bytes`,
    )
  return ok(name)
}
