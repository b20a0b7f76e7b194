// The AMQP 0-9-1 door of one node: a listener and its connections. It accepts within its limits,
// ends the turns of all its connections together, keeps the heartbeats, and drains when it is
// closed. The composition root opens it.
import { Slices } from '../../base/slices.ts'
import type { Messaging } from '../../broker/messaging/api.ts'
import type { Chance } from '../../io/chance.ts'
import type { Clock, Timer } from '../../io/clock.ts'
import type { Address, Connection as Link, Network } from '../../io/network.ts'
import { Reporter } from '../../io/reporter.ts'
import type { Result } from '../../model/errors.ts'
import { newCounters } from './channel/channel-home.ts'
import { ReplyAddresses } from './channel/reply-addresses.ts'
import { Connection } from './connection.ts'
import type { ConnectionHome, DoorCounters, Served } from './connection-home.ts'
import { defaultLimits, type Limits } from './frames/limits.ts'
import { Slabs } from './frames/out-buffer.ts'
import { PartialMemory } from './frames/partial-memory.ts'
import type { Login, LoginCheck, Offer } from './login.ts'
import { Pacing } from './pacing.ts'
import { Relief } from './relief.ts'
import { Turn } from './turn.ts'

export interface AmqpDoorOptions {
  readonly messaging: Messaging
  readonly network: Network
  readonly clock: Clock
  readonly chance: Chance
  /** Where to listen; port 0 takes a free one. */
  readonly address: Address
  readonly login: LoginCheck
  /** Offered to clients: by default PLAIN and AMQPLAIN. */
  readonly mechanisms?: readonly string[]
  /** As clients are told; asked for each. */
  readonly clusterName?: () => string
  /** For listings: connections are encrypted. */
  readonly isTls?: boolean
  /** Shared by the doors of a node, so that who came in by one is answered by another. */
  readonly replyAddresses?: ReplyAddresses
  readonly limits?: Partial<Limits>
  /** Takes a line for the log about something that a client did wrong. */
  readonly report: (line: string) => void
}

export type ConnectionLimits = Pick<Limits, 'connectionsMax' | 'connectionsPerIpMax'>

export interface AmqpDoor {
  /** The address that is listened on. */
  readonly address: Address
  readonly connections: number
  readonly counters: Readonly<DoorCounters>
  /** Takes effect for connections that come from now on. */
  limitConnections(limits: ConnectionLimits): void
  /** Accepts no more, tells every client, then closes every connection. */
  close(): Promise<void>
}

const lookEveryMs = 500
const readBytes = 262_144
const tagBytes = 16
/** Deliveries that are settled in one turn, where many are at once: some milliseconds. */
const settledInTurn = 10_000

/** Resolves when connections are accepted; rejects as `Network.listen` does. */
export async function openAmqpDoor(options: AmqpDoorOptions): Promise<AmqpDoor> {
  const home = new Home(options)
  const listener = await options.network.listen(options.address, (link) => home.accept(link))
  home.begin()
  return {
    address: listener.address,
    get connections() {
      return home.size
    },
    counters: home.counters,
    limitConnections: (limits) => home.limitConnections(limits),
    close: async () => {
      await listener.close()
      await home.drain()
    },
  }
}

class Home extends Turn implements ConnectionHome {
  limits: Limits
  readonly offer: Offer
  readonly isTls: boolean
  readonly slabs = new Slabs()
  readonly pacing: Pacing
  readonly memory: PartialMemory
  /** Apart, so that who begins contents and does not go on holds up no transaction. */
  readonly transactionMemory: PartialMemory
  readonly replyAddresses: ReplyAddresses
  readonly slices: Slices
  readonly together = { unacked: 0 }
  readonly readBuffer = Buffer.allocUnsafeSlow(readBytes)
  readonly counters: DoorCounters = {
    accepted: 0,
    refused: 0,
    faults: 0,
    receivedBytes: 0,
    sentBytes: 0,
    channelsOpened: 0,
    channelsClosed: 0,
    loginsDone: 0,
    loginsFailed: 0,
    ...newCounters(),
  }
  alarm: string | null
  private readonly options: AmqpDoorOptions
  private readonly reporter: Reporter
  private readonly connections = new Set<Served>()
  private readonly perHost = new Map<string, number>()
  /** Connections with a message that the core does not take yet. */
  private readonly heldUp = new Set<Served>()
  private readonly relief: Relief
  private unsentBytes = 0
  private sweeper: Timer | null = null
  private readonly alarms: { cancel(): void }
  /** Set while the door closes. */
  private whenEmpty: (() => void) | null = null

