// A stream of a vhost: a topic as sessions see it. What it was declared with, or for a topic that
// nobody declared the little that follows from its being one, and who reads it. A vhost makes it,
// and gives it to sessions and routes.
import type { Image } from '../../metadata/image.ts'
import type { MessageView } from '../../model/message/message.ts'
import type { Topic } from '../../model/topic.ts'
import { Published } from '../../queue/published.ts'
import type { StreamReader } from '../../stream/stream-reader.ts'
import type { Streams } from '../../stream/streams.ts'
import type { QueueDefinition } from '../declarations/definitions.ts'
import { configWithPolicies, noPolicies, type VhostPolicies } from '../policies/vhost-policies.ts'
import type { Target } from './target.ts'

const { routed, stored, rejected } = Published

export class HostedStream implements Target {
  definition: QueueDefinition
  /** As it is now. */
  topic: Topic
  /** The metadata has its definition. */
  isDeclared: boolean
  policies = noPolicies
  /** A policy says how its records are kept. */
  #followsPolicy = false
  readonly source = null
  readonly routesOn = false
  isGone = false
  readonly readers = new Set<StreamReader>()
  /** Messages that it took. */
  published = 0
  readonly #streams: Streams

  constructor(definition: QueueDefinition, topic: Topic, isDeclared: boolean, streams: Streams) {
    this.definition = definition
    this.topic = topic
    this.isDeclared = isDeclared
    this.#streams = streams
  }

  get name(): string {
    return this.definition.name
  }

  /**
   * Its partitions know of its topic, not of policies. `isAnew`: nor of the defaults of the node.
   */
  settle(policies: VhostPolicies, image: Image, isAnew: boolean): void {
    const { topic, name } = this
    this.policies = policies.ofQueue(name, this.isDeclared ? 'stream' : 'topic')
    const config = configWithPolicies(this.policies, topic.config)
    const isSettled = !isAnew && !this.#followsPolicy && config === topic.config
    this.#followsPolicy = config !== topic.config
    if (isSettled) return
    const settings = image.settingsOf({ ...topic, config })
    for (const log of this.#streams.logsOf(topic)) log.settings = settings
  }

  /** It may have more partitions than its readers know. */
  follow(): void {
    for (const reader of this.readers) this.#streams.follow(reader, this.topic)
  }

  /** Its topic is going. */
  gone(): void {
    this.isGone = true
    for (const reader of [...this.readers]) reader.end()
  }

  /** Records that it holds. */
  get messages(): number {
    return this.#streams.count(this.topic)
  }

  publish(message: MessageView): number {
    if (!this.#streams.append(this.topic, message).ok) return routed | rejected
    this.published++
    return routed | stored
  }

  refuses(message: MessageView): boolean {
    return this.#streams.refuses(this.topic, message)
  }

  moved(): void {
    this.#streams.flush(null)
  }
}
