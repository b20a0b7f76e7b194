// Settles the deliveries of one channel as its client says: acknowledged, rejected, recovered; in a
// transaction only when that is committed.
import { basic } from '../methods/basic-methods.ts'
import { replies } from '../methods/reply-codes.ts'
import type { ChannelView } from './channel-view.ts'
import type { Settlement } from './transaction.ts'
import type { Owner } from './unacked.ts'

const accepted: Settlement = { isAccepted: true, requeue: false, failed: false }
/** basic.reject and a channel that ends: the attempt has failed; nack only gives back. */
const failures: Record<'true' | 'false', Settlement> = {
  true: { isAccepted: false, requeue: true, failed: true },
  false: { isAccepted: false, requeue: false, failed: true },
}
const returns: Record<'true' | 'false', Settlement> = {
  true: { isAccepted: false, requeue: true, failed: false },
  false: { isAccepted: false, requeue: false, failed: false },
}

export class Settling {
  private readonly channel: ChannelView

  constructor(channel: ChannelView) {
    this.channel = channel
  }

  ack(tag: number, multiple: boolean): void {
    this.settle(tag, multiple, accepted, basic.ack.id)
  }

  nack(tag: number, multiple: boolean, requeue: boolean): void {
    this.settle(tag, multiple, returns[`${requeue}`], basic.nack.id)
  }

  reject(tag: number, requeue: boolean): void {
    this.settle(tag, false, failures[`${requeue}`], basic.reject.id)
  }

  /** Everything goes back that is not settled, nor to be by a transaction; in order. */
  recover(): void {
    this.giveBack(returns.true, (tag) => this.channel.transaction?.holds(tag) ?? false)
  }

  /** Everything goes back that is not settled, when the channel ends. */
  abandon(): void {
    this.giveBack(failures.true, () => false)
  }

  /** Does what a transaction has held. */
  commit(settlements: ReadonlyMap<number, Settlement>): void {
    for (const [tag, settlement] of settlements) {
      const owner = this.channel.unacked.ownerOf(tag)
      if (owner !== null) this.apply(tag, owner, settlement)
    }
    if (settlements.size > 0) this.channel.home.door.flushSoon()
  }

  private settle(tag: number, multiple: boolean, how: Settlement, methodId: number): void {
    const { unacked, transaction, home } = this.channel
    const isAll = multiple && tag === 0
    const owner = isAll ? null : unacked.ownerOf(tag)
    const isHeld = transaction?.holds(tag) ?? false
    if (!isAll && (owner === null || isHeld)) {
      this.channel.fail(replies.preconditionFailed, `unknown delivery tag ${tag}`, methodId)
      return
    }
    const from = multiple ? unacked.first : tag
    const to = isAll ? unacked.next - 1 : tag
    if (!how.isAccepted && this.isOfStream(from, to, methodId)) return
    if (!multiple && owner !== null && transaction === null) this.apply(tag, owner, how)
    else this.settleRange(from, to, how, methodId)
    home.door.flushSoon()
  }

  /** Refuses to give back what is a stream's. */
  private isOfStream(from: number, to: number, methodId: number): boolean {
    const { unacked, home } = this.channel
    for (let tag = from; tag <= to; tag++) {
      const queue = unacked.ownerOf(tag)?.queue
      if (queue?.isStream !== true) continue
      const text =
        'basic.nack and basic.reject not supported by stream queues ' +
        `queue '${queue.name}' in vhost '${home.session.vhost.name}'`
      this.channel.fail(replies.notImplemented, text, methodId)
      return true
    }
    return false
  }

  private settleRange(from: number, to: number, how: Settlement, methodId: number): void {
    const { unacked, transaction } = this.channel
    for (let tag = from; tag <= to; tag++) {
      const owner = unacked.ownerOf(tag)
      if (owner === null) continue
      if (transaction === null) this.apply(tag, owner, how)
      else if (!transaction.holds(tag) && !transaction.settle(tag, how)) {
        this.channel.fail(replies.preconditionFailed, 'the transaction is too large', methodId)
        return
      }
    }
  }

  private apply(tag: number, owner: Owner, how: Settlement): void {
    const { unacked, home } = this.channel
    const id = unacked.idOf(tag)
    unacked.remove(tag)
    home.door.counters.settled++
    this.channel.counters.settled++
    if (!owner.isGone) {
      if (how.isAccepted) owner.queue.accept(id)
      else owner.queue.reject(id, how.requeue, how.failed)
    }
    owner.settled()
  }

  private giveBack(how: Settlement, isKept: (tag: number) => boolean): void {
    const { unacked, home } = this.channel
    if (unacked.count === 0) return
    const to = unacked.next - 1
    for (let tag = unacked.first; tag <= to; tag++) {
      const owner = unacked.ownerOf(tag)
      if (owner !== null && !isKept(tag)) this.apply(tag, owner, how)
    }
    home.door.flushSoon()
  }
}
