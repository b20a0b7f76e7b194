// One vhost, as all its sessions share it: exchanges, queues, bindings, and the durable part of
// them. Changes of memory are synchronous; those of the metadata come before (what is made) or
// after (what goes). Everything that changes it runs in its lane: declaring (`queue-changes`,
// `exchange-changes`), binding (`binding-changes`), and what goes by itself.

import { Lane } from '../../base/lane.ts'
import type { Slices } from '../../base/slices.ts'
import type { Chance } from '../../io/chance.ts'
import type { Clock } from '../../io/clock.ts'
import type { VhostValue } from '../../metadata/entities/entity-keys.ts'
import type { Image } from '../../metadata/image.ts'
import type { MetadataStore } from '../../metadata/store.ts'
import type { TopicSettings } from '../../model/config/topic-settings.ts'
import type { Result } from '../../model/errors.ts'
import type { FieldTable } from '../../model/message/field.ts'
import type { Topic } from '../../model/topic.ts'
import { DelayQueue } from '../../queue/delayed/delay-queue.ts'
import type { KeyBudget } from '../../queue/memory/seen-keys.ts'
import type { Queue } from '../../queue/queue.ts'
import { addCounters, CountersByType } from '../../queue/queue-counters.ts'
import type { Queues } from '../../queue/queues.ts'
import { type Binding, bindingId } from '../../routing/binding.ts'
import { type Gone, RoutingTable } from '../../routing/routing-table.ts'
import type { StandingRights } from '../../security/access/standing-rights.ts'
import type { Streams } from '../../stream/streams.ts'
import { deduplicationOf } from '../declarations/deduplication.ts'
import {
  type ExchangeDefinition,
  isOwn,
  ownExchanges,
  type QueueDefinition,
} from '../declarations/definitions.ts'
import { EntityWrites } from '../declarations/entity-writes.ts'
import { checkRoom, type Held } from '../declarations/limits.ts'
import { queueType } from '../declarations/queue-arguments.ts'
import { QueueRoom } from '../declarations/queue-room.ts'
import type { Policies } from '../policies/policies.ts'
import { VhostPolicies } from '../policies/vhost-policies.ts'
import { DeadLetters } from './dead-letters.ts'
import { DelayedExchange } from './delayed-exchange.ts'
import { HostedQueue, type HostedQueueHooks } from './hosted-queue.ts'
import { HostedStream } from './hosted-stream.ts'
import type { ExchangeCounters } from './listings.ts'
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
  /** Of all vhosts, since the node started. */
  readonly queueChurn: { made: number; gone: number; declared: number }
  /** For what goes along with something, of which there may be very many. */
  readonly slices: Slices
  /** Consumers, as long as they may read. */
  readonly standing: StandingRights
  /** Infinity: no limit of its own. */
  queuesMax(vhost: string): number
  allVhosts(): Iterable<VhostCore>
  /** What the node may use for objects. */
  readonly heapBytes: number
  /** What else of the metadata goes with a vhost. */
  keysOfVhost(vhost: string): readonly string[]
  /** The node cannot go on. */
  failed(cause: unknown): void
}

export class VhostCore implements HostedQueueHooks {
  readonly name: string
  readonly parts: VhostParts
  readonly lane = new Lane()
  readonly routing = new RoutingTable<Target>({
    placeOf: (to) => to.source ?? to,
    takesAll: (to) => to.leavesOut !== true,
  })
  readonly writes: EntityWrites
  readonly policies: VhostPolicies
  readonly queueRoom = new QueueRoom(this)
  readonly exchanges = new Map<string, ExchangeDefinition>()
  readonly queues = new Map<string, HostedQueue>()
  /** By name; they begin anew with an exchange. */
  readonly exchangeCounters = new Map<string, ExchangeCounters>()
  /** Of queues that are gone, and how many came and went. */
  readonly past = new CountersByType()
  readonly pastExchanges: ExchangeCounters = { in: 0, out: 0 }
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
    this.policies = new VhostPolicies(parts.policies, name)
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
    this.routing.addExchange(name, type, table, this.policies.alternateOf(name, table), waiting)
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
  newQueue(
    definition: QueueDefinition,
    owner: object | null,
    source: HostedStream | null = null,
  ): HostedQueue {
    const hosted = new HostedQueue(definition, owner, source, this)
    hosted.keepTime(hosted.settle(this.policies))
    return hosted
  }

