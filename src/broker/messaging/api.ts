// The face that a node shows to the doors that speak of exchanges and queues, in protocol-free
// words. One `Messaging` serves all doors of a node. Answers are values of model/errors.ts; nothing
// here throws for what a client did. Calls return at once unless they change metadata, which
// is durable when the promise resolves.
//
//   door ──publish──▶ exchange ──route──▶ queues ──deliver──▶ consumers (of any door)
//   door ──flush at the end of its turn──▶ journal ──whenDurable──▶ confirms

import type { Result } from '../../model/errors.ts'
import type { FieldTable } from '../../model/message/field.ts'
import type { MessageView } from '../../model/message/message.ts'
import type { SessionView } from './listings.ts'

// ---- Who asks -----------------------------------------------------------------------------------

/** One connection of a client, logged in to one vhost. Exclusive queues belong to it. */
export interface Session {
  readonly vhost: Vhost
  readonly user: string
  /** One more channel, where there are such. Refused with `notAllowed`: a limit of the user. */
  openChannel(): Result<null>
  closeChannel(): void
  /** Takes what belongs to the connection away: exclusive queues. Resolves when that is durable. */
  close(): Promise<void>
}

export interface Opening {
  readonly vhost: string
  readonly user: string
  /** For people: in listings and in the log. */
  readonly name: string
  /** What listings show; absent: it is not listed. */
  readonly view?: SessionView
}

export interface Messaging {
  /**
   * Refused: `vhostNotFound`, `accessRefused` (no permission on it), `notAllowed` (a limit of it).
   */
  open(opening: Opening): Result<Session>
  /**
   * True while a message of so many bytes cannot be taken: a door stops reading who publishes then.
   */
  isHeldUp(bytes: number): boolean
  /** Calls `action` once, when nothing is held up any more. */
  whenTaken(action: () => void): void
  /**
   * Places what was published and settled since the last call; every door calls it once at the end
   * of each of its turns, before it sends what is owed. `durable` is called when all of it is on
   * the disk, and so is everything published and settled before: at once, when there is nothing to
   * wait for. This is what a confirm means. Null: no confirm is owed of what is `stored`.
   */
  flush(durable: (() => void) | null): void
  /** Why publishers are stopped (memory, disk), or null. */
  readonly alarm: string | null
  onAlarm(listener: (alarm: string | null) => void): { cancel(): void }
}

// ---- Exchanges and queues -----------------------------------------------------------------------

export interface ExchangeWish {
  readonly name: string
  readonly type: string
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly internal: boolean
  readonly arguments: FieldTable
}

export interface QueueWish {
  /** '' : the node chooses one, `amq.gen-…`. */
  readonly name: string
  readonly durable: boolean
  readonly exclusive: boolean
  readonly autoDelete: boolean
  readonly arguments: FieldTable
}

export interface QueueState {
  readonly name: string
  /** Ready, without those in flight. */
  readonly messages: number
  readonly consumers: number
}

export interface BindingWish {
  readonly source: string
  readonly destination: string
  readonly routingKey: string
  readonly arguments: FieldTable
}

/**
 * One vhost as one session sees it: what is exclusive to others is refused with `resourceLocked`,
 * what the user may not do with `accessRefused`.
 */
export interface Vhost {
  readonly name: string
  declareExchange(wish: ExchangeWish): Promise<Result<null>>
  /** Refused with `exchangeNotFound` when there is none. */
  checkExchange(name: string): Result<null>
  deleteExchange(name: string, ifUnused: boolean): Promise<Result<null>>
  declareQueue(wish: QueueWish): Promise<Result<QueueState>>
  checkQueue(name: string): Result<QueueState>
  /** How many ready messages went with it. */
  deleteQueue(name: string, ifUnused: boolean, ifEmpty: boolean): Promise<Result<number>>
  purgeQueue(name: string): Promise<Result<number>>
  bindQueue(wish: BindingWish): Promise<Result<null>>
  unbindQueue(wish: BindingWish): Promise<Result<null>>
  bindExchange(wish: BindingWish): Promise<Result<null>>
  unbindExchange(wish: BindingWish): Promise<Result<null>>

  /**
   * The exchange to publish to; to be kept by a door and asked for again when `isGone`. Refused:
   * `exchangeNotFound`, `accessRefused` (permission, or it is internal).
   */
  publisher(exchange: string): Result<Publisher>

