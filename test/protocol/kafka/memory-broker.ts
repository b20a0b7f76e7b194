// A small broker in memory for tests of the door: real offsets, batches kept as they came, fetches
// that wait; the real group coordinator and producer ids over a log that keeps nothing.
import { allRights } from '../../../src/broker/all-rights.ts'
import type {
  AppendRequest,
  Broker,
  ConfigTarget,
  FetchAnswer,
  FetchOutcome,
  FetchPartition,
  FetchRequest,
  Logs,
  NewTopic,
  OffsetAnswer,
  OffsetSpec,
  PartitionSize,
  PendingFetch,
  RequiredAcks,
  Topics,
} from '../../../src/broker/api.ts'
import { GroupCoordinator } from '../../../src/coordinator/group-coordinator.ts'
import { ProducerIds } from '../../../src/coordinator/producer-ids.ts'
import type { Chance } from '../../../src/io/chance.ts'
import type { Clock } from '../../../src/io/clock.ts'
import type { AppendOutcome } from '../../../src/model/append-outcome.ts'
import type { ConfigOperation } from '../../../src/model/config/config-change.ts'
import type { ConfigEntry } from '../../../src/model/config/describe-config.ts'
import { ok, type Result, refuse } from '../../../src/model/errors.ts'
import { leaderEpoch, nodeId, partitionId, topicId } from '../../../src/model/ids.ts'
import { BatchHeader, headerBytes } from '../../../src/model/record-batch.ts'
import type { PartitionState, Topic } from '../../../src/model/topic.ts'

interface StoredBatch {
  readonly bytes: Uint8Array
  readonly next: number
  readonly maxTimestamp: number
}

interface Partition {
  start: number
  end: number
  batches: StoredBatch[]
}

const node = nodeId(7)

export class MemoryTopics implements Topics {
  readonly byName = new Map<string, Topic>()
  autoCreate = true
  whenDeleted: (topic: Topic) => void = () => undefined
  private readonly chance: Chance

  constructor(chance: Chance) {
    this.chance = chance
  }

  named = (name: string) => this.byName.get(name) ?? null
  readonly absent = () => 'unknownTopic' as const
  withId = (id: string) => [...this.byName.values()].find((topic) => topic.id === id) ?? null
  all = () => this.byName.values()

  create(asked: NewTopic, validateOnly: boolean): Promise<Result<Topic>> {
    return Promise.resolve(this.createNow(asked, validateOnly))
  }

  createNow(asked: NewTopic, validateOnly = false): Result<Topic> {
    if (!/^[a-zA-Z0-9._-]{1,249}$/.test(asked.name)) return refuse('invalidTopicName')
    if (this.byName.has(asked.name)) return refuse('topicExists')
    const count = asked.partitions === -1 ? (asked.assignments?.size ?? 4) : asked.partitions
    if (count < 1 || count > 100) return refuse('invalidPartitions')
    const topic: Topic = {
      id: topicId(this.chance.uuid()),
      name: asked.name,
      internal: asked.name === '__consumer_offsets',
      kind: 'log',
      partitions: Array.from({ length: count }, partitionState),
      config: new Map(asked.configs.map(([key, value]) => [key, value ?? ''])),
    }
    if (!validateOnly) this.byName.set(topic.name, topic)
    return ok(topic)
  }

  createOnDemand(name: string, forbidden: boolean): Promise<Result<Topic>> {
    const asked = { name, partitions: -1, replicationFactor: -1, assignments: null, configs: [] }
    if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name)) return Promise.resolve(refuse('invalidTopicName'))
    if (forbidden || !this.autoCreate) return Promise.resolve(refuse('unknownTopic'))
    return this.create(asked, false)
  }

  delete(topic: Topic): Promise<Result<null>> {
    if (topic.internal) return Promise.resolve(refuse('internalTopic'))
    this.byName.delete(topic.name)
    this.whenDeleted(topic)
    return Promise.resolve(ok(null))
  }

  addPartitions(
    topic: Topic,
    count: number,
    _assignments: readonly (readonly number[])[] | null,
    validateOnly: boolean,
  ): Promise<Result<null>> {
    if (count <= topic.partitions.length || count > 100)
      return Promise.resolve(refuse('invalidPartitions'))
    const partitions = Array.from({ length: count }, partitionState)
    if (!validateOnly) this.byName.set(topic.name, { ...topic, partitions })
    return Promise.resolve(ok(null))
  }

  reassign(nodes: readonly number[] | null): Result<null> {
    if (nodes === null) return refuse('noReassignmentInProgress')
    return nodes.length === 1 && nodes[0] === node ? ok(null) : refuse('invalidReplicaAssignment')
  }
}

