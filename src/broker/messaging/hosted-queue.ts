// A queue of a vhost: its definition, who owns it, and the queue that holds its messages, which is
// made when it is first used: one that nobody has used is nothing but its definition. The queue
// asks it what shall become of dead letters, and tells it when nobody has used it for long. A vhost
// makes it, and gives it to sessions and routes.
import type { Clock } from '../../io/clock.ts'
import { type FieldTable, integerOf, textOf } from '../../model/message/field.ts'
import type { MessageView } from '../../model/message/message.ts'
import type { Queue } from '../../queue/queue.ts'
import { QueueCounters } from '../../queue/queue-counters.ts'
import type { DeadLetterReason, QueueHost } from '../../queue/queue-host.ts'
import type { QueueSettings } from '../../queue/queue-settings.ts'
import type { StreamReader } from '../../stream/stream-reader.ts'
import type { QueueDefinition } from '../declarations/definitions.ts'
import { queueSettings, queueType } from '../declarations/queue-arguments.ts'
import { noPolicies, type VhostPolicies, withPolicies } from '../policies/vhost-policies.ts'
import type { QueueHandle } from './api.ts'
import { hasDiedIn } from './death.ts'
import type { HostedStream } from './hosted-stream.ts'
import type { Once } from './once.ts'
import type { Target } from './target.ts'

/** What listings tell of a queue. */
export type QueueFigures = Readonly<
  Pick<Queue, 'ready' | 'readyBytes' | 'inFlight' | 'delayed' | 'consumerCount' | 'isExclusive'> &
    Pick<Queue, 'counters' | 'bytesInFlight' | 'delayedBytes'>
>

/** Of a queue that nobody has used. */
const noFigures: QueueFigures = {
  ready: 0,
  readyBytes: 0,
  inFlight: 0,
  bytesInFlight: 0,
  delayed: 0,
  delayedBytes: 0,
  consumerCount: 0,
  isExclusive: false,
  counters: new QueueCounters(),
}

export interface HostedQueueHooks {
  readonly parts: { readonly clock: Clock }
  /** The first use of a queue that holds nothing. */
  makeQueue(hosted: HostedQueue): Queue
  deadLetter(
    from: HostedQueue,
    message: MessageView,
    reason: DeadLetterReason,
    isSure: boolean,
  ): boolean
  unused(queue: HostedQueue): void
  consumerTimedOut(queue: HostedQueue): void
  /** Null: the arguments do not ask for it. */
  once(table: FieldTable): Once | null
}

/**
 * The queue as those see it who settle with it. They may have it in hand for as long as they like;
 * of a queue that is gone it keeps only the name.
 */
export class Settled implements QueueHandle {
  readonly name: string
  readonly isDurable: boolean
  #queue: Queue | null

  constructor(queue: Queue) {
    this.name = queue.name
    this.isDurable = queue.isDurable
    this.#queue = queue
  }

  accept(id: number): void {
    this.#queue?.accept(id)
  }

  reject(id: number, requeue: boolean, failed: boolean): void {
    this.#queue?.reject(id, requeue, failed)
  }

  hold(by: 1 | -1): void {
    this.#queue?.hold(by)
  }

  end(): void {
    this.#queue = null
  }
}

export class HostedQueue implements QueueHost, Target {
  readonly routesOn = false
  readonly definition: QueueDefinition
  /** The session that alone may use it; null: all may. */
  readonly owner: object | null
  /** The topic whose records are its messages; null: it has its own. */
  readonly source: HostedStream | null
  policies = noPolicies
  /** The arguments that hold now: those of the definition, and what policies add to them. */
  inForce: FieldTable
  sendsOnAtOnce: boolean
  readonly #hooks: HostedQueueHooks
  readonly #madeMs: number
  /** What deletes itself does so only after it was used. */
  hadConsumer = false
  isGone = false
  /** Messages that come again are left out; null: they are not. */
  readonly #once: Once | null
  #queue: Queue | null = null
  #replays: Set<StreamReader> | null = null
  #handle: Settled | null = null

  constructor(
    definition: QueueDefinition,
    owner: object | null,
    source: HostedStream | null,
    hooks: HostedQueueHooks,
  ) {
    this.definition = definition
    this.owner = owner
    this.source = source
    this.inForce = definition.arguments
    this.sendsOnAtOnce = mayDieAtOnce(this.inForce)
    this.#hooks = hooks
    this.#madeMs = hooks.parts.clock.now()
    this.#once = hooks.once(definition.arguments)
  }

  get leavesOut(): boolean {
    return this.#once !== null
  }

  get name(): string {
    return this.definition.name
  }

  /** To be used; made now, if nobody has used it before. */
  get queue(): Queue {
    if (this.#queue === null) {
      this.#queue = this.#hooks.makeQueue(this)
      // Somebody was on the way to it.
      if (this.isGone) void this.#queue.drop()
    }
    return this.#queue
  }

  /** Null: nobody has used it, and it holds nothing. */
  get used(): Queue | null {
    return this.#queue
  }

  get figures(): QueueFigures {
    return this.#queue ?? noFigures
  }

  /** When a message last came or went out; else when it was made, or the node started. */
  get activeMs(): number {
    return Math.max(this.#queue?.counters.activeMs ?? 0, this.#madeMs)
  }

  /** Takes what holds for it now. */
  settle(policies: VhostPolicies): QueueSettings {
    const { arguments: own, durable } = this.definition
    const kind = queueType(own)
    this.policies = policies.ofQueue(this.name, kind)
    this.inForce = withPolicies(this.policies, kind, own)
    this.sendsOnAtOnce = mayDieAtOnce(this.inForce)
    return queueSettings(this.inForce, durable)
  }

  /** One that goes when nobody uses it has to be there. */
  keepTime({ expiresMs }: Pick<QueueSettings, 'expiresMs'>): void {
    if (expiresMs < Number.POSITIVE_INFINITY) this.queue.touch()
  }

  /** Where its deliveries are settled. */
  get handle(): QueueHandle {
    this.#handle ??= new Settled(this.queue)
    return this.#handle
  }

  hold(queue: Queue): this {
    this.#queue = queue
    return this
  }

  /** Who reads its log again, beside its consumers. */
  get replays(): Set<StreamReader> {
    this.#replays ??= new Set()
    return this.#replays
  }

  /** What comes to a queue over a topic is appended there, and comes back from it. */
  publish(message: MessageView): number {
    const to = this.source ?? this.queue
    if (this.#once === null) return to.publish(message)
    return this.#once.publish(message, to, hasDiedIn(message.headers, this.name))
  }

  /** It is taken away. */
  gone(): void {
    this.isGone = true
    this.#handle?.end()
    this.#once?.clear()
    for (const reader of [...(this.#replays ?? [])]) reader.end()
  }

  /** Queues see to it themselves. */
  moved(): void {
    this.source?.moved()
  }

  refuses(message: MessageView): boolean {
    return (this.source ?? this.queue).refuses(message)
  }

  deadLetter(
    _queue: Queue,
    message: MessageView,
    reason: DeadLetterReason,
    isSure: boolean,
  ): boolean {
    return this.#hooks.deadLetter(this, message, reason, isSure)
  }

  consumerLeft(_queue: Queue): void {
    this.#hooks.consumerTimedOut(this)
  }

  unused(_queue: Queue): void {
    this.#hooks.unused(this)
  }
}

/** When nobody waits for it, or there is no room. */
const mayDieAtOnce = (table: FieldTable): boolean =>
  integerOf(table.get('x-message-ttl')) === 0 ||
  textOf(table.get('x-overflow')) === 'reject-publish-dlx'
