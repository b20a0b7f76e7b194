// The queues of one node: its vhosts, opened with what the metadata and the log hold of them, and
// the sessions of doors. One for each node; `broker.ts` opens it behind the log and closes it
// before.

import type { KnownPartition } from '../../log/log-parts.ts'
import type { LogStore } from '../../log/log-store.ts'
import type { Entities, StoredQueue } from '../../metadata/entities/entities.ts'
import type { Image } from '../../metadata/image.ts'
import type { TopicSettings } from '../../model/config/topic-settings.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import { decodeTable } from '../../model/message/field-codec.ts'
import type { Topic } from '../../model/topic.ts'
import { KeyBudget } from '../../queue/memory/seen-keys.ts'
import { ledgerPartition, Queues } from '../../queue/queues.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import type { Messaging, Opening, Session } from './api.ts'
import { delayedName } from './delayed-exchange.ts'
import { topicsVhost } from './entity-writes.ts'
import type { HostedQueue } from './hosted-queue.ts'
import { QueueChanges } from './queue-changes.ts'
import { SessionVhost } from './session-vhost.ts'
import { VhostCore, type VhostParts } from './vhost-core.ts'

/** What `AccessLimits` says; Infinity: no limit. */
export interface ConnectionLimits {
  ofVhost(vhost: string, limit: 'max-connections' | 'max-queues'): number
  ofUser(user: string, limit: 'max-connections'): number
}

export interface MessagingParts
  extends Omit<VhostParts, 'queues' | 'partitionSettings' | 'queuesMax' | 'keyBudget'> {
  readonly log: LogStore
  readonly authorizer: Authorizer
  readonly limits: ConnectionLimits
  report(line: string): void
}

/** Queues that are opened at a time. */
const openedTogether = 64
/** Of messages that must not come twice, about 100 bytes each. */
const seenKeysMax = 1_000_000
const defaultVhost = '/'

export class NodeMessaging implements Messaging {
  readonly vhosts = new Map<string, VhostCore>()
  readonly queues: Queues
  readonly #parts: MessagingParts
  readonly #keyBudget = new KeyBudget(seenKeysMax)
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
    const { consumerTimeoutMs } = parts.image.settings
    this.queues = new Queues({ store, clock, report }, { consumerTimeoutMs })
  }

  #addVhost(name: string): VhostCore {
    const { image } = this.#parts
    const core = new VhostCore(name, {
      ...this.#parts,
      queues: this.queues,
      keyBudget: this.#keyBudget,
      partitionSettings: (durable) => queuePartitionSettings(image, durable),
      queuesMax: (vhost) => this.#parts.limits.ofVhost(vhost, 'max-queues'),
    })
    this.vhosts.set(name, core)
    return core
  }

  /** Bindings of what is gone are left over from a deletion that a crash has cut short. */
  async #recover({ exchanges, queues, bindings }: Entities): Promise<void> {
    for (const stored of exchanges)
      await this.vhosts
        .get(stored.vhost)
        ?.openExchange({ ...stored, durable: true, arguments: decodeTable(stored.arguments) })
    for (let from = 0; from < queues.length; from += openedTogether)
      await Promise.all(queues.slice(from, from + openedTogether).map((q) => this.#openQueue(q)))
    const lost: string[] = []
    for (const stored of bindings) {
      const { vhost, key, ...rest } = stored
      const core = this.vhosts.get(vhost)
      const isWhole =
        core?.exchanges.has(stored.source) === true &&
        (stored.kind === 'queue' ? core.queues : core.exchanges).has(stored.target)
      if (isWhole) core.addBinding({ ...rest, arguments: decodeTable(stored.arguments) }, key)
      else lost.push(key)
    }
    if (lost.length > 0) await this.#parts.store.txn({ delete: lost })
  }

  async #openQueue(stored: StoredQueue): Promise<void> {
    const core = this.vhosts.get(stored.vhost)
    if (core === undefined) return
    const table = decodeTable(stored.arguments)
    core.addQueue(await core.openQueue({ ...stored, durable: true, arguments: table }))
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
    return this.queues.isHeldUp(bytes)
  }

  whenTaken(action: () => void): void {
    this.queues.whenTaken(action)
  }

  flush(durable: (() => void) | null): void {
    this.queues.flush(durable)
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
    return this.vhosts.get(topicsVhost)?.queues.get(topic.name) ?? null
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
    const cores = [...this.vhosts.values()]
    await Promise.all(cores.map((core) => core.lane.idle()))
    for (const core of cores) for (const { queue } of core.delayed.values()) await queue.stop()
    await this.queues.close()
  }
}

/** Nothing of a queue goes by its age or size: what was settled does. */
const kept = [
  ['cleanup.policy', 'delete'],
  ['retention.ms', '-1'],
  ['retention.bytes', '-1'],
  ['compression.type', 'uncompressed'],
] as const

const textsOf = {
  durable: new Map([...kept, ['polymq.flush', 'sync']]),
  transient: new Map([...kept, ['polymq.flush', 'async']]),
}

export const queuePartitionSettings = (image: Image, durable: boolean): TopicSettings =>
  image.sharedSettings(durable ? textsOf.durable : textsOf.transient)

/** The partitions of durable queues, for the log to know when it is opened. */
export function queuePartitions({ queues, exchanges }: Entities, image: Image): KnownPartition[] {
  const settings = queuePartitionSettings(image, true)
  const delayed = exchanges.flatMap(({ topic, name }) =>
    topic === undefined ? [] : [{ topic, name: delayedName(name), lanes: 1 }],
  )
  return [...queues, ...delayed].flatMap(({ topic, name, lanes }) =>
    [...Array(lanes).keys(), ledgerPartition].map((partition) => ({
      topic,
      topicName: name,
      partition,
      settings,
    })),
  )
}
