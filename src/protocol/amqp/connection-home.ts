// What the connections of a door share, and whom they tell. Implemented by the door.
import type { Messaging } from '../../broker/messaging/api.ts'
import type { ChannelCounters, ChannelDoor, MessageCounters } from './channel/channel-home.ts'
import type { Slabs } from './frames/out-buffer.ts'
import type { Offer } from './login.ts'
import type { Pacing } from './pacing.ts'
import type { Holder } from './relief.ts'

/** Plain numbers that only grow. */
export interface DoorCounters extends MessageCounters, ChannelCounters {
  accepted: number
  /** Connections that were closed at once, because there were too many. */
  refused: number
  /** Connections that were closed because of what the client did. */
  faults: number
  receivedBytes: number
  sentBytes: number
  loginsDone: number
  loginsFailed: number
}

/** A connection as its door sees it. */
export interface Served extends Holder {
  /** The peer as the log shows it, and where it comes from. */
  readonly peer: string
  readonly peerHost: string
  /** Ends it when it has been silent for too long; owes heartbeats. */
  look(now: number): void
  /** Sends what was written since the last call. */
  flush(): void
  /** What stopped it may be over: reads on. */
  goOn(): void
  alarmChanged(): void
  /** The door closes: the client is told so. */
  shutDown(): void
  /** Closes without a word. */
  destroy(): void
}

export interface ConnectionHome extends ChannelDoor {
  readonly messaging: Messaging
  readonly offer: Offer
  readonly clusterName: string
  readonly isTls: boolean
  readonly counters: DoorCounters
  readonly slabs: Slabs
  readonly pacing: Pacing
  /** Where all connections receive. */
  readonly readBuffer: Buffer
  /** Clients leave so much untaken, all together, that each may leave only little. */
  readonly isTight: boolean
  monotonic(): number
  /** Milliseconds since 1970. */
  now(): number
  /** `connection.flush` is to be called at the end of this turn. */
  sendSoon(connection: Served): void
  /** So many more bytes wait to be sent; negative: fewer. */
  unsentChanged(bytes: number): void
  /** Whether no message of the size may be taken now; `connection.goOn` is called when one may. */
  holdsUp(connection: Served, bytes: number): boolean
  /** Why publishers are stopped, or null. */
  readonly alarm: string | null
  /** The client did something wrong, and is closed. */
  report(connection: Served, problem: string): void
  /** Destroys it after `refusedLoginMs`. */
  endLater(connection: Served): void
  gone(connection: Served): void
}
