// One channel: what it has declared, consumes, publishes and has to settle, and in which state it
// is. Methods come from the connection, one after the other; those without a state of their own are
// in topology-calls.ts and basic-calls.ts. Invariant: a channel that is not open does nothing;
// after a soft error everything is ignored until the client has agreed to the close.

import type { QueueHandle } from '../../../broker/messaging/api.ts'
import type { ChannelDescription } from '../../../broker/messaging/listings.ts'
import type { ErrorName } from '../../../model/errors.ts'
import { writeMethod } from '../frames/frame-writer.ts'
import { basic } from '../methods/basic-methods.ts'
import { channel as channelMethods } from '../methods/connection-methods.ts'
import type { Reply } from '../methods/reply-codes.ts'
import { replies, replyOf } from '../methods/reply-codes.ts'
import type { Fields, Method, Values } from '../methods/schema.ts'
import { classOf, methodOf } from '../methods/schema.ts'
import { type ChannelHome, ChannelNumbers, type Resumable } from './channel-home.ts'
import type { ChannelView } from './channel-view.ts'
import type { Consumer } from './consumer.ts'
import { Publishing } from './publishing.ts'
import type { ReplyReceiver } from './reply-receiver.ts'
import { Settling } from './settling.ts'
import type { Transaction } from './transaction.ts'
import { Unacked } from './unacked.ts'

const nothingHeld = { messages: 0, settlements: 0 }

export class Channel implements ChannelView, Resumable {
  readonly id: number
  readonly home: ChannelHome
  readonly publishing: Publishing
  readonly counters = new ChannelNumbers()
  readonly unacked: Unacked
  readonly settling: Settling
  readonly consumers = new Map<string, Consumer>()
  state: 'open' | 'closing' | 'closed' = 'open'
  /** Deliveries to consumers that are not settled, and how many there may be; 0: no limit. */
  inFlight = 0
  prefetch = 0
  /** For consumers that begin from now on. */
  prefetchOfConsumers = 0
  /** The queue that '' stands for. */
  lastQueue: string | null = null
  transaction: Transaction | null = null
  replyReceiver: ReplyReceiver | null = null
  isCramped = false
  isResumeDue = false
  waitsForOutput = false

  constructor(id: number, home: ChannelHome) {
    this.id = id
    this.home = home
    this.unacked = new Unacked(home.door.together)
    this.publishing = new Publishing(this)
    this.settling = new Settling(this)
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  get replyAddress(): string | null {
    return this.replyReceiver?.address ?? null
  }

  send<F extends Fields>(method: Method<F>, values: Values<F>): void {
    if (!this.isOpen) return
    writeMethod(this.home.out, this.id, method, values)
    this.home.sendSoon()
  }

  /** Closes the channel, or the connection when the reply is a hard one. */
  fail(reply: Reply, text: string, methodId: number): void {
    if (!this.isOpen) return
    if (reply.isHard) {
      this.home.failHard(reply, text, methodId)
      return
    }
    this.send(channelMethods.close, {
      replyCode: reply.code,
      replyText: `${reply.name} - ${text}`,
      classId: classOf(methodId),
      methodId: methodOf(methodId),
    })
    this.state = 'closing'
    void this.release()
  }

  refuse(refusal: { error: ErrorName; message: string }, method: Method): void {
    this.fail(replyOf(refusal.error), refusal.message, method.id)
  }

  /** The client closes it: what it had goes back, then it is told so. */
  close(): void {
    if (this.state === 'closing') {
      // Both sides close at once.
      writeMethod(this.home.out, this.id, channelMethods.closeOk, {})
      this.home.sendSoon()
      return
    }
    this.state = 'closing'
    this.home.wait(this.release(), () => {
      this.state = 'closed'
      writeMethod(this.home.out, this.id, channelMethods.closeOk, {})
      this.home.sendSoon()
      this.home.channelGone(this.id)
    })
  }

  /** The client agrees to a close. */
  closeAgreed(): void {
    this.state = 'closed'
    this.home.channelGone(this.id)
  }

  /** Takes its consumers away and gives back what is not settled. Resolves when that is done. */
  async release(): Promise<void> {
    if (this.state === 'open') this.state = 'closing'
    const consumers = [...this.consumers.values()]
    this.consumers.clear()
    const cancelled = consumers.map((consumer) => consumer.cancel())
    const givenBack = this.settling.abandon()
    this.publishing.content.end()
    this.transaction?.take()
    this.transaction = null
    this.replyReceiver?.end()
    this.replyReceiver = null
    await Promise.all([...cancelled, givenBack])
  }

  /** For listings. */
  describe(): ChannelDescription {
    const { id, counters, transaction, prefetch, prefetchOfConsumers, unacked } = this
    const { consumers } = this
    return {
      ...{ id, counters, prefetch, prefetchOfConsumers },
      isConfirming: this.publishing.confirms !== null,
      isTransactional: transaction !== null,
      unacknowledged: unacked.count,
      unconfirmed: this.publishing.confirms?.waiting ?? 0,
      uncommitted: transaction?.held ?? nothingHeld,
      consumerCount: consumers.size,
      get consumers() {
        const all = [...consumers.values()].map((consumer) => consumer.describe())
        return all.filter((each) => each !== null)
      },
    }
  }

  /** Its queue has cancelled it. */
  consumerCancelled(consumer: { readonly tag: string }): void {
    if (this.consumers.get(consumer.tag) !== consumer) return
    this.consumers.delete(consumer.tag)
    const cancel = { consumerTag: consumer.tag, nowait: true }
    if (this.home.takesCancels) this.home.told.tell(() => this.send(basic.cancel, cancel))
  }

  /** Its user may not read the queue any longer; no client is left to wait for nothing. */
  consumerBarred(consumer: { readonly tag: string; readonly queue: QueueHandle }): void {
    if (this.home.takesCancels) this.consumerCancelled(consumer)
    else {
      const { user, vhost } = this.home.session
      const label = `queue '${consumer.queue.name}' in vhost '${vhost.name}'`
      this.fail(replies.accessRefused, `access to ${label} refused for user '${user}'`, 0)
    }
  }

  /** Closes the channel of a client that would not understand that its consumer was cancelled. */
  consumerTimedOut(consumer: { readonly tag: string }): void {
    if (this.home.takesCancels) {
      this.consumerCancelled(consumer)
      this.resumeStarved()
    } else {
      const text = `delivery acknowledgement on channel ${this.id} timed out`
      this.fail(replies.preconditionFailed, text, 0)
    }
  }

  /** Of all consumers together one more may be in flight: once for all that a turn settles. */
  resumeStarved(): void {
    this.home.door.resumeSoon(this)
  }

  wake(): void {
    for (const consumer of [...this.consumers.values()]) if (consumer.isStarved) consumer.wake()
  }

  /** Of those who share what the channel may have, who has waited for longest is next. */
  served({ tag }: { readonly tag: string }): void {
    const consumer = this.consumers.get(tag)
    if (consumer === undefined) return
    this.consumers.delete(tag)
    this.consumers.set(tag, consumer)
  }

  resume(): void {
    this.isCramped = false
    for (const consumer of [...this.consumers.values()]) if (consumer.isStarved) consumer.resume()
  }
}
