// A network inside one process. Connections carry bytes in pieces of drawn sizes after drawn
// delays, so that a door sees every way of splitting and joining; a connection may be reset at any
// moment. Used by tests only.
import {
  type Address,
  type Connection,
  type ConnectionHandler,
  ListenError,
  type Listener,
  type Network,
} from '../network.ts'
import type { SimChance } from './sim-chance.ts'
import type { SimClock } from './sim-clock.ts'
import { type Carrier, SimConnection } from './sim-connection.ts'

type Accept = (connection: Connection) => ConnectionHandler | null

export interface SimNetworkOptions {
  /** One in how many pieces is lost with its connection; 0 for never. */
  readonly resetOneIn?: number
  /** The longest piece that arrives at once. */
  readonly pieceBytesMax?: number
}

const firstPort = 20000

export class SimNetwork implements Network, Carrier {
  readonly clock: SimClock
  readonly chance: SimChance
  readonly options: Required<SimNetworkOptions>
  readonly #listeners = new Map<number, Accept>()
  #nextPort = firstPort

  constructor(clock: SimClock, chance: SimChance, options: SimNetworkOptions = {}) {
    this.clock = clock
    this.chance = chance
    this.options = { resetOneIn: 0, pieceBytesMax: 16384, ...options }
  }

  async listen(at: Address, accept: Accept): Promise<Listener> {
    const port = at.port === 0 ? this.#nextPort++ : at.port
    if (this.#listeners.has(port)) throw new ListenError('EADDRINUSE', { ...at, port })
    this.#listeners.set(port, accept)
    const close = async (): Promise<void> => void this.#listeners.delete(port)
    return { address: { host: at.host, port }, close }
  }

  /** The client's side of a new connection; null when nobody listens there. */
  connect(to: Address, open: Accept): Connection | null {
    const accept = this.#listeners.get(to.port)
    if (!accept) return null
    const from = { host: '127.0.0.1', port: this.#nextPort++ }
    const client = new SimConnection(this, from, to)
    const server = new SimConnection(this, to, from)
    client.join(server)
    client.start(open(client))
    this.later(() => server.start(accept(server)))
    return client
  }

  later(action: () => void): void {
    this.clock.after(this.chance.int(1000) / 1000, action)
  }
}
