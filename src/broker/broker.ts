// One node, put together from its rooms: metadata, logs, groups, producer ids. Opening recovers;
// from then on the log follows the image of the metadata, and upkeep (retention, cleaning, expiry)
// runs by the clock. No globals: several nodes may live in one process. start-broker.ts opens one
// and gives it to the doors.
import {
  type ProducerIdBlocks,
  ProducerIds,
  producerIdBlockSize,
} from '../coordinator/producer-ids.ts'
import type { Chance } from '../io/chance.ts'
import type { Clock } from '../io/clock.ts'
import type { Disk } from '../io/disk.ts'
import type { Appender } from '../log/appender.ts'
import type { LogOptions } from '../log/log-options.ts'
import type { KnownPartition } from '../log/log-parts.ts'
import { LogStore } from '../log/log-store.ts'
import { Configs as ConfigOperations } from '../metadata/configs.ts'
import { EmbeddedStore } from '../metadata/embedded-store.ts'
import { type Entities, readEntities } from '../metadata/entities/entities.ts'
import { Image, type ImageEvent } from '../metadata/image.ts'
import type { MetadataStore } from '../metadata/store.ts'
import { Topics as TopicOperations } from '../metadata/topics.ts'
import { prepareCompression } from '../model/compression.ts'
import { resolveBrokerSettings } from '../model/config/broker-settings.ts'
import { brokerValues } from '../model/config/config-source.ts'
import type { NodeId } from '../model/ids.ts'
import type { Topic } from '../model/topic.ts'
import type { QueueOptions } from '../queue/queue-options.ts'
import { Accounts } from '../security/access/accounts.ts'
import { allRights } from './all-rights.ts'
import type { Broker } from './api.ts'
import type { FolderFormat } from './data-format.ts'
import { joinCluster, readCluster } from './identity.ts'
import { InternalAppender } from './internal-appender.ts'
import { InternalTopic } from './internal-topic.ts'
import { offsetsTopic, offsetsTopicConfig } from './internal-topics.ts'
import { checkKafkaVhost } from './kafka-vhost.ts'
import { loadGroups } from './load-groups.ts'
import { NodeMessaging } from './messaging/node-messaging.ts'
import { queuePartitions } from './messaging/queue-partitions.ts'
import { NodeConfigs } from './node-configs.ts'
import { NodeGroups } from './node-groups.ts'
import { NodeLogs } from './node-logs.ts'
import { NodeTopics } from './node-topics.ts'
import { openStreams } from './open-streams.ts'
import { clusterNameParameter, Policies } from './policies/policies.ts'
import { TopicQueues } from './topic-queues.ts'
import { Upkeep } from './upkeep.ts'

export interface NodeParts {
  readonly disk: Disk
  /** Of the folder; settled before anything is written. */
  readonly format?: FolderFormat
  readonly clock: Clock
  readonly chance: Chance
  readonly logOptions: LogOptions
  /** Absent: those of a real node. */
  readonly queueOptions?: Partial<QueueOptions>
  /** Validated broker settings by Kafka's names. */
  readonly settings: ReadonlyMap<string, string>
  /** What the engine may use for objects. */
  readonly heapBytes: number
  report(line: string): void
  /** The node cannot go on: a write or sync failed. */
  failed(cause: unknown): void
}

const heldOnce =
  "the folder has a file 'format' and nothing else of a node's, and begins anew; if it has held " +
  'data, stop the node and restore the whole folder from one copy'

const unnumbered =
  "the folder holds data, and its file 'format' is missing or empty: it is taken for one of this " +
  'release, and the file is written again'

const producerIdKey = '/producer-ids'

/** What queues and streams are opened with. */
interface Opened {
  readonly metadata: MetadataStore
  readonly image: Image
  readonly accounts: Accounts
  readonly policies: Policies
  readonly store: LogStore
  readonly operations: TopicOperations
}

async function openMessaging(
  parts: NodeParts,
  { metadata, image, accounts, policies, store, operations }: Opened,
  entities: Entities,
): Promise<NodeMessaging> {
  const streams = await openStreams({ ...parts, store, image, operations }, entities)
  return NodeMessaging.open(
    {
      ...parts,
      authorizer: accounts.authorizer,
      limits: accounts.limits,
      policies,
      keysOfVhost: (vhost) => [
        ...accounts.permissions.keysOfVhost(vhost),
        ...policies.keysOfVhost(vhost),
      ],
      store: metadata,
      log: store,
      image,
      topics: operations,
      streams,
    },
    entities,
  )
}

