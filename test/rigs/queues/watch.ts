// Follows each copy of a message through the queues of one node after the other, and says what is
// wrong. It hears of everything by the tracer and from the clients of the simulation; what a crash
// may leave is decided in copies.ts and held against what is found here.
import type { HostedQueue } from '../../../src/broker/messaging/hosted-queue.ts'
import { MessageView } from '../../../src/model/message/message.ts'
import { Published } from '../../../src/queue/published.ts'
import type { Queue } from '../../../src/queue/queue.ts'
import type { DeadLetterReason } from '../../../src/queue/queue-host.ts'
import { RigFailure } from '../sim/failure.ts'
import { type Copy, isWhole, keyOf, type QueueModel } from './copies.ts'
import type { Tracer } from './trace.ts'

interface Publishing {
  readonly queue: string
  readonly copy: Copy
}

/** What one publish brought about, for who checks its confirm. */
export interface Made {
  /** A copy that is durable only when it is flushed. */
  waits: boolean
  copies: number
}

/** What a delivery says besides the message. */
export interface Told {
  readonly id: number
  readonly redelivered: boolean
  readonly failures: number
}

export class Watch implements Tracer {
  readonly queues = new Map<string, QueueModel>()
  readonly hosted = new Map<string, HostedQueue>()
  readonly covered = new Map<string, number>()
  /** Names of records that a Kafka client has on their way into a queue, batch by batch. */
  readonly foreign = new Map<string, { readonly names: readonly string[]; copies: Copy[] }[]>()
  event = 1
  /** All up to this event is durable. */
  confirmed = 0
  wrong: Error | null = null
  made: Made = { waits: false, copies: 0 }
  readonly #publishing: Publishing[] = []
  readonly #moving: Copy[] = []
  #drainPlaces = new Map<string, number>()

  saw(what: string, times = 1): void {
    this.covered.set(what, (this.covered.get(what) ?? 0) + times)
  }

  /** Kept and not thrown: whoever calls is the broker. */
  fail(message: string): void {
    this.wrong ??= new RigFailure(message)
  }

  confirm(at: number): void {
    this.confirmed = Math.max(this.confirmed, at)
  }

