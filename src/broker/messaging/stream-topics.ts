// The topics of the streams of one vhost. Those of the vhost that Kafka's door shows are topics of
// the metadata, made and deleted as any other, and what is deleted there is a stream no longer.
// Those of another vhost have one partition that only the vhost knows of.
import type { LogStore } from '../../log/log-store.ts'
import type { Image } from '../../metadata/image.ts'
import type { Topics } from '../../metadata/topics.ts'
import { resolveTopicSettings, type TopicSettings } from '../../model/config/topic-settings.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import { leaderEpoch, type TopicId } from '../../model/ids.ts'
import type { FieldTable } from '../../model/message/field.ts'
import type { Topic } from '../../model/topic.ts'
import { topicNameOf } from '../../model/topic-name.ts'
import { topicConfigOf } from '../../stream/declaration.ts'
import type { Streams } from '../../stream/streams.ts'
import type { QueueDefinition } from '../declarations/definitions.ts'
import type { EntityWrites } from '../declarations/entity-writes.ts'
import type { HostedStream } from './hosted-stream.ts'

export interface StreamTopics {
  /** With the definition, in the metadata; its partition is there. The arguments were checked. */
  make(definition: QueueDefinition): Promise<Result<Topic>>
  /** With its definition and bindings, by way of `gone`. */
  delete(stream: HostedStream): Promise<Result<null>>
}

const configOf = (table: FieldTable): (readonly [string, string])[] => {
  const config = topicConfigOf(table)
  return config.ok ? config.value : []
}

/** Topics that everybody sees. The broker tells the vhost of those that come and go. */
export class SharedTopics implements StreamTopics {
  readonly #image: Image
  readonly #topics: Topics
  readonly #writes: EntityWrites

  constructor(image: Image, topics: Topics, writes: EntityWrites) {
    this.#image = image
    this.#topics = topics
    this.#writes = writes
  }

  async make(definition: QueueDefinition): Promise<Result<Topic>> {
    const name = topicNameOf(definition.name, (like) => this.#image.topicLike(like) !== null)
    if (name === null)
      return refuse('preconditionFailed', `the name '${definition.name}' is too long for a topic`)
    const wish = {
      name,
      partitions: 1,
      replicationFactor: -1,
      assignments: null,
      configs: configOf(definition.arguments),
      id: definition.topic,
      also: [this.#writes.streamEntry(definition)],
    }
    const [made] = await this.#topics.create([wish], { validateOnly: false })
    return made ?? refuse('unknownServerError')
  }

  async delete({ topic }: HostedStream): Promise<Result<null>> {
    const gone = await this.#topics.delete({ id: topic.id })
    return gone.ok || gone.error === 'unknownTopicId' ? ok(null) : gone
  }
}

export interface OwnTopicsParts {
  readonly image: Image
  readonly log: LogStore
  readonly streams: Streams
  readonly writes: EntityWrites
  /** Takes it out of the vhost; the keys of the metadata that go come from what it returns. */
  remove(stream: HostedStream): () => Promise<readonly string[]>
}

/** Topics that only their vhost knows. */
export class OwnTopics implements StreamTopics {
  readonly #parts: OwnTopicsParts

  constructor(parts: OwnTopicsParts) {
    this.#parts = parts
  }

  async make(definition: QueueDefinition): Promise<Result<Topic>> {
    const { writes, log, image } = this.#parts
    await writes.stream(definition)
    const topic = ownTopic(definition, image)
    log.create({
      topic: topic.id,
      topicName: topic.name,
      partition: 0,
      settings: streamSettings(definition.arguments, image),
    })
    return ok(topic)
  }

  async delete(stream: HostedStream): Promise<Result<null>> {
    const { writes, log, streams } = this.#parts
    const { id } = stream.topic
    await writes.gone(await this.#parts.remove(stream)())
    streams.offsets.forget(id)
    await log.delete(id, [0])
    return ok(null)
  }
}

/** Of the partition of a stream that its vhost alone knows. */
export const streamSettings = (table: FieldTable, image: Image): TopicSettings =>
  resolveTopicSettings(new Map(configOf(table)), image.brokerValues)

export function ownTopic(
  { name, topic, arguments: table }: { name: string; topic: TopicId; arguments: FieldTable },
  { node }: Image,
): Topic {
  const partition = { leader: node, leaderEpoch: leaderEpoch(0), replicas: [node], isr: [node] }
  const config = new Map(configOf(table))
  return { id: topic, name, internal: false, kind: 'log', partitions: [partition], config }
}
