// TCP listeners of the operating system. `localhost` means both 127.0.0.1 and ::1 with one port,
// where both exist, since clients differ in which they try. Made by start-broker.ts.
import net from 'node:net'
import {
  type Address,
  type Connection,
  type ConnectionHandler,
  ListenError,
  type Listener,
  type Network,
} from '../network.ts'
import { RealConnection } from './connection.ts'

type Accept = (connection: Connection) => ConnectionHandler | null

export interface RealNetworkOptions {
  /** Receive through the stream's own buffers and copy, as where Node's internals are unknown. */
  readonly copyReads?: boolean
}

const parkingBytes = 65536
/** Tries to find a port that is free on both loopback addresses. */
const portAttempts = 10
const keepAliveMs = 60_000

export function realNetwork(options: RealNetworkOptions = {}): Network {
  return new RealNetwork(options)
}

class RealNetwork implements Network {
  readonly #copyReads: boolean
  readonly #parking = new Uint8Array(parkingBytes)

  constructor(options: RealNetworkOptions) {
    this.#copyReads = options.copyReads ?? false
  }

  async listen(at: Address, accept: Accept): Promise<Listener> {
    const servers = await this.#listenAll(at, accept)
    return {
      address: { host: at.host, port: portOf(servers[0]) ?? at.port },
      async close() {
        // `close` frees the port at once; its callback would wait for the open connections.
        for (const server of servers) server.close()
      },
    }
  }

  async #listenAll(at: Address, accept: Accept): Promise<net.Server[]> {
    if (at.host !== 'localhost') return [await this.#listenOne(at, accept)]
    for (let attempt = 1; ; attempt++) {
      const v4 = await this.#ifExists({ host: '127.0.0.1', port: at.port }, accept)
      const port = portOf(v4) ?? at.port
      try {
        const v6 = await this.#ifExists({ host: '::1', port }, accept)
        const servers = [v4, v6].filter((server) => server !== null)
        if (servers.length > 0) return servers
      } catch (error) {
        v4?.close()
        const taken = error instanceof ListenError && error.code === 'EADDRINUSE'
        if (!taken || at.port !== 0 || attempt >= portAttempts) throw error
        continue
      }
      throw new ListenError('EADDRNOTAVAIL', at)
    }
  }

  async #ifExists(at: Address, accept: Accept): Promise<net.Server | null> {
    try {
      return await this.#listenOne(at, accept)
    } catch (error) {
      const absent = ['EADDRNOTAVAIL', 'EAFNOSUPPORT']
      if (error instanceof ListenError && absent.includes(error.code)) return null
      throw error
    }
  }

  #listenOne(at: Address, accept: Accept): Promise<net.Server> {
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs }
    const server = net.createServer({ ...options, pauseOnConnect: true }, (socket) => {
      const wiring = { parking: this.#parking, copyReads: this.#copyReads }
      RealConnection.open(socket, wiring, accept)
    })
    return new Promise((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => {
        reject(new ListenError(cause.code ?? 'EUNKNOWN', at, { cause }))
      })
      server.listen({ host: at.host, port: at.port, ipv6Only: at.host === '::1' }, () => {
        server.removeAllListeners('error')
        // Such as running out of descriptors in accept: the connection is lost, the listener lives.
        server.on('error', () => undefined)
        resolve(server)
      })
    })
  }
}

function portOf(server: net.Server | null | undefined): number | undefined {
  const address = server?.address()
  return typeof address === 'object' ? address?.port : undefined
}
