// What the connections of a door share, and whom they tell. Implemented by the door.
import type { Messaging } from '../../broker/messaging/api.ts'
import type { MessageCounters } from './channel/channel-home.ts'
import type { Consumer } from './channel/consumer.ts'
import type { Publishing } from './channel/publishing.ts'
import type { ReplyAddresses } from './channel/reply-addresses.ts'
import type { Connection } from './connection.ts'
import type { Limits } from './frames/limits.ts'
import type { Slabs } from './frames/out-buffer.ts'
import type { PartialMemory } from './frames/partial-memory.ts'
import type { Offer } from './login.ts'

/** Plain numbers that only grow. */
export interface DoorCounters extends MessageCounters {
  accepted: number
  /** Connections that were closed at once, because there were too many. */
  refused: number
  /** Connections that were closed because of what the client did. */
  faults: number
  receivedBytes: number
  sentBytes: number
}

export interface ConnectionHome {
  readonly limits: Limits
  readonly messaging: Messaging
  readonly offer: Offer
  readonly clusterName: string
  readonly counters: DoorCounters
  readonly slabs: Slabs
  readonly memory: PartialMemory
  readonly replyAddresses: ReplyAddresses
  /** Where all connections receive. */
  readonly readBuffer: Buffer
  /** Clients leave so much untaken, all together, that each may leave only little. */
  readonly isTight: boolean
  monotonic(): number
  newTag(): string
  /** The following are done once, at the end of this turn, in this order. */
  resumeSoon(consumer: Consumer): void
  confirmSoon(publishing: Publishing): void
  flushSoon(): void
  sendSoon(connection: Connection): void
  /** Calls `action` when all up to the end of this turn is durable. */
  whenDurable(action: () => void): void
  /** So many more bytes wait to be sent; negative: fewer. */
  unsentChanged(bytes: number): void
  /** Whether no message of the size may be taken now; `connection.goOn` is called when one may. */
  holdsUp(connection: Connection, bytes: number): boolean
  /** Why publishers are stopped, or null. */
  readonly alarm: string | null
  /** The client did something wrong, and is closed. */
  report(connection: Connection, problem: string): void
  /** Destroys it after `refusedLoginMs`. */
  endLater(connection: Connection): void
  gone(connection: Connection): void
}
