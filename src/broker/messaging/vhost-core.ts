// One vhost, as all its sessions share it: exchanges, queues, bindings, and the durable part of
// them. Changes of memory are synchronous; those of the metadata come before (what is made) or
// after (what goes). Everything that changes it runs in its lane: declaring (`queue-changes`,
// `exchange-changes`), binding (`binding-changes`), and what goes by itself.
import type { Chance } from '../../io/chance.ts'
import type { Clock } from '../../io/clock.ts'
import type { VhostValue } from '../../metadata/entities/entity-keys.ts'
import type { Image } from '../../metadata/image.ts'
import type { MetadataStore } from '../../metadata/store.ts'
import type { TopicSettings } from '../../model/config/topic-settings.ts'
import type { Result } from '../../model/errors.ts'
import { topicId } from '../../model/ids.ts'
import { type FieldTable, textOf } from '../../model/message/field.ts'
import type { Topic } from '../../model/topic.ts'
import { DelayQueue } from '../../queue/delayed/delay-queue.ts'
import type { KeyBudget } from '../../queue/memory/seen-keys.ts'
import { addCounters, QueueCounters } from '../../queue/queue-counters.ts'
import type { QueueSettings } from '../../queue/queue-settings.ts'
import type { Queues } from '../../queue/queues.ts'
import { type Binding, bindingId } from '../../routing/binding.ts'
import { RoutingTable } from '../../routing/routing-table.ts'
import type { Streams } from '../../stream/streams.ts'
import { deduplicationOf } from '../declarations/deduplication.ts'
import {
  type ExchangeDefinition,
  isOwn,
  ownExchanges,
  type QueueDefinition,
} from '../declarations/definitions.ts'
import { EntityWrites, topicsVhost } from '../declarations/entity-writes.ts'
import { checkRoom, type Held } from '../declarations/limits.ts'
import { queueSettings, queueType } from '../declarations/queue-arguments.ts'
import type { Policies } from '../policies/policies.ts'
import {
  alternateExchangeKey,
  argumentsInForce,
  mergedDefinition,
} from '../policies/policy-keys.ts'
import { DeadLetters } from './dead-letters.ts'
import { DelayedExchange } from './delayed-exchange.ts'
import { HostedQueue, type HostedQueueHooks } from './hosted-queue.ts'
import { HostedStream } from './hosted-stream.ts'
import { Lane } from './lane.ts'
import { Once } from './once.ts'
import type { StreamTopics } from './stream-topics.ts'
import type { Target } from './target.ts'

export interface VhostParts {
  readonly queues: Queues
  readonly streams: Streams
  readonly store: MetadataStore
  readonly image: Image
  readonly clock: Clock
  readonly chance: Chance
  readonly policies: Policies
  /** Of the partitions of a queue. */
  partitionSettings(durable: boolean): TopicSettings
  readonly keyBudget: KeyBudget
  /** Infinity: no limit of its own. */
  queuesMax(vhost: string): number
  allVhosts(): Iterable<VhostCore>
  /** What else of the metadata goes with a vhost. */
  keysOfVhost(vhost: string): readonly string[]
  /** The node cannot go on. */
  failed(cause: unknown): void
}

/** Messages that were published to an exchange, and copies of them that it gave to queues. */
export interface ExchangeCounters {
  in: number
  out: number
}

export class VhostCore implements HostedQueueHooks {
  readonly name: string
  readonly parts: VhostParts
  readonly lane = new Lane()
  readonly routing = new RoutingTable<Target>()
  readonly writes: EntityWrites
  readonly exchanges = new Map<string, ExchangeDefinition>()
  readonly queues = new Map<string, HostedQueue>()
  /** By name; they begin anew with an exchange. */
  readonly exchangeCounters = new Map<string, ExchangeCounters>()
  /** Of queues that are gone, and how many came and went. */
  readonly past = new QueueCounters()
  readonly churn = { queuesMade: 0, queuesGone: 0, queuesDeclared: 0 }
  /** Of other names than the queues. */
  readonly streams = new Map<string, HostedStream>()
  readonly streamTopics: StreamTopics
  /** By the names of their exchanges. */
  readonly delayed = new Map<string, DelayedExchange>()
  /** Of exchanges that leave out what comes again. */
  readonly onceAt = new Map<string, Once>()
  /** Of exchanges that are taken away. */
  readonly #dropped: DelayQueue[] = []
  /** Of durable bindings, by `bindingId`. */
  readonly #bindingKeys = new Map<string, string>()
  about: VhostValue
  /** Nothing can be made in it any more. */
  isGone = false
  readonly #owned = new Map<object, Set<HostedQueue>>()
  readonly #deadLetters: DeadLetters

