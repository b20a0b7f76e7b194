// TCP listeners of the operating system, with TLS on request. `localhost` means both 127.0.0.1 and
// ::1 with one port, where both exist, since clients differ in which they try. Made by
// start-broker.ts.
import net from 'node:net'
import tls from 'node:tls'
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
  /** Given: clients speak TLS. */
  readonly tls?: TlsOptions
}

/** What a listener shows, and asks of its clients. Files in PEM. */
export interface TlsOptions {
  readonly certificate: Uint8Array
  readonly key: Uint8Array
  /** Who signs for clients; null: the system's list. */
  readonly ca: Uint8Array | null
  /**
   * `requested`: a certificate is verified if one is shown; `required`: nobody comes in without.
   */
  readonly clientCertificate: 'none' | 'requested' | 'required'
}

/** The files of a listener's TLS cannot be used; the message is OpenSSL's. */
export class TlsFilesError extends Error {
  override readonly name = 'TlsFilesError'
}

const parkingBytes = 65536
/** Tries to find a port that is free on both loopback addresses. */
const portAttempts = 10
const keepAliveMs = 60_000
const handshakeMsMax = 10_000

/** Throws TlsFilesError. */
export function realNetwork(options: RealNetworkOptions = {}): Network {
  return new RealNetwork(options)
}

class RealNetwork implements Network {
  readonly #copyReads: boolean
  readonly #tls: tls.TlsOptions | null
  readonly #parking = new Uint8Array(parkingBytes)

  constructor(options: RealNetworkOptions) {
    this.#copyReads = options.copyReads ?? false
    this.#tls = options.tls === undefined ? null : tlsOptions(options.tls)
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
    const server = this.#tls === null ? this.#plain(accept) : this.#secure(this.#tls, accept)
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

  #plain(accept: Accept): net.Server {
    return net.createServer({ ...socketOptions, pauseOnConnect: true }, (socket) => {
      const wiring = { parking: this.#parking, copyReads: this.#copyReads }
      RealConnection.open(socket, wiring, accept)
    })
  }

  #secure(options: tls.TlsOptions, accept: Accept): net.Server {
    const server = tls.createServer({ ...socketOptions, ...options }, (socket) => {
      RealConnection.open(
        socket,
        { parking: this.#parking, copyReads: true, certificateName },
        accept,
      )
    })
    // One that takes too long is told of, and not closed.
    return server.on('tlsClientError', (_, socket) => socket.destroy())
  }
}

const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs }

function tlsOptions({ certificate, key, ca, clientCertificate }: TlsOptions): tls.TlsOptions {
  const options: tls.TlsOptions = {
    cert: Buffer.from(certificate),
    key: Buffer.from(key),
    minVersion: 'TLSv1.2',
    handshakeTimeout: handshakeMsMax,
    requestCert: clientCertificate !== 'none',
    rejectUnauthorized: clientCertificate === 'required',
    ...(ca && { ca: Buffer.from(ca) }),
  }
  try {
    tls.createSecureContext(options)
  } catch (cause) {
    throw new TlsFilesError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
  return options
}

/** The common name, of a certificate that was verified. */
function certificateName(socket: net.Socket): string | null {
  if (!(socket instanceof tls.TLSSocket) || !socket.authorized) return null
  const name = socket.getPeerCertificate().subject?.CN
  return typeof name === 'string' ? name : null
}

function portOf(server: net.Server | null | undefined): number | undefined {
  const address = server?.address()
  return typeof address === 'object' ? address?.port : undefined
}
