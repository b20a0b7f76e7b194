// A queue: messages go in, and out to its consumers, by its rules. Invariant: a message that is
// ready and a consumer that has room do not stand beside each other, unless the message is being
// read, or moved here. Synchronous; what a call sets off in other queues (dead letters) happens
// before the node's next flush. The broker makes one for each queue, by `Queues`; doors call it.
import { assert } from '../base/assert.ts'
import type { MessageView } from '../model/message/message.ts'
import { Arrivals } from './arrivals.ts'
import type { ConsumeOptions, Consumer, Got, Subscription } from './consumer.ts'
import { Consumers, Member, type MemberQueue } from './consumers.ts'
import { Departures } from './departures.ts'
import type { Lane } from './lane.ts'
import { Disuse } from './memory/disuse.ts'
import { keptAs, Published } from './published.ts'
import { QueueCounters } from './queue-counters.ts'
import type { QueueHost } from './queue-host.ts'
import type { Attended, QueueNode } from './queue-node.ts'
import { type QueueSettings, retryDelayMs } from './queue-settings.ts'
import type { Stock } from './stock.ts'
import { Look } from './stock-parts.ts'
import { Timeouts } from './timeouts.ts'
import { TopicFeed } from './topic-feed.ts'

/** Messages that one turn of `work` moves or drops. */
const workMax = 1000

export class Queue implements MemberQueue, Attended {
  readonly name: string
  /** The topic's id. */
  readonly topic: string
  readonly stock: Stock
  readonly counters = new QueueCounters()
  readonly host: QueueHost
  readonly #node: QueueNode
  readonly #consumers: Consumers
  #settings: QueueSettings
  #isPumping = false
  isGone = false
  readonly #departures: Departures
  readonly #timeouts: Timeouts
  readonly #arrivals: Arrivals
  readonly #disuse: Disuse
  readonly #readWaiters: (() => void)[] = []
  /** Of a queue over a topic. */
  readonly feed: TopicFeed | null
  readonly isDurable: boolean
  alarm: Attended['alarm'] = null
  isAttended = false