  constructor(
    name: string,
    about: VhostValue,
    parts: VhostParts,
    streamTopics: (writes: EntityWrites) => StreamTopics,
  ) {
    this.name = name
    this.about = about
    this.parts = parts
    this.writes = new EntityWrites(parts.store, parts.image, name)
    this.streamTopics = streamTopics(this.writes)
    this.#deadLetters = new DeadLetters(this.routing, parts.clock)
    for (const exchange of ownExchanges) this.addExchange(exchange)
  }

  // ---- Coming -----------------------------------------------------------------------------------

  /** `waiting`: where messages wait, if it delays them. */
  addExchange(exchange: ExchangeDefinition, waiting: DelayedExchange | null = null): void {
    const { name, type, arguments: table } = exchange
    this.exchanges.set(name, exchange)
    this.exchangeCounters.set(name, { in: 0, out: 0 })
    if (name === '') return
    const once = this.once(table)
    if (once !== null) this.onceAt.set(name, once)
    if (waiting !== null) this.delayed.set(name, waiting)
    this.routing.addExchange(name, type, table, this.#alternateOf(exchange), waiting)
  }

  /** One that is new. */
  makeExchange(exchange: ExchangeDefinition): void {
    const { name, topic, durable } = exchange
    if (topic === undefined) {
      this.addExchange(exchange)
      return
    }
    const waiting = new DelayedExchange(name, this.routing)
    const place = this.#placeOf({ name: waiting.name, topic, durable })
    const queue = new DelayQueue(this.parts.queues, place, durable, waiting)
    this.addExchange(exchange, waiting.hold(queue))
  }

  /** One as it was left, with the messages that wait at it. */
  async openExchange(exchange: ExchangeDefinition): Promise<void> {
    const { name, topic, durable } = exchange
    if (topic === undefined) {
      this.addExchange(exchange)
      return
    }
    const waiting = new DelayedExchange(name, this.routing)
    const place = this.#placeOf({ name: waiting.name, topic, durable })
    const queue = await DelayQueue.open(this.parts.queues, place, waiting)
    this.addExchange(exchange, waiting.hold(queue))
  }

  /** A queue that holds nothing yet, and is not seen before `addQueue`. */
  makeQueue(
    definition: QueueDefinition,
    owner: object | null,
    source: HostedStream | null = null,
  ): HostedQueue {
    const hosted = new HostedQueue(definition, owner, source, this)
    const settings = this.#settingsFor(hosted)
    const place = this.#placeOf(definition, source)
    return hosted.hold(this.parts.queues.create(place, settings, hosted))
  }

  /** With what it held before. */
  async openQueue(definition: QueueDefinition, source: HostedStream | null): Promise<HostedQueue> {
    const hosted = new HostedQueue(definition, null, source, this)
    const settings = this.#settingsFor(hosted)
    const place = this.#placeOf(definition, source)
    return hosted.hold(await this.parts.queues.open(place, settings, hosted))
  }

  #placeOf(
    { name, topic, durable }: Pick<QueueDefinition, 'name' | 'topic' | 'durable'>,
    source: HostedStream | null = null,
  ) {
    const isShown = durable && this.name === topicsVhost
    const partitionSettings = this.parts.partitionSettings(durable)
    const place = { topic, name, isShown, partitionSettings }
    return source === null ? place : { ...place, source: this.parts.streams.logsOf(source.topic) }
  }

  /** The topic of a stream has more partitions. */
  streamGrew(stream: HostedStream): void {
    const logs = this.parts.streams.logsOf(stream.topic)
    for (const hosted of this.queues.values())
      if (hosted.source === stream) hosted.queue.feed?.follow(logs)
  }

