// The operations on topics: create, delete, grow. Each is validated on the image, made by a
// transaction that compares what was seen, and durable and visible in the image when it resolves.
// With `validateOnly` nothing is written. What Kafka 4.2 answers was asked of it; our messages say
// the same in our words.
import type { Chance } from '../io/chance.ts'
import { replaceConfigs, topicScope } from '../model/config/config-change.ts'
import { noTexts } from '../model/config/config-source.ts'
import { effectiveText } from '../model/config/topic-settings.ts'
import { ok, type Result, refuse } from '../model/errors.ts'
import { type TopicId, topicId } from '../model/ids.ts'
import type { Topic } from '../model/topic.ts'
import { collapsedName, topicNameFault } from '../model/topic-name.ts'
import { grow, type Layout, type LayoutRules, layOut } from './assignment.ts'
import { change, type Decision } from './change.ts'
import type { Image } from './image.ts'
import { encodePartition, encodeTopic, nameKey, partitionKey, topicKey } from './keys.ts'
import type { MetadataStore, Txn } from './store.ts'

export interface NewTopic extends Layout {
  readonly name: string
  /** A null value is refused, in words that name its key. */
  readonly configs: readonly (readonly [string, string | null])[]
  /** Made by the node for itself. */
  readonly internal?: boolean
  /** Absent: a new one. */
  readonly id?: TopicId
  /** What is to be written with it, or not at all. */
  readonly also?: readonly { readonly key: string; readonly value: string }[]
}

export interface NewPartitions {
  readonly name: string
  /** How many the topic shall have in all. */
  readonly partitions: number
  /** Nodes of each added partition; null: let the broker choose. */
  readonly assignments: readonly (readonly number[])[] | null
}

export type TopicRef = { readonly name: string } | { readonly id: TopicId }

export interface WriteOptions {
  readonly validateOnly: boolean
}

export class Topics {
  readonly #store: MetadataStore
  readonly #image: Image
  readonly #chance: Chance

  constructor(store: MetadataStore, image: Image, chance: Chance) {
    this.#store = store
    this.#image = image
    this.#chance = chance
  }

