// Takes the messages that one channel publishes: finds the exchange, judges what the door itself
// has to judge, hands them on, returns what nobody takes, and confirms. The last exchange and
// routing key are remembered as the bytes they came in, with the publisher that they led to, and so
// are the last properties: a message like the one before costs a comparison.
import type { Publisher, Routed } from '../../../broker/messaging/api.ts'
import { Published } from '../../../broker/messaging/api.ts'
import { withoutHiddenKeys } from '../../../broker/messaging/sender-keys.ts'
import { MessageView } from '../../../model/message/message.ts'
import { propertiesFault, property } from '../../../model/message/properties.ts'
import { WireError } from '../../../wire/wire-error.ts'
import { deliveryModeOf, flagsOf, lookedAt, withText } from '../frames/content-properties.ts'
import { contentHead, sameBytes, uint32At, uint64At } from '../frames/frame.ts'
import { writeConfirm, writeContent } from '../frames/frame-writer.ts'
import type { WholePublish } from '../frames/whole-publish.ts'
import { basic } from '../methods/basic-methods.ts'
import { decodeArguments } from '../methods/method-codec.ts'
import { type Reply, replies, replyOf } from '../methods/reply-codes.ts'
import type { ChannelView } from './channel-view.ts'
import { Confirms } from './confirms.ts'
import { Content } from './content.ts'
import { isReplyAddress, replyQueue } from './reply-addresses.ts'
import type { HeldMessage } from './transaction.ts'

const nothing = new Uint8Array(0)
/** Longer properties are not remembered. */
const rememberedMax = 256
/** Milliseconds: ten years. */
const expirationMax = 315_360_000_000
const classBasic = 60

export class Publishing {
  readonly channel: ChannelView
  readonly content: Content
  confirms: Confirms | null = null
  /** `endTurn` is to be called at the end of this turn. */
  isDue = false
  private readonly view = new MessageView()
  /** The last arguments, and what they say. */
  private known: Uint8Array = nothing
  private exchange = ''
  private routingKey = ''
  private mandatory = false
  private isReply = false
  private owesSettled = false
  private publisher: Publisher | null = null
  private publisherExchange = ''
  /** The last properties, which are well-formed, and whether the door has to look at them. */
  private properties: Uint8Array = nothing
  private isLookedAt = false

  constructor(channel: ChannelView) {
    this.channel = channel
    this.content = new Content(channel.home.door.memory)
  }

  /** A publish that is whole in `bytes`. */
  publish(bytes: Buffer, parts: WholePublish): void {
    if (!this.readMethod(bytes, parts.methodFrom, parts.methodTo)) return
    const { propertiesFrom, propertiesTo, bodyFrom, bodyTo } = parts
    const size = bodyTo - bodyFrom
    if (size > this.channel.home.door.limits.messageBytesMax) {
      this.refuseSize(size)
      return
    }
    const properties = this.readProperties(bytes, propertiesFrom, propertiesTo)
    if (properties === null) return
    this.place(properties, new Uint8Array(bytes.buffer, bytes.byteOffset + bodyFrom, size))
  }

  /** The method alone: its content follows. */
  begin(bytes: Buffer, from: number, to: number): void {
    if (this.readMethod(bytes, from, to)) this.content.expect()
  }

  header(bytes: Buffer, from: number, to: number): void {
    if (to - from < contentHead + 2) {
      this.channel.fail(replies.frameError, 'a content header that is too short', 0)
      return
    }
    const classId = uint32At(bytes, from) >>> 16
    if (classId !== classBasic) {
      this.refuse(
        replies.unexpectedFrame,
        `expected content header for class ${classBasic}, got one for class ${classId} instead`,
      )
      return
    }
    const size = uint64At(bytes, from + 4)
    if (size > this.channel.home.door.limits.messageBytesMax) {
      this.content.end()
      this.refuseSize(size)
      return
    }
    const properties = this.readProperties(bytes, from + contentHead, to)
    if (properties === null) this.content.end()
    else if (size > 0) this.content.begin(properties, size)
    else {
      this.content.end()
      this.place(properties, nothing)
    }
  }

