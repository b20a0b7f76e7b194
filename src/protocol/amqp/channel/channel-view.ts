// A channel as its own parts see it: its consumers, what it publishes, what it settles.
import type { QueueHandle } from '../../../broker/messaging/api.ts'
import type { Reply } from '../methods/reply-codes.ts'
import type { ChannelHome, ChannelNumbers } from './channel-home.ts'
import type { Transaction } from './transaction.ts'
import type { Unacked } from './unacked.ts'

export interface ChannelView {
  readonly id: number
  readonly home: ChannelHome
  readonly isOpen: boolean
  readonly counters: ChannelNumbers
  readonly unacked: Unacked
  /** Is told of what was settled that its confirms have to cover. */
  readonly publishing: { settled(): void }
  /** Deliveries to consumers that are not settled, and how many there may be; 0: no limit. */
  inFlight: number
  readonly prefetch: number
  /** A consumer found no room since too much of the channel is not settled. */
  isCramped: boolean
  readonly transaction: Transaction | null
  /** Where direct replies to this channel go; null: nowhere. */
  readonly replyAddress: string | null
  /** Closes the channel, or the connection when the reply is a hard one. */
  fail(reply: Reply, text: string, methodId: number): void
  /** It has got one of those that all consumers share. */
  served(consumer: { readonly tag: string }): void
  /** Of all consumers together one more may be in flight. */
  resumeStarved(): void
  /** Its queue has cancelled the consumer. */
  consumerCancelled(consumer: { readonly tag: string }): void
  /** The same, since its user may no longer read the queue. */
  consumerBarred(consumer: { readonly tag: string; readonly queue: QueueHandle }): void
  /** The same, since it has kept a delivery for too long. */
  consumerTimedOut(consumer: { readonly tag: string }): void
}
