// The queues of one node: its vhosts, opened with what the metadata and the log hold of them, and
// the sessions of doors. One for each node; `broker.ts` opens it behind the log and closes it
// before.

import { countdown } from '../../base/countdown.ts'
import { Slices } from '../../base/slices.ts'
import type { LogStore } from '../../log/log-store.ts'
import type { Entities, StoredQueue } from '../../metadata/entities/entities.ts'
import { plainVhost, queueKey, type VhostValue } from '../../metadata/entities/entity-keys.ts'
import type { Topics } from '../../metadata/topics.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import { decodeTable } from '../../model/message/field-codec.ts'
import type { Topic } from '../../model/topic.ts'
import { queueNameOf } from '../../model/topic-name.ts'
import { KeyBudget } from '../../queue/memory/seen-keys.ts'
import { CountersByType } from '../../queue/queue-counters.ts'
import type { QueueOptions } from '../../queue/queue-options.ts'
import { Queues } from '../../queue/queues.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import { nameFault } from '../../security/access/name-fault.ts'
import { StandingRights } from '../../security/access/standing-rights.ts'
import type { ReaderCounters } from '../../stream/stream-reader.ts'
import { queueType, topicOfQueue } from '../declarations/queue-arguments.ts'
import { PolicyPasses } from '../policies/policy-passes.ts'
import type { Messaging, Opening, Session } from './api.ts'
import type { HostedQueue } from './hosted-queue.ts'
import type { ExchangeCounters } from './listings.ts'
import { type ConnectionLimits, OpenSessions } from './open-sessions.ts'
import { QueueChanges } from './queue-changes.ts'
import { queuePartitionSettings } from './queue-partitions.ts'
import { SessionVhost } from './session-vhost.ts'
import { SharedStreams } from './shared-streams.ts'
import { OwnTopics, ownTopic, SharedTopics } from './stream-topics.ts'
import { VhostCore, type VhostParts } from './vhost-core.ts'

export interface MessagingParts
  extends Omit<
    VhostParts,
    | ('queues' | 'partitionSettings' | 'queuesMax' | 'allVhosts')
    | ('keyBudget' | 'queueChurn' | 'slices' | 'standing')
  > {
  readonly log: LogStore
  readonly topics: Topics
  readonly authorizer: Authorizer
  readonly limits: ConnectionLimits
  /** Sizes of what queues take of memory; absent: those of a real node. */
  readonly queueOptions?: Partial<QueueOptions>
  report(line: string): void
}

/** Queues that are opened at a time. */
const openedTogether = 64
/** Of messages that must not come twice, about 100 bytes each. */
const seenKeysMax = 1_000_000
/** Bindings and queues that go in one turn, for a few milliseconds. */
const goneInTurn = 1000
const defaultVhost = '/'
const vhostsMax = 10_000

export class NodeMessaging implements Messaging {
  readonly vhosts = new Map<string, VhostCore>()
  readonly queues: Queues
  /** Hears of the topics of the metadata. */
  readonly topics: SharedStreams
  /** What was counted in vhosts that are gone. */
  readonly past = new CountersByType()
  readonly pastExchanges: ExchangeCounters = { in: 0, out: 0 }
  readonly queueChurn: VhostParts['queueChurn'] = { made: 0, gone: 0, declared: 0 }
  readonly #leaving = new Set<VhostCore>()
  readonly #passes: PolicyPasses
  readonly #parts: MessagingParts
  /** The vhost whose queues and streams are topics. */
  readonly #topicsVhost: string
  readonly #keyBudget = new KeyBudget(seenKeysMax)
  readonly #slices: Slices
  readonly #sessions: OpenSessions
  readonly #standing: StandingRights
  readonly #listeners = new Set<(alarm: string | null) => void>()
  #alarm: string | null = null

