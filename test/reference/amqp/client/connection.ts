// A connection of the suite: it sends whatever frames a case wants, and keeps every frame that
// comes as an item of its channel, in order. It answers closes of the other side, as a client
// must, and nothing else on its own. Waiting is for an item; silence is told by a fence, not time.
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { Channel } from './channel.ts'
import { type Fields, textOf } from './fields.ts'
import {
  type Arguments,
  type ContentHeader,
  headerBytes,
  type Item,
  methodBytes,
  propertyBytes,
  readHeader,
  readMethod,
  withContent,
} from './methods.ts'

/** An answer that takes longer is none. */
const answerMsMax = 10_000

/** Longer bodies are told by their length and digest. */
const shownBytesMax = 200

export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const
const frameEnd = 0xce

export const protocolHeader = Buffer.from('AMQP\0\0\x09\x01', 'latin1')

export interface LoginOptions {
  readonly mechanism?: string
  readonly user?: string
  readonly password?: string
  readonly response?: string | Buffer
  readonly vhost?: string
  readonly channelMax?: number
  readonly frameMax?: number
  readonly heartbeat?: number
  readonly clientProperties?: Fields
}

/** What clients of today tell that they can do. */
export const capabilities: Fields = {
  authentication_failure_close: true,
  'basic.nack': true,
  'connection.blocked': true,
  consumer_cancel_notify: true,
  exchange_exchange_bindings: true,
  publisher_confirms: true,
}

export interface Content {
  readonly body?: string | Buffer
  readonly properties?: Arguments
}

interface Pending {
  readonly item: Item
  header: ContentHeader | null
  readonly parts: Buffer[]
  got: number
}

interface Mailbox {
  readonly items: Item[]
  wake: (() => void) | null
  pending: Pending | null
}

