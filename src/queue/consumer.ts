// What a queue gives its messages to, and what it gives to whoever subscribed. Doors implement the
// first; the second is `Member`.
import type { MessageView } from '../model/message/message.ts'

export type CancelReason = 'queueDeleted' | 'timeout' | 'notLeader' | 'accessLost'

/** Its methods must not throw, and not call the queue back. */
export interface Consumer {
  /**
   * How many messages it takes now, 0: none. Asked before each delivery. When it was 0 and is not
   * any more, `Subscription.resume` is called.
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
   * The queue is gone; or it had a delivery for too long, and all that it had went back: nothing of
   * it may be settled any more.
   */
  cancelled(reason: CancelReason): void
}

export interface ConsumeOptions {
  /** Deliveries count as settled when they are made. */
  readonly settled: boolean
  readonly exclusive: boolean
  /** Higher ones first. */
  readonly priority: number
  /**
   * How long it may keep a delivery without settling it; null: as its queue says. Infinity: for
   * ever.
   */
  readonly timeoutMs?: number | null
  /** Called once when it is no consumer of the queue any more, whoever ended it. */
  readonly left?: () => void
}

export interface Subscription {
  readonly consumer: Consumer
  /** False for one that waits until the single active consumer leaves. */
  readonly isActive: boolean
  /** The consumer has room: its turn comes again. */
  wake(): void
  /** The same, and delivers what is ready before it returns, if it is in memory. */
  resume(): void
  /** No more deliveries; what is in flight stays in flight. */
  cancel(): void
}

/** What was asked for one at a time. */
export interface Got {
  readonly id: number
  /** A copy: it may be kept. */
  readonly message: MessageView
  readonly redelivered: boolean
  readonly failures: number
  /** Of before. */
  readonly deliveries: number
  /** Ready messages behind it. */
  readonly remaining: number
}
