// Follows each copy of a message through the queues of one node after the other, and says what is
// wrong. It hears of everything by the tracer and from the clients of the simulation; what a crash
// may leave is decided in copies.ts and held against what is found here.
import type { HostedQueue } from '../../../src/broker/messaging/hosted-queue.ts'
import type { HostedStream } from '../../../src/broker/messaging/hosted-stream.ts'
import type { VhostCore } from '../../../src/broker/messaging/vhost-core.ts'
import type { MessageView } from '../../../src/model/message/message.ts'
import { Published } from '../../../src/queue/published.ts'
import type { Queue } from '../../../src/queue/queue.ts'
import { RigFailure } from '../sim/failure.ts'
import {
  type Copy,
  foreignMessage,
  isWhole,
  keyOf,
  nameOf,
  type QueueModel,
  type State,
} from './copies.ts'
import { Losses } from './losses.ts'
import { Rules } from './rules.ts'
import type { StreamModel, StreamRecord } from './stream-model.ts'
import { labelOf, tagOf } from './topology.ts'
import type { Dying, Tracer } from './trace.ts'
import { deliveryFault, reasonFault, shownChild, type Told } from './verdicts.ts'

interface Publishing {
  readonly queue: QueueModel
  readonly copy: Copy
}

/** What one publish brought about, for who checks its confirm. */
export interface Made {
  /** A copy that is durable only when it is flushed. */
  waits: boolean
  copies: number
}

export class Watch implements Tracer {
  /** By the names that are unique in the node. */
  readonly queues = new Map<string, QueueModel>()
  readonly streams = new Map<string, StreamModel>()
  readonly rules = new Rules(this)
  readonly losses = new Losses(this)
  readonly #byTopic = new Map<string, QueueModel>()
  readonly #streamByTopic = new Map<string, StreamModel>()
  readonly hosted = new Map<string, HostedQueue>()
  readonly covered = new Map<string, number>()
  /** Names of records that a Kafka client has on their way into a queue, batch by batch. */
  readonly foreign = new Map<string, { readonly names: readonly string[]; copies: Copy[] }[]>()
  event = 1
  /** All up to this event is durable. */
  confirmed = 0
  wrong: Error | null = null
  made: Made = { waits: false, copies: 0 }
  /** The node knows that its disk has no room. */
  isFull = false
  /** The node comes to its end in an orderly way. */
  isEnding = false
  /** The dead letter on its way has to get to all. */
  #isSure = false
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

