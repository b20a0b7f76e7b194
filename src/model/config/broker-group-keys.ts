// Keys of the broker about groups, their offsets, and producers.
import type { BrokerKey } from './config-key.ts'

const intMax = '2147483647'

export const brokerGroupKeys: readonly BrokerKey[] = [
  {
    name: 'group.min.session.timeout.ms',
    type: 'int',
    default: '6000',
    min: 1,
    dynamic: false,
    effect: 'works',
    documentation: 'Shortest session timeout that a member may ask for.',
  },
  {
    name: 'group.max.session.timeout.ms',
    type: 'int',
    default: '1800000',
    min: 1,
    dynamic: false,
    effect: 'works',
    documentation: 'Longest session timeout that a member may ask for.',
  },
  {
    name: 'group.initial.rebalance.delay.ms',
    type: 'int',
    default: '0',
    min: 0,
    dynamic: false,
    effect: 'works',
    documentation:
      'How long the first rebalance of an empty group waits for more members. 0 lets the ' +
      'first member start at once; 3000, as with Kafka, saves rebalances when many members ' +
      'start together.',
  },
  {
    name: 'group.max.size',
    type: 'int',
    default: intMax,
    min: 1,
    dynamic: false,
    effect: 'works',
    documentation: 'Members of one group.',
  },
  {
    name: 'offset.metadata.max.bytes',
    type: 'int',
    default: '4096',
    min: 0,
    dynamic: false,
    effect: 'works',
    documentation: 'Largest text that a member may commit beside an offset.',
  },
  {
    name: 'offsets.retention.minutes',
    type: 'int',
    default: '10080',
    min: 1,
    dynamic: false,
    effect: 'works',
    documentation: 'How long offsets are kept after their group lost its last member.',
  },
  {
    name: 'offsets.retention.check.interval.ms',
    type: 'long',
    default: '600000',
    min: 1,
    dynamic: false,
    effect: 'works',
    documentation: 'How often offsets are checked against offsets.retention.minutes.',
  },
  {
    name: 'offsets.topic.num.partitions',
    type: 'int',
    default: '50',
    min: 1,
    dynamic: false,
    effect: 'works',
    documentation: 'Partitions of the topic that holds committed offsets, when it is created.',
  },
  {
    name: 'offsets.topic.replication.factor',
    type: 'int',
    default: '1',
    min: 1,
    max: 32_767,
    dynamic: false,
    effect: 'accepted',
    reason: 'this broker is one node, so there is one replica',
    documentation: 'Replicas of the topic that holds committed offsets.',
  },
  {
    name: 'producer.id.expiration.ms',
    type: 'int',
    default: '86400000',
    min: 1,
    dynamic: true,
    effect: 'works',
    documentation: 'A partition forgets a producer that has been silent for so long.',
  },
]
