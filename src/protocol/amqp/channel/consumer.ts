// One consumer of a channel, as its queue sees it: room by prefetch and by what waits for the
// client, deliveries written straight into the connection's output. Invariant: nothing is delivered
// before consume-ok is written, nor after its cancellation.
import { assert } from '../../../base/assert.ts'
import type {
  Consumer as BrokerConsumer,
  CancelReason,
  QueueHandle,
  Subscription,
} from '../../../broker/messaging/api.ts'
import type { ConsumerDescription } from '../../../broker/messaging/listings.ts'
import type { MessageView } from '../../../model/message/message.ts'
import { DeliveryWriter } from '../frames/delivery-writer.ts'
import type { basic } from '../methods/basic-methods.ts'
import type { Of } from '../methods/schema.ts'
import type { Resumable } from './channel-home.ts'
import type { ChannelView } from './channel-view.ts'
import type { Owner } from './unacked.ts'

const plenty = 1 << 30

export type ConsumerWish = Pick<Of<typeof basic.consume>, 'noAck' | 'exclusive' | 'arguments'>

export class Consumer implements BrokerConsumer, Owner, Resumable {
  readonly tag: string
  /** As the client asked for it. */
  readonly wish: ConsumerWish
  /** Of the queue; deliveries stay to be settled there when the consumer is cancelled. */
  isGone = false
  /** A queue was told that there is no room; `isStarved` is set until it hears otherwise. */
  isStarved = false
  isResumeDue = false
  waitsForOutput = false
  private readonly channel: ChannelView
  private readonly settles: boolean
  /** 0: no limit. */
  private readonly prefetch: number
  private readonly writer: DeliveryWriter
  private inFlight = 0
  private subscription: Subscription | null = null
  /** From `begin` on. */
  private handle: QueueHandle | null = null
  /** Who ended it, if that was not its client. */
  private endedBy: CancelReason | null = null
  private isActive = false
  /** All that it had went back, though the client may still settle it. */
  private isOverdue = false

  constructor(channel: ChannelView, tag: string, prefetch: number, wish: ConsumerWish) {
    this.channel = channel
    this.tag = tag
    this.wish = wish
    this.settles = !wish.noAck
    this.prefetch = prefetch
    const { out, frameMax } = channel.home
    this.writer = new DeliveryWriter(out, channel.id, tag, frameMax)
  }

  get queue(): QueueHandle {
    assert(this.handle !== null, 'deliveries come behind the subscription')
    return this.handle
  }

  get room(): number {
    const room = this.isActive ? this.roomNow() : 0
    if (room <= 0) this.isStarved = true
    return room
  }

  deliver(id: number, message: MessageView, redelivered: boolean): void {
    const { channel } = this
    let tag: number
    if (this.settles) {
      tag = channel.unacked.add(this, id)
      this.inFlight++
      channel.inFlight++
      channel.counters.delivered++
    } else {
      channel.counters.deliveredSettled++
      tag = channel.unacked.pass()
      if (channel.home.isCrowded) channel.home.door.crowded()
    }
    this.writer.write(tag, redelivered, message)
    if (channel.prefetch > 0) channel.served(this)
    channel.home.door.counters.delivered++
    if (redelivered) channel.counters.redelivered++
    channel.home.sendSoon()
  }

  settled(): void {
    const { channel } = this
    if (this.isOverdue) return
    this.inFlight--
    channel.inFlight--
    if (channel.prefetch > 0 || channel.isCramped) channel.resumeStarved()
    else if (this.isStarved) channel.home.door.resumeSoon(this)
  }

  cancelled(reason: CancelReason): void {
    this.isActive = false
    this.endedBy = reason
    // Who may not read any longer may still settle.
    this.isGone = reason !== 'accessLost'
    // What is not settled may keep it for long.
    this.subscription = null
    if (reason === 'timeout') {
      // What it had takes no room any more; a client that settles it later does nothing.
      this.channel.inFlight -= this.inFlight
      this.inFlight = 0
      this.isOverdue = true
    }
    if (this.handle !== null) this.tellEnd(reason)
  }

  private tellEnd(reason: CancelReason): void {
    if (reason === 'accessLost') this.channel.consumerBarred(this)
    else if (reason === 'timeout') this.channel.consumerTimedOut(this)
    else this.channel.consumerCancelled(this)
  }

  /** The client has been told: deliveries may begin. */
  begin(subscription: Subscription): void {
    this.handle = subscription.queue
    // It may have ended before the client knew of it.
    if (this.endedBy !== null) {
      this.tellEnd(this.endedBy)
      return
    }
    this.subscription = subscription
    this.isActive = true
    this.channel.home.door.resumeSoon(this)
  }

  wake(): void {
    this.subscription?.wake()
  }

  /** Its queue looks again. */
  resume(): void {
    if (!this.isActive) return
    this.isStarved = false
    this.subscription?.resume()
  }

  /** No more deliveries; what is in flight stays so. */
  async cancel(): Promise<void> {
    const { subscription } = this
    this.isActive = false
    this.subscription = null
    if (!this.isGone) await subscription?.cancel()
  }

  /** For listings; null: it is not yet, or no more. */
  describe(): ConsumerDescription | null {
    const { subscription, tag, prefetch } = this
    if (subscription === null || this.endedBy !== null) return null
    return {
      tag,
      queue: subscription.queue.name,
      isSettled: this.wish.noAck,
      isExclusive: this.wish.exclusive,
      isActive: subscription.isActive,
      prefetch,
      arguments: this.wish.arguments,
    }
  }

  private roomNow(): number {
    const { channel } = this
    const { home } = channel
    if (home.isFull) {
      home.resumeWhenSent(this)
      return 0
    }
    const shared = channel.prefetch === 0 ? plenty : channel.prefetch - channel.inFlight
    // It takes no part of what the channel may have, but waits with the others.
    if (!this.settles) return shared > 0 ? plenty : 0
    const own = this.prefetch === 0 ? plenty : this.prefetch - this.inFlight
    return Math.min(own, shared, this.left())
  }

  /** Deliveries that the channel may have besides those that it has. */
  private left(): number {
    const { channel } = this
    const { limits, together } = channel.home.door
    const isTight = together.unacked >= limits.unackedMaxTogether
    const left = (isTight ? limits.unackedMaxWhenTight : limits.unackedMax) - channel.unacked.span
    if (left <= 0) channel.isCramped = true
    return left
  }
}
