// What leaves a queue by its rules and not by a consumer: messages that have expired, that are too
// many, that were rejected. Each is given to the host, if the queue has dead letters, and settled
// in the same turn. Expired ones leave at the head only. The queue owns it.
import type { MessageView } from '../model/message/message.ts'
import type { Entry } from './entry.ts'
import { keptAs } from './published.ts'
import type { QueueCounters } from './queue-counters.ts'
import type { DeadLetterReason, QueueHost, QueueName } from './queue-host.ts'
import type { Attended, QueueNode } from './queue-node.ts'
import type { QueueSettings } from './queue-settings.ts'
import type { Stock } from './stock.ts'
import { Look } from './stock-parts.ts'

/** How long those wait that nobody took, before they are tried again. */
const backOffMs = { min: 1000, max: 60_000 }

/** So many a message may displace before others have their turn. */
const trimmedMax = 1000
/** Dead letters that fit one commit with what else a turn does. */
const shortenedMax = 16

/** While dead letters have to wait for room, nobody looks at the clock more often. */
const blockedMs = 10

export interface Departed extends Attended, QueueName {
  readonly settings: QueueSettings
  readonly counters: QueueCounters
}

export class Departures {
  readonly #queue: Departed
  readonly #stock: Stock
  readonly #host: QueueHost
  readonly #node: QueueNode
  /** Some message may have a time to live. */
  mayExpire: boolean
  /** So many are giving much back, in pieces: nothing is delivered before all is there. */
  held = 0
  /** Rejected in this turn, and known to nobody but the memory. */
  readonly #sent: Entry[] = []
  /** What leaves is gone through in passes; those that nobody takes wait for the next. */
  #pass = 1
  #nextPassMs = 0
  #backOffMs = backOffMs.min

  constructor(queue: Departed, stock: Stock, host: QueueHost, node: QueueNode) {
    this.#queue = queue
    this.#stock = stock
    this.#host = host
    this.#node = node
    // What was in flight is ready again; what waits to be tried again was so before.
    this.mayExpire = stock.ready + stock.delayed.size > 0
  }

  // ---- Expiry -----------------------------------------------------------------------------------

  ttlMs(message: MessageView): number {
    return Math.min(this.#queue.settings.messageTtlMs, message.expirationMs)
  }

  /** Of the message that the stock has looked at. */
  get #expiresAtMs(): number {
    const { headTimestampMs: sinceMs, message } = this.#stock
    // A record of a topic may say no time.
    return sinceMs < 0 ? Number.POSITIVE_INFINITY : sinceMs + this.ttlMs(message)
  }

