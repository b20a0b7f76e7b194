// Keys of the broker that Kafka lets change while it runs, about what this broker has no part of:
// replication, remote storage, thread pools, transactions. They are taken, bounded and shown as
// Kafka does, since tools set them without asking. Not so what would limit or look up something:
// who sets that relies on it, and is told.

import { groupOf } from './config-group.ts'
import type { BrokerKey } from './config-key.ts'
import { longMax } from './config-value.ts'

const throttles = groupOf('accepted', 'a partition has one replica, so nothing is copied', [
  {
    name: 'leader.replication.throttled.rate',
    type: 'long',
    default: null,
    min: 0,
    isShownUnset: false,
    documentation: 'Bytes a second that a leader sends of its throttled replicas.',
  },
  {
    name: 'follower.replication.throttled.rate',
    type: 'long',
    default: null,
    min: 0,
    isShownUnset: false,
    documentation: 'Bytes a second that a follower takes for its throttled replicas.',
  },
  {
    name: 'replica.alter.log.dirs.io.max.bytes.per.second',
    type: 'long',
    default: null,
    min: 0,
    isShownUnset: false,
    documentation: 'Bytes a second while replicas move between folders.',
  },
  {
    name: 'num.replica.fetchers',
    type: 'int',
    default: '1',
    min: 1,
    documentation: 'Threads that copy from one other node.',
  },
])

const threads = groupOf('accepted', 'one event loop does this work, whatever the number', [
  {
    name: 'background.threads',
    type: 'int',
    default: '10',
    min: 1,
    documentation: 'Threads for the work that no client waits for.',
  },
  {
    name: 'num.recovery.threads.per.data.dir',
    type: 'int',
    default: '2',
    min: 1,
    documentation: 'Threads that recover the log at the start and sync it at the end.',
  },
])

const remote = groupOf('accepted', 'this broker keeps all records on its own disk', [
  {
    name: 'remote.fetch.max.wait.ms',
    type: 'int',
    default: '500',
    min: 1,
    documentation: 'How long a fetch waits for records from remote storage.',
  },
  {
    name: 'remote.list.offsets.request.timeout.ms',
    type: 'long',
    default: '30000',
    min: 1,
    documentation: 'How long a look-up of an offset waits for remote storage.',
  },
  {
    name: 'remote.log.index.file.cache.total.size.bytes',
    type: 'long',
    default: '1073741824',
    min: 1,
    documentation: 'Disk space for indexes fetched from remote storage.',
  },
  {
    name: 'remote.log.manager.copier.thread.pool.size',
    type: 'int',
    default: '10',
    min: 1,
    documentation: 'Threads that copy segments to remote storage.',
  },
  {
    name: 'remote.log.manager.copy.max.bytes.per.second',
    type: 'long',
    default: longMax,
    min: 1,
    documentation: 'Bytes a second that are copied to remote storage.',
  },
  {
    name: 'remote.log.manager.expiration.thread.pool.size',
    type: 'int',
    default: '10',
    min: 1,
    documentation: 'Threads that drop expired segments of remote storage.',
  },
  {
    name: 'remote.log.manager.fetch.max.bytes.per.second',
    type: 'long',
    default: longMax,
    min: 1,
    documentation: 'Bytes a second that are fetched from remote storage.',
  },
  {
    name: 'remote.log.manager.follower.thread.pool.size',
    type: 'int',
    default: '2',
    min: 1,
    documentation: 'Threads that ask how far followers have come in remote storage.',
  },
  {
    name: 'remote.log.reader.threads',
    type: 'int',
    default: '10',
    min: 1,
    documentation: 'Threads that read from remote storage.',
  },
])

const transactions = groupOf('accepted', 'transactions are not there yet, and are refused', [
  {
    name: 'transaction.partition.verification.enable',
    type: 'boolean',
    default: 'true',
    documentation: 'Check that a partition is part of a transaction before it takes its records.',
  },
])

const jmxReporter = 'org.apache.kafka.common.metrics.JmxReporter'

const reporters = groupOf('accepted', 'metrics are told over HTTP, in the words of Prometheus', [
  {
    name: 'metric.reporters',
    type: 'list',
    default: jmxReporter,
    words: [jmxReporter],
    documentation: 'Classes that report metrics.',
  },
])

const limits = groupOf('refused', 'there is no such limit yet', [
  {
    name: 'max.connection.creation.rate',
    type: 'int',
    default: '2147483647',
    min: 0,
    documentation: 'New connections a second.',
  },
  {
    name: 'max.connections.per.ip.overrides',
    type: 'string',
    default: '',
    documentation: 'Addresses with another limit than max.connections.per.ip.',
  },
])

const lookUps = groupOf('refused', 'values stand in the settings themselves', [
  {
    name: 'config.providers',
    type: 'list',
    default: '',
    documentation: 'Names of classes that give values of settings from elsewhere.',
  },
])

export const brokerIdleKeys: readonly BrokerKey[] = [
  ...throttles,
  ...threads,
  ...remote,
  ...transactions,
  ...reporters,
  ...limits,
  ...lookUps,
]