  constructor(options: AmqpDoorOptions) {
    super(options.messaging, options.clock)
    this.options = options
    const limits = { ...defaultLimits, ...options.limits }
    // A message that could never be gathered would be waited for for ever.
    const messageBytesMax = Math.min(limits.messageBytesMax, limits.partialBytesMax)
    this.limits = { ...limits, messageBytesMax }
    const { mechanisms = ['PLAIN', 'AMQPLAIN'], login, chance, clock, messaging } = options
    this.offer = {
      mechanisms,
      check: (...attempt) => {
        const result = login(...attempt)
        return result instanceof Promise ? result.then(this.judged) : this.judged(result)
      },
    }
    this.isTls = options.isTls ?? false
    const { partialBytesMax } = this.limits
    const soon = (action: () => void): void => clock.soon(action)
    const forTransactions = Math.floor(partialBytesMax / 4)
    this.memory = new PartialMemory(partialBytesMax - forTransactions, messageBytesMax, soon)
    this.relief = new Relief(this.memory)
    this.transactionMemory = new PartialMemory(forTransactions, 0, soon)
    this.replyAddresses = options.replyAddresses ?? new ReplyAddresses(chance)
    this.pacing = new Pacing(clock)
    this.slices = new Slices(clock, settledInTurn)
    this.reporter = new Reporter(clock, options.report)
    this.alarm = messaging.alarm
    this.alarms = messaging.onAlarm((alarm) => this.alarmChanged(alarm))
  }

  get size(): number {
    return this.connections.size
  }

  get clusterName(): string {
    return this.options.clusterName?.() ?? 'polymq'
  }

  get isTight(): boolean {
    return this.unsentBytes > this.limits.unsentBytesMaxTogether
  }

  begin(): void {
    this.sweepLater()
  }

  limitConnections({ connectionsMax, connectionsPerIpMax }: ConnectionLimits): void {
    this.limits = { ...this.limits, connectionsMax, connectionsPerIpMax }
  }

  accept(link: Link): Connection | null {
    const { host } = link.remote
    const fromHost = this.perHost.get(host) ?? 0
    const { connectionsMax, connectionsPerIpMax } = this.limits
    if (this.whenEmpty !== null) return null
    if (this.size >= connectionsMax || fromHost >= connectionsPerIpMax) {
      this.counters.refused++
      const why =
        fromHost >= connectionsPerIpMax
          ? `${connectionsPerIpMax} are allowed from one address`
          : `${connectionsMax} are allowed in all`
      this.reporter.line(`refused a connection from ${host}: ${why}`)
      return null
    }
    const connection = new Connection(this, link)
    this.counters.accepted++
    this.connections.add(connection)
    this.perHost.set(host, fromHost + 1)
    return connection
  }

  crowded(): void {
    this.pacing.crowded()
  }

  monotonic(): number {
    return this.options.clock.monotonic()
  }

  now(): number {
    return this.options.clock.now()
  }

  newTag(): string {
    const { chance } = this.options
    return `amq.ctag-${Buffer.from(chance.bytes(tagBytes)).toString('base64url')}`
  }

  unsentChanged(bytes: number): void {
    this.unsentBytes += bytes
  }

  report(connection: Served, problem: string): void {
    this.counters.faults++
    this.reporter.line(`closed the connection from ${connection.peer}: ${problem}`)
  }

  endLater(connection: Served): void {
    this.options.clock.after(this.limits.refusedLoginMs, () => connection.destroy())
  }

  holdsUp(connection: Served, bytes: number): boolean {
    const { messaging } = this.options
    if (!messaging.isHeldUp(bytes)) return false
    if (this.heldUp.size === 0) messaging.whenTaken(() => this.goOn())
    this.heldUp.add(connection)
    return true
  }

  gone(connection: Served): void {
    this.heldUp.delete(connection)
    this.connections.delete(connection)
    const left = (this.perHost.get(connection.peerHost) ?? 0) - 1
    if (left > 0) this.perHost.set(connection.peerHost, left)
    else this.perHost.delete(connection.peerHost)
    if (this.size === 0) this.whenEmpty?.()
  }

  private readonly judged = (login: Result<Login>): Result<Login> => {
    if (login.ok) this.counters.loginsDone++
    else this.counters.loginsFailed++
    return login
  }

  /** Ends when every connection is closed, by force after `drainMsMax`. */
  drain(): Promise<void> {
    this.sweeper?.cancel()
    this.sweeper = null
    this.pacing.stop()
    this.alarms.cancel()
    return new Promise((resolve) => {
      const deadline = this.options.clock.after(this.limits.drainMsMax, () => {
        for (const connection of [...this.connections]) connection.destroy()
      })
      this.whenEmpty = () => {
        deadline.cancel()
        resolve()
      }
      if (this.size === 0) this.whenEmpty()
      for (const connection of [...this.connections]) connection.shutDown()
    })
  }

  /** One after the other, as they came; the first that is held up again holds up the rest. */
  private goOn(): void {
    const waiting = [...this.heldUp]
    this.heldUp.clear()
    for (const connection of waiting) connection.goOn()
  }

  private alarmChanged(alarm: string | null): void {
    this.alarm = alarm
    for (const connection of [...this.connections]) connection.alarmChanged()
  }

  private sweepLater(): void {
    this.sweeper = this.options.clock.after(lookEveryMs, () => {
      const now = this.monotonic()
      for (const connection of [...this.connections]) connection.look(now)
      if (this.alarm === null) this.relief.look(now, this.connections)
      this.sweepLater()
    })
  }
}
