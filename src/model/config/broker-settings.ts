// The settings of the broker as its rooms use them: one typed object, units in the names, resolved
// once per change. Settings of the log stand in TopicSettings. Invariant: the texts were validated
// when they were set.
import { assert } from '../../base/assert.ts'
import { type NodeId, nodeId } from '../ids.ts'
import { brokerKeys } from './broker-keys.ts'
import { type BrokerValues, brokerSources } from './config-source.ts'
import { type ConfigValue, itemsOf, knownConfig } from './config-value.ts'

/** Files by path; '': not set. */
export interface TlsSettings {
  readonly certificateFile: string
  readonly keyFile: string
  readonly caFile: string
  readonly clientCertificate: 'none' | 'requested' | 'required'
}

export interface AmqpSettings {
  readonly messageBytesMax: number
  readonly channelsMax: number
  readonly frameBytesMax: number
  /** 0: none. */
  readonly heartbeatSeconds: number
}

export interface BrokerSettings {
  readonly nodeId: NodeId
  readonly rack: string | null
  readonly partitionsDefault: number
  readonly autoCreateTopics: boolean
  readonly deleteTopics: boolean
  readonly clampReplicationFactor: boolean
  readonly topicsMax: number
  readonly partitionsMax: number
  readonly queuesMax: number
  readonly exchangesMax: number
  readonly bindingsMax: number
  readonly consumersMax: number
  readonly sessionTimeoutMsMin: number
  readonly sessionTimeoutMsMax: number
  readonly initialRebalanceDelayMs: number
  readonly groupMembersMax: number
  readonly groupMemoryBytes: number
  readonly forgetsDamagedGroups: boolean
  readonly skipsDamagedMessages: boolean
  readonly offsetMetadataBytesMax: number
  readonly offsetsRetentionMs: number
  readonly offsetsCheckIntervalMs: number
  readonly offsetsTopicPartitions: number
  readonly offsetsTopicSegmentBytes: number
  readonly producerIdExpirationMs: number
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  /** Infinity: never. */
  readonly connectionIdleMsMax: number
  readonly requestBytesMax: number
  readonly fetchBytesMax: number
  readonly fetchSessionsMax: number
  readonly saslMechanisms: readonly string[]
  /** '': there is none. */
  readonly definitionsFile: string
  /** '': there is none. */
  readonly usersFile: string
  readonly tls: TlsSettings
  readonly amqp: AmqpSettings
  /** How long a consumer of a queue may keep a delivery without settling it. Infinity: for ever. */
  readonly consumerTimeoutMs: number
  /** Clients of the Kafka listener are users of this node. */
  readonly kafkaUsesAccounts: boolean
  /** Whose queues and streams are the topics of the node. */
  readonly kafkaVhost: string
  /** Users who may log in from this machine only. */
  readonly loopbackUsers: readonly string[]
  readonly retentionCheckIntervalMs: number
  readonly isCompacting: boolean
  readonly compactionPauseMs: number
  readonly compactionMemoryBytes: number
  readonly compactionBytesPerSecondMax: number
  /** 0: none. */
  readonly diskFreeBytesMin: number
  readonly journalFileBytes: number
  readonly journalFiles: number
  readonly tailCacheBytes: number
  readonly readBufferBytes: number
  readonly memoryTopicBytes: number
  readonly commitGatherMs: number
  readonly segmentOpenFiles: number
  /** 0: all that is read is summed. */
  readonly checksumTrustMs: number
}