  addQueue(hosted: HostedQueue): void {
    this.queues.set(hosted.name, hosted)
    this.churn.queuesMade++
    this.routing.addQueue(hosted.name, hosted)
    if (hosted.owner === null) return
    const owned = this.#owned.get(hosted.owner) ?? new Set()
    this.#owned.set(hosted.owner, owned.add(hosted))
  }

  /** What a topic is here; `isDeclared`: the metadata has its definition. */
  addStream(definition: QueueDefinition, topic: Topic, isDeclared: boolean): HostedStream {
    const stream = new HostedStream(definition, topic, isDeclared, this.parts.streams)
    this.streams.set(stream.name, stream)
    this.routing.addQueue(stream.name, stream)
    return stream
  }

  /** `key`: of a durable one, in the metadata; null: of another. */
  addBinding(binding: Binding, key: string | null): void {
    if (this.routing.bind(binding) && key !== null) this.#bindingKeys.set(bindingId(binding), key)
  }

  // ---- Policies ---------------------------------------------------------------------------------

  /** Those that hold for a queue: the user's and the operator's. */
  policiesOf({ name, definition }: HostedQueue) {
    const { policies } = this.parts
    const kind = queueType(definition.arguments)
    return {
      policy: policies.ofQueue('user', this.name, name, kind),
      operator: policies.ofQueue('operator', this.name, name, kind),
    }
  }

