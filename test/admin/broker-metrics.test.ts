// Topics and groups as samples, with the labels of kafka_exporter, over a broker of fixed numbers.
import assert from 'node:assert/strict'
import test from 'node:test'
import { groupMetrics } from '../../src/admin/group-metrics.ts'
import { lines } from '../../src/admin/prometheus.ts'
import { topicMetrics } from '../../src/admin/topic-metrics.ts'
import type { Broker } from '../../src/broker/api.ts'
import { leaderEpoch, nodeId, partitionId, topicId } from '../../src/model/ids.ts'
import type { Topic } from '../../src/model/topic.ts'

const node = nodeId(1)
const partition = {
  leader: node,
  leaderEpoch: leaderEpoch(0),
  replicas: [node, nodeId(2)],
  isr: [node],
}
const orders: Topic = {
  id: topicId('0123456789abcdef0123456789abcdef'),
  name: 'orders',
  internal: false,
  kind: 'log',
  partitions: [partition, partition],
  config: new Map(),
}
const offsets = [
  { partition: 0, offset: 7, leaderEpoch: -1, metadata: '' },
  { partition: 1, offset: -1, leaderEpoch: -1, metadata: '' },
]

/** The parts of a broker that the metrics read. */
const broker = {
  topics: {
    all: () => [orders],
    named: (name: string) => (name === orders.name ? orders : null),
  },
  logs: {
    sizes: () =>
      [0, 1].map((id) => ({
        partition: partitionId(id),
        bytes: 100,
        logStartOffset: 2,
        highWatermark: 10,
        damagedFrom: id === 1 ? 7 : null,
      })),
  },
  groups: {
    list: () => ({ error: null, groups: [{ groupId: 'g', state: 'Stable' }] }),
    describe: () => ({ members: [{}, {}, {}] }),
    fetchOffsets: () => ({
      error: null,
      topics: [
        { topic: 'orders', partitions: offsets },
        { topic: 'deleted', partitions: offsets },
      ],
    }),
  },
} as unknown as Broker

test('topics', () => {
  const text = [...lines(topicMetrics(broker))].join('')
  for (const line of [
    'kafka_topic_partitions{topic="orders"} 2',
    'kafka_topic_partition_current_offset{partition="1",topic="orders"} 10',
    'kafka_topic_partition_oldest_offset{partition="0",topic="orders"} 2',
    'kafka_topic_partition_leader{partition="0",topic="orders"} 1',
    'kafka_topic_partition_leader_is_preferred{partition="0",topic="orders"} 1',
    'kafka_topic_partition_replicas{partition="0",topic="orders"} 2',
    'kafka_topic_partition_in_sync_replica{partition="0",topic="orders"} 1',
    'kafka_topic_partition_under_replicated_partition{partition="0",topic="orders"} 1',
    'polymq_topic_partition_damaged_from{partition="1",topic="orders"} 7',
  ])
    assert.ok(text.includes(`${line}\n`), line)
  assert.equal(text.match(/^polymq_topic_partition_damaged_from\{/gm)?.length, 1)
})

test('groups: lag counts what is committed; deleted topics are left out', () => {
  const text = [...lines(groupMetrics(broker))].filter((line) => !line.startsWith('#')).join('')
  const of = 'consumergroup="g"'
  assert.equal(
    text,
    `kafka_consumergroup_current_offset{${of},partition="0",topic="orders"} 7
kafka_consumergroup_current_offset{${of},partition="1",topic="orders"} -1
kafka_consumergroup_current_offset_sum{${of},topic="orders"} 7
kafka_consumergroup_lag{${of},partition="0",topic="orders"} 3
kafka_consumergroup_lag{${of},partition="1",topic="orders"} -1
kafka_consumergroup_lag_sum{${of},topic="orders"} 3
kafka_consumergroup_members{${of}} 3
polymq_groups{state="Stable"} 1
`,
  )
})
