// One side of a simulated connection. Bytes go: `write` ──▶ unsent ──▶ the peer's arrived (a window
// of limited size, which fills while the peer is paused) ──▶ the peer's handler. Each arrow is an
// event of its own with a piece of drawn size. As on the real network, the place for the next bytes
// is asked right after a `received` and kept, so that a handler that breaks that rule is found out.
// Made by sim-network.ts.
import { assert } from '../../base/assert.ts'
import type { Address, Connection, ConnectionHandler } from '../network.ts'
import type { SimChance } from './sim-chance.ts'

/** Bytes that may have arrived and not been read. */
const windowBytes = 65536

/** What carries the bytes: the network that made the connection. */
export interface Carrier {
  readonly chance: SimChance
  readonly options: { readonly resetOneIn: number; readonly pieceBytesMax: number }
  /** Runs `action` after a drawn delay. */
  later(action: () => void): void
}

interface Write {
  chunks: Uint8Array[]
  readonly done: (() => void) | undefined
}

export class SimConnection implements Connection {
  readonly local: Address
  readonly remote: Address
  readonly #network: Carrier
  #peer: SimConnection | null = null
  #handler: ConnectionHandler | null = null
  /** The handler's answer for the next read, while it holds. */
  #place: Uint8Array | null = null
  #unsent: Write[] = []
  #unsentBytes = 0
  #arrived = new Uint8Array(0)
  #paused = false
  #ending = false
  /** The peer has sent all it will. */
  #ended = false
  #closed = false
  /** Why it was closed, once that has been told. */
  #reason: string | null = null
  #sending = false
  #receiving = false

  constructor(network: Carrier, local: Address, remote: Address) {
    this.#network = network
    this.local = local
    this.remote = remote
  }

  join(peer: SimConnection): void {
    this.#peer = peer
    peer.#peer = this
  }

  /** Gives the connection its handler; null refuses it. */
  start(handler: ConnectionHandler | null): void {
    this.#handler = handler
    if (!handler) this.destroy()
    else if (this.#reason !== null) handler.closed(this.#reason)
    else this.#receiveSoon()
  }

  get unsentBytes(): number {
    return this.#unsentBytes
  }

  write(chunks: readonly Uint8Array[], done?: () => void): void {
    if (this.#closed && this.#unsent.length === 0) return void (done && this.#network.later(done))
    this.#unsent.push({ chunks: chunks.filter((chunk) => chunk.length > 0), done })
    for (const chunk of chunks) this.#unsentBytes += chunk.length
    this.#sendSoon()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#receiveSoon()
  }

  end(): void {
    this.#ending = true
    this.#sendSoon()
  }

  destroy(): void {
    if (this.#closed) return
    this.#close('closed')
    const peer = this.#other()
    this.#network.later(() => peer.#close('reset'))
  }

  #other(): SimConnection {
    assert(this.#peer, 'a connection has two sides')
    return this.#peer
  }

  #sendSoon(): void {
    if (this.#sending || this.#closed) return
    this.#sending = true
    this.#network.later(() => {
      this.#sending = false
      if (!this.#closed) this.#send()
    })
  }

  /** Moves one piece into the peer's window; with the last one, the end. */
  #send(): void {
    const { chance, options } = this.#network
    if (chance.oneIn(options.resetOneIn)) {
      this.destroy()
      return
    }
    const peer = this.#other()
    const room = Math.min(windowBytes - peer.#arrived.length, options.pieceBytesMax)
    if (room > 0) this.#pass(peer, 1 + chance.int(room))
    if (this.#unsent.length > 0) {
      // A full window opens when the peer has read, which calls here.
      if (room > 0) this.#sendSoon()
    } else if (this.#ending) {
      peer.#ended = true
      peer.#receiveSoon()
      this.#close('closed')
    }
  }

  /** Copies up to `bytes` unsent bytes; a write that is used up is done. */
  #pass(peer: SimConnection, bytes: number): void {
    let left = bytes
    for (let write = this.#unsent[0]; write; write = this.#unsent[0]) {
      const chunk = write.chunks[0]
      if (!chunk) {
        this.#unsent.shift()
        write.done?.()
        continue
      }
      if (left === 0) break
      const part = chunk.subarray(0, left)
      left -= part.length
      this.#unsentBytes -= part.length
      peer.#arrive(part)
      if (part.length === chunk.length) write.chunks.shift()
      else write.chunks[0] = chunk.subarray(part.length)
    }
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#closed) return
    const arrived = new Uint8Array(this.#arrived.length + bytes.length)
    arrived.set(this.#arrived)
    arrived.set(bytes, this.#arrived.length)
    this.#arrived = arrived
    this.#receiveSoon()
  }

  #receiveSoon(): void {
    if (this.#receiving) return
    this.#receiving = true
    this.#network.later(() => {
      this.#receiving = false
      if (!this.#closed && this.#handler) this.#receive(this.#handler)
    })
  }

  /** Hands one piece to the handler; behind the last one comes the peer's end. */
  #receive(handler: ConnectionHandler): void {
    // An end that is under way leaves nobody to read; a paused one waits.
    if (this.#ending) this.#arrived = new Uint8Array(0)
    else if (this.#paused) return
    if (this.#arrived.length > 0) {
      const into = this.#place ?? handler.readInto()
      assert(into.length > 0, 'a handler must have room for a byte, or pause')
      const most = Math.min(into.length, this.#arrived.length)
      const bytes = 1 + this.#network.chance.int(most)
      into.set(this.#arrived.subarray(0, bytes))
      this.#arrived = this.#arrived.slice(bytes)
      handler.received(bytes)
      this.#place = this.#paused || this.#closed ? null : handler.readInto()
      this.#receiveSoon()
    } else if (this.#ended) this.#close('closed')
    this.#other().#sendSoonIfWaiting()
  }

  #sendSoonIfWaiting(): void {
    if (this.#unsent.length > 0) this.#sendSoon()
  }

  /** Once: what was not sent is done, and the handler is told, behind the events that are due. */
  #close(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#arrived = new Uint8Array(0)
    this.#network.later(() => {
      const left = this.#unsent
      this.#unsent = []
      this.#unsentBytes = 0
      for (const write of left) write.done?.()
      this.#reason = reason
      this.#handler?.closed(reason)
    })
  }
}
