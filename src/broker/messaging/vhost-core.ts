// One vhost, as all its sessions share it: exchanges, queues, bindings, and the durable part of
// them. Changes of memory are synchronous; those of the metadata come before (what is made) or
// after (what goes). Everything that changes it runs in its lane: declaring (`queue-changes`,
// `exchange-changes`), binding (`binding-changes`), and what goes by itself.
import type { Chance } from '../../io/chance.ts'
import type { Clock } from '../../io/clock.ts'
import type { Image } from '../../metadata/image.ts'
import type { MetadataStore } from '../../metadata/store.ts'
import type { TopicSettings } from '../../model/config/topic-settings.ts'
import { topicId } from '../../model/ids.ts'
import { type FieldTable, textOf } from '../../model/message/field.ts'
import { DelayQueue } from '../../queue/delayed/delay-queue.ts'
import { type KeyBudget, SeenKeys } from '../../queue/memory/seen-keys.ts'
import type { Queues } from '../../queue/queues.ts'
import { type Binding, bindingId } from '../../routing/binding.ts'
import { RoutingTable } from '../../routing/routing-table.ts'
import { DeadLetters } from './dead-letters.ts'
import { deduplicationOf } from './deduplication.ts'
import {
  type ExchangeDefinition,
  isOwn,
  ownExchanges,
  type QueueDefinition,
} from './definitions.ts'
import { DelayedExchange } from './delayed-exchange.ts'
import { EntityWrites } from './entity-writes.ts'
import { HostedQueue, type HostedQueueHooks } from './hosted-queue.ts'
import { Lane } from './lane.ts'
import { queueSettings } from './queue-arguments.ts'
import type { Target } from './target.ts'

export interface VhostParts {
  readonly queues: Queues
  readonly store: MetadataStore
  readonly image: Image
  readonly clock: Clock
  readonly chance: Chance
  /** Of the partitions of a queue. */
  partitionSettings(durable: boolean): TopicSettings
  readonly keyBudget: KeyBudget
  /** Infinity: no limit of its own. */
  queuesMax(vhost: string): number
  /** The node cannot go on. */
  failed(cause: unknown): void
}

export class VhostCore implements HostedQueueHooks {
  readonly name: string
  readonly parts: VhostParts
  readonly lane = new Lane()
  readonly routing = new RoutingTable<Target>()
  readonly writes: EntityWrites
  readonly exchanges = new Map<string, ExchangeDefinition>()
  readonly queues = new Map<string, HostedQueue>()
  /** By the names of their exchanges. */
  readonly delayed = new Map<string, DelayedExchange>()
  /** Of exchanges that leave out what comes again. */
  readonly #seen = new Map<string, SeenKeys>()
  /** Of exchanges that are taken away. */
  readonly #dropped: DelayQueue[] = []
  /** Of durable bindings, by `bindingId`. */
  readonly #bindingKeys = new Map<string, string>()
  /** Nothing can be made in it any more. */
  isGone = false
  readonly #owned = new Map<object, Set<HostedQueue>>()
  readonly #deadLetters: DeadLetters

  constructor(name: string, parts: VhostParts) {
    this.name = name
    this.parts = parts
    this.writes = new EntityWrites(parts.store, parts.image, name)
    this.#deadLetters = new DeadLetters(this.routing, parts.clock)
    for (const exchange of ownExchanges) this.addExchange(exchange)
  }

  // ---- Coming -----------------------------------------------------------------------------------

