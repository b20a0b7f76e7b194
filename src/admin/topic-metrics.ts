// Topics and partitions under the names of kafka_exporter, so that its dashboards and alerts work
// unchanged, and their sizes under our own. Read from the broker at each scrape.
import type { Broker, PartitionSize } from '../broker/api.ts'
import type { PartitionState, Topic } from '../model/topic.ts'
import type { Family, Sample } from './prometheus.ts'

export function topicMetrics(broker: Broker): Family[] {
  const states = (of: (state: PartitionState) => number) => () => ofPartitions(broker, of)
  const sizes = (of: (size: PartitionSize) => number | null) => () => ofSizes(broker, of)
  return [
    gauge('kafka_topic_partitions', 'Partitions of the topic.', () => partitionCounts(broker)),
    gauge(
      'kafka_topic_partition_current_offset',
      'Offset behind the last record that consumers can read.',
      sizes((size) => size.highWatermark),
    ),
    gauge(
      'kafka_topic_partition_oldest_offset',
      'Offset of the first record that is kept.',
      sizes((size) => size.logStartOffset),
    ),
    gauge(
      'kafka_topic_partition_in_sync_replica',
      'Replicas that are in sync.',
      states((state) => state.isr.length),
    ),
    gauge(
      'kafka_topic_partition_leader',
      'Node that leads the partition.',
      states((state) => state.leader),
    ),
    gauge(
      'kafka_topic_partition_leader_is_preferred',
      '1 if the leader is the first replica.',
      states((state) => Number(state.leader === state.replicas[0])),
    ),
    gauge(
      'kafka_topic_partition_replicas',
      'Replicas of the partition.',
      states((state) => state.replicas.length),
    ),
    gauge(
      'kafka_topic_partition_under_replicated_partition',
      '1 if a replica is not in sync.',
      states((state) => Number(state.isr.length < state.replicas.length)),
    ),
    gauge(
      'polymq_topic_partition_bytes',
      'Bytes of records kept.',
      sizes((size) => size.bytes),
    ),
    gauge(
      'polymq_topic_partition_damaged_from',
      'Offset from which on records are damaged on disk; only of partitions where some are.',
      sizes((size) => size.damagedFrom),
    ),
  ]
}

export const gauge = (name: string, help: string, samples: () => Iterable<Sample>): Family => ({
  name,
  type: 'gauge',
  help,
  samples,
})

function* partitionCounts(broker: Broker): Generator<Sample> {
  for (const { name, partitions } of broker.topics.all())
    yield { labels: { topic: name }, value: partitions.length }
}

function* ofPartitions(broker: Broker, of: (state: PartitionState) => number): Generator<Sample> {
  for (const topic of broker.topics.all())
    for (const [partition, state] of topic.partitions.entries())
      yield { labels: labels(topic, partition), value: of(state) }
}

/** What is null is left out. */
function* ofSizes(broker: Broker, of: (size: PartitionSize) => number | null): Generator<Sample> {
  for (const topic of broker.topics.all())
    for (const size of broker.logs.sizes(topic)) {
      const value = of(size)
      if (value !== null) yield { labels: labels(topic, size.partition), value }
    }
}

const labels = (topic: Topic, partition: number) => ({ partition, topic: topic.name })