export function resolveBrokerSettings(values: BrokerValues): BrokerSettings {
  const value = (name: string): ConfigValue => effectiveValue(name, values)
  const number = (name: string): number => Number(value(name))
  const idleMs = number('connections.max.idle.ms')
  return {
    nodeId: nodeId(number('node.id')),
    rack: effectiveBrokerText('broker.rack', values) || null,
    partitionsDefault: number('num.partitions'),
    autoCreateTopics: value('auto.create.topics.enable') === true,
    deleteTopics: value('delete.topic.enable') === true,
    clampReplicationFactor: value('polymq.clamp.replication.factor') === true,
    topicsMax: number('polymq.max.topics'),
    partitionsMax: number('polymq.max.partitions'),
    queuesMax: number('polymq.max.queues'),
    exchangesMax: number('polymq.max.exchanges'),
    bindingsMax: number('polymq.max.bindings'),
    consumersMax: number('polymq.max.consumers'),
    sessionTimeoutMsMin: number('group.min.session.timeout.ms'),
    sessionTimeoutMsMax: number('group.max.session.timeout.ms'),
    initialRebalanceDelayMs: number('group.initial.rebalance.delay.ms'),
    groupMembersMax: number('group.max.size'),
    groupMemoryBytes: number('polymq.group.memory.bytes'),
    forgetsDamagedGroups: value('polymq.damaged.groups') === 'forget',
    skipsDamagedMessages: value('polymq.damaged.queues') === 'skip',
    offsetMetadataBytesMax: number('offset.metadata.max.bytes'),
    offsetsRetentionMs: number('offsets.retention.minutes') * 60_000,
    offsetsCheckIntervalMs: number('offsets.retention.check.interval.ms'),
    offsetsTopicPartitions: number('offsets.topic.num.partitions'),
    offsetsTopicSegmentBytes: number('offsets.topic.segment.bytes'),
    producerIdExpirationMs: number('producer.id.expiration.ms'),
    connectionsMax: number('max.connections'),
    connectionsPerAddressMax: number('max.connections.per.ip'),
    connectionIdleMsMax: idleMs < 0 ? Number.POSITIVE_INFINITY : idleMs,
    requestBytesMax: number('socket.request.max.bytes'),
    fetchBytesMax: number('fetch.max.bytes'),
    fetchSessionsMax: number('max.incremental.fetch.session.cache.slots'),
    saslMechanisms: itemsOf(effectiveBrokerText('sasl.enabled.mechanisms', values)),
    definitionsFile: effectiveBrokerText('polymq.definitions.file', values),
    usersFile: effectiveBrokerText('polymq.users.file', values),
    tls: {
      certificateFile: effectiveBrokerText('polymq.tls.certificate.file', values),
      keyFile: effectiveBrokerText('polymq.tls.key.file', values),
      caFile: effectiveBrokerText('polymq.tls.ca.file', values),
      clientCertificate: value('polymq.tls.client.certificate') as TlsSettings['clientCertificate'],
    },
    amqp: {
      messageBytesMax: number('polymq.amqp.message.bytes.max'),
      channelsMax: number('polymq.amqp.channels.max'),
      frameBytesMax: number('polymq.amqp.frame.bytes.max'),
      heartbeatSeconds: number('polymq.amqp.heartbeat.seconds'),
    },
    consumerTimeoutMs: number('polymq.consumer.timeout.ms') || Number.POSITIVE_INFINITY,
    kafkaVhost: effectiveBrokerText('polymq.kafka.vhost', values),
    kafkaUsesAccounts: value('polymq.kafka.users') === 'accounts',
    loopbackUsers: itemsOf(effectiveBrokerText('polymq.loopback.users', values)),
    retentionCheckIntervalMs: number('log.retention.check.interval.ms'),
    isCompacting: value('log.cleaner.enable') === true,
    compactionPauseMs: number('log.cleaner.backoff.ms'),
    compactionMemoryBytes: number('log.cleaner.dedupe.buffer.size'),
    compactionBytesPerSecondMax: number('log.cleaner.io.max.bytes.per.second'),
    diskFreeBytesMin: number('polymq.disk.free.bytes.min'),
    journalFileBytes: number('polymq.journal.file.bytes'),
    journalFiles: number('polymq.journal.files'),
    tailCacheBytes: number('polymq.tail.cache.bytes'),
    readBufferBytes: number('polymq.read.buffer.bytes'),
    memoryTopicBytes: number('polymq.memory.topic.bytes'),
    commitGatherMs: number('polymq.commit.gather.ms'),
    segmentOpenFiles: number('polymq.segment.open.files'),
    checksumTrustMs: number('polymq.checksum.trust.ms'),
  }
}

/** The text in force of a key of the broker; '' when it is not set and has no default. */
export function effectiveBrokerText(name: string, values: BrokerValues): string {
  const key = brokerKeys.get(name)
  assert(key, `${name} is a key of the broker`)
  return brokerSources(key, values).find((s) => s.name === name)?.value ?? ''
}

function effectiveValue(name: string, values: BrokerValues): ConfigValue {
  const key = brokerKeys.get(name)
  assert(key, `${name} is a key of the broker`)
  return knownConfig(key, effectiveBrokerText(name, values))
}
