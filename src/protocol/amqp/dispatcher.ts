// Brings the frames of one connection to where they belong: to its greeting, to its own methods, to
// its channels; and says what is wrong with those that belong nowhere. What comes with every
// message is recognised first.
import { WireError } from '../../wire/wire-error.ts'
import { Channel } from './channel/channel.ts'
import { callOf } from './channel/channel-calls.ts'
import type { ChannelHome } from './channel/channel-home.ts'
import { ContentWatch, type Reading } from './channel/content-watch.ts'
import { contentHead, hot, uint64At } from './frames/frame.ts'
import type { FrameOwner } from './frames/frame-reader.ts'
import type { WholePublish } from './frames/whole-publish.ts'
import type { Greeting } from './greeting.ts'
import { basic } from './methods/basic-methods.ts'
import { channel as channelMethods, connection as methods } from './methods/connection-methods.ts'
import { decodeArguments, TextError } from './methods/method-codec.ts'
import { type Reply, replies } from './methods/reply-codes.ts'
import { classOf, type Fields, type Method, methodOf, type Values } from './methods/schema.ts'

export interface DispatchOwner extends ChannelHome {
  readonly greeting: Greeting
  /** The greeting is over, and no close has begun. */
  readonly isRunning: boolean
  /** Either side has begun to close it. */
  readonly isClosing: boolean
  /** No frame may be begun now. */
  readonly isBusy: boolean
  send<F extends Fields>(method: Method<F>, values: Values<F>): void
  /** Whether nothing of the size may be published now; it goes on when it may. */
  holdsUp(bytes: number): boolean
  /** It goes on when memory has been given back. */
  waitForMemory(): void
  /** What came is no frame. */
  malformed(problem: string): void
  /** The client agrees to the close that it was told of; has begun one as well; begins one. */
  closeAgreed(): void
  closedByBoth(): void
  closeAsAsked(): void
}

const settlements: ReadonlySet<number> = new Set([hot.ack, hot.nack, hot.reject])

/** Who holds so much of the memory that is taken would wait for itself. */
const shareOfOne = 3 / 4

/** Of the upper half of a tag. */
const tagHighMax = 2 ** 21

export class Dispatcher implements FrameOwner {
  private readonly connection: DispatchOwner
  private readonly channels = new Map<number, Channel>()
  /** The channel that was looked for last. */
  private last: Channel | null = null
  /** Numbers that were in use: late settlements for them are no mistake. */
  private readonly used = new Set<number>()
  readonly contents = new ContentWatch()

  constructor(connection: DispatchOwner) {
    this.connection = connection
  }

  get frameMax(): number {
    return this.connection.frameMax
  }

  get isBusy(): boolean {
    return this.connection.isBusy
  }

  /** Why contents that are not whole are not waited for any longer, or null. */
  standstill(now: number, reading: Reading): string | null {
    const contents = [...this.channels.values()].map(({ publishing }) => publishing.content)
    return this.contents.look(now, contents, reading, this.connection.door.limits)
  }

  /** Those that are open. */
  get open(): readonly Channel[] {
    return [...this.channels.values()].filter((channel) => channel.isOpen)
  }

  /** Closes all channels; resolves when what they had is given back. */
  async release(): Promise<void> {
    const channels = [...this.channels.values()]
    this.connection.door.counters.channelsClosed += channels.length
    for (let i = 0; i < channels.length; i++) this.connection.session.closeChannel()
    this.channels.clear()
    this.last = null
    this.contents.gone()
    this.connection.door.memory.leaveLine(this.connection)
    await Promise.all(channels.map((channel) => channel.release()))
  }

  channelGone(id: number): void {
    if (this.channels.delete(id)) {
      this.connection.door.counters.channelsClosed++
      this.connection.session.closeChannel()
    }
    this.used.add(id)
    this.last = null
  }

  // ---- As the frame reader sees it

  publish(id: number, bytes: Buffer, parts: WholePublish): boolean {
    const channel = this.find(id)
    if (channel === null || !channel.isOpen || channel.publishing.content.isPartial)
      return this.publishAmiss(id, bytes, parts)
    if (this.connection.holdsUp(parts.end - parts.methodFrom)) return false
    channel.publishing.publish(bytes, parts)
    return true
  }

