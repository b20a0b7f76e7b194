// The Kafka door of one node: a listener and its connections. It accepts within its limits, closes
// who stays silent, and drains when it is closed. The composition root opens it with the handlers
// of the rooms data, group and admin; those of the connection itself are added here.
import { assert } from '../../base/assert.ts'
import type { Broker } from '../../broker/api.ts'
import type { Chance } from '../../io/chance.ts'
import type { Clock, Timer } from '../../io/clock.ts'
import type { Address, Connection as Link, Network } from '../../io/network.ts'
import { Reporter } from '../../io/reporter.ts'
import type { SaslOffer } from '../../security/sasl-mechanisms.ts'
import { apiVersionsHandler } from './api-versions.ts'
import { Authentication } from './authentication.ts'
import type { Admit } from './client.ts'
import { Connection, type ConnectionHome, type DoorCounters } from './connection.ts'
import { Dispatcher, type RequestCount } from './dispatcher.ts'
import { FetchSessions } from './fetch-sessions.ts'
import { FetchWaits } from './fetch-waits.ts'
import type { Handler } from './handler.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { Patience } from './patience.ts'
import { RequestMemory } from './request-memory.ts'
import { saslAuthenticateHandler, saslHandshakeHandler } from './sasl-handlers.ts'

export interface KafkaDoorOptions {
  readonly broker: Broker
  readonly network: Network
  readonly clock: Clock
  readonly chance: Chance
  /** Where to listen; port 0 takes a free one. */
  readonly address: Address
  /** What clients are told to connect to; by default the address that is listened on. */
  readonly advertised?: Address
  readonly handlers: readonly Handler[]
  /** Given: clients must authenticate. */
  readonly sasl?: SaslOffer
  /** The broker as a user sees it who has logged in; absent: all see `broker`. */
  readonly brokerOf?: (user: string) => Broker
  /** Asked about each client that logs in; absent: all may stay. */
  readonly admit?: Admit
  readonly limits?: Partial<Limits>
  /** Takes a line for the log about something that a client did wrong. */
  readonly report: (line: string) => void
}

export type ConnectionLimits = Pick<Limits, 'connectionsMax' | 'connectionsPerIpMax'>

export interface KafkaDoor {
  /** The address that is listened on. */
  readonly address: Address
  /** What clients are told to connect to. */
  readonly advertised: Address
  readonly connections: number
  readonly counters: Readonly<DoorCounters>
  /** How many requests of each API and version were begun. */
  requests(): Iterable<RequestCount>
  /** Takes effect for connections that come from now on. */
  limitConnections(limits: ConnectionLimits): void
  /** Accepts no more, answers what is under way, then closes every connection. */
  close(): Promise<void>
}

const sweepsPerLimit = 4
const sweepMsMin = 100
const sweepMsMax = 5_000

/** Resolves when connections are accepted; rejects as `Network.listen` does. */
export async function openKafkaDoor(options: KafkaDoorOptions): Promise<KafkaDoor> {
  const home = new Home(options)
  const listener = await options.network.listen(options.address, (link) => home.accept(link))
  home.begin(listener.address)
  return {
    address: listener.address,
    advertised: options.advertised ?? listener.address,
    get connections() {
      return home.size
    },
    counters: home.counters,
    requests: () => home.dispatcher.requests(),
    limitConnections: (limits) => home.limitConnections(limits),
    close: async () => {
      await listener.close()
      await home.drain()
    },
  }
}

class Home implements ConnectionHome {
  limits: Limits
  readonly memory: RequestMemory
  readonly counters: DoorCounters = {
    accepted: 0,
    refused: 0,
    faults: 0,
    receivedBytes: 0,
    sentBytes: 0,
  }
  private readonly options: KafkaDoorOptions
  private readonly reporter: Reporter
  private readonly connections = new Set<Connection>()
  private readonly perHost = new Map<string, number>()
  /** What is to be called when they have gone. */
  private readonly admitted = new Map<Connection, () => void>()
  /** Connections with a Produce that the log does not take yet. */
  private readonly heldUp = new Set<Connection>()
  private toFlush: Connection[] = []
  private spoken: Dispatcher | null = null
  private sweeper: Timer | null = null
  private readonly patience: Patience
  /** Set while the door closes. */
  private whenEmpty: (() => void) | null = null

  constructor(options: KafkaDoorOptions) {
    this.options = options
    this.limits = { ...defaultLimits, ...options.limits }
    this.patience = new Patience(this.limits.standstillMsMax, this.limits.standstillMsMin)
    this.memory = new RequestMemory(this.limits.partialBytesMax, (action) =>
      options.clock.soon(action),
    )
    this.reporter = new Reporter(options.clock, options.report)
  }

  get size(): number {
    return this.connections.size
  }

  get dispatcher(): Dispatcher {
    assert(this.spoken !== null, 'connections are accepted once the door has begun')
    return this.spoken
  }

