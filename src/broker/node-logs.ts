// The records of this node as doors see them: appending, fetching, offsets. One for each node.
import type { Clock } from '../io/clock.ts'
import type { LogStore } from '../log/log-store.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { AppendOutcome } from '../model/append-outcome.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import type { PartitionId } from '../model/ids.ts'
import type { Topic } from '../model/topic.ts'
import type {
  AppendRequest,
  FetchAnswer,
  FetchRequest,
  Logs,
  OffsetAnswer,
  OffsetSpec,
  PartitionSize,
  PendingFetch,
  RequiredAcks,
} from './api.ts'
import { type AppendedQueues, Appends, logOf } from './appends.ts'
import { checkEpoch, endOfEpoch as endOf } from './epoch-check.ts'
import { Fetches } from './fetches.ts'
import { OffsetLookup } from './offset-lookup.ts'

/** Of a queue that nobody has used. */
const unused = { bytes: 0, logStartOffset: 0, highWatermark: 0, damagedFrom: null }

export class NodeLogs implements Logs {
  readonly counters = {
    appendRequests: 0,
    appendedRecords: 0,
    appendedBytes: 0,
    refusedBatches: 0,
    heldBack: 0,
    fetches: 0,
    fetchedBytes: 0,
  }
  readonly #store: LogStore
  readonly #appends: Appends
  readonly #fetches: Fetches
  readonly #offsets: OffsetLookup
  readonly #queues: AppendedQueues

  constructor(store: LogStore, clock: Clock, queues: AppendedQueues) {
    this.#store = store
    this.#queues = queues
    this.#appends = new Appends(store, clock, this.counters, queues)
    this.#fetches = new Fetches(store, clock, this.counters, queues)
    this.#offsets = new OffsetLookup(store.reader, clock)
  }

  // ---- Appending --------------------------------------------------------------------------------

  append(
    requests: readonly AppendRequest[],
    acks: RequiredAcks,
    reply: (outcomes: readonly AppendOutcome[]) => void,
  ): boolean {
    return this.#appends.append(requests, acks, reply)
  }

  isHeldUp(bytes: number): boolean {
    return this.#appends.isHeldUp(bytes)
  }

  whenTaken(action: () => void): void {
    this.#appends.whenTaken(action)
  }

  /** What still waits is not placed any more: its clients are gone. */
  stop(): void {
    this.#appends.stop()
  }

  // ---- Reading ----------------------------------------------------------------------------------

  get readsWait(): boolean {
    return this.#store.reader.isShort
  }

  fetch(request: FetchRequest, reply: (answer: FetchAnswer) => void): PendingFetch | null {
    return this.#fetches.fetch(request, reply)
  }

  async offsetFor(
    topic: Topic,
    partition: PartitionId,
    spec: OffsetSpec,
    _committedOnly: boolean,
    currentLeaderEpoch: number,
  ): Promise<Result<OffsetAnswer>> {
    const found = this.#find(topic, partition, currentLeaderEpoch)
    return found.ok ? this.#offsets.find(found.value.log, spec) : found
  }

  endOfEpoch(
    topic: Topic,
    partition: PartitionId,
    epoch: number,
    currentLeaderEpoch: number,
  ): Result<{ epoch: number; endOffset: number }> {
    const found = this.#find(topic, partition, currentLeaderEpoch)
    if (!found.ok) return found
    const { log, leaderEpoch } = found.value
    return ok(endOf(log, leaderEpoch, epoch, log.highWatermark))
  }

  async deleteRecords(
    topic: Topic,
    partition: PartitionId,
    before: number,
  ): Promise<Result<{ logStartOffset: number }>> {
    const found = this.#find(topic, partition, -1)
    if (!found.ok) return found
    if (topic.kind === 'queue')
      return refuse('policyViolation', 'records of a queue go when they are settled; purge it')
    const { log } = found.value
    const to = before === -1 ? log.highWatermark : before
    if (to < 0 || to > log.highWatermark)
      return refuse(
        'offsetOutOfRange',
        `records can be deleted up to the high watermark ${log.highWatermark}, not ${to}`,
      )
    // What is damaged is freed by deleting it, whatever the policy.
    if (!log.settings.cleanup.delete && log.damagedFrom === null)
      return refuse(
        'policyViolation',
        'records of a topic whose cleanup.policy is not delete cannot be deleted',
      )
    await this.#store.raiseLogStart(log, to)
    return ok({ logStartOffset: log.logStartOffset })
  }

  sizes(topic: Topic): readonly PartitionSize[] {
    return topic.partitions.flatMap((_, partition) => {
      const log = this.#store.get(topic.id, partition)
      if (log === undefined && topic.kind !== 'queue') return []
      const { bytes, logStartOffset, highWatermark, damagedFrom } = log ?? unused
      const size = { bytes, logStartOffset, highWatermark, damagedFrom }
      return [{ partition: partition as PartitionId, ...size }]
    })
  }

  #find(
    topic: Topic,
    partition: PartitionId,
    currentLeaderEpoch: number,
  ): Result<{ log: PartitionLog; leaderEpoch: number }> {
    const log = logOf(this.#store, this.#queues, topic, partition)
    const state = topic.partitions[partition]
    if (log === undefined || state === undefined) return refuse('unknownTopic')
    // As in Kafka: only a fetch passes over every number below 0.
    const isOld = currentLeaderEpoch < -1
    const wrong = isOld ? 'fencedLeaderEpoch' : checkEpoch(state.leaderEpoch, currentLeaderEpoch)
    return wrong === null ? ok({ log, leaderEpoch: state.leaderEpoch }) : refuse(wrong)
  }
}
