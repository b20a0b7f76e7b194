// A Kafka client for the rig: a socket and whole frames, and nothing that would keep it from
// sending what no client sends. Runs in the rig itself and in the worker that behaves well.
import { connect, type Socket } from 'node:net'
import { type Api, responseHeaderVersion } from '../../../src/protocol/kafka/schema/api.ts'
import { apiVersions } from '../../../src/protocol/kafka/schema/api-versions.ts'
import { responseHeader } from '../../../src/protocol/kafka/schema/header.ts'
import { codec } from '../../../src/wire/message.ts'
import { Reader } from '../../../src/wire/reader.ts'
import type { Draft, Of, Struct } from '../../../src/wire/schema.ts'
import { requestFrame } from '../../protocol/kafka/request-frame.ts'

/** How a connection can end instead of answering. */
export type Ending = 'closed' | 'silent'

/** There was no answer. */
export class NoAnswer extends Error {
  readonly ending: Ending

  constructor(ending: Ending) {
    super(`the broker was ${ending}`)
    this.ending = ending
  }
}

export const answerMsMax = 20_000
const prefixBytes = 4
const sizeOf = (bytes: Buffer): number => prefixBytes + bytes.readInt32BE(0)

export interface ConnectOptions {
  /** The address to come from: any of 127.0.0.0/8. */
  readonly from?: string
  readonly clientId?: string
}

export class RawClient {
  readonly clientId: string
  isClosed = false
  private readonly socket: Socket
  private readonly frames: Buffer[] = []
  /** Received, and not yet a whole frame: pieces, joined when they are enough. */
  private pieces: Buffer[] = []
  private piecesBytes = 0
  private wake: () => void = () => undefined
  private correlationId = 0

  private constructor(socket: Socket, clientId: string) {
    this.socket = socket
    this.clientId = clientId
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.receive(chunk))
    socket.on('error', () => this.ended())
    socket.on('close', () => this.ended())
    socket.on('end', () => this.ended())
  }

  /** Rejects when the connection is not even accepted. */
  static connect(port: number, options: ConnectOptions = {}): Promise<RawClient> {
    const { from, clientId = 'bad-input' } = options
    const local = from === undefined ? {} : { localAddress: from }
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ...local })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RawClient(socket, clientId))
      })
    })
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  request<Q extends Struct, R extends Struct>(
    api: Api<Q, R>,
    version: number,
    body: Draft<Q>,
  ): void {
    this.send(requestFrame(api, version, body, ++this.correlationId, this.clientId))
  }

  /** The next frame without its size. Rejects with NoAnswer. */
  async frame(ms: number = answerMsMax): Promise<Buffer> {
    const until = performance.now() + ms
    for (;;) {
      const frame = this.frames.shift()
      if (frame !== undefined) return frame
      if (this.isClosed) throw new NoAnswer('closed')
      const left = until - performance.now()
      if (left <= 0) throw new NoAnswer('silent')
      await this.woken(left)
    }
  }

  async answer<Q extends Struct, R extends Struct>(
    api: Api<Q, R>,
    version: number,
    ms: number = answerMsMax,
  ): Promise<Of<R>> {
    const reader = new Reader(await this.frame(ms))
    const headerVersion = responseHeaderVersion(api as unknown as Api, version)
    codec(responseHeader, headerVersion).read(reader)
    return codec(api.response, version).read(reader)
  }

  call<Q extends Struct, R extends Struct>(
    api: Api<Q, R>,
    version: number,
    body: Draft<Q>,
    ms: number = answerMsMax,
  ): Promise<Of<R>> {
    this.request(api, version, body)
    return this.answer(api, version, ms)
  }

  /** The first request of every client; after it larger ones are allowed. */
  async greet(): Promise<this> {
    await this.call(apiVersions, 0, {})
    return this
  }

  /** Resolves when the broker has closed the connection, or after `ms`. */
  async ending(ms: number = answerMsMax): Promise<Ending> {
    const until = performance.now() + ms
    while (!this.isClosed && performance.now() < until) await this.woken(until - performance.now())
    return this.isClosed ? 'closed' : 'silent'
  }

  /** Resets the connection, so that it leaves nothing behind. */
  close(): void {
    this.socket.resetAndDestroy()
  }

  private receive(chunk: Buffer): void {
    this.pieces.push(chunk)
    this.piecesBytes += chunk.length
    const first = this.pieces[0] ?? chunk
    const isKnown = first.length >= prefixBytes
    if (isKnown && this.piecesBytes < sizeOf(first)) return
    let rest = Buffer.concat(this.pieces, this.piecesBytes)
    while (rest.length >= prefixBytes && rest.length >= sizeOf(rest)) {
      this.frames.push(rest.subarray(prefixBytes, sizeOf(rest)))
      rest = rest.subarray(sizeOf(rest))
    }
    this.pieces = [rest]
    this.piecesBytes = rest.length
    this.wake()
  }

  private ended(): void {
    this.isClosed = true
    this.socket.destroy()
    this.wake()
  }

  private woken(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