  method(id: number, methodId: number, bytes: Buffer, from: number, to: number): boolean {
    if (!this.connection.isRunning) return this.outside(id, methodId, bytes, from, to)
    if (id === 0) return this.ownMethod(methodId, bytes, from, to)
    const channel = this.find(id)
    if (channel === null) return this.withoutChannel(id, methodId, bytes, from, to)
    if (!channel.isOpen) return this.onClosing(channel, methodId)
    if (channel.publishing.content.isPartial) {
      const text =
        channel.publishing.content.state === 'header'
          ? 'expected content header for class 60, got non content header frame instead'
          : 'expected content body, got non content body frame instead'
      return this.fail(replies.unexpectedFrame, text, basic.publish.id)
    }
    if (settlements.has(methodId) && to - from === 9 && bytes.readUInt32BE(from) >= tagHighMax) {
      // Above what numbers can tell apart: no such tag was ever given.
      const text = `unknown delivery tag ${bytes.readBigUInt64BE(from)}`
      channel.fail(replies.preconditionFailed, text, methodId)
      return true
    }
    if (methodId === hot.ack && to - from === 9) {
      channel.settling.ack(uint64At(bytes, from), ((bytes[from + 8] as number) & 1) === 1)
      return true
    }
    if (methodId === hot.publish) {
      if (this.connection.holdsUp(to - from)) return false
      channel.publishing.begin(bytes, from, to)
      return true
    }
    return this.call(channel, methodId, bytes, from, to)
  }

  header(id: number, bytes: Buffer, from: number, to: number): boolean {
    const channel = this.contentChannel(id)
    if (channel === null) return true
    const { content } = channel.publishing
    if (content.state === 'header') {
      const size = to - from < contentHead ? 0 : uint64At(bytes, from + 4)
      const { messageBytesMax } = this.connection.door.limits
      const { connection } = this
      if (connection.holdsUp(Math.min(size, messageBytesMax))) return false
      if (!this.hasRoom(content.makeRoomForHeader(to - from, size, connection))) return false
      channel.publishing.header(bytes, from, to)
      return true
    }
    const text = content.isPartial
      ? 'expected content body, got non content body frame instead'
      : noMethodFrame
    return this.fail(replies.unexpectedFrame, text, content.isPartial ? basic.publish.id : 0)
  }

  bodyBegins(id: number, size: number, isWhole: boolean): boolean {
    const channel = this.contentChannel(id)
    if (channel === null) return true
    const { content } = channel.publishing
    if (content.state !== 'body') {
      const text = content.isPartial
        ? 'expected content header for class 60, got non content header frame instead'
        : noMethodFrame
      return this.fail(replies.unexpectedFrame, text, content.isPartial ? basic.publish.id : 0)
    }
    if (size > content.bodyLeft) {
      const text = `a body frame of ${size} octets, where ${content.bodyLeft} are left of the body`
      return this.fail(replies.frameError, text, basic.publish.id)
    }
    if (isWhole && content.isAll(size)) return true
    return this.hasRoom(content.makeRoom(size, this.connection))
  }

  body(id: number, bytes: Buffer, from: number, to: number): void {
    const channel = this.find(id)
    if (channel === null || !channel.isOpen) return
    const { publishing } = channel
    if (publishing.content.state === 'body') publishing.body(bytes, from, to)
  }

  heartbeat(id: number): void {
    if (id !== 0) this.fail(replies.unexpectedFrame, `a heartbeat on channel ${id}`, 0)
  }

  malformed(problem: string): void {
    this.connection.malformed(problem)
  }

  // ---- Within

  /** Whether a content goes on: it has the memory that it needs, or there is no use in waiting. */
  private hasRoom(has: boolean): boolean {
    const { connection } = this
    if (has) {
      this.waitsNoMore()
      return true
    }
    let own = 0
    for (const { publishing } of this.channels.values()) own += publishing.content.ownBytes
    if (own < connection.door.memory.taken * shareOfOne) {
      connection.waitForMemory()
      return false
    }
    const text = `no memory for more contents that are not whole: this connection has ${own} bytes`
    return this.fail(replies.resourceError, text, basic.publish.id)
  }

  private waitsNoMore(): void {
    if (this.contents.waitsSince === null) return
    this.contents.waitsSince = null
    this.connection.door.memory.leaveLine(this.connection)
  }

  /** A publish, with its content, where none may be. */
  private publishAmiss(id: number, bytes: Buffer, parts: WholePublish): true {
    const { isClosing } = this.connection
    const channel = this.channels.get(id)
    if (!isClosing && (channel === undefined || channel.isOpen))
      this.method(id, hot.publish, bytes, parts.methodFrom, parts.methodTo)
    return true
  }

  private find(id: number): Channel | null {
    if (this.last !== null && this.last.id === id) return this.last
    const channel = this.channels.get(id)
    if (channel === undefined) return null
    this.last = channel
    return channel
  }

