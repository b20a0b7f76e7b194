// The queues of one node: its vhosts, opened with what the metadata and the log hold of them, and
// the sessions of doors. One for each node; `broker.ts` opens it behind the log and closes it
// before.

import type { KnownPartition } from '../../log/log-parts.ts'
import type { LogStore } from '../../log/log-store.ts'
import type { Entities, StoredQueue } from '../../metadata/entities/entities.ts'
import { queueKey } from '../../metadata/entities/entity-keys.ts'
import type { Image } from '../../metadata/image.ts'
import { queueTopicConfig } from '../../metadata/queue-topics.ts'
import type { Topics } from '../../metadata/topics.ts'
import type { TopicSettings } from '../../model/config/topic-settings.ts'
import { ok, type Refusal, type Result, refuse } from '../../model/errors.ts'
import { decodeTable } from '../../model/message/field-codec.ts'
import type { Topic } from '../../model/topic.ts'
import { escapePrefix, queueNameOf } from '../../model/topic-name.ts'
import { ledgerPartition, Queues } from '../../queue/queues.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import type { Messaging, Opening, Session } from './api.ts'
import { topicsVhost } from './entity-writes.ts'
import type { HostedQueue } from './hosted-queue.ts'
import type { HostedStream } from './hosted-stream.ts'
import { queueType, topicOfQueue } from './queue-arguments.ts'
import { QueueChanges } from './queue-changes.ts'
import { SessionVhost } from './session-vhost.ts'
import { plainStream } from './stream-changes.ts'
import { OwnTopics, ownTopic, SharedTopics, streamSettings } from './stream-topics.ts'
import { VhostCore, type VhostParts } from './vhost-core.ts'

/** What `AccessLimits` says; Infinity: no limit. */
export interface ConnectionLimits {
  ofVhost(vhost: string, limit: 'max-connections' | 'max-queues'): number
  ofUser(user: string, limit: 'max-connections'): number
}

export interface MessagingParts
  extends Omit<VhostParts, 'queues' | 'partitionSettings' | 'queuesMax'> {
  readonly log: LogStore
  readonly topics: Topics
  readonly authorizer: Authorizer
  readonly limits: ConnectionLimits
  report(line: string): void
}

/** Queues that are opened at a time. */
const openedTogether = 64
const defaultVhost = '/'

export class NodeMessaging implements Messaging {
  readonly vhosts = new Map<string, VhostCore>()
  readonly queues: Queues
  readonly #parts: MessagingParts
  readonly #sessions = new Set<Opening>()
  readonly #listeners = new Set<(alarm: string | null) => void>()
  #alarm: string | null = null

  /** What `entities` says was made is there when it resolves, with its messages. */
  static async open(parts: MessagingParts, entities: Entities): Promise<NodeMessaging> {
    const node = new NodeMessaging(parts)
    for (const name of new Set([defaultVhost, ...entities.vhosts])) node.#addVhost(name)
    await node.#recover(entities)
    node.lookedAtSpace()
    return node
  }

  private constructor(parts: MessagingParts) {
    const { log: store, clock, report } = parts
    this.#parts = parts
    this.queues = new Queues({ store, clock, report, others: parts.streams })
  }

  #addVhost(name: string): VhostCore {
    const { image } = this.#parts
    const parts = {
      ...this.#parts,
      queues: this.queues,
      partitionSettings: (durable: boolean) => queuePartitionSettings(image, durable),
      queuesMax: (vhost: string) => this.#parts.limits.ofVhost(vhost, 'max-queues'),
    }
    const core: VhostCore = new VhostCore(name, parts, (writes) =>
      name === topicsVhost
        ? new SharedTopics(image, this.#parts.topics, writes)
        : new OwnTopics({ ...parts, writes, remove: (stream) => core.removeStream(stream) }),
    )
    this.vhosts.set(name, core)
    return core
  }