  constructor(
    id: { readonly name: string; readonly topic: string },
    settings: QueueSettings,
    stock: Stock,
    host: QueueHost,
    node: QueueNode,
  ) {
    this.name = id.name
    this.topic = id.topic
    this.#settings = settings
    this.isDurable = settings.durable
    this.stock = stock
    this.host = host
    this.#node = node
    this.#consumers = new Consumers(settings.singleActiveConsumer, node.consumers)
    this.#disuse = new Disuse(node.now())
    this.#departures = new Departures(this, stock, host, node)
    this.#timeouts = new Timeouts(this, stock, node)
    this.#arrivals = new Arrivals({
      ...{ stock, node, consumers: this.#consumers, departures: this.#departures },
      ...{ timeouts: this.#timeouts, counters: this.counters, told: () => this.#read() },
    })
    stock.onRead = () => this.#read()
    this.feed = stock.isOfTopic ? new TopicFeed(stock, () => this.#recordsCame()) : null
  }

  get settings(): QueueSettings {
    return this.#settings
  }
  get ready(): number {
    return this.stock.ready
  }
  get readyBytes(): number {
    return this.stock.readyBytes
  }
  get inFlight(): number {
    return this.stock.inFlight
  }
  get delayed(): number {
    return this.stock.delayed.size
  }
  get delayedBytes(): number {
    return this.stock.delayed.bytes
  }
  get bytesInFlight(): number {
    return this.stock.bytesInFlight
  }
  get consumerCount(): number {
    return this.#consumers.count
  }
  get isExclusive(): boolean {
    return this.#consumers.isExclusive
  }

  /** As policies change: everything but `durable` and `priorities`. */
  configure(settings: QueueSettings): void {
    const { durable, priorities } = this.#settings
    const isSame = settings.durable === durable && settings.priorities === priorities
    assert(isSame, 'what a queue is made of does not change')
    this.#settings = settings
    this.stock.replayMs = settings.replayMs
    this.#departures.ruled()
    this.#timeouts.ruled()
    this.#consumers.setSingle(settings.singleActiveConsumer)
    this.#node.attend(this)
  }

  /** Declared again, or given back to: `expiresMs` begins anew. */
  touch(): void {
    this.#disuse.used(this.#node.now())
    this.#watchUse()
  }

  // ---- Publishing -------------------------------------------------------------------------------

  /** Flags of `Published`. The message and its views are used only during the call. */
  publish(message: MessageView): number {
    if (this.isGone) return Published.routed
    const { stock, settings } = this
    assert(!stock.isOfTopic, 'messages of a topic are appended to it')
    if (this.#cannotKeep(message)) return Published.routed | Published.rejected
    if (this.isFullFor(message.body.length)) return this.#refuse(message)
    const lane = this.#laneOf(message)
    const nowMs = this.#node.now()
    this.counters.came(nowMs)
    const isSync = settings.durable && message.isPersistent
    if (stock.ready === 0 && !this.#isPumping && this.#departures.mayDeliver) {
      if (this.#arrivals.take(message, lane, nowMs, isSync)) return keptAs(isSync)
      const member = this.#consumers.pick()
      if (member !== null) return this.#hand(message, member, lane, nowMs, isSync)
    }
    const ttlMs = this.#departures.ttlMs(message)
    if (ttlMs === 0 && !this.#isPumping) return this.#departures.expireAtOnce(message, isSync)
    stock.store(message, lane, nowMs, isSync)
    if (this.#node.isMoving) lane.hold()
    if (ttlMs < Number.POSITIVE_INFINITY) this.#departures.expiresLater(nowMs + ttlMs)
    if (this.#node.isMoving || this.#departures.isTooLong()) this.#node.attend(this)
    return keptAs(isSync)
  }

  /** Whether `publish` would refuse it now. */
  refuses(message: MessageView): boolean {
    return this.isGone || this.#cannotKeep(message) || this.isFullFor(message.body.length)
  }

  #cannotKeep(message: MessageView): boolean {
    const bytes = message.body.length + message.properties.length
    return bytes > this.#node.messageBytesMax || this.#laneOf(message).isStuck(this.stock)
  }

  /** It rejects a message with a body of so many bytes. */
  isFullFor(bytes: number): boolean {
    return this.#settings.overflow !== 'drop-head' && this.#departures.overflows(1, bytes)
  }

  #laneOf(message: MessageView): Lane {
    const { lanes } = this.stock
    const index = lanes.length === 1 ? 0 : Math.min(Math.max(0, message.priority), lanes.length - 1)
    return lanes[index] as Lane
  }

  #refuse(message: MessageView): number {
    if (this.#settings.overflow === 'reject-publish-dlx')
      this.#departures.deadLetter(message, 'maxlen')
    return Published.routed | Published.rejected
  }

  /** To a consumer that waits for it. */
  #hand(message: MessageView, member: Member, lane: Lane, nowMs: number, isSync: boolean): number {
    const { stock } = this
    const { consumer, settled } = member
    this.counters.sent(settled, false, nowMs)
    if (!settled) this.#departures.lent(message)
    else if (!isSync) {
      consumer.deliver(0, message, false, 0, 0)
      return Published.routed
    }
    if (!isSync) {
      const kept = stock.keepTaken(message, lane, nowMs)
      if (kept !== null) {
        consumer.deliver(this.#timeouts.lent(kept, member, nowMs), message, false, 0, 0)
        return Published.routed
      }
    }
    let id = 0
    if (settled) stock.storeSettled(message, lane, nowMs, isSync)
    else id = this.#timeouts.lent(stock.storeTaken(message, lane, nowMs, isSync), member, nowMs)
    consumer.deliver(id, message, false, 0, 0)
    return keptAs(isSync)
  }

  // ---- Consuming --------------------------------------------------------------------------------

  /**
   * Null: it is exclusive to another; or this one wants to be alone, and there are others, or only
   * one is active anyway.
   */
  consume(consumer: Consumer, options: ConsumeOptions): Subscription | null {
    if (options.exclusive && this.#settings.singleActiveConsumer) return null
    if (!this.#consumers.mayJoin(options.exclusive)) return null
    const member = new Member(consumer, options, this)
    this.#consumers.add(member)
    return member
  }

  /** A consumer has room. */
  resume(member: Member): void {
    member.wake()
    this.#pump()
  }

  leave(member: Member): void {
    this.#consumers.remove(member)
    this.touch()
    // Another may be the active one now.
    this.#node.attend(this)
  }

  #pump(): void {
    if (this.#isPumping || this.isGone) return
    this.#isPumping = true
    const { stock } = this
    const nowMs = stock.ready > 0 ? this.#node.now() : 0
    const { message } = stock
    while (stock.ready > 0 && this.#departures.mayDeliver) {
      const member = this.#consumers.pick()
      if (member === null || stock.look() !== Look.there) break
      if (this.#departures.dropExpired()) continue
      // What came back has its place before those that have arrived, all else behind them.
      if (stock.isHeadHeld || (stock.headBefore === null && !this.#arrivals.isEmpty)) break
      const redelivered = stock.isHeadRedelivered
      const failures = stock.headBefore?.failures ?? 0
      const deliveries = redelivered ? (stock.headBefore?.deliveries ?? 1) : 0
      this.counters.sent(member.settled, redelivered, nowMs)
      let id = 0
      if (member.settled) stock.settleHead()
      else id = this.#timeouts.lent(stock.take(), member, nowMs)
      member.consumer.deliver(id, message, redelivered, failures, deliveries)
    }
    this.#isPumping = false
    this.#departures.watchHeads()
  }

  /** One message, or null when none is ready. */
  async get(settled: boolean): Promise<Got | null> {
    this.touch()
    const { stock } = this
    this.#departures.shorten()
    while (stock.ready > 0 && !this.isGone && !this.#departures.isStuck) {
      const found = this.#departures.held > 0 ? Look.later : stock.look()
      if (found === Look.nothing) break
      if (found === Look.there && this.#departures.dropExpired()) continue
      if (found === Look.there && !stock.isHeadHeld) return this.#got(settled)
      await new Promise<void>((r) => this.#readWaiters.push(r))
    }
    this.counters.gotNothing++
    return null
  }

  #got(settled: boolean): Got {
    const { stock } = this
    const message = stock.message.copy()
    const redelivered = stock.isHeadRedelivered
    const failures = stock.headBefore?.failures ?? 0
    const deliveries = redelivered ? (stock.headBefore?.deliveries ?? 1) : 0
    let id = 0
    this.counters.gave(settled, redelivered, this.#node.now())
    if (settled) stock.settleHead()
    else id = stock.take().id
    this.#departures.watchHeads()
    return { id, message, redelivered, failures, deliveries, remaining: stock.ready }
  }

  /** What was asked for has been read. */
  #read(): void {
    for (const waiter of this.#readWaiters.splice(0)) waiter()
    this.#node.attend(this)
  }

  // ---- Settling ---------------------------------------------------------------------------------

  accept(id: number): void {
    if (this.isGone) return
    this.counters.accepted++
    this.stock.accept(id)
  }

  /** Gives one back: to its old place, or else away. `failed`: it counts as an attempt. */
  reject(id: number, requeue: boolean, failed: boolean): void {
    if (this.isGone) return
    const { stock, settings } = this
    const entry = stock.entries.land(id)
    if (failed) entry.failures++
    const isOver = entry.failures > settings.deliveryLimit
    if (!requeue || isOver) this.#departures.reject(entry, requeue ? 'delivery_limit' : 'rejected')
    else {
      const attempts = Math.max(1, failed ? entry.failures : entry.deliveries)
      const delayMs = retryDelayMs(settings.retry, attempts, failed)
      const dueMs = delayMs > 0 ? this.#node.now() + delayMs : 0
      stock.giveBack(entry, dueMs)
      if (dueMs > 0) this.#node.wakeAt(this, dueMs)
      this.touch()
    }
    this.#node.attend(this)
  }

  /** Much comes back, in pieces, between 1 and -1: nothing is delivered, so that order is kept. */
  hold(by: 1 | -1): void {
    this.#departures.held += by
    if (this.#departures.held === 0) this.#read()
  }

  /** Drops what is ready; returns how many that were. */
  purge(): number {
    return this.stock.purge()
  }

  // ---- Rules ------------------------------------------------------------------------------------

  wake(): void {
    this.#node.attend(this)
  }

  /**
   * Does what its rules ask for now, and delivers. True: there is more to do, in another turn, so
   * that others have theirs.
   */
  work(): boolean {
    if (this.isGone) return false
    const nowMs = this.#node.now()
    this.stock.ripen(nowMs)
    this.#timeouts.cancelOverdue(nowMs, () => this.host.consumerLeft(this))
    if (!this.#arrivals.isEmpty) this.#pump()
    this.#arrivals.deliver()
    const left = this.#departures.work(nowMs, workMax)
    this.#pump()
    this.#watch()
    this.#tellUnused(nowMs)
    // Dead letters that found no room are tried again when there is some.
    return left <= 0 || this.#departures.isBlocked
  }

  #watch(): void {
    this.#timeouts.watch()
    const { nextDueMs } = this.stock.delayed
    if (nextDueMs < Number.POSITIVE_INFINITY) this.#node.wakeAt(this, nextDueMs)
    this.#departures.watchHeads()
    this.#watchUse()
  }

  #watchUse(): void {
    const endMs = this.#disuse.endMs(this.#settings.expiresMs)
    if (endMs < Number.MAX_VALUE && this.#consumers.count === 0) this.#node.wakeAt(this, endMs)
  }

  #tellUnused(nowMs: number): void {
    if (this.#consumers.count > 0) this.#disuse.used(nowMs)
    if (!this.isGone && this.#disuse.isOver(nowMs, this.#settings.expiresMs)) this.host.unused(this)
  }

  // ---- Others -----------------------------------------------------------------------------------

  /** Records were appended to the log of lane 0 by somebody else. */
  afterForeignAppend(): void {
    this.stock.grow(this.stock.lanes[0] as Lane)
    this.#recordsCame()
  }

  #recordsCame(): void {
    if (this.isGone) return
    this.#departures.mayExpire = true
    this.#node.attend(this)
  }

  /** Its consumers are told at once; resolves when its logs are gone. */
  async drop(): Promise<void> {
    if (this.isGone) return
    this.isGone = true
    this.feed?.end()
    for (const member of this.#consumers.all) {
      this.#consumers.remove(member)
      member.consumer.cancelled('queueDeleted')
    }
    this.#read()
    this.#arrivals.clear()
    this.stock.close()
    await this.#node.gone(this)
  }
}