const partitionState = (): PartitionState => ({
  leader: node,
  leaderEpoch: leaderEpoch(0),
  replicas: [node],
  isr: [node],
})

interface Waiting {
  readonly request: FetchRequest
  readonly reply: (answer: FetchAnswer) => void
}

export class MemoryLogs implements Logs {
  /** Answers of appends wait until `commit` while this is false. */
  commitsAtOnce = true
  /** Fetch answers that were handed out and not yet released. */
  unreleased = 0
  cancelled = 0
  /** As when the disk lags; `take` ends it. */
  isFull = false
  readsWait = false
  isHeldUp = () => this.isFull
  private whenTakenActions: (() => void)[] = []
  private readonly partitions = new Map<string, Partition>()
  private readonly uncommitted: (() => void)[] = []
  private readonly waiting = new Set<Waiting>()
  private readonly clock: Clock
  private readonly header = new BatchHeader()

  constructor(clock: Clock) {
    this.clock = clock
  }

  append(
    requests: readonly AppendRequest[],
    acks: RequiredAcks,
    reply: (outcomes: readonly AppendOutcome[]) => void,
  ): boolean {
    const outcomes = requests.map((request) => this.appendOne(request))
    const finish = () => {
      reply(outcomes)
      for (const each of [...this.waiting]) this.tryFetch(each, false)
    }
    if (acks === 'none' || this.commitsAtOnce) finish()
    else this.uncommitted.push(finish)
    return true
  }

  /** Makes durable what was appended; the latest first if `backwards`. */
  commit(backwards = false): void {
    const due = this.uncommitted.splice(0)
    for (const finish of backwards ? due.reverse() : due) finish()
  }

  partition(topic: string, partition: number): Partition {
    const key = `${topic} ${partition}`
    const found = this.partitions.get(key) ?? { start: 0, end: 0, batches: [] }
    this.partitions.set(key, found)
    return found
  }

  forget(topic: Topic): void {
    for (let i = 0; i < topic.partitions.length; i++) this.partitions.delete(`${topic.id} ${i}`)
  }

  private appendOne({ topic, partition, batch }: AppendRequest): AppendOutcome {
    const log = this.partition(topic.id, partition)
    const bytes = Uint8Array.from(batch)
    const refused = (error: 'corruptBatch' | 'invalidRecord'): AppendOutcome => ({
      error,
      message: null,
      baseOffset: -1,
      appendTimeMs: -1,
      logStartOffset: -1,
      recordErrors: [],
    })
    if (bytes.length < headerBytes) return refused('corruptBatch')
    const header = this.header.moveTo(bytes)
    if (header.bytes !== bytes.length || header.magic !== 2) return refused('corruptBatch')
    if (header.crc !== header.checksum()) return refused('corruptBatch')
    if (header.recordCount < 1 || header.lastOffsetDelta !== header.recordCount - 1)
      return refused('invalidRecord')
    header.place(log.end, 0)
    const outcome = { ...refused('corruptBatch'), error: null, baseOffset: log.end }
    log.end = header.nextOffset
    log.batches.push({ bytes, next: log.end, maxTimestamp: header.maxTimestamp })
    return { ...outcome, logStartOffset: log.start }
  }

  fetch(request: FetchRequest, reply: (answer: FetchAnswer) => void): PendingFetch | null {
    const waiting = { request, reply }
    if (this.tryFetch(waiting, request.partitions.length === 0 || request.maxWaitMs === 0))
      return null
    this.waiting.add(waiting)
    const timer = this.clock.after(request.maxWaitMs, () => this.tryFetch(waiting, true))
    return {
      answerNow: () => {
        timer.cancel()
        this.tryFetch(waiting, true)
      },
      cancel: () => {
        this.cancelled++
        timer.cancel()
        this.waiting.delete(waiting)
      },
    }
  }

  whenTaken(action: () => void): void {
    this.whenTakenActions.push(action)
  }

  take(): void {
    this.isFull = false
    for (const action of this.whenTakenActions.splice(0)) action()
  }

  private tryFetch(waiting: Waiting, isLast: boolean): boolean {
    const outcomes = waiting.request.partitions.map((asked) => this.fetchOne(asked))
    const bytes = outcomes.reduce((sum, outcome) => sum + outcome.recordBytes, 0)
    const hasError = outcomes.some((outcome) => outcome.error !== null)
    if (!isLast && !hasError && bytes < Math.max(1, waiting.request.minBytes)) return false
    this.waiting.delete(waiting)
    this.unreleased++
    waiting.reply({ outcomes, release: () => void this.unreleased-- })
    return true
  }

