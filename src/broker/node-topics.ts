// The topics of this node as doors see them: look-ups in the image, operations by way of the
// metadata.
import { checkNodes } from '../metadata/assignment.ts'
import type { Image } from '../metadata/image.ts'
import type { Topics as TopicOperations } from '../metadata/topics.ts'
import { type ErrorName, ok, type Refusal, type Result, refuse } from '../model/errors.ts'
import type { TopicId } from '../model/ids.ts'
import type { Topic } from '../model/topic.ts'
import { topicNameFault } from '../model/topic-name.ts'
import { trackedOffsetsTopic } from '../stream/tracked-record.ts'
import type { NewTopic, Topics } from './api.ts'
import type { InternalTopic } from './internal-topic.ts'
import { forbiddenName, isInternalName, offsetsTopic } from './internal-topics.ts'

const brokerDefaults = { partitions: -1, replicationFactor: -1, assignments: null }

/** Topics of kind `queue` belong to their queues. */
export interface TopicQueues {
  deleteQueueOf(topic: Topic): Promise<Result<null>>
  readonly topics: {
    /** Why no topic can be made of a name; null: nothing stands against it. */
    nameFault(name: string): Refusal | null
    /** Room for one more; what it returns is called when it is there, or is not to be. */
    takePlace(name: string): Result<() => void>
  }
}

export class NodeTopics implements Topics {
  readonly #image: Image
  readonly #operations: TopicOperations
  /** The topic of the groups. */
  readonly #offsetsTopic: InternalTopic
  readonly #queues: TopicQueues

  constructor(
    image: Image,
    operations: TopicOperations,
    offsetsTopic: InternalTopic,
    queues: TopicQueues,
  ) {
    this.#queues = queues
    this.#image = image
    this.#operations = operations
    this.#offsetsTopic = offsetsTopic
  }

  named(name: string): Topic | null {
    return this.#image.topic(name)
  }

  absent(_name: string): ErrorName {
    return 'unknownTopic'
  }

  withId(id: TopicId): Topic | null {
    return this.#image.topicById(id)
  }

  all(): Iterable<Topic> {
    return this.#image.topics()
  }

  async create(topic: NewTopic, validateOnly: boolean): Promise<Result<Topic>> {
    if (topic.name === forbiddenName)
      return refuse('invalidRequest', `no topic can be named '${forbiddenName}'`)
    if (topic.name === offsetsTopic || topic.name === trackedOffsetsTopic)
      return refuse('topicExists', `'${topic.name}' is made by the node when it is used`)
    const fault = this.#queues.topics.nameFault(topic.name)
    if (fault !== null) return { ok: false, ...fault }
    const wish = {
      name: topic.name,
      partitions: topic.partitions,
      replicationFactor: topic.replicationFactor,
      assignments: topic.assignments,
      configs: topic.configs,
      internal: isInternalName(topic.name),
    }
    const make = async (): Promise<Result<Topic>> => {
      const [made] = await this.#operations.create([wish], { validateOnly })
      return made ?? refuse('unknownServerError')
    }
    // What is there is refused in other words, and the node's own topics are no streams.
    if (wish.internal || this.#image.topic(topic.name) !== null) return make()
    const place = this.#queues.topics.takePlace(topic.name)
    if (!place.ok) return place
    try {
      return await make()
    } finally {
      place.value()
    }
  }

  async createOnDemand(name: string, forbidden: boolean): Promise<Result<Topic>> {
    const fault = topicNameFault(name)
    if (fault !== null) return { ok: false, ...fault }
    const settings = this.#image.settings
    if (forbidden || !settings.autoCreateTopics || name === forbiddenName)
      return refuse('unknownTopic', `no topic is named '${name}'`)
    if (name === offsetsTopic) return this.#ownTopic()
    const made = await this.create({ ...brokerDefaults, name, configs: [] }, false)
    if (made.ok || made.error !== 'topicExists') return made
    // Somebody else asked for it at the same time.
    const topic = this.#image.topic(name)
    return topic === null ? refuse('unknownTopic', made.message) : ok(topic)
  }

  async #ownTopic(): Promise<Result<Topic>> {
    const made = await this.#offsetsTopic.get()
    return made === null ? refuse('coordinatorNotAvailable') : ok(made)
  }

  async delete(topic: Topic): Promise<Result<null>> {
    if (topic.internal)
      return refuse('internalTopic', `'${topic.name}' belongs to the node and stays`)
    if (topic.kind === 'queue') {
      if (this.#image.settings.deleteTopics) return this.#queues.deleteQueueOf(topic)
      return refuse('invalidRequest', 'delete.topic.enable is false, so topics stay')
    }
    const gone = await this.#operations.delete({ id: topic.id })
    return gone.ok ? ok(null) : gone
  }

  async addPartitions(
    topic: Topic,
    count: number,
    assignments: readonly (readonly number[])[] | null,
    validateOnly: boolean,
  ): Promise<Result<null>> {
    if (topic.internal)
      return refuse('invalidPartitions', `'${topic.name}' belongs to the node and does not grow`)
    const wish = { name: topic.name, partitions: count, assignments }
    const grown = await this.#operations.grow(wish, { validateOnly })
    return grown.ok ? ok(null) : grown
  }

  reassign(nodes: readonly number[] | null): Result<null> {
    if (nodes === null) return refuse('noReassignmentInProgress')
    return checkNodes(nodes, this.#image.node)
  }
}