  #settingsFor(hosted: HostedQueue): QueueSettings {
    const { arguments: own, durable } = hosted.definition
    const { policy, operator } = this.policiesOf(hosted)
    hosted.inForce = argumentsInForce(own, queueType(own), mergedDefinition(policy, operator))
    return queueSettings(hosted.inForce, durable)
  }

  #alternateOf({ name, arguments: table }: ExchangeDefinition): string | null {
    const own = textOf(table.get('alternate-exchange'))
    if (own !== null) return own
    const policy = this.parts.policies.ofExchange(this.name, name)
    const byPolicy = policy?.definition[alternateExchangeKey]
    return typeof byPolicy === 'string' ? byPolicy : null
  }

  /** Every queue and exchange follows what holds for it now. */
  policiesChanged(): void {
    for (const hosted of this.queues.values()) this.followPolicies(hosted)
    for (const exchange of this.exchanges.values())
      if (exchange.name !== '')
        this.routing.setAlternate(exchange.name, this.#alternateOf(exchange))
  }

  followPolicies(hosted: HostedQueue): void {
    const { inForce } = hosted
    const settings = this.#settingsFor(hosted)
    if (hosted.inForce !== inForce) hosted.queue.configure(settings)
  }

  newTopicId() {
    return topicId(this.parts.chance.uuid())
  }

  // ---- Going ------------------------------------------------------------------------------------

  /** Each returns the keys of the metadata that have to go, with what went along. */
  removeBinding(binding: Binding): string[] {
    if (!this.routing.unbind(binding)) return []
    return this.#keysWith([binding], [])
  }

  removeExchange(exchange: ExchangeDefinition): string[] {
    if (!this.exchanges.delete(exchange.name)) return []
    this.onceAt.get(exchange.name)?.clear()
    this.onceAt.delete(exchange.name)
    this.exchangeCounters.delete(exchange.name)
    const waiting = this.delayed.get(exchange.name)
    if (waiting !== undefined) {
      this.delayed.delete(exchange.name)
      void waiting.queue.stop()
      this.#dropped.push(waiting.queue)
    }
    const bindings = this.routing.removeExchange(exchange.name)
    return this.#keysWith(bindings, this.writes.exchangeKeys(exchange))
  }

  /** Its messages stay until `drop`. */
  removeQueue(hosted: HostedQueue): string[] {
    if (hosted.isGone) return []
    hosted.gone()
    this.queues.delete(hosted.name)
    this.churn.queuesGone++
    addCounters(this.past, hosted.queue.counters)
    if (hosted.owner !== null) this.#owned.get(hosted.owner)?.delete(hosted)
    const bindings = this.routing.removeQueue(hosted.name)
    return this.#keysWith(bindings, this.writes.queueKeys(hosted.definition))
  }

  /** Its topic is going. */
  removeStream(stream: HostedStream): string[] {
    if (this.streams.get(stream.name) !== stream) return []
    this.streams.delete(stream.name)
    for (const reader of [...stream.readers]) reader.end()
    for (const hosted of this.queues.values()) if (hosted.source === stream) this.unused(hosted)
    const bindings = this.routing.removeQueue(stream.name)
    const { isDeclared, definition } = stream
    return this.#keysWith(bindings, isDeclared ? this.writes.streamKeys(definition) : [])
  }

  /** Takes a queue away for good. */
  async deleteQueue(hosted: HostedQueue): Promise<void> {
    const keys = this.removeQueue(hosted)
    await this.gone(keys)
    await hosted.queue.drop()
  }

  /** Writes what was taken away, and then drops the messages that waited at exchanges. */
  async gone(keys: readonly string[]): Promise<void> {
    await this.writes.gone(keys)
    for (const queue of this.#dropped.splice(0)) await queue.drop()
  }

  /** Takes everything away, and the vhost from the metadata last. */
  async deleteAll(): Promise<void> {
    this.isGone = true
    for (const hosted of [...this.queues.values()]) await this.deleteQueue(hosted)
    for (const stream of [...this.streams.values()]) await this.streamTopics.delete(stream)
    const exchanges = [...this.exchanges.values()].filter(({ name }) => !isOwn(name))
    await this.gone(exchanges.flatMap((exchange) => this.removeExchange(exchange)))
    const others = this.parts.keysOfVhost(this.name)
    await this.writes.gone([...this.writes.vhostKeys, ...others])
  }

  /** Exchanges that go with the last binding from them. */
  #sweep(sources: readonly string[]): string[] {
    const keys: string[] = []
    for (const name of new Set(sources)) {
      const exchange = this.exchanges.get(name)
      if (exchange?.autoDelete && this.routing.bindingsFrom(name).length === 0)
        keys.push(...this.removeExchange(exchange))
    }
    return keys
  }

  /** Those of bindings that are gone, and of what went with them, behind `keys`. */
  #keysWith(bindings: readonly Binding[], keys: readonly string[]): string[] {
    const all = [...keys]
    for (const binding of bindings) {
      const id = bindingId(binding)
      const key = this.#bindingKeys.get(id)
      this.#bindingKeys.delete(id)
      if (key !== undefined) all.push(key)
    }
    return [...all, ...this.#sweep(bindings.map((b) => b.source))]
  }

  /** Refused: the node has no room for one more; `wish` says what for. */
  room(what: Held, wish: string): Result<null> {
    return checkRoom(this.parts.image.settings, this.parts.allVhosts(), what, wish)
  }

  // ---- What goes by itself ----------------------------------------------------------------------

  once(table: FieldTable): Once | null {
    const options = deduplicationOf(table)
    return options === null ? null : new Once(options, this.parts.keyBudget, this.parts.clock)
  }

  deadLetter(...letter: Parameters<HostedQueueHooks['deadLetter']>): boolean {
    return this.#deadLetters.send(...letter)
  }

  /** Nobody has used it for as long as it says: it goes. */
  unused(hosted: HostedQueue): void {
    this.lane
      .run(() => this.deleteQueue(hosted))
      .catch((cause: unknown) => this.parts.failed(cause))
  }

  consumerTimedOut(hosted: HostedQueue): void {
    this.consumerLeft(hosted).catch((cause: unknown) => this.parts.failed(cause))
  }

  /** A consumer has left: a queue that deletes itself goes with its last one. */
  async consumerLeft(hosted: HostedQueue): Promise<void> {
    if (!hosted.definition.autoDelete || !hosted.hadConsumer) return
    await this.lane.run(async () => {
      if (!hosted.isGone && hosted.queue.consumerCount === 0) await this.deleteQueue(hosted)
    })
  }

  /** The session is closed: what only it could use goes. */
  async release(owner: object): Promise<void> {
    // Behind what it declared last.
    await this.lane.run(async () => {
      for (const hosted of [...(this.#owned.get(owner) ?? [])]) await this.deleteQueue(hosted)
      this.#owned.delete(owner)
    })
  }
}