  /** From here on requests are answered; `address` is the one that is listened on. */
  begin(address: Address): void {
    const { broker, clock, chance, advertised = address } = this.options
    const handlers = [
      ...this.options.handlers,
      apiVersionsHandler,
      saslHandshakeHandler,
      saslAuthenticateHandler,
    ].sort((a, b) => a.api.key - b.api.key)
    const apis = handlers.map((handler) => handler.api)
    const { limits } = this
    const fetchWaits = new FetchWaits(limits.fetchWaitPartitionsMax)
    const fetchSessions = new FetchSessions(
      clock,
      chance,
      limits.fetchSessionsMax,
      limits.fetchSessionPartitionsMax,
    )
    const door = { broker, clock, chance, limits, fetchSessions, fetchWaits, advertised, apis }
    const { brokerOf } = this.options
    const doorFor = brokerOf && ((user: string) => ({ ...door, broker: brokerOf(user) }))
    this.spoken = new Dispatcher(door, handlers, doorFor ?? null)
    this.sweepLater()
  }

  limitConnections({ connectionsMax, connectionsPerIpMax }: ConnectionLimits): void {
    this.limits = { ...this.limits, connectionsMax, connectionsPerIpMax }
  }

  accept(link: Link): Connection | null {
    const { host } = link.remote
    const fromHost = this.perHost.get(host) ?? 0
    const { connectionsMax, connectionsPerIpMax } = this.limits
    if (this.sweeper === null || this.size >= connectionsMax || fromHost >= connectionsPerIpMax) {
      this.counters.refused++
      const why =
        fromHost >= connectionsPerIpMax
          ? `max.connections.per.ip allows ${connectionsPerIpMax} from one address`
          : `max.connections allows ${connectionsMax} in all`
      if (this.sweeper !== null) this.reporter.line(`refused a connection from ${host}: ${why}`)
      return null
    }
    const { sasl = null, chance } = this.options
    const admit = (user: string) => this.admit(connection, user)
    const authentication = new Authentication(sasl, chance, host, admit)
    const connection: Connection = new Connection(this, link, authentication)
    this.counters.accepted++
    this.connections.add(connection)
    this.perHost.set(host, fromHost + 1)
    return connection
  }

  private admit(connection: Connection, user: string): string | null {
    const { admit, clock } = this.options
    if (admit === undefined) return null
    if (!this.connections.has(connection)) return 'the connection has gone'
    const result = admit(connection.asClient(user, clock.now()))
    if (!result.ok) return result.message
    this.admitted.set(connection, result.value)
    return null
  }

  monotonic(): number {
    return this.options.clock.monotonic()
  }

  flushSoon(connection: Connection): void {
    this.toFlush.push(connection)
    if (this.toFlush.length > 1) return
    this.options.clock.soon(() => {
      const due = this.toFlush
      this.toFlush = []
      for (const each of due) each.flush()
    })
  }

  report(connection: Connection, problem: string): void {
    this.counters.faults++
    this.reporter.line(`closed the connection from ${connection.peer}: ${problem}`)
  }

  note(connection: Connection, problem: string): void {
    this.reporter.line(`refused a request from ${connection.peer}: ${problem}`)
  }

  parted(connection: Connection, reason: string): void {
    this.reporter.line(`closed the connection from ${connection.peer}: ${reason}`)
  }

  holdsUp(connection: Connection, bytes: number): boolean {
    const { logs } = this.options.broker
    if (!logs.isHeldUp(bytes)) return false
    if (this.heldUp.size === 0) logs.whenTaken(() => this.goOn())
    this.heldUp.add(connection)
    return true
  }

  /** One after the other, as they came; the first that is held up again holds up the rest. */
  private goOn(): void {
    const waiting = [...this.heldUp]
    this.heldUp.clear()
    for (const connection of waiting) connection.goOn()
  }

  gone(connection: Connection): void {
    this.heldUp.delete(connection)
    this.connections.delete(connection)
    this.admitted.get(connection)?.()
    this.admitted.delete(connection)
    const left = (this.perHost.get(connection.peerHost) ?? 0) - 1
    if (left > 0) this.perHost.set(connection.peerHost, left)
    else this.perHost.delete(connection.peerHost)
    if (this.size === 0) this.whenEmpty?.()
  }

  /** Ends when every connection is closed, by force after `drainMsMax`. */
  drain(): Promise<void> {
    this.sweeper?.cancel()
    this.sweeper = null
    return new Promise((resolve) => {
      const deadline = this.options.clock.after(this.limits.drainMsMax, () => {
        for (const connection of [...this.connections]) connection.close()
      })
      this.whenEmpty = () => {
        deadline.cancel()
        resolve()
      }
      if (this.size === 0) this.whenEmpty()
      for (const connection of [...this.connections]) connection.drain()
    })
  }

  private sweepLater(): void {
    const { idleMsMax, greetingMsMax, partialSilenceMsMax, standstillMsMin } = this.limits
    const shortest = Math.min(idleMsMax, greetingMsMax, partialSilenceMsMax, standstillMsMin)
    const everyMs = Math.min(sweepMsMax, Math.max(sweepMsMin, shortest / sweepsPerLimit))
    this.sweeper = this.options.clock.after(everyMs, () => {
      this.sweep()
      this.sweepLater()
    })
  }

  private sweep(): void {
    const now = this.monotonic()
    const patienceMs = this.patience.at(now, this.options.broker.logs.readsWait)
    for (const connection of [...this.connections]) {
      const silence = connection.silence(now) ?? connection.standstill(now, patienceMs)
      if (silence !== null) connection.abort(silence)
      else if (connection.isIdle(now)) connection.close()
    }
  }
}