  /** Always true: the frame is dealt with. */
  private fail(reply: Reply, text: string, methodId: number): true {
    this.connection.failHard(reply, text, methodId)
    return true
  }

  private decode<F extends Fields>(
    method: Method<F>,
    bytes: Buffer,
    from: number,
    to: number,
  ): Values<F> | null {
    try {
      return decodeArguments(method, bytes, from, to)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      const id = error instanceof TextError ? 0 : method.id
      this.fail(replies.frameError, `${method.name}: ${error.message}`, id)
      return null
    }
  }

  /** Before the connection is open, and after it has begun to close. */
  private outside(id: number, methodId: number, bytes: Buffer, from: number, to: number): true {
    const { connection } = this
    if (connection.isClosing) {
      if (id === 0 && methodId === methods.closeOk.id) connection.closeAgreed()
      else if (id === 0 && methodId === methods.close.id) connection.closedByBoth()
      return true
    }
    if (id === 0 && methodId === methods.close.id) {
      connection.closeAsAsked()
      return true
    }
    const { expected } = connection.greeting
    if (id !== 0 || expected === null || methodId !== expected.id) {
      const text = `method ${nameOf(methodId)} on channel ${id} before the connection is open`
      if (id !== 0) return this.fail(replies.unexpectedFrame, text, 0)
      return this.fail(replies.commandInvalid, text, methodId)
    }
    const values = this.decode(expected, bytes, from, to)
    if (values !== null) connection.greeting.take(values)
    return true
  }

  private ownMethod(methodId: number, bytes: Buffer, from: number, to: number): true {
    const { connection } = this
    if (methodId === methods.close.id) {
      if (this.decode(methods.close, bytes, from, to) !== null) connection.closeAsAsked()
      return true
    }
    if (methodId === methods.updateSecret.id) {
      if (this.decode(methods.updateSecret, bytes, from, to) !== null)
        connection.send(methods.updateSecretOk, {})
      return true
    }
    const text = 'unexpected method in connection state running'
    return this.fail(replies.channelError, text, methodId)
  }

  private withoutChannel(
    id: number,
    methodId: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): true {
    if (methodId === channelMethods.open.id) {
      if (this.decode(channelMethods.open, bytes, from, to) !== null) this.openChannel(id)
      return true
    }
    // It has been closed, and the client may not have known when it sent this.
    if (this.used.has(id) && settlements.has(methodId)) return true
    return this.fail(replies.channelError, "expected 'channel.open'", methodId)
  }

  private openChannel(id: number): void {
    const { connection } = this
    const { channelMax } = connection.greeting.agreed
    const { size } = this.channels
    if (channelMax > 0 && size >= channelMax) {
      const text =
        `number of channels opened (${size}) has reached the negotiated channel_max ` +
        `(${channelMax})`
      this.fail(replies.notAllowed, text, 0)
      return
    }
    const refused = connection.session.openChannel()
    if (!refused.ok) {
      this.fail(replies.notAllowed, refused.message, 0)
      return
    }
    const channel = new Channel(id, connection)
    this.channels.set(id, channel)
    connection.door.counters.channelsOpened++
    channel.send(channelMethods.openOk, { reserved1: new Uint8Array(0) })
  }

  /** Everything is ignored until both sides have agreed. */
  private onClosing(channel: Channel, methodId: number): true {
    if (methodId === channelMethods.closeOk.id) channel.closeAgreed()
    else if (methodId === channelMethods.close.id) channel.close()
    else if (methodId === channelMethods.open.id)
      return this.fail(replies.channelError, secondOpen, methodId)
    return true
  }

  private call(channel: Channel, id: number, bytes: Buffer, from: number, to: number): true {
    if (id === channelMethods.open.id) return this.fail(replies.channelError, secondOpen, id)
    const call = callOf(id)
    if (call === undefined)
      return this.fail(replies.commandInvalid, `method ${nameOf(id)} is not known here`, id)
    const values = this.decode(call.method, bytes, from, to)
    if (values !== null) call.run(channel, values)
    return true
  }

  /** The channel of a content frame; null: the frame is to be ignored. */
  private contentChannel(id: number): Channel | null {
    const { connection } = this
    if (connection.isClosing) return null
    const channel = connection.isRunning ? this.find(id) : null
    if (channel === null) {
      this.fail(replies.unexpectedFrame, noMethodFrame, 0)
      return null
    }
    if (channel.isOpen) return channel
    this.waitsNoMore()
    return null
  }
}

const noMethodFrame = 'expected method frame, got non method frame instead'
const secondOpen = "second 'channel.open' seen"
const nameOf = (id: number): string => `${classOf(id)}.${methodOf(id)}`
