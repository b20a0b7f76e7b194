// An AMQP client for the rig: a socket, and frames of any kind; what comes back is taken apart and
// kept. Runs in the rig itself and in the worker that behaves well.
import { connect as connectTcp, type Socket } from 'node:net'
import { basic, confirm } from '../../../../src/protocol/amqp/methods/basic-methods.ts'
import { channel, connection } from '../../../../src/protocol/amqp/methods/connection-methods.ts'
import type { Method } from '../../../../src/protocol/amqp/methods/schema.ts'
import { allMethods } from '../../../protocol/amqp/test-door.ts'
import { FrameStream, type SeenFrame } from '../../amqp/frame-stream.ts'
import { frameOf, greeting, headerFrame, methodFrame } from '../../amqp/steps.ts'

export const answerMsMax = 20_000
const names = new Map(allMethods.map(({ id, name }) => [id, name]))
/** Always the same: no table or bit is left to chance. */
const none = () => 0.5

export interface AmqpOptions {
  readonly host?: string
  /** The address to come from. */
  readonly from?: string
  readonly password?: string
}

export type Said = Readonly<Record<string, unknown>>

export class AmqpClient {
  isClosed = false
  /** Set: frames are counted and not kept. */
  isCounting = false
  counted = 0
  readonly socket: Socket
  readonly stream: FrameStream
  private readonly frames: SeenFrame[] = []
  private wake: () => void = () => undefined
  private problem: unknown = null

  private constructor(socket: Socket) {
    this.socket = socket
    this.stream = new FrameStream((frame) => {
      if (frame.type === 8) return
      if (this.isCounting) this.counted++
      else this.frames.push({ ...frame, payload: Buffer.from(frame.payload) })
    })
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.receive(bytes))
    for (const event of ['error', 'close', 'end']) socket.on(event, () => this.ended())
  }

  static connect(
    port: number,
    { host = '127.0.0.1', from }: AmqpOptions = {},
  ): Promise<AmqpClient> {
    const local = from === undefined ? {} : { localAddress: from }
    return new Promise((resolve, reject) => {
      const socket = connectTcp({ host, port, ...local })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new AmqpClient(socket))
      })
    })
  }

  /** Over any socket that is open, such as one with TLS. */
  static over(socket: Socket): AmqpClient {
    return new AmqpClient(socket)
  }

  send(...parts: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts))
  }

  method(id: number, method: Method, said: Said = {}): void {
    this.send(methodFrame(id, method, said, none))
  }

  /** The greeting, and three channels. */
  async open(password?: string): Promise<this> {
    this.send(...greeting(none, password))
    for (let i = 0; i < 3; i++) await this.until(channel.openOk)
    return this
  }

  publish(
    id: number,
    to: string,
    key: string,
    body: Uint8Array,
    list: Uint8Array = persistent,
  ): void {
    const said = { exchange: to, routingKey: key, mandatory: false, immediate: false }
    const parts = [
      methodFrame(id, basic.publish, said, none),
      headerFrame(id, BigInt(body.length), list),
    ]
    for (let at = 0; at < body.length; at += 100_000)
      parts.push(frameOf(3, id, body.subarray(at, at + 100_000)))
    this.send(...parts)
  }

  async call(id: number, method: Method, said: Said, answer: Method): Promise<SeenFrame> {
    this.method(id, method, said)
    return this.until(answer)
  }

  confirms(id: number): Promise<SeenFrame> {
    return this.call(id, confirm.select, { nowait: false }, confirm.selectOk)
  }

  /** The next method of this kind; throws on a close that comes before, and on silence. */
  async until(method: Method, ms = answerMsMax): Promise<SeenFrame> {
    for (;;) {
      const frame = await this.frame(ms)
      if (frame === null) throw new Error(`no ${method.name}: the broker was ${this.ending}`)
      if (frame.methodId === method.id) return frame
      if (frame.methodId === channel.close.id || frame.methodId === connection.close.id)
        throw new Error(`no ${method.name}, but ${described(frame)}`)
    }
  }

  /** The next frame; null: closed, or silent for so long. */
  async frame(ms = answerMsMax): Promise<SeenFrame | null> {
    const end = performance.now() + ms
    for (;;) {
      if (this.problem !== null) throw this.problem
      const frame = this.frames.shift()
      if (frame !== undefined) return frame
      const left = end - performance.now()
      if (this.isClosed || left <= 0) return null
      await this.woken(left)
    }
  }

  /** The next answer in words. A close that the client is told of is agreed to. */
  async answer(ms = answerMsMax): Promise<string> {
    const frame = await this.frame(ms)
    if (frame === null) return this.ending
    if (frame.methodId === channel.close.id) this.method(frame.channel, channel.closeOk)
    if (frame.methodId === connection.close.id) {
      this.method(0, connection.closeOk)
      await this.gone(ms)
      if (!this.isClosed) return `${described(frame)}, and not closed`
    }
    return described(frame)
  }

  /** Resolves when the broker has closed the connection, or after `ms`. */
  async gone(ms = answerMsMax): Promise<'closed' | 'silent'> {
    const end = performance.now() + ms
    while (!this.isClosed && performance.now() < end) await this.woken(end - performance.now())
    return this.ending
  }

  get ending(): 'closed' | 'silent' {
    return this.isClosed ? 'closed' : 'silent'
  }

  /** Resets the connection. */
  close(): void {
    this.socket.resetAndDestroy()
  }

  private receive(bytes: Buffer): void {
    try {
      this.stream.receive(bytes)
    } catch (problem) {
      this.problem = problem
    }
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

/** Delivery mode 2. */
export const persistent = Buffer.from([0x10, 0, 2])

/** `channel.close 404 NOT_FOUND`, or the method's name. */
export function described({ type, methodId, payload }: SeenFrame): string {
  if (type !== 1) return type === 2 ? 'a content header' : 'a body'
  const name = names.get(methodId) ?? 'an unknown method'
  if (methodId !== channel.close.id && methodId !== connection.close.id) return name
  const text = payload.toString('utf8', 7, 7 + (payload[6] as number))
  return `${name} ${payload.readUInt16BE(4)} ${text.split(' - ')[0]}`
}