  /** One result per topic, in the order given; the store writes what waits together at once. */
  create(topics: readonly NewTopic[], options: WriteOptions): Promise<Result<Topic>[]> {
    const names = topics.map((topic) => topic.name)
    return Promise.all(
      topics.map((topic) =>
        names.indexOf(topic.name) !== names.lastIndexOf(topic.name)
          ? refuse('invalidRequest', `topic '${topic.name}' stands twice in the request`)
          : change(this.#store, () => this.#decideCreate(topic, options)),
      ),
    )
  }

  /** Refused with `unknownTopic` or `unknownTopicId`. */
  delete(ref: TopicRef): Promise<Result<Topic>> {
    return change(this.#store, () => {
      const settings = this.#image.settings
      if (!settings.deleteTopics)
        return refuse('invalidRequest', 'delete.topic.enable is false, so topics stay')
      const topic = this.#find(ref)
      if (!topic.ok) return topic
      return ok({ txn: this.#deletion(topic.value), answer: topic.value })
    })
  }

  /** Adds partitions at the end; resolves to the topic as it is then. */
  grow(wish: NewPartitions, options: WriteOptions): Promise<Result<Topic>> {
    return change(this.#store, () => this.#decideGrow(wish, options))
  }

  #find(ref: TopicRef): Result<Topic> {
    if ('id' in ref) {
      const topic = this.#image.topicById(ref.id)
      return topic ? ok(topic) : refuse('unknownTopicId', `no topic has the id ${ref.id}`)
    }
    const topic = this.#image.topic(ref.name)
    return topic
      ? ok(topic)
      : refuse('unknownTopic', `no topic is named '${ref.name.slice(0, 249)}'`)
  }

  #rules(): LayoutRules {
    const settings = this.#image.settings
    return { node: this.#image.node, ...settings }
  }

  #decideCreate(wish: NewTopic, { validateOnly }: WriteOptions): Decision<Topic> {
    const { name } = wish
    const fault = topicNameFault(name) ?? this.#nameTaken(name)
    if (fault) return { ok: false, ...fault }
    const partitions = layOut(wish, this.#rules())
    if (!partitions.ok) return partitions
    const room = this.#roomFor(1, partitions.value.length)
    if (!room.ok) return room
    const values = this.#image.brokerValues
    const scope = topicScope(noTexts, (key, texts) => effectiveText(key, texts, values))
    const config = replaceConfigs(wish.configs, scope)
    if (!config.ok) return config
    const topic: Topic = {
      id: wish.id ?? topicId(this.#chance.uuid()),
      name,
      internal: wish.internal ?? false,
      kind: 'log',
      partitions: partitions.value,
      config: config.value,
    }
    const txn = creation(topic, wish.also ?? [])
    return ok({ txn: validateOnly ? null : txn, answer: topic })
  }

  #nameTaken(name: string) {
    const other = this.#image.topicLike(name)
    if (!other) return null
    if (other.name === name) return refuse('topicExists', `topic '${name}' exists`)
    return refuse(
      'invalidTopicName',
      `topic name '${name}' differs from the existing '${other.name}' only by '.' and '_'; ` +
        'choose another name',
    )
  }

  #roomFor(topics: number, partitions: number): Result<null> {
    const { topicsMax, partitionsMax } = this.#image.settings
    if (this.#image.topicCount + topics > topicsMax)
      return refuse(
        'policyViolation',
        `this node holds at most ${topicsMax} topics; raise polymq.max.topics`,
      )
    if (this.#image.partitionCount + partitions > partitionsMax)
      return refuse(
        'policyViolation',
        `this node holds at most ${partitionsMax} partitions; raise polymq.max.partitions`,
      )
    return ok(null)
  }

  #decideGrow(wish: NewPartitions, { validateOnly }: WriteOptions): Decision<Topic> {
    const found = this.#find(wish)
    if (!found.ok) return found
    const topic = found.value
    if (topic.kind === 'queue')
      return refuse('invalidPartitions', `'${topic.name}' is a queue and has one partition`)
    const count = topic.partitions.length
    if (wish.partitions === count)
      return refuse('invalidPartitions', `topic '${topic.name}' has ${count} partitions already`)
    if (wish.partitions < count)
      return refuse(
        'invalidPartitions',
        `topic '${topic.name}' has ${count} partitions and cannot shrink to ${wish.partitions}`,
      )
    const added = grow(wish.partitions - count, wish.assignments, this.#rules())
    if (!added.ok) return added
    const room = this.#roomFor(0, added.value.length)
    if (!room.ok) return room
    const grown = { ...topic, partitions: [...topic.partitions, ...added.value] }
    const txn: Txn = {
      compare: [{ key: topicKey(topic.name), modRevision: this.#image.topicRevision(topic.name) }],
      put: [
        { key: topicKey(topic.name), value: encodeTopic(grown) },
        ...partitionPuts(grown, count),
      ],
    }
    return ok({ txn: validateOnly ? null : txn, answer: grown })
  }

  #deletion(topic: Topic): Txn {
    return {
      compare: [{ key: topicKey(topic.name), modRevision: this.#image.topicRevision(topic.name) }],
      delete: [
        topicKey(topic.name),
        nameKey(collapsedName(topic.name)),
        ...topic.partitions.map((_, index) => partitionKey(topic.id, index)),
      ],
    }
  }
}

/**
 * The collapsed name's key keeps two names apart that count as one, when they come at the same
 * time.
 */
function creation(topic: Topic, also: NonNullable<NewTopic['also']>): Txn {
  const taken = nameKey(collapsedName(topic.name))
  return {
    compare: [{ key: taken, modRevision: 0 }],
    put: [
      { key: topicKey(topic.name), value: encodeTopic(topic) },
      { key: taken, value: topic.name },
      ...partitionPuts(topic, 0),
      ...also,
    ],
  }
}

function partitionPuts(topic: Topic, from: number): { key: string; value: string }[] {
  return topic.partitions.slice(from).map((state, index) => ({
    key: partitionKey(topic.id, from + index),
    value: encodePartition(state),
  }))
}
