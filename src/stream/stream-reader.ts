// One consumer of a stream: reads the partitions of a topic from its place on and delivers while
// the consumer has room. Settling gives room, which the consumer counts, and moves the tracked
// offset of a consumer with a name; the messages stay. Waits by watching the partitions, never by
// asking; a turn delivers so much and then lets others go on. Made by Streams; the door calls the
// rest.
import type { Clock } from '../io/clock.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { MessageView } from '../model/message/message.ts'
import type { Consumer } from './consumer.ts'
import { PlaceHeader } from './place-header.ts'
import type { StreamFilter } from './stream-filter.ts'
import type { StreamLane } from './stream-lane.ts'
import type { Tracked, TrackedOffsets } from './tracked-offsets.ts'
import { Unsettled } from './unsettled.ts'

/** Bytes of records, passed over or delivered, before others have their turn. */
const turnBytes = 512 << 10
/** Of several partitions one is left for the next after so many messages. */
const runLength = 64
/** An id is the number of a delivery in its lane, times this, and the lane's index. */
export const lanesMax = 1 << 16

export interface Tracking {
  readonly offsets: TrackedOffsets
  /** Of the consumer. */
  readonly name: string
  /** One for each lane; null: there was no room for another. */
  readonly places: readonly (Tracked | null)[]
}

/** Plain numbers that only grow. */
export interface ReaderCounters {
  delivered: number
  accepted: number
}

export interface ReaderParts {
  readonly counters: ReaderCounters
  readonly clock: Clock
  readonly lanes: readonly StreamLane[]
  /** Of the topic, or of the topics that count as one. */
  readonly name: string
  readonly filter: StreamFilter | null
  readonly tracking: Tracking | null
  /** Deliveries count as settled when they are made. */
  readonly settled: boolean
}

export class StreamReader {
  readonly name: string
  readonly isStream = true
  /** Where a consumer with a name stands is written, from time to time and before a confirm. */
  readonly isDurable: boolean
  readonly consumer: Consumer
  readonly #parts: ReaderParts
  readonly #lanes: StreamLane[] = []
  /** Of the lanes of a consumer with a name, and what of each is not settled. */
  readonly #places: (Tracked | null)[] = []
  readonly #unsettled: Unsettled[] | null
  #place: PlaceHeader
  readonly #view = new MessageView()
  #lane = 0
  #run = 0
  #lastNumber = 0
  #isDelivering = false
  #isPaused = false
  #isOpen = true

  constructor(parts: ReaderParts, consumer: Consumer) {
    this.name = parts.name
    this.consumer = consumer
    this.#parts = parts
    this.isDurable = parts.tracking !== null
    this.#place = new PlaceHeader(parts.lanes.length > 1)
    const keeps = parts.tracking !== null && !parts.settled
    this.#unsettled = keeps ? [] : null
    parts.lanes.forEach((lane, i) => {
      this.#add(lane, parts.tracking?.places[i] ?? null)
    })
  }

  /** The name by which the node keeps its offsets; null: it has none. */
  get trackedAs(): string | null {
    return this.#parts.tracking?.name ?? null
  }

  /** Whether it reads the partition, or can read no more. */
  reads(log: PartitionLog): boolean {
    return this.#lanes.length >= lanesMax || this.#lanes.some((lane) => lane.log === log)
  }

