// Keys of the broker that Kafka does not have: how much this node may hold, and what it gives its
// log to work with. The benchmarks run with the defaults.
import type { BrokerKey } from './config-key.ts'

const MiB = 1_048_576

const bounds: readonly BrokerKey[] = [
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
    name: 'polymq.users.file',
    type: 'string',
    default: null,
    form: { pattern: /./, text: 'the path of a file' },
    dynamic: false,
    effect: 'works',
    documentation:
      'File of lines NAME=PASSWORD. When it is set, every client of the Kafka listener must ' +
      'authenticate as one of these users, by one of sasl.enabled.mechanisms.',
  },
  {
    name: 'polymq.definitions.file',
    type: 'string',
    default: null,
    form: { pattern: /./, text: 'the path of a file' },
    dynamic: false,
    effect: 'works',
    documentation:
      'File of definitions, in the JSON that RabbitMQ exports, that are taken in when this node ' +
      'starts: users, vhosts, permissions, limits, exchanges, queues and bindings. Exchanges, ' +
      'queues and bindings that are there stay as they are.',
  },
  {
    name: 'polymq.kafka.users',
    type: 'string',
    default: 'file',
    words: ['file', 'accounts'],
    dynamic: false,
    effect: 'works',
    documentation:
      'Who the clients of the Kafka listener are. file: those of polymq.users.file, who may do ' +
      'everything; without that file nobody is asked. accounts: the users of this node, who must ' +
      'authenticate by one of sasl.enabled.mechanisms, and may do what their permissions in ' +
      'polymq.kafka.vhost say.',
  },
  {
    name: 'polymq.kafka.vhost',
    type: 'string',
    default: '/',
    form: { pattern: /./, text: 'the name of a vhost' },
    dynamic: false,
    effect: 'works',
    documentation:
      'The vhost whose queues and streams are the topics of the Kafka listener. It is made if it ' +
      'is not there, and cannot be deleted. May be changed while there are no topics but queues.',
  },
  {
    name: 'polymq.loopback.users',
    type: 'list',
    default: 'guest',
    dynamic: true,
    effect: 'works',
    documentation: 'Users of this node who may log in from the machine that it runs on only.',
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
  {
    name: 'polymq.max.queues',
    type: 'int',
    default: '100000',
    min: 1,
    dynamic: true,
    effect: 'works',
    documentation: 'Queues that this node may hold, of all vhosts together.',
  },
  {
    name: 'polymq.max.exchanges',
    type: 'int',
    default: '100000',
    min: 1,
    dynamic: true,
    effect: 'works',
    documentation: 'Exchanges that this node may hold, with those that every vhost has.',
  },
  {
    name: 'polymq.max.bindings',
    type: 'int',
    default: '1000000',
    min: 1,
    dynamic: true,
    effect: 'works',
    documentation: 'Bindings that this node may hold, of all vhosts together.',
  },
  {
    name: 'polymq.max.consumers',
    type: 'int',
    default: '200000',
    min: 1,
    dynamic: true,
    effect: 'works',
    documentation: 'Consumers of queues and streams that this node may have, of all AMQP clients.',
  },
  {
    name: 'polymq.damaged.groups',
    type: 'string',
    default: 'refuse',
    words: ['refuse', 'forget'],
    dynamic: false,
    effect: 'works',
    documentation:
      'What becomes of groups whose partition of __consumer_offsets is damaged. refuse: they are ' +
      'answered COORDINATOR_NOT_AVAILABLE. forget: what can be read of it when the node starts ' +
      'counts, the rest is forgotten; consumers may read records again, or skip some.',
  },
  {
    name: 'polymq.damaged.queues',
    type: 'string',
    default: 'hold',
    words: ['hold', 'skip'],
    dynamic: false,
    effect: 'works',
    documentation:
      'What a queue does at messages that are damaged on disk. hold: it delivers nothing behind ' +
      'them until a backup is restored, or it is purged or deleted. skip: it passes over what ' +
      'cannot be read, says how many messages that were, and goes on with the next ones.',
  },
  {
    name: 'polymq.group.memory.bytes',
    type: 'long',
    default: '268435456',
    min: MiB,
    dynamic: false,
    effect: 'works',
    documentation:
      'Memory for what all groups of this node keep together: members with what they offer and ' +
      'are assigned, handed-out member ids, committed offsets. Ids that nobody uses make room; ' +
      'what does not fit is refused; new groups use three quarters of it at most. At most a ' +
      "quarter of the engine's heap.",
  },
]

const log: readonly BrokerKey[] = [
  {
    name: 'polymq.disk.free.bytes.min',
    type: 'long',
    default: '268435456',
    min: 0,
    dynamic: true,
    effect: 'works',
    documentation:
      'With less space than this left on the disk, records are refused with ' +
      'KAFKA_STORAGE_ERROR, and taken again when there is more; reading, committing and ' +
      'deleting go on. At least two files of the journal (polymq.journal.file.bytes). 0: no bound.',
  },
  {
    name: 'polymq.journal.file.bytes',
    type: 'int',
    default: '33554432',
    min: 8 * MiB,
    max: 1024 * MiB,
    dynamic: false,
    effect: 'works',
    documentation:
      'Size of a file of the journal, in steps of 4 MiB; the largest batch fits one. Settled ' +
      'when a data folder is first used, and later kept.',
  },
  {
    name: 'polymq.journal.files',
    type: 'int',
    default: '6',
    min: 3,
    max: 1024,
    dynamic: false,
    effect: 'works',
    documentation:
      'Files of the journal. When the records in all of them still wait to be moved to ' +
      'segments, producers are held back.',
  },
  {
    name: 'polymq.tail.cache.bytes',
    type: 'long',
    default: '67108864',
    min: 16 * MiB,
    max: 65_536 * MiB,
    dynamic: false,
    effect: 'works',
    documentation:
      'Memory for the newest records, in steps of 4 MiB: who reads them needs no disk. The ' +
      'largest batch fits half of it.',
  },
  {
    name: 'polymq.read.buffer.bytes',
    type: 'long',
    default: '67108864',
    min: 4 * MiB,
    dynamic: false,
    effect: 'works',
    documentation: 'Memory for older records on their way from the disk to their readers.',
  },
  {
    name: 'polymq.memory.topic.bytes',
    type: 'long',
    default: '268435456',
    min: 0,
    dynamic: false,
    effect: 'works',
    documentation: 'Memory for the records of all topics with polymq.flush=memory together.',
  },
  {
    name: 'polymq.commit.gather.ms',
    type: 'double',
    default: '1',
    min: 0,
    max: 100,
    dynamic: false,
    effect: 'works',
    documentation:
      'Under load a write of the journal waits for as many batches as the one before took along, ' +
      'at most until so long after that one began. 0: at once.',
  },
  {
    name: 'polymq.segment.open.files',
    type: 'int',
    default: '256',
    min: 16,
    max: 65_536,
    dynamic: false,
    effect: 'works',
    documentation: 'Segment files that are open for readers at a time.',
  },
  {
    name: 'polymq.checksum.trust.ms',
    type: 'long',
    default: '3600000',
    min: 0,
    dynamic: false,
    effect: 'works',
    documentation:
      'So long what a Kafka client reads on and on is passed on without summing it again, where ' +
      'this process wrote it or found it right and nobody has written to the file since. 0: all ' +
      'that is read from disk is held against its checksums each time.',
  },
]

export const brokerOwnKeys = [...bounds, ...log]
