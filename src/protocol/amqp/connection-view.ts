// A connection as listings show it, described when it is asked for. Its connection makes it, and
// gives it to the session that it opens.
import type {
  ChannelDescription,
  ConnectionDescription,
  SessionView,
  Traffic,
} from '../../broker/messaging/listings.ts'
import { type Connection as Link, showAddress } from '../../io/network.ts'
import type { ConnectionHome } from './connection-home.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Greeting } from './greeting.ts'
import { type Reply, replies } from './methods/reply-codes.ts'
import type { Output } from './output.ts'
import { connectionName } from './server-properties.ts'

interface Shown {
  readonly door: ConnectionHome
  readonly greeting: Greeting
  /** It wants to publish, and may not while there is an alarm. */
  readonly isBlocked: boolean
  failHard(reply: Reply, text: string, methodId: number): void
}

const reasonLengthMax = 200

export class ConnectionView implements SessionView, Traffic {
  receivedBytes = 0
  receivedPieces = 0
  private readonly connection: Shown
  private readonly link: Link
  private readonly output: Output
  private readonly dispatcher: Dispatcher
  private readonly connectedAtMs: number

  constructor(connection: Shown, link: Link, output: Output, dispatcher: Dispatcher) {
    this.connection = connection
    this.link = link
    this.output = output
    this.dispatcher = dispatcher
    this.connectedAtMs = connection.door.now()
  }

  received(bytes: number): void {
    this.receivedBytes += bytes
    this.receivedPieces++
  }

  get name(): string {
    return `${showAddress(this.link.remote)} -> ${showAddress(this.link.local)}`
  }

  get traffic(): Traffic {
    return this
  }

  get sentBytes(): number {
    return this.output.sentBytes
  }

  get sentPieces(): number {
    return this.output.sentPieces
  }

  describe(): ConnectionDescription {
    const { door, greeting, isBlocked } = this.connection
    const { clientProperties, agreed, mechanism } = greeting
    return {
      givenName: connectionName(clientProperties),
      peer: this.link.remote,
      local: this.link.local,
      protocol: 'AMQP 0-9-1',
      mechanism,
      isBlocked,
      connectedAtMs: this.connectedAtMs,
      heartbeatSeconds: agreed.heartbeatSeconds,
      frameMax: agreed.frameMax,
      channelMax: agreed.channelMax,
      unsentBytes: this.link.unsentBytes,
      isTls: door.isTls,
      clientProperties,
    }
  }

  channels(): readonly ChannelDescription[] {
    return this.dispatcher.open.map((channel) => channel.describe())
  }

  close(reason: string): void {
    this.connection.failHard(replies.connectionForced, reason.slice(0, reasonLengthMax), 0)
  }
}
