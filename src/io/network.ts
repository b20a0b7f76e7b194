// The network as the doors see it: listeners and connections of ordered bytes. Real
// (real-network.ts) and simulated (sim/sim-network.ts). The reader owns the memory: before each
// read the connection asks its handler for the place where the bytes shall go, so that a large
// request is received straight into the buffer in which it is parsed, and an idle connection owns
// none.

export interface Address {
  readonly host: string
  readonly port: number
}

/** As people and clients write it: host:port, an IPv6 host in brackets. */
export function showAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Listens on every address of the machine, so it says nothing about where to connect. */
export const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** Reached from this machine only. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.')

/** `address` cannot be listened on; `code` is the system's name (EADDRINUSE, EACCES, ...). */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code: string
  readonly address: Address
  constructor(code: string, address: Address, options?: { cause: unknown }) {
    super(`cannot listen on ${showAddress(address)}: ${code}`, options)
    this.code = code
    this.address = address
  }
}

export interface Listener {
  readonly address: Address
  /** Stops accepting; open connections stay. */
  close(): Promise<void>
}

/** What a door gives for each accepted connection. None of these may throw. */
export interface ConnectionHandler {
  /**
   * Where the next bytes shall go: at least one byte of room. Asked after every `received`, and the
   * answer holds until the next `received`, which may be long after. A handler that has no room
   * calls `pause` within `received`, and is asked at the first read after `resume` instead.
   * Bytes may arrive at once, so several handlers may answer with the same memory while they hold
   * nothing in it: a read and its `received` are one step.
   */
  readInto(): Uint8Array
  /** `bytes` have been placed at the start of what `readInto` returned last. */
  received(bytes: number): void
  /** The connection is gone, by either side or by an error; called once. */
  closed(reason: string): void
}

export interface Connection {
  readonly remote: Address
  readonly local: Address
  /** Who the client is by the certificate that it has shown and that was verified. */
  readonly certificateName?: string | null
  /**
   * Queues `chunks` for sending, in order. They must not change until `done`, which is called once:
   * when the system has taken them, or when the connection is gone.
   */
  write(chunks: readonly Uint8Array[], done?: () => void): void
  /** Bytes queued and not yet taken by the system. */
  readonly unsentBytes: number
  /** Stop and resume reading; a paused connection fills the peer's window: back-pressure. */
  pause(): void
  resume(): void
  /** Sends what is queued, then closes; nothing is received any more. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

export interface Network {
  /**
   * Port 0 takes a free one. Rejects with ListenError.
   * `accept` is called for each new connection and returns its handler, or null to refuse it.
   */
  listen(
    at: Address,
    accept: (connection: Connection) => ConnectionHandler | null,
  ): Promise<Listener>
}
