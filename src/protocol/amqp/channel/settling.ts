// Settles the deliveries of one channel as its client says: acknowledged, rejected, recovered; in a
// transaction only when that is committed. Of very many at once some in each turn: the connection
// waits meanwhile, and the queues to which they go back, so that nobody sees their order changed.
import type { QueueHandle } from '../../../broker/messaging/api.ts'
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

/** Whether a delivery is left as it is. */
type Kept = (tag: number) => boolean
const nothingKept: Kept = () => false

export class Settling {
  private readonly channel: ChannelView
  /** What is not done within one turn; null: nothing. */
  private running: Promise<void> | null = null

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
    this.waitFor(
      this.giveBack(returns.true, (tag) => this.channel.transaction?.holds(tag) ?? false),
    )
  }

  /** Everything goes back that is not settled, when the channel ends. */
  async abandon(): Promise<void> {
    // What is being settled stays so.
    if (this.running !== null) await this.running
    await this.giveBack(failures.true, nothingKept)
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
    for (let tag = unacked.at(from); tag <= to; tag = unacked.at(tag + 1)) {
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
    if (transaction === null) {
      this.waitFor(this.applyRange(from, to, how, nothingKept))
      return
    }
    for (let tag = unacked.at(from); tag <= to; tag = unacked.at(tag + 1)) {
      if (unacked.ownerOf(tag) === null || transaction.holds(tag)) continue
      if (transaction.settle(tag, how)) continue
      this.channel.fail(replies.preconditionFailed, 'the transaction is too large', methodId)
      return
    }
  }

  /** No further frame is taken before it is done. */
  private waitFor(rest: Promise<void> | null): void {
    if (rest !== null) this.channel.home.wait(rest, () => undefined)
  }

  /** Null: all of it is done; else it is when the promise resolves. */
  private applyRange(
    from: number,
    to: number,
    how: Settlement,
    isKept: Kept,
  ): Promise<void> | null {
    const { unacked, home } = this.channel
    for (let tag = unacked.at(from); tag <= to; tag = unacked.at(tag + 1)) {
      const owner = unacked.ownerOf(tag)
      if (owner === null || isKept(tag)) continue
      if (!home.door.slices.take()) {
        this.running = this.applyRest(tag, to, how, isKept)
        return this.running
      }
      this.apply(tag, owner, how)
    }
    return null
  }

  private async applyRest(from: number, to: number, how: Settlement, isKept: Kept): Promise<void> {
    const { unacked, home } = this.channel
    const held = how.requeue ? this.queuesOf(from, to) : []
    for (const queue of held) queue.hold?.(1)
    for (let tag = unacked.at(from); tag <= to; tag = unacked.at(tag + 1)) {
      if (unacked.ownerOf(tag) === null || isKept(tag)) continue
      if (!home.door.slices.take()) await home.door.slices.next()
      const owner = unacked.ownerOf(tag)
      if (owner !== null) this.apply(tag, owner, how)
      home.door.flushSoon()
    }
    for (const queue of held) queue.hold?.(-1)
    this.running = null
  }

  private queuesOf(from: number, to: number): Iterable<QueueHandle> {
    const { unacked } = this.channel
    const queues = new Set<QueueHandle>()
    let last: Owner | null = null
    for (let tag = unacked.at(from); tag <= to; tag = unacked.at(tag + 1)) {
      const owner = unacked.ownerOf(tag)
      if (owner === null || owner === last) continue
      queues.add(owner.queue)
      last = owner
    }
    return queues
  }

  private apply(tag: number, owner: Owner, how: Settlement): void {
    const { unacked, home } = this.channel
    const id = unacked.idOf(tag)
    unacked.remove(tag)
    home.door.counters.settled++
    if (!owner.isGone) {
      if (owner.queue.isDurable === true) this.channel.publishing.settled()
      if (how.isAccepted) {
        this.channel.counters.accepted++
        owner.queue.accept(id)
      } else owner.queue.reject(id, how.requeue, how.failed)
    }
    owner.settled()
  }

  private giveBack(how: Settlement, isKept: Kept): Promise<void> | null {
    const { unacked, home } = this.channel
    if (unacked.count === 0) return null
    home.door.flushSoon()
    return this.applyRange(unacked.first, unacked.next - 1, how, isKept)
  }
}
