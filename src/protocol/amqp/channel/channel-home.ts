// What a channel needs of its connection and of the door. The connection is the only one to make it.
import type { Session } from '../../../broker/messaging/api.ts'
import type { Limits } from '../frames/limits.ts'
import type { OutBuffer } from '../frames/out-buffer.ts'
import type { PartialMemory } from '../frames/partial-memory.ts'
import type { Reply } from '../methods/reply-codes.ts'
import type { Consumer } from './consumer.ts'
import type { Publishing } from './publishing.ts'
import type { ReplyAddresses } from './reply-addresses.ts'

/** Plain numbers that only grow. */
export interface MessageCounters {
  published: number
  confirmed: number
  returned: number
  delivered: number
  settled: number
}

export interface ChannelHome {
  readonly limits: Limits
  readonly session: Session
  readonly out: OutBuffer
  /** As agreed with the client. */
  readonly frameMax: number
  readonly memory: PartialMemory
  readonly counters: MessageCounters
  readonly replyAddresses: ReplyAddresses
  /** May publish in the name of others. */
  readonly isImpersonator: boolean
  /** The client wants to hear that a consumer was cancelled. */
  readonly takesCancels: boolean
  /** So much waits for the client that no more should be delivered to it. */
  readonly isFull: boolean
  /** A tag for a consumer without one. */
  newTag(): string
  /** Something was written to `out`. */
  sendSoon(): void
  /** Something was published or settled: to be flushed at the end of this turn. */
  flushSoon(): void
  /** `publishing` has something to confirm at the end of this turn. */
  confirmSoon(publishing: Publishing): void
  /** Calls `action` when everything up to the end of this turn is durable. */
  whenDurable(action: () => void): void
  /** The consumer has room again; its queue hears of it at the end of this turn. */
  resumeSoon(consumer: Consumer): void
  /** The consumer had no room because of `isFull`. */
  resumeWhenSent(consumer: Consumer): void
  /** Takes no further frame before `promise` has resolved and `then` has run. */
  wait<T>(promise: Promise<T>, then: (value: T) => void): void
  /** Closes the connection: `methodId` is what went wrong. */
  failHard(reply: Reply, text: string, methodId: number): void
  /** The channel with this number is no more. */
  channelGone(id: number): void
}