export class NodeBroker implements Broker {
  readonly nodeId: NodeId
  readonly clusterId: string
  readonly rack: string | null
  readonly logs: NodeLogs
  readonly topics: NodeTopics
  readonly configs: NodeConfigs
  readonly groups: NodeGroups
  readonly producers: ProducerIds
  readonly messaging: NodeMessaging
  readonly rights = allRights
  readonly grants = null
  /** Users and what they may do. */
  readonly accounts: Accounts
  readonly policies: Policies
  readonly store: LogStore
  readonly image: Image
  readonly #parts: NodeParts
  readonly #metadata: MetadataStore
  readonly #offsets: InternalTopic
  readonly #upkeep: Upkeep

  /**
   * Recovers everything that the disk holds. Rejects when it is damaged beyond what can be set
   * aside.
   */
  static async open(parts: NodeParts): Promise<NodeBroker> {
    const { disk, clock, chance, settings } = parts
    await disk.makeDir('')
    const [metadata] = await Promise.all([
      EmbeddedStore.read(disk, 'metadata', {
        report: parts.report,
        failed: (cause) => parts.failed(cause),
      }),
      prepareCompression(),
    ])
    const { nodeId } = resolveBrokerSettings(brokerValues(settings))
    let cluster = await readCluster(metadata, nodeId)
    const image = await Image.open(metadata, nodeId, settings)
    const entities = await readEntities(metadata)
    const listQueues = await checkKafkaVhost(metadata, image, entities)
    let unlisted: readonly string[] = []
    const accounts = await Accounts.open({
      store: metadata,
      chance,
      loopbackUsers: () => image.settings.loopbackUsers,
    })
    const policies = await Policies.open(metadata)
    const store = await LogStore.open(
      { disk, clock, chance, options: parts.logOptions, hooks: parts },
      {
        partitions: [
          ...[...image.topics()].flatMap((topic) => knownPartitions(topic, image)),
          ...queuePartitions(entities, image),
        ],
        freeBytesMin: image.settings.diskFreeBytesMin,
        revision: () => metadata.revision,
        cluster: () => cluster,
        // A start that the log refuses leaves the metadata as it is, too.
        settle: async () => {
          if (cluster === null && parts.format?.isKnown === true) parts.report(heldOnce)
          if (cluster !== null && parts.format?.isKnown === false) parts.report(unnumbered)
          await parts.format?.settle()
          await metadata.settle()
          cluster = await joinCluster(metadata, nodeId, chance)
          unlisted = await listQueues()
        },
      },
    )
    const clusterId = cluster ?? ''
    const operations = new TopicOperations(metadata, image, chance)
    const opened = { metadata, image, accounts, policies, store, operations }
    const messaging = await openMessaging(parts, opened, entities)
    const broker = new NodeBroker(parts, { ...opened, clusterId, messaging })
    await broker.#loadGroups()
    for (const topic of unlisted) broker.groups.forgetTopic(topic)
    // Of those that were deleted, a crash may have been before that of their offsets.
    broker.groups.retainTopics((name) => broker.topics.named(name) !== null)
    return broker
  }