  private fetchOne({ topic, partition, offset }: FetchPartition): FetchOutcome {
    const { start, end, batches } = this.partition(topic.id, partition)
    const isOutside = offset < start || offset > end
    const records = isOutside ? [] : batches.filter((b) => b.next > offset).map((b) => b.bytes)
    return {
      error: isOutside ? 'offsetOutOfRange' : null,
      highWatermark: end,
      lastStableOffset: end,
      logStartOffset: start,
      diverging: null,
      records,
      recordBytes: records.reduce((sum, each) => sum + each.length, 0),
    }
  }

  offsetFor(topic: Topic, partition: number, spec: OffsetSpec): Promise<Result<OffsetAnswer>> {
    const { start, end, batches } = this.partition(topic.id, partition)
    const at = (offset: number, timestampMs = -1) =>
      Promise.resolve(ok({ offset, timestampMs, leaderEpoch: 0 }))
    if (spec.at === 'earliest' || spec.at === 'earliestLocal') return at(start)
    if (spec.at === 'latest') return at(end)
    if (spec.at !== 'timestamp') return at(-1)
    const found = batches.find((batch) => batch.maxTimestamp >= spec.timestampMs)
    if (found === undefined) return at(-1)
    return at(this.header.moveTo(found.bytes).baseOffset, found.maxTimestamp)
  }

  endOfEpoch(topic: Topic, partition: number, epoch: number) {
    return ok({ epoch: Math.min(epoch, 0), endOffset: this.partition(topic.id, partition).end })
  }

  deleteRecords(topic: Topic, partition: number, before: number) {
    const log = this.partition(topic.id, partition)
    if (before > log.end || before < -1) return Promise.resolve(refuse('offsetOutOfRange'))
    log.start = before === -1 ? log.end : Math.max(log.start, before)
    return Promise.resolve(ok({ logStartOffset: log.start }))
  }

  sizes(topic: Topic): readonly PartitionSize[] {
    return topic.partitions.map((_, i) => {
      const { start, end, batches } = this.partition(topic.id, i)
      const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
      const size = { bytes, logStartOffset: start, highWatermark: end, damagedFrom: null }
      return { partition: partitionId(i), ...size }
    })
  }
}

class MemoryConfigs {
  private readonly topics: MemoryTopics

  constructor(topics: MemoryTopics) {
    this.topics = topics
  }

  describe(target: ConfigTarget): Result<readonly ConfigEntry[]> {
    const set = target.kind === 'topic' ? target.topic.config.get('retention.ms') : undefined
    const source = set === undefined ? ('default' as const) : ('topic' as const)
    const value = set ?? '604800000'
    const name = 'retention.ms'
    const synonyms = [{ name, value, source }]
    const rest = {
      isDefault: set === undefined,
      readOnly: false,
      sensitive: false,
      type: 'long' as const,
    }
    return ok([{ name, value, source, ...rest, documentation: 'how long', synonyms }])
  }

  change(target: ConfigTarget, changes: readonly ConfigOperation[], validateOnly: boolean) {
    const unknown = changes.find((change) => change.name !== 'retention.ms')
    if (unknown) return Promise.resolve(refuse('invalidConfig', `there is no '${unknown.name}'`))
    if (target.kind === 'topic' && !validateOnly) {
      const config = new Map(target.topic.config)
      for (const { name, action, value } of changes)
        if (action === 'delete') config.delete(name)
        else config.set(name, value ?? '')
      this.topics.byName.set(target.topic.name, { ...target.topic, config })
    }
    return Promise.resolve(ok(null))
  }

  replace(target: ConfigTarget, values: ReadonlyMap<string, string>, validateOnly: boolean) {
    const changes = Array.from(values, ([name, value]) => ({ name, action: 'set' as const, value }))
    return this.change(target, changes, validateOnly)
  }
}

export interface MemoryBroker extends Broker {
  readonly logs: MemoryLogs
  readonly topics: MemoryTopics
  readonly groups: GroupCoordinator
}

export function memoryBroker(clock: Clock, chance: Chance): MemoryBroker {
  const topics = new MemoryTopics(chance)
  const appender = {
    append: (_records: unknown, done: (error: null) => void) => clock.soon(() => done(null)),
  }
  const groups = new GroupCoordinator({ clock, chance, appender })
  groups.load([])
  let block = 0
  const producers = new ProducerIds({ reserveBlock: () => Promise.resolve(1000 * block++) })
  const logs = new MemoryLogs(clock)
  topics.whenDeleted = (topic) => logs.forget(topic)
  return {
    nodeId: node,
    clusterId: 'memory-cluster',
    rack: 'here',
    logs,
    topics,
    configs: new MemoryConfigs(topics),
    groups,
    producers,
    rights: allRights,
    grants: null,
    prepareGroup: () => null,
  }
}