  /**
   * Starts a consumer. Refused: `queueNotFound`, `accessRefused`, `resourceLocked`,
   * `invalidRequest`.
   */
  consume(wish: ConsumeWish, consumer: Consumer): Promise<Result<Subscription>>
  /** One message, or null when there is none that is ready. */
  get(queue: string, settled: boolean): Promise<Result<Got | null>>
}

export { Published } from '../../queue/published.ts'

/** Remembers routes: publishing the same key again costs no look-up. */
export interface Publisher {
  /** Deleted, or no longer permitted: ask the vhost again. */
  readonly isGone: boolean
  /**
   * `message` and its views are used only during the call. Where the message went, as flags of
   * `Published`; -1: refused, see `refusal`.
   */
  publish(message: MessageView): number
  /** Finds now where `message` goes later; null: refused, see `refusal`. */
  route(message: MessageView): Routed | null
  /** Why the last `publish` or `route` was refused (`accessRefused` by a topic permission, ...). */
  readonly refusal: Result<never> | null
}

/** Where a message goes, as the bindings and rights were when it was asked for. */
export interface Routed {
  /** How many places, of which some may be gone by the time it is placed. */
  readonly targets: number
  /** Flags of `Published`. The message is the same as the one that was routed. */
  place(message: MessageView): number
}

// ---- Consuming ----------------------------------------------------------------------------------

export interface ConsumeWish {
  readonly queue: string
  /** Unique within the session's channel; for listings and tracked offsets. */
  readonly tag: string
  /** Deliveries count as settled when they are sent. */
  readonly settled: boolean
  readonly exclusive: boolean
  readonly priority: number
  /** Deliveries that may wait to be settled; absent or 0: no limit, which streams refuse. */
  readonly prefetch?: number
  readonly arguments: FieldTable
}

/** What a queue gives its messages to. Its methods must not throw, and not call the queue back. */
export interface Consumer {
  /**
   * How many messages it takes now, 0: none. Asked before each delivery. When it was 0 and is not
   * any more, the door calls `Subscription.resume`.
   */
  readonly room: number
  /**
   * `message` and its views are used only during the call. `id` is what to settle it with, 0 when
   * it counts as settled. Of before: `failures`, attempts to process it, and `deliveries`, of any
   * end.
   */
  deliver(
    id: number,
    message: MessageView,
    redelivered: boolean,
    failures: number,
    deliveries: number,
  ): void
  /**
   * The queue is gone; or the consumer had a delivery for too long, and all that it had went back:
   * nothing of it may be settled any more. Or its user may not read any longer (`accessLost`): what
   * is in flight stays so, to be settled.
   */
  cancelled(reason: CancelReason): void
}

export type CancelReason = 'queueDeleted' | 'timeout' | 'notLeader' | 'accessLost'

export interface Subscription {
  readonly queue: QueueHandle
  /** False for one that waits until the single active consumer leaves. */
  readonly isActive: boolean
  /** The consumer has room again: from now on its turn comes as that of the others. */
  wake(): void
  /** The same, and its queue looks now. */
  resume(): void
  /** No more deliveries; what is in flight stays in flight. */
  cancel(): Promise<void>
}

/** Where deliveries are settled; the same for all consumers of one queue. */
export interface QueueHandle {
  readonly name: string
  /** It keeps its messages, and none is given back but by a channel that ends. */
  readonly isStream?: boolean
  /** What is settled here is told on the disk. */
  readonly isDurable: boolean
  /** Settles one delivery, which must be in flight. */
  accept(id: number): void
  /**
   * Gives one delivery back. `requeue`: to its old place; else it is dead-lettered or dropped.
   * `failed`: it counts as a failed delivery attempt.
   */
  reject(id: number, requeue: boolean, failed: boolean): void
  /** Much comes back, in pieces, between 1 and -1: nothing is delivered, so that order is kept. */
  hold?(by: 1 | -1): void
}

export interface Got {
  readonly queue: QueueHandle
  readonly id: number
  /** A copy: it may be kept. */
  readonly message: MessageView
  readonly redelivered: boolean
  readonly failures: number
  readonly deliveries: number
  /** Ready messages behind it. */
  readonly remaining: number
}