  makeQueue(hosted: HostedQueue): Queue {
    const place = this.#placeOf(hosted.definition, hosted.source)
    return this.parts.queues.create(place, hosted.settle(this.policies), hosted)
  }

  /** With what it held before. */
  async openQueue(definition: QueueDefinition, source: HostedStream | null): Promise<HostedQueue> {
    const hosted = new HostedQueue(definition, null, source, this)
    const settings = hosted.settle(this.policies)
    const place = this.#placeOf(definition, source)
    if (source === null && this.parts.queues.forgetUnused(place, settings)) {
      hosted.keepTime(settings)
      return hosted
    }
    return hosted.hold(await this.parts.queues.open(place, settings, hosted))
  }

  #placeOf(
    { name, topic, durable }: Pick<QueueDefinition, 'name' | 'topic' | 'durable'>,
    source: HostedStream | null = null,
  ) {
    const isShown = durable && this.name === this.parts.image.settings.kafkaVhost
    const partitionSettings = this.parts.partitionSettings(durable)
    const place = { topic, name, isShown, partitionSettings }
    return source === null ? place : { ...place, source: this.parts.streams.logsOf(source.topic) }
  }

  /** The topic of a stream has more partitions, or another configuration. */
  streamChanged(stream: HostedStream): void {
    this.settleStream(stream)
    stream.follow()
    const logs = this.parts.streams.logsOf(stream.topic)
    for (const hosted of this.queues.values())
      if (hosted.source === stream) hosted.used?.feed?.follow(logs)
  }

  addQueue(hosted: HostedQueue): void {
    this.queues.set(hosted.name, hosted)
    this.queueRoom.made(hosted.name)
    this.parts.queueChurn.made++
    this.routing.addQueue(hosted.name, hosted)
    if (hosted.owner === null) return
    const owned = this.#owned.get(hosted.owner) ?? new Set()
    this.#owned.set(hosted.owner, owned.add(hosted))
  }

  /** What a topic is here; `isDeclared`: the metadata has its definition. */
  addStream(definition: QueueDefinition, topic: Topic, isDeclared: boolean): HostedStream {
    const stream = new HostedStream(definition, topic, isDeclared, this.parts.streams)
    this.streams.set(stream.name, stream)
    this.queueRoom.made(stream.name)
    this.routing.addQueue(stream.name, stream)
    this.settleStream(stream)
    return stream
  }

  /** `key`: of a durable one, in the metadata; null: of another. */
  addBinding(binding: Binding, key: string | null): void {
    if (this.routing.bind(binding) && key !== null) this.#bindingKeys.set(bindingId(binding), key)
  }

  // ---- Policies ---------------------------------------------------------------------------------

  settleStream(stream: HostedStream, isAnew = false): void {
    stream.settle(this.policies, this.parts.image, isAnew)
  }

  /** Every queue, stream and exchange follows what holds for it now, one with each step. */
  *policiesChanged(): Generator<void> {
    for (const hosted of this.queues.values()) yield this.followPolicies(hosted)
    for (const stream of this.streams.values()) yield this.settleStream(stream)
    for (const { name, arguments: table } of this.exchanges.values())
      if (name !== '') yield this.routing.setAlternate(name, this.policies.alternateOf(name, table))
  }

  followPolicies(hosted: HostedQueue): void {
    const before = hosted.inForce
    const settings = hosted.settle(this.policies)
    if (hosted.inForce === before) return
    hosted.used?.configure(settings)
    hosted.keepTime(settings)
  }

  // ---- Going ------------------------------------------------------------------------------------

  // Each takes it out of sight at once, its bindings in slices, and resolves with the keys to go.
  async removeBinding(binding: Binding): Promise<string[]> {
    if (!this.routing.unbind(binding)) return []
    return this.#keysWith([{ id: bindingId(binding), binding }], [])
  }

  async removeExchange(exchange: ExchangeDefinition): Promise<string[]> {
    if (!this.exchanges.delete(exchange.name)) return []
    this.onceAt.get(exchange.name)?.clear()
    this.onceAt.delete(exchange.name)
    const counters = this.exchangeCounters.get(exchange.name)
    this.pastExchanges.in += counters?.in ?? 0
    this.pastExchanges.out += counters?.out ?? 0
    this.exchangeCounters.delete(exchange.name)
    const waiting = this.delayed.get(exchange.name)
    if (waiting !== undefined) {
      this.delayed.delete(exchange.name)
      this.#dropped.push(waiting.gone())
    }
    const bindings = this.routing.removeExchange(exchange.name)
    return this.#keysWith(bindings, this.writes.exchangeKeys(exchange))
  }

  /** Its messages stay until `drop`. */
  async removeQueue(hosted: HostedQueue): Promise<string[]> {
    if (hosted.isGone) return []
    hosted.gone()
    this.queues.delete(hosted.name)
    this.parts.queueChurn.gone++
    addCounters(this.past[queueType(hosted.definition.arguments)], hosted.figures.counters)
    if (hosted.owner !== null) this.#owned.get(hosted.owner)?.delete(hosted)
    const bindings = this.routing.removeQueue(hosted.name)
    return this.#keysWith(bindings, this.writes.queueKeys(hosted.definition))
  }

  /** Its topic is going. What it returns is to be called in the lane. */
  removeStream(stream: HostedStream): () => Promise<string[]> {
    if (this.streams.get(stream.name) !== stream) return async () => []
    this.streams.delete(stream.name)
    stream.gone()
    for (const hosted of this.queues.values()) if (hosted.source === stream) this.unused(hosted)
    const bindings = this.routing.removeQueue(stream.name)
    const { isDeclared, definition } = stream
    return () => this.#keysWith(bindings, isDeclared ? this.writes.streamKeys(definition) : [])
  }

  async deleteQueue(hosted: HostedQueue): Promise<void> {
    await this.gone(await this.removeQueue(hosted))
    await hosted.used?.drop()
    await this.parts.slices.next()
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
    for (const exchange of [...this.exchanges.values()])
      if (!isOwn(exchange.name)) await this.gone(await this.removeExchange(exchange))
    const others = this.parts.keysOfVhost(this.name)
    await this.writes.gone([...this.writes.vhostKeys, ...others])
  }

  /** Those of bindings that are gone behind `keys`, and of exchanges that go with their last. */
  async #keysWith(gone: Iterable<Gone>, keys: readonly string[]): Promise<string[]> {
    const { slices } = this.parts
    const sources = new Set<string>()
    let all = [...keys]
    for (const { id, binding } of gone) {
      const key = this.#bindingKeys.get(id)
      if (key !== undefined) all.push(key)
      this.#bindingKeys.delete(id)
      sources.add(binding.source)
      if (!slices.take()) await slices.next()
    }
    for (const name of sources) {
      const exchange = this.exchanges.get(name)
      if (exchange?.autoDelete && !this.routing.hasBindingsFrom(name))
        all = all.concat(await this.removeExchange(exchange))
    }
    return all
  }

  /** Refused: the node has no room for one more; `wish` says what for. */
  room(what: Held, wish: string): Result<null> {
    const { image, heapBytes, allVhosts } = this.parts
    return checkRoom(image.settings, heapBytes, allVhosts(), what, wish)
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
      if (!hosted.isGone && hosted.figures.consumerCount === 0) await this.deleteQueue(hosted)
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
