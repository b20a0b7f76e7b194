// Groups under the names of kafka_exporter: what they have committed and how far behind they are.
// Read from the broker at each scrape, family by family, group by group.
import type { Broker } from '../broker/api.ts'
import type { Family, Sample } from './prometheus.ts'
import { gauge } from './topic-metrics.ts'

export function groupMetrics(broker: Broker): Family[] {
  const current = (of: Committed): number => of.offset
  return [
    gauge('kafka_consumergroup_current_offset', 'Offset that the group has committed.', () =>
      ofPartitions(broker, current),
    ),
    gauge('kafka_consumergroup_current_offset_sum', 'Committed offsets of a topic, in sum.', () =>
      ofTopics(broker, (of) => Math.max(0, current(of))),
    ),
    gauge(
      'kafka_consumergroup_lag',
      'Records that the group has not committed; -1 if it has committed nothing.',
      () => ofPartitions(broker, lag),
    ),
    gauge('kafka_consumergroup_lag_sum', 'Lag of a topic, in sum over its partitions.', () =>
      ofTopics(broker, (of) => Math.max(0, lag(of))),
    ),
    gauge('kafka_consumergroup_members', 'Members of the group.', () => memberCounts(broker)),
    gauge('polymq_groups', 'Groups, by state.', () => groupCounts(broker)),
  ]
}

interface Committed {
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** -1: nothing. */
  readonly offset: number
  readonly highWatermark: number
}

/** Never below zero: whoever committed beyond the end has no negative work to do. */
const lag = ({ offset, highWatermark }: Committed): number =>
  offset < 0 ? -1 : Math.max(0, highWatermark - offset)

const groupIds = (broker: Broker): string[] =>
  broker.groups.list({ states: [], types: [] }).groups.map((group) => group.groupId)

/** What each group has committed, topic by topic, as far as the topics are still there. */
function* committed(broker: Broker): Generator<readonly Committed[]> {
  for (const group of groupIds(broker))
    for (const { topic: name, partitions } of broker.groups.fetchOffsets(group, null).topics) {
      const topic = broker.topics.named(name)
      if (topic === null) continue
      const ends = broker.logs.sizes(topic).map((size) => size.highWatermark)
      yield partitions.map(({ partition, offset }) => {
        const highWatermark = ends[partition] ?? 0
        return { group, topic: name, partition, offset, highWatermark }
      })
    }
}

function* ofPartitions(broker: Broker, of: (each: Committed) => number): Generator<Sample> {
  for (const topic of committed(broker))
    for (const each of topic) {
      const { group: consumergroup, partition, topic: name } = each
      yield { labels: { consumergroup, partition, topic: name }, value: of(each) }
    }
}

function* ofTopics(broker: Broker, of: (each: Committed) => number): Generator<Sample> {
  for (const topic of committed(broker)) {
    const [one] = topic
    if (one === undefined) continue
    const value = topic.reduce((sum, each) => sum + of(each), 0)
    yield { labels: { consumergroup: one.group, topic: one.topic }, value }
  }
}

function* memberCounts(broker: Broker): Generator<Sample> {
  for (const group of groupIds(broker)) {
    const value = broker.groups.describe(group).members.length
    yield { labels: { consumergroup: group }, value }
  }
}

function* groupCounts(broker: Broker): Generator<Sample> {
  const counts = new Map<string, number>()
  for (const { state } of broker.groups.list({ states: [], types: [] }).groups)
    counts.set(state, (counts.get(state) ?? 0) + 1)
  for (const [state, value] of counts) yield { labels: { state }, value }
}
