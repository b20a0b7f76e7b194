// Writes the durable part of a vhost to the metadata store. What is made is written before it is
// seen; what goes is taken away first and written then, so that a crash in between only brings back
// what nobody has been told is gone. The changes of a vhost call it, one at a time.
import { change } from '../../metadata/change.ts'
import {
  bindingKey,
  encodeBinding,
  encodeExchange,
  encodeQueue,
  encodeVhost,
  exchangeKey,
  queueKey,
  type VhostValue,
  vhostKey,
} from '../../metadata/entities/entity-keys.ts'
import type { Image } from '../../metadata/image.ts'
import { queueTopicGone, queueTopicMade } from '../../metadata/queue-topics.ts'
import type { MetadataStore } from '../../metadata/store.ts'
import { ok, type Result } from '../../model/errors.ts'
import type { TopicId } from '../../model/ids.ts'
import type { FieldTable } from '../../model/message/field.ts'
import { encodeTable } from '../../model/message/field-codec.ts'
import type { Binding } from '../../routing/binding.ts'
import type { ExchangeDefinition, QueueDefinition } from './definitions.ts'
import { topicOfQueue } from './queue-arguments.ts'
import { inequivalent, labelOf } from './refusals.ts'

/** Keys that one transaction removes; more go in several. */
const keysPerTxn = 1000

const bytesOf = (table: FieldTable): Uint8Array => encodeTable(table)

export class EntityWrites {
  readonly #store: MetadataStore
  readonly #image: Image
  readonly #vhost: string
  /** Its queues are topics too, where Kafka can spell their names. */
  readonly #hasTopics: boolean

  constructor(store: MetadataStore, image: Image, vhost: string) {
    this.#store = store
    this.#image = image
    this.#vhost = vhost
    this.#hasTopics = vhost === image.settings.kafkaVhost
  }

  async vhost(about: VhostValue): Promise<void> {
    await this.#store.txn({ put: [{ key: vhostKey(this.#vhost), value: encodeVhost(about) }] })
  }

  get vhostKeys(): string[] {
    return [vhostKey(this.#vhost)]
  }

  async exchange(exchange: ExchangeDefinition): Promise<void> {
    const { name, type, autoDelete, internal, topic } = exchange
    const value = { type, autoDelete, internal, arguments: bytesOf(exchange.arguments), topic }
    const put = [{ key: exchangeKey(this.#vhost, name), value: encodeExchange(value) }]
    await this.#store.txn({ put })
  }

  exchangeKeys({ name, durable }: ExchangeDefinition): string[] {
    return durable ? [exchangeKey(this.#vhost, name)] : []
  }

  /** Refused when the name is that of a topic that is no queue's. */
  queue(queue: QueueDefinition, lanes: number): Promise<Result<null>> {
    const { name, topic, autoDelete } = queue
    const value = { topic, lanes, autoDelete, arguments: bytesOf(queue.arguments) }
    const own = { key: queueKey(this.#vhost, name), value: encodeQueue(value) }
    return change(this.#store, () => {
      const taken = this.topicFault(name)
      if (!taken.ok) return taken
      if (!this.#hasTopics || topicOfQueue(queue.arguments) !== null)
        return ok({ txn: { put: [own] }, answer: null })
      const { compare, put } = queueTopicMade(this.#image, name, topic)
      return ok({ txn: { compare, put: [own, ...put] }, answer: null })
    })
  }

  /** The definition of a stream, to be written with its topic. */
  streamEntry({ name, topic, arguments: table }: QueueDefinition): { key: string; value: string } {
    const value = { topic, lanes: 1, autoDelete: false, arguments: bytesOf(table) }
    return { key: queueKey(this.#vhost, name), value: encodeQueue(value) }
  }

  async stream(definition: QueueDefinition): Promise<void> {
    await this.#store.txn({ put: [this.streamEntry(definition)] })
  }

  streamKeys({ name }: QueueDefinition): string[] {
    return [queueKey(this.#vhost, name)]
  }

  /** Whether the name belongs to a topic that is no queue's. */
  topicFault(name: string): Result<null> {
    const topic = this.#hasTopics ? this.#image.topic(name) : null
    if (topic === null || topic.kind === 'queue') return ok(null)
    const label = labelOf('queue', name, this.#vhost)
    return inequivalent('x-queue-type', label, "'classic'", "'stream', a topic of records")
  }

  queueKeys({ name, topic, durable }: QueueDefinition): string[] {
    if (!durable) return []
    return [queueKey(this.#vhost, name), ...this.#topicKeys(topic)]
  }

  #topicKeys(topic: TopicId): readonly string[] {
    return this.#hasTopics ? queueTopicGone(this.#image, topic).delete : []
  }

  /** Returns its key. */
  async binding(binding: Binding, id: string): Promise<string> {
    const { routingKey } = binding
    const key = bindingKey(this.#vhost, binding, id)
    const value = encodeBinding({ routingKey, arguments: bytesOf(binding.arguments) })
    await this.#store.txn({ put: [{ key, value }] })
    return key
  }

  /** What is behind the first so many may come back alone after a crash: bindings of nothing. */
  async gone(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += keysPerTxn)
      await this.#store.txn({ delete: keys.slice(from, from + keysPerTxn) })
  }
}