  #judge(fault: string | null): void {
    if (fault !== null) this.fail(fault)
  }

  confirm(at: number): void {
    this.confirmed = Math.max(this.confirmed, at)
  }

  #model(topic: string, name: string): QueueModel | null {
    const model = this.#byTopic.get(topic) ?? null
    if (model === null) this.fail(`there is a queue ${name}, and nobody made it`)
    return model
  }

  // ---- Queues and streams -----------------------------------------------------------------------

  queueAdded(hosted: HostedQueue, core: VhostCore): void {
    this.rules.read(core.parts.policies)
    const name = labelOf(core.name, hosted.name)
    this.hosted.set(name, hosted)
    const model = this.queues.get(name)
    if (model === undefined) {
      this.fail(`there is a queue ${name}, and nobody made it`)
      return
    }
    this.#byTopic.set(hosted.definition.topic, model)
    model.isThere = true
    this.rules.follow(model)
    this.rules.check(model)
  }

  streamAdded({ name, topic }: HostedStream, vhost: string): void {
    const model = this.streams.get(labelOf(vhost, name))
    if (model !== undefined) this.#streamByTopic.set(topic.id, model)
    else if (!topic.internal) this.fail(`there is a stream ${name} in ${vhost}: nobody made it`)
  }

  queueRemoved(hosted: HostedQueue): void {
    const model = this.#byTopic.get(hosted.definition.topic)
    if (model === undefined) return
    model.isLeaving = true
    this.hosted.delete(model.name)
  }

  policiesChanged(vhost: string, go: () => void): void {
    this.rules.changed(vhost, go)
  }

  // ---- Coming in --------------------------------------------------------------------------------

  publishing(queue: Queue, message: MessageView, go: () => number): number {
    const model = this.#model(queue.topic, queue.name)
    if (model === null || queue.isGone) return go()
    this.#checkVhost(model, message)
    const parent = this.#moving.at(-1) ?? null
    if (parent === null) this.event++
    // Amid a move the queue still counts what is about to leave it.
    const isFull = this.#moving.length === 0 ? model.isFullFor(queue.inFlight) : null
    const copy = model.add(message, this.event)
    copy.parent = parent
    parent?.children.push(copy)
    this.#publishing.push({ queue: model, copy })
    const flags = go()
    this.#publishing.pop()
    const isRefused = (flags & Published.rejected) !== 0
    if (isFull !== null && isFull !== isRefused)
      this.fail(`${copy} is ${isRefused ? '' : 'not '}refused, and the queue is full: ${isFull}`)
    if (isRefused) {
      this.saw('refused')
      if (parent !== null && this.#isSure) this.fail(`${parent} goes to all, and not to ${copy}`)
      if (!copy.isVirtual) model.end(copy, this.event, 'refused')
      copy.isVirtual = true
    }
    if (!copy.isVirtual) {
      this.made.copies++
      const waits = isPromised(copy) && copy.isLive && !copy.mayVanish
      if (waits && !isDisplaced(parent)) this.made.waits = true
    }
    return flags
  }

  /** Queues of different vhosts have the same names, and nothing in common. */
  #checkVhost({ vhost, name }: QueueModel | StreamModel, message: MessageView): void {
    if (!nameOf(message).startsWith(tagOf(vhost)))
      this.fail(`${keyOf(message)} comes to ${name}, and is of another vhost`)
  }

  appending(stream: HostedStream, message: MessageView, go: () => number): number {
    const model = this.#streamByTopic.get(stream.topic.id)
    if (model === undefined) {
      this.fail(`there is a stream ${stream.name}, and nobody made it`)
      return go()
    }
    this.#checkVhost(model, message)
    const flags = go()
    if ((flags & Published.rejected) !== 0) {
      this.saw('refused by streams')
      return flags
    }
    if (this.isFull) this.fail(`${model.name} takes ${keyOf(message)}, and the disk is full`)
    const parent = this.#moving.at(-1) ?? null
    if (parent === null) this.event++
    else this.saw('dead letters into streams')
    const record = model.add(message, this.event, { parent })
    parent?.appended.push(record)
    this.recordTaken(model, record)
    this.saw('appended to streams')
    this.made.copies++
    if (!isDisplaced(parent)) this.made.waits ||= parent === null || isPromised(parent)
    return flags
  }

  /** Queues over the topic have one more. */
  recordTaken(stream: StreamModel, record: StreamRecord): void {
    for (const model of this.queues.values())
      if (model.source === stream) model.addRecord(record, !model.isDeclared)
  }

  recordRefused(stream: StreamModel, record: StreamRecord): void {
    stream.drop(record)
    for (const model of this.queues.values())
      for (const copy of model.source === stream ? (model.copies.get(record.key) ?? []) : []) {
        if (!copy.isLive) this.fail(`${copy} was taken from its topic, and refused there`)
        else model.end(copy, this.event, 'refused')
        copy.isVirtual = true
      }
  }

  foreignAppended(queue: Queue): void {
    const lane = queue.stock.lanes[0]
    // A refused append is told of too.
    if (lane?.existing?.logEndOffset === lane?.end) return
    const model = this.#model(queue.topic, queue.name)
    const batch = this.foreign.get(model?.name ?? '')?.shift()
    if (batch === undefined || model === null) {
      this.fail(`${queue.name}: an append of nobody`)
      return
    }
    this.event++
    for (const name of batch.names) batch.copies.push(model.add(foreignMessage(name), this.event))
  }

  // ---- Going out --------------------------------------------------------------------------------

  dying({ from, message, reason, isSure }: Dying, go: () => boolean): boolean {
    const model = this.#model(from.definition.topic, from.name)
    if (model === null) return false
    const isNested = this.#moving.length > 0
    if (!isNested) this.event++
    const copy = this.#dyingCopy(model, message, reason)
    if (copy === null) {
      this.fail(`${keyOf(message)} dies in ${model.name} of ${reason}, and is not there`)
      return false
    }
    this.#judge(reasonFault(copy, message, reason))
    this.saw(`dead: ${reason}`)
    this.#moving.push(copy)
    const wasSure = this.#isSure
    this.#isSure = isSure
    const isDone = go()
    this.#isSure = wasSure
    this.#moving.pop()
    const made = copy.children.length + copy.appended.length
    if (made === 0) this.#checkNoWay(copy, isSure)
    this.#checkSure(copy, { isSure, isDone, made })
    if (isNested) this.saw('dead letters of dead letters')
    return isDone
  }

  /** At least once: it goes to all, or it stays. */
  #checkSure(
    copy: Copy,
    { isSure, isDone, made }: { isSure: boolean; isDone: boolean; made: number },
  ): void {
    if (!isSure) return
    this.saw(isDone ? 'dead letters that went for sure' : 'dead letters that are kept')
    if (isDone === (made === 0)) this.fail(`${copy} goes to ${made} places: ${isDone}`)
    if (!isDone) copy.queue.keep(copy)
  }

  #checkNoWay(copy: Copy, isSure: boolean): void {
    this.saw('dead letters without a way')
    const { letterQueue, name, vhost } = copy.queue
    if (letterQueue === null || isSure) return
    const to = labelOf(vhost, letterQueue)
    // What has died before may go in a circle.
    if (to === name || copy.key.includes('<')) return
    if (this.isThere(to) && this.queues.get(to)?.source === null)
      this.fail(`${copy} dies, and does not get to ${to}`)
  }

  /** A queue of this name. */
  isThere(name: string): boolean {
    const model = this.queues.get(name)
    return model?.isDeclared === true && !model.isLeaving
  }

  #dyingCopy(model: QueueModel, message: MessageView, reason: Dying['reason']): Copy | null {
    const coming = this.#publishing.at(-1)
    const isItself = coming?.queue === model && coming.copy.key === keyOf(message)
    if (coming !== undefined && isItself) {
      coming.copy.isVirtual = true
      model.end(coming.copy, this.event, 'moved')
      return coming.copy
    }
    const isRejected = reason === 'rejected' || reason === 'delivery_limit'
    const states = isRejected ? (['leaving'] as const) : (['ready', 'leaving'] as const)
    const isKept = model.settings.keepsDeadLetters
    const key = keyOf(message)
    const copy = this.#see(model, key, ...(isKept ? model.triesOf(key, states) : [states[0]]))
    if (copy !== null) model.end(copy, this.event, 'moved')
    return copy
  }

  #see(model: QueueModel, key: string, ...states: readonly State[]): Copy | null {
    const copy = model.seen(key, ...states)
    if (copy?.state !== 'unknown') return copy
    this.saw('found after a crash')
    if (copy.past?.isOver === true)
      this.fail(`${copy} was settled durably (${copy.past.ending}), and is back`)
    const shown = shownChild(copy)
    if (shown !== null) this.fail(`${copy} is back, and a consumer has seen ${shown}, made from it`)
    if (copy.isUnmade) this.fail(`${copy} is there, and what it was made from came back`)
    model.found(copy)
    return copy
  }

  /** A consumer was given it. Null: something is wrong. */
  delivered(model: QueueModel, message: MessageView, told: Told): Copy | null {
    const key = keyOf(message)
    const copy = this.#see(model, key, 'ready') ?? model.takenForLeaving(key)
    if (copy === null) {
      const was = model.gone.has(key) ? ', gone since a crash,' : ''
      const now = (model.copies.get(key) ?? []).join('; ')
      this.fail(`${key}${was} was delivered from ${model.name}, and is not ready there: ${now}`)
      return null
    }
    this.event++
    if (!isWhole(message)) this.fail(`${copy} is not whole`)
    if (copy.past?.hasLeft === true && !copy.isStrange)
      this.fail(`${copy} was rejected durably, and is back`)
    this.#judge(deliveryFault(copy, told))
    copy.deliveries++
    copy.wasDelivered = true
    copy.failures = told.failures
    if (told.id === 0) model.end(copy, this.event, 'settled')
    else copy.state = 'inFlight'
    return copy
  }

  /** In a drain each lane gives what it has in its order. */
  checkOrder(copy: Copy): void {
    if (copy.queue.settings.retry !== null || copy.queue.source !== null || copy.isStrange) return
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
    } else if (deadLetters) {
      copy.state = 'leaving'
      copy.leftAt = this.event
    } else copy.queue.end(copy, this.event, 'settled')
  }

  /** `inFlight`: as the queue says. */
  purged(model: QueueModel, count: number, inFlight: number): void {
    this.event++
    const live = model.all.filter((c) => c.isLive)
    const ready = live.filter((c) => c.state === 'ready')
    // Moved here, and taken for a consumer already: they stay.
    const taken = inFlight - (live.length - ready.length)
    // Some may be delayed, and stay.
    const isExact = model.settings.retry === null && !model.settings.keepsDeadLetters
    if (isExact && count !== ready.length - taken && !ready.some((c) => c.mayVanish))
      this.fail(`${model.name}: ${count} were purged, not ${ready.length} less ${taken}`)
    for (const copy of ready)
      if (isExact && taken === 0) model.end(copy, this.event, 'settled')
      else copy.mayVanish = true
  }

  // ---- Crashes ----------------------------------------------------------------------------------

  crashed(): void {
    this.hosted.clear()
    this.foreign.clear()
    this.rules.crashed()
    this.isEnding = false
    this.#publishing.length = 0
    this.#moving.length = 0
    for (const stream of this.streams.values()) stream.crashed(this.confirmed)
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
    for (const [name, stream] of this.streams) {
      const isThere = [...this.#streamByTopic.values()].includes(stream)
      if (stream.isDeclared && !isThere) this.fail(`the stream ${name} is lost`)
      stream.isDeclared = isThere
      if (!isThere) this.streams.delete(name)
    }
    this.#drainPlaces.clear()
  }
}

/** It had to go because another came, whose confirm says nothing of it. */
const isDisplaced = (parent: Copy | null): boolean =>
  parent !== null && (!parent.isVirtual || isDisplaced(parent.parent))

/** On its way it was nowhere where nothing is durable. */
const isPromised = ({ isSync, parent }: Copy): boolean =>
  isSync && (parent === null || isPromised(parent))