  /** Reads one more partition from now on. */
  follow(lane: StreamLane, place: Tracked | null): void {
    if (!this.#isOpen) return
    this.#add(lane, place)
    this.#place = new PlaceHeader(true)
    this.#deliver()
  }

  #add(lane: StreamLane, place: Tracked | null): void {
    this.#lanes.push(lane)
    this.#places.push(place)
    this.#unsettled?.push(new Unsettled())
    lane.log.watchers.add(this.#look)
    this.#track(this.#lanes.length - 1, 0)
  }

  /** Where its deliveries are settled. */
  get queue(): this {
    return this
  }

  /** The consumer has room: delivers what is in memory before it returns. */
  resume(): void {
    this.#deliver()
  }

  /** No more deliveries; those made may still be settled. Its place is durable when it resolves. */
  async cancel(): Promise<void> {
    this.#close()
    const { tracking } = this.#parts
    if (tracking === null) return
    this.#lanes.forEach((_, i) => {
      this.#track(i, 0)
    })
    const places = this.#places.filter((place) => place !== null)
    await Promise.all(places.map((place) => tracking.offsets.save(place)))
  }

  /** Settles one delivery. */
  accept(id: number): void {
    this.#parts.counters.accepted++
    this.#settle(id)
  }

  #settle(id: number): void {
    if (this.#unsettled === null) return
    const { index, number } = this.#deliveryOf(id)
    this.#unsettled[index]?.settle(number)
    this.#track(index, 1)
  }

  /** As `accept`; with `requeue` a consumer with a name will begin there when it starts anew. */
  reject(id: number, requeue: boolean, _failed = false): void {
    if (!requeue) this.#settle(id)
    else if (this.#unsettled !== null) {
      const { index, number } = this.#deliveryOf(id)
      this.#unsettled[index]?.giveBack(number)
    }
  }

  #deliveryOf(id: number): { index: number; number: number } {
    return { index: id % lanesMax, number: Math.floor(id / lanesMax) }
  }

  #track(index: number, settled: number): void {
    const { tracking } = this.#parts
    const place = this.#places[index] ?? null
    const lane = this.#lanes[index]
    if (tracking === null || place === null || lane === undefined) return
    const unsettled = this.#unsettled?.[index]
    tracking.offsets.move(place, unsettled?.position(lane.next) ?? lane.next, settled)
  }

  // ---- Delivering -------------------------------------------------------------------------------

  readonly #look = (): void => {
    if (this.#lanes.some(({ log }) => log.deleted)) this.end()
    else this.#deliver()
  }

  /** What it reads is gone. */
  end(): void {
    if (!this.#isOpen) return
    this.#close()
    this.consumer.cancelled('queueDeleted')
  }

  #close(): void {
    this.#isOpen = false
    for (const lane of this.#lanes) {
      lane.log.watchers.delete(this.#look)
      lane.letGo()
    }
  }

  #deliver(): void {
    if (this.#isDelivering || this.#isPaused) return
    this.#isDelivering = true
    for (let left = turnBytes; this.#isOpen && this.consumer.room > 0; ) {
      const lane = this.#nextLane()
      if (lane === null) break
      left -= lane.work
      lane.work = 0
      this.#give(lane)
      if (left > 0) continue
      this.#pause()
      break
    }
    this.#isDelivering = false
  }

  /** A lane that stands at a record; those that must read first are told to. */
  #nextLane(): StreamLane | null {
    const lanes = this.#lanes
    if (++this.#run > runLength) this.#turnOver()
    for (let passed = 0; passed < lanes.length; passed++) {
      const lane = lanes[this.#lane] as StreamLane
      const step = lane.step()
      if (step === 'record') return lane
      if (step === 'load') lane.load(this.#loaded)
      this.#turnOver()
    }
    return null
  }

  #turnOver(): void {
    this.#run = 0
    this.#lane = (this.#lane + 1) % this.#lanes.length
  }

  readonly #loaded = (): void => {
    this.#look()
  }

  #give(lane: StreamLane): void {
    const { filter, settled } = this.#parts
    const index = this.#lane
    const view = this.#view
    const offset = lane.take(view)
    if (filter !== null && !filter.matches(view)) return
    const properties = this.#place.put(view.properties, offset, index)
    view.set(view.exchange, view.routingKey, properties, view.body)
    this.#parts.counters.delivered++
    this.consumer.deliver(settled ? 0 : this.#idFor(index, offset), view, false)
    if (settled) this.#track(index, 1)
  }

  /** Says which lane it is of, and which delivery of that lane. */
  #idFor(index: number, offset: number): number {
    const number = this.#unsettled?.[index]?.add(offset) ?? ++this.#lastNumber
    return number * lanesMax + index
  }

  #pause(): void {
    this.#isPaused = true
    this.#parts.clock.soon(() => {
      this.#isPaused = false
      this.#look()
    })
  }
}