  private constructor(
    parts: NodeParts,
    opened: Opened & { readonly clusterId: string; readonly messaging: NodeMessaging },
  ) {
    const { clock, chance } = parts
    const { metadata, image, store, messaging, operations } = opened
    this.#parts = parts
    this.#metadata = metadata
    this.nodeId = image.node
    this.clusterId = opened.clusterId
    this.image = image
    this.accounts = opened.accounts
    this.policies = opened.policies
    this.accounts.permissions.knowVhosts((name) => messaging.vhosts.has(name))
    this.store = store
    this.#offsets = new InternalTopic(image, operations, offsetsTopic, () => {
      const { offsetsTopicPartitions: partitions, offsetsTopicSegmentBytes: bytes } = image.settings
      return { partitions, configs: offsetsTopicConfig(bytes, image.brokerValues) }
    })
    this.messaging = messaging
    this.accounts.onChange(() =>
      messaging.accessChanged((name) => this.accounts.user(name) !== null),
    )
    this.logs = new NodeLogs(store, clock, new TopicQueues(messaging))
    this.topics = new NodeTopics(image, operations, this.#offsets, messaging)
    this.configs = new NodeConfigs(image, new ConfigOperations(metadata, image))
    const broker = image.settings
    this.rack = broker.rack
    this.groups = new NodeGroups({
      clock,
      chance,
      partitions: this.#offsets.existing?.partitions.length ?? broker.offsetsTopicPartitions,
      options: {
        sessionTimeoutMsMin: broker.sessionTimeoutMsMin,
        sessionTimeoutMsMax: broker.sessionTimeoutMsMax,
        initialRebalanceDelayMs: broker.initialRebalanceDelayMs,
        membersMax: broker.groupMembersMax,
        memoryBytesMax: Math.min(broker.groupMemoryBytes, parts.heapBytes / 4),
        offsetMetadataLengthMax: broker.offsetMetadataBytesMax,
        offsetRetentionMs: broker.offsetsRetentionMs,
        retentionCheckMs: broker.offsetsCheckIntervalMs,
      },
      appenderOf: (partition) => this.#appenderOf(partition),
    })
    this.producers = new ProducerIds(producerIdBlocks(metadata))
    this.#upkeep = new Upkeep(store, image, clock, {
      failed: (cause) => parts.failed(cause),
      lookedAtSpace: () => messaging.lookedAtSpace(),
      reclaim: () => messaging.queues.reclaim(),
    })
    image.onChange((event) => this.#follow(event))
  }

  /** What people have named the cluster; else its id. */
  get clusterName(): string {
    const named = this.policies.globalParameter(clusterNameParameter)?.value
    return typeof named === 'string' ? named : this.clusterId
  }

  /**
   * Answers who waits, makes everything durable, and closes the files. The doors are closed
   * before.
   */
  async close(): Promise<void> {
    this.logs.stop()
    this.groups.stop()
    await this.messaging.close()
    await this.#upkeep.stop()
    this.image.close()
    this.accounts.close()
    this.policies.close()
    await this.store.close()
    await this.#metadata.close()
  }

  // ---- The log follows the metadata -------------------------------------------------------------

  #follow(event: ImageEvent): void {
    switch (event.kind) {
      case 'created':
        for (const each of knownPartitions(event.topic, this.image)) this.store.create(each)
        this.messaging.topics.made(event.topic)
        return
      case 'deleted':
        this.groups.forgetTopic(event.topic.name)
        this.messaging.topics.gone(event.topic)
        if (event.topic.kind === 'queue') return
        this.store
          .delete(event.topic.id, event.topic.partitions.keys())
          .catch((cause: unknown) => this.#parts.failed(cause))
        return
      case 'changed':
        this.#applySettings(event.topic)
        this.messaging.topics.changed(event.topic)
        return
      case 'brokerConfig':
        for (const topic of this.image.topics()) this.#applySettings(topic)
        this.messaging.settingsChanged()
    }
  }

  #applySettings(topic: Topic): void {
    for (const known of knownPartitions(topic, this.image)) {
      const log = this.store.get(known.topic, known.partition)
      if (log === undefined) this.store.create(known)
      else log.settings = known.settings
    }
  }

  // ---- Groups -----------------------------------------------------------------------------------

  prepareGroup(_groupId: string): null {
    void this.#offsets.get()
    return null
  }

  async #loadGroups(): Promise<void> {
    const topic = this.#offsets.existing
    if (topic === null) return
    const logs = topic.partitions.map((_, partition) => this.store.get(topic.id, partition))
    await loadGroups(
      logs.filter((log) => log !== undefined),
      {
        store: this.store,
        groups: this.groups,
        forgetDamaged: this.image.settings.forgetsDamagedGroups,
        appenderOf: (partition) => this.#appenderOf(partition),
        report: this.#parts.report,
      },
    )
  }

  #appenderOf(partition: number): Appender {
    const { clock, report } = this.#parts
    return new InternalAppender(this.store, clock, partition, () => this.#offsets.get(), report)
  }
}

/** Those of a queue are its own affair. */
function knownPartitions(topic: Topic, image: Image): KnownPartition[] {
  if (topic.kind === 'queue') return []
  const settings = image.settingsOf(topic)
  const { id, name } = topic
  return topic.partitions.map((_, partition) => ({
    topic: id,
    topicName: name,
    partition,
    settings,
  }))
}

/** Blocks of producer ids, each given out once: the next free id is kept in the metadata. */
function producerIdBlocks(metadata: MetadataStore): ProducerIdBlocks {
  const reserveBlock = async (): Promise<number> => {
    const entry = await metadata.get(producerIdKey)
    const first = Number(entry?.value ?? 0)
    const { ok } = await metadata.txn({
      compare: [{ key: producerIdKey, modRevision: entry?.modRevision ?? 0 }],
      put: [{ key: producerIdKey, value: String(first + producerIdBlockSize) }],
    })
    return ok ? first : reserveBlock()
  }
  return { reserveBlock }
}