  body(bytes: Buffer, from: number, to: number): void {
    const { content } = this
    const body = content.add(bytes, from, to)
    if (body === null) return
    this.place(content.properties, body)
    content.end()
  }

  /** Messages of a transaction that is committed. False: some queue has rejected one. */
  commit(messages: readonly HeldMessage[]): boolean {
    let isWhole = true
    for (const each of messages) {
      this.exchange = each.exchange
      this.routingKey = each.routingKey
      this.mandatory = each.mandatory
      this.known = nothing
      const message = this.view.set(each.exchange, each.routingKey, each.properties, each.body)
      const went = each.routed === null ? this.reply(message) : each.routed.place(message)
      this.wentTo(message, went)
      if ((went & Published.rejected) !== 0) isWhole = false
    }
    return isWhole
  }

  /** The next confirm says that this is on the disk, too: even that of a message which is not. */
  settled(): void {
    this.owesSettled = true
  }

  confirmFromNow(): void {
    const { channel } = this
    const { home } = channel
    const confirm = (isAck: boolean, tag: number, multiple: boolean) => {
      if (!channel.isOpen) return
      writeConfirm(home.out, channel.id, isAck, tag, multiple)
      home.sendSoon()
    }
    const acknowledged = (count: number) => {
      home.door.counters.confirmed += count
      channel.counters.confirmed += count
    }
    this.confirms ??= new Confirms({ confirm, acknowledged })
  }

  private readMethod(bytes: Buffer, from: number, to: number): boolean {
    const length = to - from
    if (length === this.known.length && sameBytes(bytes, from, this.known, 0, length)) return true
    try {
      const { exchange, routingKey, mandatory, immediate } = decodeArguments(
        basic.publish,
        bytes,
        from,
        to,
      )
      if (immediate) return this.refuse(replies.notImplemented, 'immediate=true')
      this.exchange = exchange
      this.routingKey = routingKey
      this.mandatory = mandatory
      this.isReply = exchange === '' && isReplyAddress(routingKey)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      return this.refuse(replies.frameError, error.message)
    }
    // The exchange is looked for at once: a channel publishes the message or is closed.
    if (!this.findPublisher()) return false
    this.known = Uint8Array.from(bytes.subarray(from, to))
    return true
  }

  private findPublisher(): Publisher | null {
    const { exchange, publisher: last } = this
    if (last !== null && !last.isGone && this.publisherExchange === exchange) return last
    const found = this.channel.home.session.vhost.publisher(exchange)
    if (!found.ok) {
      this.known = nothing
      this.publisher = null
      this.refuse(replyOf(found.error), found.message)
      return null
    }
    this.publisher = found.value
    this.publisherExchange = exchange
    return found.value
  }