export class Connection {
  /** Sizes of the frames of bodies as they came. */
  readonly bodyFrames: number[] = []
  heartbeats = 0
  frameMax = 131_072
  /** When false, closes of the other side are left without an answer. */
  answersCloses = true
  readonly #socket: Socket
  readonly #mailboxes = new Map<number, Mailbox>()
  #input: Buffer = Buffer.alloc(0)
  /** What channels hear when there is no more: the close of the connection, or its end. */
  #ended: Item | null = null
  #closed: Item | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    // A reset is an end too: which of the two comes depends on what was still unread.
    socket.on('error', () => this.#end({ is: 'end' }))
    socket.on('close', () => this.#end({ is: 'end' }))
  }

  /** A socket on which nothing has been sent yet. */
  static raw(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.removeListener('error', reject)
        resolve(new Connection(socket))
      })
    })
  }

  destroy(): void {
    this.#socket.destroy()
  }

  // ---- What is sent -----------------------------------------------------------------------------

  write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  frame(type: number, channel: number, payload: Buffer, end: number = frameEnd): void {
    this.write(frameBytes(type, channel, payload, end))
  }

  method(channel: number, name: string, args: Arguments = {}): void {
    this.frame(frameType.method, channel, methodBytes(name, args))
  }

  /** A method with its content, the body in frames of the size agreed on. */
  publish(channel: number, args: Arguments, { body = '', properties = {} }: Content): void {
    const bytes = Buffer.from(body as string)
    this.method(channel, 'basic.publish', args)
    this.frame(frameType.header, channel, headerBytes(bytes.length, propertyBytes(properties)))
    const step = this.frameMax - 8
    for (let at = 0; at < bytes.length; at += step)
      this.frame(frameType.body, channel, bytes.subarray(at, at + step))
  }

  // ---- What came --------------------------------------------------------------------------------

  /** The next item of a channel; the connection's close or end if nothing else comes before. */
  async next(channel = 0): Promise<Item> {
    const box = this.#mailbox(channel)
    const deadline = performance.now() + answerMsMax
    for (;;) {
      const item = box.items.shift() ?? (channel === 0 ? this.#closed : this.#ended)
      if (item) return item
      const isLate = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), deadline - performance.now())
        box.wake = () => {
          clearTimeout(timer)
          resolve(false)
        }
      })
      box.wake = null
      if (isLate) return { is: 'silence' }
    }
  }

  /** What is there already, without waiting. */
  arrived(channel: number): Item[] {
    return this.#mailbox(channel).items.splice(0)
  }

  async call(channel: number, name: string, args: Arguments = {}): Promise<Item> {
    this.method(channel, name, args)
    return this.next(channel)
  }

  /** Everything up to the end of the socket. */
  async rest(): Promise<Item[]> {
    const items: Item[] = []
    for (;;) {
      const item = await this.next()
      items.push(item)
      if (item.is === 'end' || item.is === 'silence') return items
    }
  }

  // ---- Steps that most cases begin with ---------------------------------------------------------

  /** Protocol header to open-ok; resolves to what was answered in the end. */
  async login(options: LoginOptions = {}): Promise<Item> {
    this.write(protocolHeader)
    await this.next()
    this.startOk(options)
    const tune = await this.next()
    if (tune.is !== 'connection.tune') return tune
    const { channelMax = 2047, frameMax = 131_072, heartbeat = 0, vhost = '/' } = options
    this.method(0, 'connection.tune-ok', { channelMax, frameMax, heartbeat })
    this.frameMax = frameMax
    return this.call(0, 'connection.open', { virtualHost: vhost })
  }

  startOk(options: LoginOptions = {}): void {
    const { user = 'guest', password = 'guest', mechanism = 'PLAIN' } = options
    this.method(0, 'connection.start-ok', {
      clientProperties: options.clientProperties ?? { capabilities },
      mechanism,
      response: options.response ?? `\0${user}\0${password}`,
      locale: 'en_US',
    })
  }

  channel(id: number): Channel {
    return new Channel(this, id)
  }

  /** An opened channel. */
  async open(id: number): Promise<Channel> {
    const channel = this.channel(id)
    const answer = await channel.call('channel.open')
    if (answer.is !== 'channel.open-ok') throw new Error(`channel.open: ${answer.is}`)
    return channel
  }

  // ---- Frames -----------------------------------------------------------------------------------

  #mailbox(channel: number): Mailbox {
    let box = this.#mailboxes.get(channel)
    if (!box) {
      box = { items: [], wake: null, pending: null }
      this.#mailboxes.set(channel, box)
    }
    return box
  }

  #receive(chunk: Buffer): void {
    this.#input = Buffer.concat([this.#input, chunk])
    for (;;) {
      const input = this.#input
      if (input.length >= 8 && input.toString('latin1', 0, 4) === 'AMQP') {
        this.#put(0, { is: 'protocol header', bytes: input.toString('hex', 4, 8) })
        this.#input = input.subarray(8)
        continue
      }
      if (input.length < 7 || input.length < input.readUInt32BE(3) + 8) return
      const size = input.readUInt32BE(3)
      const payload = input.subarray(7, 7 + size)
      if (input[7 + size] !== frameEnd) {
        this.#put(0, { is: 'a frame without its end' })
        this.destroy()
        return
      }
      this.#input = input.subarray(8 + size)
      this.#frame(input.readUInt8(0), input.readUInt16BE(1), payload)
    }
  }

  #frame(type: number, channel: number, payload: Buffer): void {
    const box = this.#mailbox(channel)
    if (type === frameType.heartbeat) {
      this.heartbeats += 1
      return
    }
    if (type === frameType.method) {
      const item = readMethod(payload)
      if (withContent.has(item.is)) box.pending = { item, header: null, parts: [], got: 0 }
      else this.#take(channel, item)
      return
    }
    const { pending } = box
    if (!pending) {
      this.#put(channel, { is: `a frame of type ${type} without a method` })
      return
    }
    if (type === frameType.header) pending.header = readHeader(payload)
    else {
      pending.parts.push(Buffer.from(payload))
      pending.got += payload.length
      this.bodyFrames.push(payload.length)
    }
    if (pending.header?.bodySize !== pending.got) return
    box.pending = null
    const { properties } = pending.header
    this.#put(channel, { ...pending.item, properties, body: shown(Buffer.concat(pending.parts)) })
  }

  #take(channel: number, item: Item): void {
    if (item.is === 'channel.close' && this.answersCloses) this.method(channel, 'channel.close-ok')
    if (item.is === 'connection.close') {
      if (this.answersCloses) this.method(0, 'connection.close-ok')
      this.#end(item)
    }
    this.#put(channel, item)
  }

  #put(channel: number, item: Item): void {
    const box = this.#mailbox(channel)
    box.items.push(item)
    box.wake?.()
  }

  /** Every channel hears of the end; what says why comes first. */
  #end(item: Item): void {
    this.#ended ??= item
    if (item.is === 'end') this.#closed = item
    for (const box of this.#mailboxes.values()) box.wake?.()
  }
}

export function frameBytes(type: number, channel: number, payload: Buffer, end = frameEnd): Buffer {
  const head = Buffer.alloc(7)
  head.writeUInt8(type, 0)
  head.writeUInt16BE(channel, 1)
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.of(end)])
}

const shown = (body: Buffer): unknown =>
  body.length <= shownBytesMax
    ? textOf(body)
    : { length: body.length, sha256: createHash('sha256').update(body).digest('hex').slice(0, 16) }
