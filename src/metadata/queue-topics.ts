// A durable queue that Kafka's door can show: a topic of kind `queue` with the queue's own id and
// one partition, made and removed in the same transaction as the queue. Pure; the broker's room of
// queues calls it.
import { leaderEpoch, type TopicId } from '../model/ids.ts'
import type { PartitionState, Topic } from '../model/topic.ts'
import { collapsedName, topicNameOf } from '../model/topic-name.ts'
import type { Image } from './image.ts'
import { encodePartition, encodeTopic, nameKey, partitionKey, topicKey } from './keys.ts'
import type { Compare } from './store.ts'

export interface TopicPart {
  readonly compare: readonly Compare[]
  readonly put: readonly { readonly key: string; readonly value: string }[]
  readonly delete: readonly string[]
}

const nothing: TopicPart = { compare: [], put: [], delete: [] }

/** How long a queue keeps its messages is its own affair: as long as they are not settled. */
export const queueTopicConfig: ReadonlyMap<string, string> = new Map([
  ['cleanup.policy', 'delete'],
  ['retention.ms', '-1'],
  ['retention.bytes', '-1'],
  ['compression.type', 'uncompressed'],
  // Space is given back by whole segments.
  ['segment.bytes', '67108864'],
  // How long a message has waited is nothing that a client may say.
  ['message.timestamp.type', 'LogAppendTime'],
])

/** What names of queues begin with that the node has made: no client's may. */
export const madeHere = 'amq.gen-'

/** What lists the queue `queue`; nothing when a node named it, or its name is too long. */
export function queueTopicMade(image: Image, queue: string, id: TopicId): TopicPart {
  if (queue.startsWith(madeHere)) return nothing
  const name = topicNameOf(queue, (like) => image.topicLike(like) !== null)
  if (name === null || image.topicLike(name) !== null) return nothing
  const topic = queueTopic(image, name, id)
  const taken = nameKey(collapsedName(name))
  return {
    compare: [{ key: taken, modRevision: 0 }],
    put: [
      { key: topicKey(name), value: encodeTopic(topic) },
      { key: taken, value: name },
      { key: partitionKey(id, 0), value: encodePartition(topic.partitions[0] as PartitionState) },
    ],
    delete: [],
  }
}

export function queueTopic({ node }: Image, name: string, id: TopicId): Topic {
  const partition = { leader: node, leaderEpoch: leaderEpoch(0), replicas: [node], isr: [node] }
  const plain = { internal: false, kind: 'queue', config: queueTopicConfig } as const
  return { id, name, partitions: [partition], ...plain }
}

/** What takes it off the list; nothing when it is not on it. */
export function queueTopicGone(image: Image, id: TopicId): TopicPart {
  const topic = image.topicById(id)
  if (topic === null) return nothing
  const keys = [topicKey(topic.name), nameKey(collapsedName(topic.name)), partitionKey(id, 0)]
  return { ...nothing, delete: keys }
}