  /** Well-formed and as the client may set them, or null: refused. */
  private readProperties(bytes: Buffer, from: number, to: number): Uint8Array | null {
    const length = to - from
    const last = this.properties
    if (length === last.length && sameBytes(bytes, from, last, 0, length))
      return this.isLookedAt ? this.judge(last) : last
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset + from, length)
    const problem = propertiesFault(view)
    if (problem !== null) {
      this.refuse(replies.syntaxError, problem)
      return null
    }
    const mode = deliveryModeOf(view)
    if (mode > 2 || mode === 0) {
      this.refuse(replies.preconditionFailed, `invalid message: delivery mode ${mode} is unknown`)
      return null
    }
    const isLookedAt = (flagsOf(view) & lookedAt) !== 0
    if (length > rememberedMax) return isLookedAt ? this.judge(view) : view
    this.properties = view.slice()
    this.isLookedAt = isLookedAt
    return isLookedAt ? this.judge(this.properties) : this.properties
  }

  private judge(properties: Uint8Array): Uint8Array | null {
    const { home, replyAddress } = this.channel
    const view = this.view.set('', '', properties, nothing)
    const { expiration } = view
    if (expiration !== null && view.expirationMs > expirationMax) {
      this.refuse(replies.preconditionFailed, `invalid expiration '${expiration}'`)
      return null
    }
    const userId = view.text(property.userId)
    const { user } = home.session
    if (userId !== null && userId !== user && !home.isImpersonator) {
      const text = `user_id property set to '${userId}' but authenticated user was '${user}'`
      this.refuse(replies.preconditionFailed, text)
      return null
    }
    if (view.text(property.replyTo) !== replyQueue) return properties
    if (replyAddress !== null) return withText(properties, property.replyTo, replyAddress)
    this.refuse(replies.preconditionFailed, 'fast reply consumer does not exist')
    return null
  }

  private place(properties: Uint8Array, body: Uint8Array): void {
    const message = this.view.set(this.exchange, this.routingKey, properties, body)
    const { transaction } = this.channel
    if (transaction === null) {
      const went = this.isReply ? this.reply(message) : this.publishNow(message)
      if (went >= 0) this.wentTo(message, went)
      return
    }
    const routed = this.isReply ? null : this.route(message)
    if (routed !== undefined && !transaction.publish(message, this.mandatory, routed))
      this.refuse(replies.preconditionFailed, 'the transaction is too large')
  }

  /** `went`: flags of `Published`. */
  private wentTo(message: MessageView, went: number): void {
    const { home } = this.channel
    home.door.counters.published++
    this.channel.counters.published++
    if ((went & Published.routed) === 0) this.wentNowhere(message)
    if (this.confirms !== null) {
      home.door.counters.toConfirm++
      const isStored = this.owesSettled || (went & Published.stored) !== 0
      this.owesSettled = false
      this.confirms.published(isStored, (went & Published.rejected) !== 0)
      if (!this.isDue) {
        this.isDue = true
        home.door.confirmSoon(this)
      }
    }
    home.door.flushSoon()
  }

  /** Flags of `Published`; -1 when the channel has failed. */
  private publishNow(message: MessageView): number {
    const publisher = this.findPublisher()
    if (publisher === null) return -1
    const went = publisher.publish(message)
    if (went < 0) this.notPublished(publisher)
    return went
  }

  /** Undefined when the channel has failed. */
  private route(message: MessageView): Routed | undefined {
    const publisher = this.findPublisher()
    if (publisher === null) return undefined
    const routed = publisher.route(message)
    if (routed !== null) return routed
    this.notPublished(publisher)
    return undefined
  }

  private notPublished({ refusal }: Publisher): void {
    if (refusal === null || refusal.ok) this.refuse(replies.internalError, 'not published')
    else this.refuse(replyOf(refusal.error), refusal.message)
  }

  private reply(message: MessageView): number {
    const { counters, replyAddresses } = this.channel.home.door
    counters.replies++
    const consumer = replyAddresses.find(this.routingKey)
    return consumer?.reply(message) ? Published.routed : 0
  }

  private wentNowhere(message: MessageView): void {
    if (this.mandatory) this.giveBack(message)
    else {
      this.channel.home.door.counters.dropped++
      this.channel.counters.dropped++
    }
  }

  private giveBack(published: MessageView): void {
    const { home, id } = this.channel
    const message = withoutHiddenKeys(published)
    const { exchange, routingKey } = message
    const { code: replyCode, name: replyText } = replies.noRoute
    const values = { replyCode, replyText, exchange, routingKey }
    writeContent(home.out, id, basic.return, values, message, home.frameMax)
    home.door.counters.returned++
    this.channel.counters.returned++
    home.sendSoon()
  }

  private refuseSize(size: number): void {
    const most = this.channel.home.door.limits.messageBytesMax
    const text = `message size ${size} is larger than configured max size ${most}`
    this.refuse(replies.preconditionFailed, text)
  }

  private refuse(reply: Reply, text: string): false {
    this.channel.fail(reply, text, basic.publish.id)
    return false
  }
}