  /** Bindings of what is gone are left over from a deletion that a crash has cut short. */
  async #recover({ exchanges, queues, bindings }: Entities): Promise<void> {
    for (const stored of exchanges)
      this.vhosts
        .get(stored.vhost)
        ?.addExchange({ ...stored, durable: true, arguments: decodeTable(stored.arguments) })
    const held = queues.filter((stored) => !this.#openStream(stored))
    const names = new Set(held.filter(({ vhost }) => vhost === topicsVhost).map(({ name }) => name))
    for (const topic of this.#parts.image.topics())
      if (!names.has(queueNameOf(topic.name))) this.topicMade(topic)
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
    const isShared = stored.vhost === topicsVhost
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

  // ---- Topics that are streams ------------------------------------------------------------------

  get #shared(): VhostCore | undefined {
    return this.vhosts.get(topicsVhost)
  }

  /** Everybody's topics are streams of one vhost, whoever makes them. */
  topicMade(topic: Topic): void {
    const core = this.#shared
    const name = queueNameOf(topic.name)
    if (topic.kind !== 'log' || topic.internal || core?.routing.queue(name) !== undefined) return
    const plain = { name, durable: true, autoDelete: false, topic: topic.id }
    core?.addStream({ ...plain, arguments: plainStream }, topic, false)
  }

  /** A topic of this name would have the name of something else. */
  topicFault(name: string): Refusal | null {
    if (name.startsWith(escapePrefix))
      return refuse(
        'invalidTopicName',
        `names that begin with ${escapePrefix} are those of queues that Kafka cannot spell`,
      )
    if (this.#shared?.queues.has(name) !== true) return null
    return refuse('topicExists', `'${name}' is the name of a queue`)
  }

  topicChanged(topic: Topic): void {
    const stream = this.#streamOf(topic)
    if (stream === null) return
    stream.topic = topic
    this.#shared?.streamGrew(stream)
  }

  topicGone(topic: Topic): void {
    const core = this.#shared
    const stream = this.#streamOf(topic)
    if (core === undefined || stream === null) return
    this.#parts.streams.offsets.forget(topic.id)
    const keys = core.removeStream(stream)
    if (keys.length === 0) return
    core.lane.run(() => core.writes.gone(keys)).catch((cause: unknown) => this.#parts.failed(cause))
  }

  #streamOf(topic: Topic): HostedStream | null {
    const stream = this.#shared?.streams.get(queueNameOf(topic.name))
    return stream?.topic.id === topic.id ? stream : null
  }

  // ---- Sessions ---------------------------------------------------------------------------------

  /** Those that are open, for listings. */
  get sessions(): Iterable<Opening> {
    return this.#sessions
  }

  open({ vhost, user, name }: Opening): Result<Session> {
    const core = this.vhosts.get(vhost)
    if (core === undefined) return refuse('vhostNotFound', `vhost ${vhost} not found`)
    const { authorizer } = this.#parts
    if (!authorizer.mayUse(user, vhost))
      return refuse('accessRefused', `access to vhost '${vhost}' refused for user '${user}'`)
    const full = this.#limitReached(vhost, user)
    if (full !== null) return refuse('notAllowed', full)
    const owner = { vhost, user, name }
    this.#sessions.add(owner)
    return ok({
      vhost: new SessionVhost(core, owner, user, authorizer),
      user,
      close: () => {
        this.#sessions.delete(owner)
        return core.release(owner)
      },
    })
  }

  /** In words; null: there is room for one more. */
  #limitReached(vhost: string, user: string): string | null {
    const { limits } = this.#parts
    const ofVhost = limits.ofVhost(vhost, 'max-connections')
    const ofUser = limits.ofUser(user, 'max-connections')
    if (Math.min(ofVhost, ofUser) === Number.POSITIVE_INFINITY) return null
    const all = [...this.#sessions]
    if (all.filter((each) => each.vhost === vhost).length >= ofVhost)
      return (
        `access to vhost '${vhost}' refused for user '${user}': connection limit (${ofVhost}) is ` +
        'reached'
      )
    if (all.filter((each) => each.user === user).length >= ofUser)
      return `connection refused for user '${user}': user connection limit (${ofUser}) is reached`
    return null
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
    if (durable === null || !streams.isUsed) {
      streams.flush(null)
      this.queues.flush(durable)
      return
    }
    let left = 2
    const done = (): void => {
      if (--left === 0) durable()
    }
    streams.flush(done)
    this.queues.flush(done)
  }

  // ---- Vhosts -----------------------------------------------------------------------------------

  /** What is there stays as it is. */
  async createVhost(name: string): Promise<void> {
    if (this.vhosts.has(name)) return
    const core = this.#addVhost(name)
    await core.lane.run(() => core.writes.vhost())
  }

  /** With all that is in it; `/` stays. Its sessions can make nothing any more. */
  async deleteVhost(name: string): Promise<Result<null>> {
    const core = this.vhosts.get(name)
    if (core === undefined) return refuse('vhostNotFound', `vhost ${name} not found`)
    if (name === defaultVhost) return refuse('notAllowed', `vhost ${name} stays`)
    this.vhosts.delete(name)
    await core.lane.run(() => core.deleteAll())
    return ok(null)
  }

  /** The queue whose messages are the records of this topic of kind `queue`. */
  queueOf(topic: Topic): HostedQueue | null {
    const hosted = this.#shared?.queues.get(queueNameOf(topic.name))
    return hosted?.definition.topic === topic.id ? hosted : null
  }

  /**
   * A client of another kind appends to the log of a queue: only when all that the queue took
   * before lies there is its end certain. False: the journal takes nothing now.
   */
  beforeAppend(_topic: Topic): boolean {
    this.queues.flush(null)
    return !this.queues.isHeldUp(0)
  }

  afterAppend(topic: Topic): void {
    this.queueOf(topic)?.queue.afterForeignAppend()
  }

  /** As who runs the node: a topic of kind `queue` is deleted with its queue. */
  async deleteQueueOf(topic: Topic): Promise<Result<null>> {
    const core = this.vhosts.get(topicsVhost)
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

  /** The node has looked at its disk. */
  lookedAtSpace(): void {
    const alarm = this.#parts.log.space.isLow ? 'disk' : null
    if (alarm === this.#alarm) return
    this.#alarm = alarm
    for (const listener of [...this.#listeners]) listener(alarm)
  }

  /** Changes that are under way end, and all that was published is placed. */
  async close(): Promise<void> {
    await Promise.all([...this.vhosts.values()].map((core) => core.lane.idle()))
    await this.queues.close()
    await this.#parts.streams.close()
  }
}

const textsOf = {
  durable: new Map([...queueTopicConfig, ['polymq.flush', 'sync']]),
  transient: new Map([...queueTopicConfig, ['polymq.flush', 'async']]),
}

export const queuePartitionSettings = (image: Image, durable: boolean): TopicSettings =>
  image.sharedSettings(durable ? textsOf.durable : textsOf.transient)

/** The partitions of durable queues, for the log to know when it is opened. */
export function queuePartitions({ queues }: Entities, image: Image): KnownPartition[] {
  const settings = queuePartitionSettings(image, true)
  return queues.flatMap(({ vhost, topic, name: topicName, lanes, arguments: bytes }) => {
    const table = decodeTable(bytes)
    const isStream = queueType(table) === 'stream'
    // The image knows of the others.
    if (isStream && vhost === topicsVhost) return []
    if (isStream)
      return [{ topic, topicName, partition: 0, settings: streamSettings(table, image) }]
    const own = topicOfQueue(table) === null ? Array(lanes).keys() : []
    const partitions = [...own, ledgerPartition]
    return partitions.map((partition) => ({ topic, topicName, partition, settings }))
  })
}
