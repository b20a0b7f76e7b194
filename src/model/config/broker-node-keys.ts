// Keys of the broker about its topics, its listeners, its limits and itself, and our own
// `polymq.*`.
import type { BrokerKey } from './config-key.ts'

const intMax = '2147483647'
const oneLoop = 'one event loop does this work, whatever the number'

const topics: readonly BrokerKey[] = [
  {
    name: 'num.partitions',
    type: 'int',
    default: '1',
    min: 1,
    dynamic: false,
    effect: 'works',
    documentation: 'Partitions of a topic when its creator does not say.',
  },
  {
    name: 'default.replication.factor',
    type: 'int',
    default: '1',
    min: 1,
    max: 32_767,
    dynamic: false,
    effect: 'refused',
    reason: 'this broker is one node, so there is one replica',
    documentation: 'Replicas of a topic when its creator does not say.',
  },
  {
    name: 'auto.create.topics.enable',
    type: 'boolean',
    default: 'true',
    dynamic: false,
    effect: 'works',
    documentation: 'Create a topic when a client that allows it asks about one that is not there.',
  },
  {
    name: 'delete.topic.enable',
    type: 'boolean',
    default: 'true',
    dynamic: false,
    effect: 'works',
    documentation: 'Whether topics can be deleted at all.',
  },
  {
    name: 'auto.leader.rebalance.enable',
    type: 'boolean',
    default: 'true',
    dynamic: false,
    effect: 'accepted',
    reason: 'a partition has one replica, which always leads',
    documentation: 'Give leadership back to the preferred replica.',
  },
]

const itself: readonly BrokerKey[] = [
  {
    name: 'broker.id',
    type: 'int',
    default: '-1',
    dynamic: false,
    effect: 'works',
    documentation: 'The same as node.id, under its older name.',
  },
  {
    name: 'node.id',
    type: 'int',
    default: '1',
    min: 0,
    dynamic: false,
    effect: 'works',
    documentation: 'Number of this node.',
  },
  {
    name: 'broker.rack',
    type: 'string',
    default: null,
    dynamic: false,
    effect: 'works',
    documentation: 'Rack of this node, shown to clients.',
  },
  {
    name: 'listeners',
    type: 'list',
    default: 'PLAINTEXT://:9092',
    dynamic: false,
    effect: 'works',
    documentation: 'Where the broker listens for Kafka clients. Set by the command line.',
  },
  {
    name: 'advertised.listeners',
    type: 'list',
    default: null,
    dynamic: false,
    effect: 'works',
    documentation: 'The address that clients are told to connect to. Set by the command line.',
  },
  {
    name: 'log.dirs',
    type: 'list',
    default: null,
    dynamic: false,
    effect: 'works',
    documentation: 'The folder of the data. Set by the command line.',
  },
]

const connections: readonly BrokerKey[] = [
  {
    name: 'connections.max.idle.ms',
    type: 'long',
    default: '600000',
    dynamic: false,
    effect: 'works',
    documentation: 'A connection without a request for so long is closed; a negative value: never.',
  },
  {
    name: 'max.connections',
    type: 'int',
    default: intMax,
    min: 0,
    dynamic: true,
    effect: 'works',
    documentation: 'Connections at a time.',
  },
  {
    name: 'max.connections.per.ip',
    type: 'int',
    default: intMax,
    min: 0,
    dynamic: true,
    effect: 'works',
    documentation: 'Connections at a time from one address.',
  },
  {
    name: 'socket.request.max.bytes',
    type: 'int',
    default: '104857600',
    min: 1,
    dynamic: false,
    effect: 'works',
    documentation: 'Largest request; a larger one closes its connection.',
  },
  {
    name: 'queued.max.requests',
    type: 'int',
    default: '500',
    min: 1,
    dynamic: false,
    effect: 'accepted',
    reason: 'requests are read from a connection only when they can be worked on',
    documentation: 'Requests that may wait.',
  },
  {
    name: 'request.timeout.ms',
    type: 'int',
    default: '30000',
    dynamic: false,
    effect: 'accepted',
    reason: 'it bounds requests between nodes, and there is one',
    documentation: 'How long a request of the broker to another node may take.',
  },
  {
    name: 'num.io.threads',
    type: 'int',
    default: '8',
    min: 1,
    dynamic: true,
    effect: 'accepted',
    reason: oneLoop,
    documentation: 'Threads that work on requests.',
  },
  {
    name: 'num.network.threads',
    type: 'int',
    default: '3',
    min: 1,
    dynamic: true,
    effect: 'accepted',
    reason: oneLoop,
    documentation: 'Threads that read and write connections.',
  },
  {
    name: 'sasl.enabled.mechanisms',
    type: 'list',
    default: 'PLAIN',
    words: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
    dynamic: false,
    effect: 'works',
    documentation: 'How clients may authenticate, where authentication is on.',
  },
  {
    name: 'fetch.max.bytes',
    type: 'int',
    default: '57671680',
    min: 1024,
    dynamic: false,
    effect: 'works',
    documentation: 'Records in one fetch answer, in bytes, whatever the client asks for.',
  },
  {
    name: 'max.incremental.fetch.session.cache.slots',
    type: 'int',
    default: '1000',
    min: 0,
    dynamic: false,
    effect: 'works',
    documentation:
      'Incremental fetch sessions at a time; a client without one sends whole fetches.',
  },
]

const own: readonly BrokerKey[] = [
  {
    name: 'polymq.clamp.replication.factor',
    type: 'boolean',
    default: 'false',
    dynamic: true,
    effect: 'works',
    documentation:
      'Create a topic with one replica when its creator asks for more, instead of refusing. ' +
      'For test suites that were written for three nodes.',
  },
  {
    name: 'polymq.max.topics',
    type: 'int',
    default: '100000',
    min: 1,
    dynamic: true,
    effect: 'works',
    documentation: 'Topics that this node may hold.',
  },
  {
    name: 'polymq.max.partitions',
    type: 'int',
    default: '200000',
    min: 1,
    dynamic: true,
    effect: 'works',
    documentation: 'Partitions, of all topics together, that this node may hold.',
  },
]

export const brokerNodeKeys = [...topics, ...itself, ...connections, ...own]
