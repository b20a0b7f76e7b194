// What a channel needs of its connection and of the door. The connection is the only one to make
// it.
import type { Slices } from '../../../base/slices.ts'
import type { Session } from '../../../broker/messaging/api.ts'
import type { Limits } from '../frames/limits.ts'
import type { OutBuffer } from '../frames/out-buffer.ts'
import type { PartialMemory } from '../frames/partial-memory.ts'
import type { Reply } from '../methods/reply-codes.ts'
import type { ReplyAddresses } from './reply-addresses.ts'
import type { Told } from './told.ts'
import type { Together } from './unacked.ts'

/** Plain numbers that only grow. */
export interface MessageCounters {
  published: number
  /** On channels that confirm. */
  toConfirm: number
  confirmed: number
  /** Published for nobody, with `mandatory` and without. */
  returned: number
  dropped: number
  /** Published to the address of a direct reply. */
  replies: number
  delivered: number
  settled: number
}

/** What one channel counts. */
export class ChannelNumbers {
  published = 0
  confirmed = 0
  returned = 0
  dropped = 0
  delivered = 0
  deliveredSettled = 0
  got = 0
  gotSettled = 0
  gotNothing = 0
  redelivered = 0
  accepted = 0
}

/** Plain numbers that only grow. */
export interface ChannelCounters {
  channelsOpened: number
  channelsClosed: number
}

export const newCounters = (): MessageCounters => ({
  published: 0,
  toConfirm: 0,
  confirmed: 0,
  returned: 0,
  dropped: 0,
  replies: 0,
  delivered: 0,
  settled: 0,
})

/** A consumer that had no room. */
export interface Resumable {
  isResumeDue: boolean
  waitsForOutput: boolean
  /** It has room again, and its turn may come. */
  wake(): void
  /** Its queue looks again. */
  resume(): void
}

/** Whoever owes confirms at the end of a turn. */
export interface Confirming {
  isDue: boolean
  readonly confirms: {
    /** The number to give `becameDurable` once everything up to now is durable; 0: not needed. */
    endTurn(): number
    becameDurable(number: number): void
  } | null
}

/** What all channels of a door share. */
export interface ChannelDoor {
  readonly limits: Limits
  readonly memory: PartialMemory
  readonly transactionMemory: PartialMemory
  readonly counters: MessageCounters & ChannelCounters
  readonly replyAddresses: ReplyAddresses
  /** Of all its channels. */
  readonly together: Together
  /** For what is settled at once, of which there may be very much. */
  readonly slices: Slices
  /** A consumer whose client is crowded was given what is being published. */
  crowded(): void
  /** A tag for a consumer without one. */
  newTag(): string
  /** The following are done once, at the end of this turn. */
  /** The consumer has room again. */
  resumeSoon(consumer: Resumable): void
  /** There is something to confirm. */
  confirmSoon(publishing: Confirming): void
  /** Something was published or settled. */
  flushSoon(): void
  /** Calls `action` when everything up to the end of this turn is durable. */
  whenDurable(action: () => void): void
}

export interface ChannelHome {
  readonly door: ChannelDoor
  readonly session: Session
  readonly out: OutBuffer
  readonly told: Told
  /** As agreed with the client. */
  readonly frameMax: number
  /** May publish in the name of others. */
  readonly isImpersonator: boolean
  /** The client wants to hear that a consumer was cancelled. */
  readonly takesCancels: boolean
  /** So much waits for the client that no more should be delivered to it. */
  readonly isFull: boolean
  /** Somewhat less: who publishes to it may wait for a moment. */
  readonly isCrowded: boolean
  /** Something was written to `out`. */
  sendSoon(): void
  /** The consumer had no room because of `isFull`. */
  resumeWhenSent(consumer: Resumable): void
  /** Takes no further frame before `promise` has resolved and `then` has run. */
  wait<T>(promise: Promise<T>, then: (value: T) => void): void
  /** Closes the connection: `methodId` is what went wrong. */
  failHard(reply: Reply, text: string, methodId: number): void
  /** The channel with this number is no more. */
  channelGone(id: number): void
}
