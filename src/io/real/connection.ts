// One TCP connection. Bytes are received straight into the handler's memory by a socket option of
// Node (onread) that accepted sockets lack: so the accepted handle is given to a socket made anew.
// Where Node's internals are not as known, or on request, the stream's chunks are copied instead.
// While nobody can say where bytes shall go (no handler yet, or paused), they are placed in a
// parking buffer that all connections share, which is enough because a read and its callback are
// one step.
//
// Invariant: `done` callbacks run in the order of the writes, each once, the last ones when the
// socket is closed.
import net from 'node:net'
import type { Address, Connection, ConnectionHandler } from '../network.ts'

/** How long a peer may take to close its side after `end`, before the connection is reset. */
const lingerMs = 1000

/** The accepted handle, as far as it is touched here. Not public: every use is feature-detected. */
interface TcpHandle {
  useUserBuffer?: unknown
  /** Bytes of the write under way that the system has not taken. */
  writeQueueSize?: number
}
type Opened = net.Socket & { _handle?: TcpHandle | null; _bytesDispatched?: number }

export interface Wiring {
  readonly parking: Uint8Array
  readonly copyReads: boolean
  /** How the client of a socket is known by its certificate. */
  readonly certificateName?: (socket: net.Socket) => string | null
}

const nothing = new Uint8Array(0)

interface Write {
  readonly bytes: number
  readonly done: (() => void) | undefined
}

export class RealConnection implements Connection {
  readonly remote: Address
  readonly local: Address
  readonly certificateName: string | null
  readonly #parking: Uint8Array
  readonly #socket: net.Socket
  readonly #unsent: Write[] = []
  /** Of the writes that are not done, and of all. */
  #unsentBytes = 0
  #writtenBytes = 0
  #handler: ConnectionHandler | null = null
  #paused = true
  #corked = false
  #ending = false
  #closed = false
  #linger: NodeJS.Timeout | undefined
  #reason = 'closed'
  /** Received, and left over when the handler paused. */
  #held = nothing

  /** Asks `accept` for a handler and starts reading; a connection that is refused is closed. */
  static open(
    accepted: net.Socket,
    wiring: Wiring,
    accept: (connection: Connection) => ConnectionHandler | null,
  ): void {
    // A peer that is gone already has no address.
    if (accepted.remoteAddress === undefined) return void accepted.destroy()
    const connection = new RealConnection(accepted, wiring)
    const handler = accept(connection)
    connection.#handler = handler
    if (handler) connection.resume()
    else connection.destroy()
  }

  private constructor(accepted: Opened, wiring: Wiring) {
    this.remote = { host: accepted.remoteAddress ?? '', port: accepted.remotePort ?? 0 }
    this.local = { host: accepted.localAddress ?? '', port: accepted.localPort ?? 0 }
    this.certificateName = wiring.certificateName?.(accepted) ?? null
    this.#parking = wiring.parking
    const isKnown = typeof accepted._handle?.useUserBuffer === 'function'
    this.#socket = isKnown && !wiring.copyReads ? this.#rewrap(accepted) : this.#copying(accepted)
    this.#socket.on('error', (error) => {
      this.#reason = error.message
    })
    this.#socket.once('close', () => this.#onClose())
  }

  /** To the byte where Node tells how far a write has come, else to the write. */
  get unsentBytes(): number {
    const { _handle, _bytesDispatched } = this.#socket as Opened
    if (_handle?.writeQueueSize === undefined || _bytesDispatched === undefined)
      return this.#unsentBytes
    return Math.min(
      this.#unsentBytes,
      this.#writtenBytes - _bytesDispatched + _handle.writeQueueSize,
    )
  }

  write(chunks: readonly Uint8Array[], done?: () => void): void {
    if (this.#closed) return void (done && process.nextTick(done))
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    this.#unsent.push({ bytes, done })
    this.#unsentBytes += bytes
    this.#writtenBytes += bytes
    // What cannot be sent any more is done when the socket is closed.
    if (this.#ending || this.#socket.destroyed) return
    this.#cork()
    const last = chunks.length - 1
    for (let i = 0; i < last; i++) this.#socket.write(chunks[i] as Uint8Array)
    this.#socket.write(chunks[last] ?? nothing, (error) => {
      if (!error) this.#taken()
    })
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    process.nextTick(() => this.#readOn())
  }

  end(): void {
    if (this.#ending || this.#closed) return
    this.#ending = true
    // Closing with unread bytes would reset the connection, and the peer might lose our last ones.
    this.#socket.resume()
    this.#socket.end()
    this.#linger = setTimeout(() => this.#socket.destroy(), lingerMs).unref()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #rewrap(accepted: Opened): net.Socket {
    const handle = accepted._handle
    accepted._handle = null
    accepted.destroy()
    const options = {
      handle,
      pauseOnCreate: true,
      onread: {
        buffer: () => this.#place() as Buffer,
        callback: (bytes: number, into: Uint8Array) => {
          if (into === this.#parking) this.#hand(into.subarray(0, bytes))
          else if (this.#receives()) this.#handler?.received(bytes)
          return true
        },
      },
    }
    return new net.Socket(options as net.SocketConstructorOpts)
  }

  #copying(accepted: net.Socket): net.Socket {
    return accepted.on('data', (chunk: Buffer) => this.#hand(chunk)).pause()
  }

  /** Where the next read goes; asked by Node when the read before it has been handled. */
  #place(): Uint8Array {
    if (!this.#handler || this.#paused || this.#ending) return this.#parking
    return this.#handler.readInto()
  }

  /** Copies bytes that lie elsewhere to where the handler wants them, until it pauses. */
  #hand(bytes: Uint8Array): void {
    let rest = bytes
    while (rest.length > 0 && this.#handler && this.#receives()) {
      const into = this.#handler.readInto()
      const part = rest.subarray(0, into.length)
      into.set(part)
      rest = rest.subarray(part.length)
      this.#handler.received(part.length)
    }
    this.#held = rest.length > 0 && this.#paused ? rest.slice() : nothing
  }

  #receives(): boolean {
    return !this.#paused && !this.#ending && !this.#socket.destroyed
  }

  /** Goes on with what a pause left over, and reads on when that is used up. */
  #readOn(): void {
    if (!this.#receives()) return
    this.#hand(this.#held)
    if (this.#receives()) this.#socket.resume()
  }

  /** Everything written in one turn leaves in one system call. */
  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    process.nextTick(() => {
      this.#corked = false
      this.#socket.uncork()
    })
  }

  #taken(): void {
    const write = this.#unsent.shift()
    if (!write) return
    this.#unsentBytes -= write.bytes
    write.done?.()
  }

  #onClose(): void {
    this.#closed = true
    clearTimeout(this.#linger)
    while (this.#unsent.length > 0) this.#taken()
    this.#handler?.closed(this.#reason)
  }
}