  #model(name: string): QueueModel | null {
    const model = this.queues.get(name) ?? null
    if (model === null) this.fail(`there is a queue ${name}, and nobody made it`)
    return model
  }

  // ---- Queues -----------------------------------------------------------------------------------

  queueAdded(hosted: HostedQueue): void {
    this.hosted.set(hosted.name, hosted)
    const model = this.#model(hosted.name)
    if (model !== null) model.isThere = true
  }

  queueRemoved(hosted: HostedQueue): void {
    const model = this.queues.get(hosted.name)
    if (model !== undefined) model.isLeaving = true
    this.hosted.delete(hosted.name)
  }

  // ---- Coming in --------------------------------------------------------------------------------

  publishing(queue: Queue, message: MessageView, go: () => number): number {
    const model = this.#model(queue.name)
    if (model === null || queue.isGone) return go()
    const parent = this.#moving.at(-1) ?? null
    if (parent === null) this.event++
    const copy = model.add(message, this.event)
    copy.parent = parent
    parent?.children.push(copy)
    this.#publishing.push({ queue: queue.name, copy })
    const flags = go()
    this.#publishing.pop()
    if ((flags & Published.rejected) !== 0) {
      this.saw('refused')
      if (!copy.isVirtual) model.end(copy, this.event, 'refused')
      copy.isVirtual = true
    }
    if (!copy.isVirtual) {
      this.made.copies++
      if (isPromised(copy) && copy.isLive && !copy.mayVanish) this.made.waits = true
    }
    return flags
  }

  foreignAppended(queue: Queue): void {
    const lane = queue.stock.lanes[0]
    // A refused append is told of too.
    if (lane?.existing?.logEndOffset === lane?.end) return
    const batch = this.foreign.get(queue.name)?.shift()
    const model = this.#model(queue.name)
    if (batch === undefined || model === null) {
      this.fail(`${queue.name}: an append of nobody`)
      return
    }
    this.event++
    for (const name of batch.names) batch.copies.push(model.add(foreignMessage(name), this.event))
  }

  // ---- Going out --------------------------------------------------------------------------------

  dying(name: string, message: MessageView, reason: DeadLetterReason, go: () => boolean): boolean {
    const model = this.#model(name)
    if (model === null) return false
    const isNested = this.#moving.length > 0
    if (!isNested) this.event++
    const copy = this.#dyingCopy(model, message, reason)
    if (copy === null) {
      this.fail(`${keyOf(message)} dies in ${name} of ${reason}, and is not there`)
      return false
    }
    this.#checkReason(copy, message, reason)
    this.saw(`dead: ${reason}`)
    this.#moving.push(copy)
    const isDone = go()
    this.#moving.pop()
    if (copy.children.length === 0) this.#checkNoWay(copy)
    if (isNested) this.saw('dead letters of dead letters')
    return isDone
  }

  #checkNoWay(copy: Copy): void {
    this.saw('dead letters without a way')
    const { letterQueue, name } = copy.queue
    // What has died before may go in a circle.
    if (letterQueue === null || letterQueue === name || copy.key.includes('<')) return
    if (this.isThere(letterQueue)) this.fail(`${copy} dies, and does not get to ${letterQueue}`)
  }

  isThere(name: string): boolean {
    const model = this.queues.get(name)
    return model?.isDeclared === true && !model.isLeaving
  }

  #dyingCopy(model: QueueModel, message: MessageView, reason: DeadLetterReason): Copy | null {
    const coming = this.#publishing.at(-1)
    if (coming !== undefined && coming.queue === model.name) {
      coming.copy.isVirtual = true
      model.end(coming.copy, this.event, 'moved')
      return coming.copy
    }
    const isRejected = reason === 'rejected' || reason === 'delivery_limit'
    const copy = this.#see(model, keyOf(message), isRejected ? 'leaving' : 'ready')
    if (copy !== null) model.end(copy, this.event, 'moved')
    return copy
  }

  #checkReason({ queue }: Copy, message: MessageView, reason: DeadLetterReason): void {
    const { messageTtlMs, maxLength, maxLengthBytes, deliveryLimit } = queue.settings
    const isDeclared = {
      expired: messageTtlMs < Number.POSITIVE_INFINITY || message.expiration !== null,
      maxlen: Math.min(maxLength, maxLengthBytes) < Number.POSITIVE_INFINITY,
      delivery_limit: deliveryLimit < Number.POSITIVE_INFINITY,
      rejected: true,
    }[reason]
    if (!isDeclared) this.fail(`${keyOf(message)} dies in ${queue.name} of ${reason}: not declared`)
  }

  #see(model: QueueModel, key: string, state: 'ready' | 'leaving' | 'inFlight'): Copy | null {
    const copy = model.seen(key, state)
    if (copy?.state !== 'unknown') return copy
    this.saw('found after a crash')
    if (copy.past?.isOver === true)
      this.fail(`${copy} was settled durably (${copy.past.ending}), and is back`)
    if (copy.isUnmade) this.fail(`${copy} is there, and what it was made from came back`)
    model.found(copy)
    return copy
  }

  /** A consumer was given it. Null: something is wrong. */
  delivered(model: QueueModel, message: MessageView, told: Told): Copy | null {
    const key = keyOf(message)
    const copy = this.#see(model, key, 'ready')
    if (copy === null) {
      const was = model.gone.has(key) ? ', gone since a crash,' : ''
      const now = (model.copies.get(key) ?? []).join('; ')
      this.fail(`${key}${was} was delivered from ${model.name}, and is not ready there: ${now}`)
      return null
    }
    this.event++
    if (!isWhole(message)) this.fail(`${copy} is not whole`)
    this.#checkDelivery(copy, told)
    copy.deliveries++
    copy.failures = told.failures
    if (told.id === 0) model.end(copy, this.event, 'settled')
    else copy.state = 'inFlight'
    return copy
  }

  #checkDelivery(copy: Copy, { redelivered, failures }: Told): void {
    const { past } = copy
    if (copy.isStrange) return
    if (past === null || copy.deliveries > 0) {
      if (redelivered !== copy.deliveries > 0)
        this.fail(`${copy}: redelivered is ${redelivered} at delivery ${copy.deliveries + 1}`)
      if (failures !== copy.failures)
        this.fail(`${copy}: ${failures} failures, not ${copy.failures}`)
      return
    }
    if (past.failures >= 0 && !redelivered) this.fail(`${copy}: it came back before, and forgot`)
    const least = Math.max(0, past.failures)
    if (failures < least || failures > past.failuresMax)
      this.fail(`${copy}: ${failures} failures, not ${least} to ${past.failuresMax}`)
  }

  /** In a drain each lane gives what it has in its order. */
  checkOrder(copy: Copy): void {
    if (copy.queue.settings.retry !== null) return
    const lane = `${copy.queue.name} ${copy.lane}`
    const before = this.#drainPlaces.get(lane) ?? -1
    if (copy.place < before) this.fail(`${copy} comes behind what was published later`)
    this.#drainPlaces.set(lane, copy.place)
  }

  settled(copy: Copy): void {
    this.event++
    copy.queue.end(copy, this.event, 'settled')
  }

  /** True: it stays or goes to its old place; false: it leaves. */
  rejected(copy: Copy, requeue: boolean, failed: boolean): void {
    this.event++
    if (failed) copy.failures++
    const { deliveryLimit, deadLetters, retry } = copy.queue.settings
    const isOver = copy.failures > deliveryLimit
    if (requeue && !isOver) {
      copy.state = 'ready'
      copy.returns.push({ at: this.event, failures: copy.failures })
      if (retry !== null) this.saw('returned with retry')
    } else if (deadLetters) copy.state = 'leaving'
    else copy.queue.end(copy, this.event, 'settled')
  }

  purged(model: QueueModel, count: number): void {
    this.event++
    const ready = model.all.filter((c) => c.isLive && c.state === 'ready')
    // Some may be delayed, and stay.
    if (model.settings.retry !== null) for (const copy of ready) copy.mayVanish = true
    else {
      if (count !== ready.length && !ready.some((c) => c.mayVanish))
        this.fail(`${model.name}: ${count} were purged, not ${ready.length}`)
      for (const copy of ready) model.end(copy, this.event, 'settled')
    }
  }

  // ---- Crashes ----------------------------------------------------------------------------------

  crashed(): void {
    this.hosted.clear()
    this.foreign.clear()
    this.#publishing.length = 0
    this.#moving.length = 0
    for (const [name, model] of this.queues)
      if (!model.isDurable) this.queues.delete(name)
      else model.crashed(this.confirmed)
    // Events go on; what was not confirmed by now never will be.
    this.event++
    this.confirmed = 0
  }

  /** The node is there again: which queues must be, and which are not any more. */
  recovered(): void {
    for (const [name, model] of this.queues) {
      if (this.hosted.has(name)) {
        model.isLeaving = false
        model.isDeclared = true
        continue
      }
      if (model.isDeclared && !model.isLeaving) this.fail(`the queue ${name} is lost`)
      this.queues.delete(name)
    }
    this.#drainPlaces.clear()
  }

  /** All queues are empty: whoever is not here is nowhere. */
  checkDrained(): void {
    for (const model of this.queues.values())
      for (const copy of model.all) if (copy.past !== null) this.#checkLost(copy, copy.past)
    for (const model of this.queues.values()) model.drained()
  }

  #checkLost(copy: Copy, past: NonNullable<Copy['past']>): void {
    const { isFound } = copy
    if (!isFound && past.ending === null && !copy.mayVanish && this.#isCertain(copy))
      this.fail(`${copy} is lost, and was durable`)
    if (!isFound || copy.isStrange) return
    for (const child of past.children)
      if (child.isFound && !child.isStrange) this.fail(`${copy} is back, and so is ${child}`)
  }

  /** It must be there, or have had an end. */
  #isCertain(copy: Copy): boolean {
    const { past, parent } = copy
    if (past === null || past.isCertain) return past !== null
    if (!copy.isSync || parent === null || parent.isFound || parent.isVirtual) return false
    if (parent.isStrange || parent.mayVanish || this.queues.get(parent.queue.name) !== parent.queue)
      return false
    return this.#isCertain(parent)
  }

  /** What the queue says it holds is what it was given. */
  checkCounts(model: QueueModel): void {
    const queue = this.hosted.get(model.name)?.queue
    if (queue === undefined || model.isLeaving || model.isSilent) return
    if (model.all.some((c) => c.mayVanish || c.state === 'unknown')) return
    const held = queue.ready + queue.delayed + queue.inFlight
    if (held !== model.live)
      this.fail(`${model.name} holds ${held}, and was given ${model.live} that are not settled`)
  }
}

/** On its way it was nowhere where nothing is durable. */
const isPromised = ({ isSync, parent }: Copy): boolean =>
  isSync && (parent === null || isPromised(parent))

/** What a Kafka client wrote: no properties. */
const foreignMessage = (name: string): MessageView =>
  new MessageView().set('', '', Uint8Array.of(0, 0), Buffer.from(name))