  /** The message that the stock has looked at is dropped if its time is over. */
  dropExpired(): boolean {
    if (!this.mayExpire || this.#expiresAtMs > this.#node.now()) return false
    this.#dropHead('expired')
    return true
  }

  /** A message went straight to a consumer, and may come back. */
  lent(message: MessageView): void {
    this.mayExpire ||= this.ttlMs(message) < Number.POSITIVE_INFINITY
  }

  /** A message was put in that expires then. */
  expiresLater(atMs: number): void {
    this.mayExpire = true
    const { ready, lanes } = this.#stock
    if (ready === 1 || lanes.length > 1) this.#node.wakeAt(this.#queue, atMs)
  }

  /** Asks to be woken when the heads expire; while they may not leave, the next pass wakes. */
  watchHeads(): void {
    if (!this.mayExpire || !this.mayDeliver) return
    const earliestMs = this.isBlocked ? this.#node.now() + blockedMs : 0
    for (const lane of this.#stock.lanes)
      if (this.#stock.look(lane) === Look.there && this.#expiresAtMs < Number.POSITIVE_INFINITY)
        this.#node.wakeAt(this.#queue, Math.max(earliestMs, this.#expiresAtMs))
  }

  // ---- Leaving ----------------------------------------------------------------------------------

  get #keeps(): boolean {
    const { deadLetters, keepsDeadLetters } = this.#queue.settings
    return deadLetters && keepsDeadLetters
  }

  /**
   * Nothing may be delivered: nobody takes its dead letters, and it can keep no more; or the node
   * ends, and has told what was delivered.
   */
  get isStuck(): boolean {
    if (this.#node.isClosing) return true
    return this.#stock.leaving.size >= this.#node.options.leavingMax && this.#keeps
  }

  get mayDeliver(): boolean {
    return this.held === 0 && !this.isStuck
  }

  /** Gives it to the host, if anybody wants it. */
  deadLetter(message: MessageView, reason: DeadLetterReason): void {
    const { settings, counters } = this.#queue
    const isSent = settings.deadLetters && this.#give(message, reason, false)
    counters.died(reason, isSent ? 'at_most_once' : 'disabled')
  }

  /** Its time is over when it comes. Returns flags of `Published`. */
  expireAtOnce(message: MessageView, isSync: boolean): number {
    this.deadLetter(message, 'expired')
    // It is where its dead letter is.
    return keptAs(isSync && this.#queue.settings.deadLetters)
  }

  #give(message: MessageView, reason: DeadLetterReason, isSure: boolean): boolean {
    return this.#node.deadLetter(() => this.#host.deadLetter(this.#queue, message, reason, isSure))
  }

  /** The message that the stock has looked at. */
  #dropHead(reason: DeadLetterReason): void {
    if (this.#keeps && reason !== 'maxlen') {
      this.#stock.sendHead(reason)
      this.#node.attend(this.#queue)
      return
    }
    this.deadLetter(this.#stock.message, reason)
    this.#stock.settleHead()
  }

  /** An entry that has just landed leaves, at the end of the turn if somebody wants it. */
  reject(entry: Entry, reason: DeadLetterReason): void {
    if (this.#queue.settings.deadLetters) {
      this.#stock.send(entry, reason, this.#keeps)
      if (!this.#keeps) this.#sent.push(entry)
    } else {
      this.#queue.counters.died(reason, 'disabled')
      this.#stock.settle(entry)
    }
  }

  /** Other rules hold: what nobody took is tried again. */
  ruled(): void {
    this.mayExpire ||= this.#queue.settings.messageTtlMs < Number.POSITIVE_INFINITY
    this.#nextPassMs = 0
  }

  /** Whether `more` messages of so many bytes would be too much. */
  overflows(more: number, bytes: number): boolean {
    const { ready, readyBytes } = this.#stock
    const { maxLength, maxLengthBytes } = this.#queue.settings
    return ready + more > maxLength || readyBytes + bytes > maxLengthBytes
  }

  /** Does what is due, for at most so many messages; returns how many more it might have done. */
  work(nowMs: number, most: number): number {
    this.#stock.setRight()
    const left = this.#moveLeaving(nowMs, most)
    this.#noteLeft()
    return this.#trim(this.#expire(nowMs, left))
  }

  /**
   * What could not leave in this turn, because it has to be read or there is no room, leaves also
   * when the node ends before: who rejected it may have a confirm that says so.
   */
  #noteLeft(): void {
    for (const entry of this.#sent.splice(0))
      if (!entry.lasts && this.#stock.leaving.has(entry)) this.#stock.keepLeaving(entry)
  }

  /** Returns how many more it might have moved. */
  #moveLeaving(nowMs: number, most: number): number {
    const { leaving } = this.#stock
    if (leaving.size === 0) return most
    if (nowMs < this.#nextPassMs) {
      this.#node.wakeAt(this.#queue, this.#nextPassMs)
      return most
    }
    let left = most
    for (const entry of leaving) {
      if (entry.pass === this.#pass) continue
      if (left-- === 0) return 0
      if (this.isBlocked) return left
      const found = this.#stock.lookAt(entry)
      if (found === Look.later) return left
      if (found === Look.there && !this.#moves(entry)) entry.pass = this.#pass
      else {
        leaving.delete(entry)
        this.#stock.settle(entry)
      }
    }
    this.#endPass(nowMs)
    return left
  }

  /** The message of the entry, which the stock has looked at. */
  #moves({ reason }: Entry): boolean {
    const isSure = this.#keeps
    const why = reason ?? 'rejected'
    if (!isSure) this.deadLetter(this.#stock.message, why)
    else if (!this.#give(this.#stock.message, why, true)) return false
    else this.#queue.counters.died(why, 'at_least_once')
    this.#backOffMs = backOffMs.min
    return true
  }

  #endPass(nowMs: number): void {
    if (this.#stock.leaving.size === 0) return
    this.#pass++
    this.#nextPassMs = nowMs + this.#backOffMs
    this.#backOffMs = Math.min(backOffMs.max, this.#backOffMs * 2)
    this.#node.wakeAt(this.#queue, this.#nextPassMs)
  }

  #expire(nowMs: number, most: number): number {
    let left = most
    if (!this.mayExpire) return left
    for (const lane of this.#stock.lanes)
      while (left > 0 && !this.isBlocked && this.mayDeliver) {
        if (this.#stock.look(lane) !== Look.there || this.#expiresAtMs > nowMs) break
        this.#dropHead('expired')
        left--
      }
    // What comes back still has its time to live.
    const isEmpty = this.#stock.ready + this.#stock.inFlight + this.#stock.delayed.size === 0
    if (isEmpty && this.#queue.settings.messageTtlMs === Number.POSITIVE_INFINITY)
      this.mayExpire = false
    return left
  }

  /** Dead letters have to wait for room, or for the end of the turn. */
  get isBlocked(): boolean {
    return this.#queue.settings.deadLetters && (this.#node.isFull || this.#node.isLaden)
  }

  /**
   * Drops what is too much, so that a message finds the queue as the one before it left it, however
   * many come in a turn. Dead letters wait for the end of the turn: they and what they rest on have
   * to fit one commit. True: not all of it could be dropped at once.
   */
  isTooLong(): boolean {
    if (!this.overflows(0, 0)) return false
    if (!this.#queue.settings.deadLetters && this.held === 0) this.#trim(trimmedMax)
    return this.overflows(0, 0)
  }

  /** What has just come back may be too much: a little goes at once, whoever wants it. */
  shorten(): void {
    if (this.held === 0 && this.overflows(0, 0)) this.#trim(shortenedMax)
  }

  #trim(most: number): number {
    let left = most
    while (left > 0 && this.overflows(0, 0) && !this.isBlocked) {
      if (this.#queue.settings.overflow !== 'drop-head') break
      if (this.#stock.look() !== Look.there) break
      this.#dropHead('maxlen')
      left--
    }
    return left
  }
}