  /** `waiting`: where messages wait, if it delays them. */
  addExchange(exchange: ExchangeDefinition, waiting: DelayedExchange | null = null): void {
    const { name, type, arguments: table } = exchange
    this.exchanges.set(name, exchange)
    if (name === '') return
    const seen = this.seenKeys(table)
    if (seen !== null) this.#seen.set(name, seen)
    if (waiting !== null) this.delayed.set(name, waiting)
    this.routing.addExchange(name, type, table, textOf(table.get('alternate-exchange')), waiting)
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
    this.addExchange(
      exchange,
      waiting.hold(new DelayQueue(this.parts.queues, place, durable, waiting)),
    )
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
  makeQueue(definition: QueueDefinition, owner: object | null): HostedQueue {
    const hosted = new HostedQueue(definition, owner, this)
    const { arguments: table, durable } = definition
    const settings = queueSettings(table, durable)
    return hosted.hold(this.parts.queues.create(this.#placeOf(definition), settings, hosted))
  }

  /** With what it held before. */
  async openQueue(definition: QueueDefinition): Promise<HostedQueue> {
    const hosted = new HostedQueue(definition, null, this)
    const settings = queueSettings(definition.arguments, definition.durable)
    return hosted.hold(await this.parts.queues.open(this.#placeOf(definition), settings, hosted))
  }

  #placeOf({ name, topic, durable }: Pick<QueueDefinition, 'name' | 'topic' | 'durable'>) {
    return { topic, name, partitionSettings: this.parts.partitionSettings(durable) }
  }

  addQueue(hosted: HostedQueue): void {
    this.queues.set(hosted.name, hosted)
    this.routing.addQueue(hosted.name, hosted)
    if (hosted.owner === null) return
    const owned = this.#owned.get(hosted.owner) ?? new Set()
    this.#owned.set(hosted.owner, owned.add(hosted))
  }

  /** `key`: of a durable one, in the metadata; null: of another. */
  addBinding(binding: Binding, key: string | null): void {
    if (this.routing.bind(binding) && key !== null) this.#bindingKeys.set(bindingId(binding), key)
  }

  newTopicId() {
    return topicId(this.parts.chance.uuid())
  }

  // ---- Going ------------------------------------------------------------------------------------

  /** Each returns the keys of the metadata that have to go, with what went along. */
  removeBinding(binding: Binding): string[] {
    if (!this.routing.unbind(binding)) return []
    return [...this.#keysOf([binding]), ...this.#sweep([binding.source])]
  }

  removeExchange(exchange: ExchangeDefinition): string[] {
    if (!this.exchanges.delete(exchange.name)) return []
    this.#seen.get(exchange.name)?.clear()
    this.#seen.delete(exchange.name)
    const waiting = this.delayed.get(exchange.name)
    if (waiting !== undefined) {
      this.delayed.delete(exchange.name)
      void waiting.queue.stop()
      this.#dropped.push(waiting.queue)
    }
    const bindings = this.routing.removeExchange(exchange.name)
    return [
      ...this.writes.exchangeKeys(exchange),
      ...this.#keysOf(bindings),
      ...this.#sweep(bindings.map((b) => b.source)),
    ]
  }

  /** Its messages stay until `drop`. */
  removeQueue(hosted: HostedQueue): string[] {
    if (hosted.isGone) return []
    hosted.gone()
    this.queues.delete(hosted.name)
    if (hosted.owner !== null) this.#owned.get(hosted.owner)?.delete(hosted)
    const bindings = this.routing.removeQueue(hosted.name)
    return [
      ...this.writes.queueKeys(hosted.definition),
      ...this.#keysOf(bindings),
      ...this.#sweep(bindings.map((b) => b.source)),
    ]
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
    const exchanges = [...this.exchanges.values()].filter(({ name }) => !isOwn(name))
    await this.gone(exchanges.flatMap((exchange) => this.removeExchange(exchange)))
    await this.writes.gone(this.writes.vhostKeys)
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

  #keysOf(bindings: readonly Binding[]): string[] {
    return bindings.flatMap((binding) => {
      const id = bindingId(binding)
      const key = this.#bindingKeys.get(id)
      this.#bindingKeys.delete(id)
      return key === undefined ? [] : [key]
    })
  }

  // ---- What goes by itself ----------------------------------------------------------------------

  now(): number {
    return this.parts.clock.now()
  }

  seenKeys(table: FieldTable): SeenKeys | null {
    const options = deduplicationOf(table)
    return options === null ? null : new SeenKeys(options, this.parts.keyBudget)
  }

  /** Null: the exchange takes what comes again. */
  seenAt(exchange: string): SeenKeys | null {
    return this.#seen.get(exchange) ?? null
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
