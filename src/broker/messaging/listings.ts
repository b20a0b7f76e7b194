// What listings show of those who use a node: a door describes its connection, with its channels
// and consumers, when somebody asks, and never before. Given to `Messaging.open`; read by the
// management API.
import type { Address } from '../../io/network.ts'
import type { FieldTable } from '../../model/message/field.ts'

export interface SessionView {
  /** Unique among those that are open. */
  readonly name: string
  readonly traffic: Traffic
  describe(): ConnectionDescription
  channels(): readonly ChannelDescription[]
  /** Tells the client why, and closes. */
  close(reason: string): void
}

/** Plain numbers that only grow. */
export interface Traffic {
  readonly receivedBytes: number
  readonly receivedPieces: number
  readonly sentBytes: number
  readonly sentPieces: number
}

export interface ConnectionDescription {
  /** As the client calls itself. */
  readonly givenName: string | null
  readonly peer: Address
  readonly local: Address
  readonly protocol: string
  readonly mechanism: string
  readonly isBlocked: boolean
  readonly connectedAtMs: number
  readonly heartbeatSeconds: number
  readonly frameMax: number
  readonly channelMax: number
  readonly unsentBytes: number
  readonly isTls: boolean
  readonly clientProperties: FieldTable
}

export interface ChannelDescription {
  readonly id: number
  readonly counters: ChannelTraffic
  readonly isConfirming: boolean
  readonly isTransactional: boolean
  /** 0: no limit. */
  readonly prefetchOfConsumers: number
  readonly prefetch: number
  readonly unacknowledged: number
  readonly unconfirmed: number
  /** In a transaction. */
  readonly uncommitted: { readonly messages: number; readonly settlements: number }
  readonly consumerCount: number
  readonly consumers: readonly ConsumerDescription[]
}

/** Plain numbers that only grow. */
export interface ChannelTraffic {
  readonly published: number
  readonly confirmed: number
  /** Published for nobody, with `mandatory` and without. */
  readonly returned: number
  readonly dropped: number
  /** To consumers that settle, and to those that do not. */
  readonly delivered: number
  readonly deliveredSettled: number
  /** One at a time, in the same way. */
  readonly got: number
  readonly gotSettled: number
  readonly gotNothing: number
  readonly redelivered: number
  readonly accepted: number
}

/** Messages that were published to an exchange, and copies of them that it gave to queues. */
export interface ExchangeCounters {
  in: number
  out: number
}

export interface ConsumerDescription {
  readonly tag: string
  readonly queue: string
  readonly isSettled: boolean
  readonly isExclusive: boolean
  /** False for one that waits until the single active consumer leaves. */
  readonly isActive: boolean
  readonly prefetch: number
  readonly arguments: FieldTable
}