  /** What `entities` says was made is there when it resolves, with its messages. */
  static async open(parts: MessagingParts, entities: Entities): Promise<NodeMessaging> {
    const node = new NodeMessaging(parts)
    for (const { name, ...about } of entities.vhosts) node.#addVhost(name, about)
    node.queues.rest()
    await node.#recover(entities)
    node.queues.begin()
    node.queueChurn.made = 0
    node.lookedAtSpace()
    parts.policies.onChange((vhosts) => node.#passes.begin(vhosts))
    return node
  }

  private constructor(parts: MessagingParts) {
    const { log: store, clock, report, queueOptions } = parts
    this.#parts = parts
    this.#slices = new Slices(clock, goneInTurn)
    this.#sessions = new OpenSessions(parts.limits)
    this.#standing = new StandingRights(parts.authorizer, this.#slices)
    this.#passes = new PolicyPasses(clock, (vhost) => this.vhosts.get(vhost))
    const { consumerTimeoutMs, skipsDamagedMessages: skipsDamaged } = parts.image.settings
    const sizes = { consumerTimeoutMs, skipsDamaged, ...queueOptions }
    this.queues = new Queues({ store, clock, report, others: parts.streams }, sizes)
    this.#topicsVhost = parts.image.settings.kafkaVhost
    this.#addVhost(defaultVhost, plainVhost)
    this.topics = new SharedStreams(this.#addVhost(this.#topicsVhost, plainVhost))
  }

  /** What is there takes what is new `about` it. */
  #addVhost(name: string, about: VhostValue): VhostCore {
    const { image } = this.#parts
    const existing = this.vhosts.get(name)
    if (existing !== undefined) {
      existing.about = about
      return existing
    }
    const parts = {
      ...this.#parts,
      queues: this.queues,
      keyBudget: this.#keyBudget,
      queueChurn: this.queueChurn,
      slices: this.#slices,
      standing: this.#standing,
      partitionSettings: (durable: boolean) => queuePartitionSettings(image, durable),
      queuesMax: (vhost: string) => this.#parts.limits.ofVhost(vhost, 'max-queues'),
      allVhosts: () => this.vhosts.values(),
    }
    const core: VhostCore = new VhostCore(name, about, parts, (writes) =>
      name === this.#topicsVhost
        ? new SharedTopics(image, this.#parts.topics, writes)
        : new OwnTopics({ ...parts, writes, remove: (stream) => core.removeStream(stream) }),
    )
    this.vhosts.set(name, core)
    return core
  }

  /** Bindings of what is gone are left over from a deletion that a crash has cut short. */
  async #recover({ exchanges, queues, bindings }: Entities): Promise<void> {
    for (const stored of exchanges)
      await this.vhosts
        .get(stored.vhost)
        ?.openExchange({ ...stored, durable: true, arguments: decodeTable(stored.arguments) })
    const held = queues.filter((stored) => !this.#openStream(stored))
    const names = new Set(
      held.filter(({ vhost }) => vhost === this.#topicsVhost).map(({ name }) => name),
    )
    for (const topic of this.#parts.image.topics())
      if (!names.has(queueNameOf(topic.name))) this.topics.made(topic)
    for (let from = 0; from < held.length; from += openedTogether)
      await Promise.all(held.slice(from, from + openedTogether).map((q) => this.#openQueue(q)))
    const lost = this.#lost(queues)
    for (const stored of bindings) {
      const { vhost, key, ...rest } = stored
      const core = this.vhosts.get(vhost)
      const isWhole =
        core?.exchanges.has(stored.source) === true &&
        (stored.kind === 'queue'
          ? core.routing.queue(stored.target) !== undefined
          : core.exchanges.has(stored.target))
      if (isWhole) core.addBinding({ ...rest, arguments: decodeTable(stored.arguments) }, key)
      else lost.push(key)
    }
    if (lost.length > 0) await this.#parts.store.txn({ delete: lost })
  }

  /** False: it is none. */
  #openStream(stored: StoredQueue): boolean {
    const table = decodeTable(stored.arguments)
    if (queueType(table) !== 'stream') return false
    const definition = { ...stored, durable: true, arguments: table }
    const { image } = this.#parts
    const isShared = stored.vhost === this.#topicsVhost
    const topic = isShared ? image.topicById(stored.topic) : ownTopic(definition, image)
    if (topic !== null) this.vhosts.get(stored.vhost)?.addStream(definition, topic, true)
    return true
  }

  async #openQueue(stored: StoredQueue): Promise<void> {
    const core = this.vhosts.get(stored.vhost)
    if (core === undefined) return
    const table = decodeTable(stored.arguments)
    const over = topicOfQueue(table)
    const source = over === null ? null : core.streams.get(over)
    if (source === undefined) return
    const definition = { ...stored, durable: true, arguments: table }
    core.addQueue(await core.openQueue(definition, source))
  }

  /** Keys of those whose topics are gone: a crash came between. */
  #lost(queues: readonly StoredQueue[]): string[] {
    const lost: string[] = []
    for (const { vhost, name } of queues) {
      const core = this.vhosts.get(vhost)
      if (core !== undefined && core.routing.queue(name) === undefined)
        lost.push(queueKey(vhost, name))
    }
    return lost
  }

  // ---- Sessions ---------------------------------------------------------------------------------

  /**
   * Users, or what they may do, are others: sessions of those who are no more end, and consumers
   * that may no longer read.
   */
  accessChanged(isThere: (user: string) => boolean): void {
    this.#sessions.endOfUsersBut(isThere)
    this.#standing.changed()
  }

  /** How many came and went. */
  get sessionChurn(): Readonly<OpenSessions['churn']> {
    return this.#sessions.churn
  }

  /** All that count: the vhosts, and those that are being deleted. */
  get counting(): Iterable<VhostCore> {
    return [...this.vhosts.values(), ...this.#leaving]
  }

  /** What consumers of streams were given, and settled. */
  get streamCounters(): Readonly<ReaderCounters> {
    return this.#parts.streams.counters
  }

  /** Those that are open, for listings. */
  get sessions(): Iterable<Opening> {
    return this.#sessions.all
  }

  /**
   * Counts a client of a door that knows no vhosts, and does not come for what is in one: its own
   * requests are held to permissions. Refused with `notAllowed`: a limit. What it returns is called
   * when the client has gone.
   */
  enter(opening: Opening): Result<() => void> {
    const entered = this.#sessions.enter(opening)
    return entered.ok ? ok(() => this.#sessions.remove(entered.value)) : entered
  }

  open(opening: Opening): Result<Session> {
    const { vhost, user } = opening
    const core = this.vhosts.get(vhost)
    if (core === undefined) return refuse('vhostNotFound', `vhost ${vhost} not found`)
    const { authorizer } = this.#parts
    if (!authorizer.mayUse(user, vhost))
      return refuse('accessRefused', `access to vhost '${vhost}' refused for user '${user}'`)
    const entered = this.#sessions.enter(opening)
    if (!entered.ok) return entered
    const owner = entered.value
    return ok({
      vhost: new SessionVhost(core, owner, user, authorizer),
      user,
      openChannel: () => {
        const reached = this.#sessions.channelLimitReached(user)
        if (reached !== null) return refuse('notAllowed', reached)
        owner.channels++
        return ok(null)
      },
      closeChannel: () => {
        owner.channels--
      },
      close: () => {
        this.#sessions.remove(owner)
        return core.release(owner)
      },
    })
  }

  /**
   * A vhost as a user sees it for the length of one request: no session, which would count as a
   * connection, and nothing may be declared exclusive. Refused as `open`.
   */
  visit(name: string, user: string): Result<SessionVhost> {
    const core = this.vhosts.get(name)
    if (core === undefined) return refuse('vhostNotFound', `vhost ${name} not found`)
    const { authorizer } = this.#parts
    if (authorizer.mayUse(user, name))
      return ok(new SessionVhost(core, { vhost: name, user }, user, authorizer))
    return refuse('accessRefused', `access to vhost '${name}' refused for user '${user}'`)
  }

  isHeldUp(bytes: number): boolean {
    return this.queues.isHeldUp(bytes) || this.#parts.streams.isHeldUp
  }

  whenTaken(action: () => void): void {
    const { streams } = this.#parts
    if (streams.isHeldUp) streams.whenTaken(() => this.queues.whenTaken(action))
    else this.queues.whenTaken(action)
  }

  flush(durable: (() => void) | null): void {
    const { streams } = this.#parts
    if (durable === null || !streams.isOwing) {
      streams.flush(null)
      this.queues.flush(durable)
      return
    }
    const done = countdown(2, durable)
    streams.flush(done)
    this.queues.flush(done)
  }

  /** The node's own settings are others: they are the defaults of every stream. */
  settingsChanged(): void {
    for (const core of this.vhosts.values())
      for (const stream of core.streams.values())
        core.settleStream(stream, core.name !== this.#topicsVhost)
  }

  // ---- Vhosts -----------------------------------------------------------------------------------

  /** Makes it, or changes what is noted of the one that is there. */
  async putVhost(name: string, about: VhostValue): Promise<Result<null>> {
    const fault = nameFault('vhost', name)
    if (fault !== null) return fault
    if (!this.vhosts.has(name) && this.vhosts.size >= vhostsMax)
      return refuse('policyViolation', `this node keeps at most ${vhostsMax} vhosts`)
    const core = this.#addVhost(name, about)
    await core.lane.run(() => core.writes.vhost(about))
    return ok(null)
  }

  /** What is there stays as it is. */
  async createVhost(name: string): Promise<void> {
    if (!this.vhosts.has(name)) await this.putVhost(name, plainVhost)
  }

  /** With all that is in it; `/` and that of Kafka's clients stay. Its sessions end. */
  async deleteVhost(name: string): Promise<Result<null>> {
    const core = this.vhosts.get(name)
    if (core === undefined) return refuse('vhostNotFound', `vhost ${name} not found`)
    if (name === defaultVhost) return refuse('notAllowed', `vhost ${name} stays`)
    if (name === this.#topicsVhost)
      return refuse('notAllowed', `vhost ${name} stays: it is polymq.kafka.vhost`)
    this.vhosts.delete(name)
    this.#leaving.add(core)
    this.#sessions.endOfVhost(name)
    await core.lane.run(() => core.deleteAll())
    this.#leaving.delete(core)
    this.past.add(core.past)
    this.pastExchanges.in += core.pastExchanges.in
    this.pastExchanges.out += core.pastExchanges.out
    return ok(null)
  }

  /** The queue whose messages are the records of this topic of kind `queue`. */
  queueOf(topic: Topic): HostedQueue | null {
    const hosted = this.vhosts.get(this.#topicsVhost)?.queues.get(queueNameOf(topic.name))
    return hosted?.definition.topic === topic.id ? hosted : null
  }

  /** As who runs the node: a topic of kind `queue` is deleted with its queue. */
  async deleteQueueOf(topic: Topic): Promise<Result<null>> {
    const core = this.vhosts.get(this.#topicsVhost)
    const hosted = this.queueOf(topic)
    if (core === undefined || hosted === null) return refuse('unknownTopic')
    const gone = await new QueueChanges(core).delete(hosted, false, false)
    return gone.ok ? ok(null) : gone
  }

  // ---- Alarms -----------------------------------------------------------------------------------

  get alarm(): string | null {
    return this.#alarm
  }

  onAlarm(listener: (alarm: string | null) => void): { cancel(): void } {
    this.#listeners.add(listener)
    return { cancel: () => this.#listeners.delete(listener) }
  }

  /** Resolves when all in the vhost follows the policies that were set before. */
  policiesFollowed(vhost: string): Promise<void> {
    return this.#passes.followed(vhost)
  }

  /** The node has looked at its disk. */
  lookedAtSpace(): void {
    const alarm = this.#parts.log.space.isLow ? 'disk' : null
    if (alarm === this.#alarm) return
    this.#alarm = alarm
    for (const listener of [...this.#listeners]) listener(alarm)
  }

  /** Changes that are under way end, and all that was published is placed. */
  async close(): Promise<void> {
    this.#passes.stop()
    const cores = [...this.vhosts.values()]
    await Promise.all(cores.map((core) => core.lane.idle()))
    for (const core of cores) for (const { queue } of core.delayed.values()) await queue.stop()
    await this.queues.close()
    await this.#parts.streams.close()
  }
}
