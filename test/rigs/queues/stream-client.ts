// A reader of a stream in the simulation of queues, as a door would keep it: it holds what it was
// given against the model of the stream, record by record: no gap, none twice, from the place that
// it asked for, or where the reader of its name has left off.
import type { Consumer, Subscription } from '../../../src/broker/messaging/api.ts'
import type { FieldValue } from '../../../src/model/message/field.ts'
import { integerOf, textField } from '../../../src/model/message/field.ts'
import type { MessageView } from '../../../src/model/message/message.ts'
import { isWhole, keyOf } from './copies.ts'
import type { NamedPlace, StreamModel } from './stream-model.ts'

export type Start = 'first' | 'next' | 'last' | number

interface Held {
  readonly id: number
  readonly partition: number
  readonly offset: number
  /** Given back, for the next reader of the name. */
  isReturned: boolean
}

export class StreamConsumer implements Consumer {
  room = 0
  isCancelled = false
  subscription: Subscription | null = null
  readonly model: StreamModel
  readonly start: Start
  /** Null: the node keeps no place for it. */
  readonly place: NamedPlace | null
  readonly #name: string | null
  readonly #fail: (message: string) => void
  /** What was seen of each partition when it asked. */
  readonly #seenBefore: readonly number[]
  #held: Held[] = []
  readonly next: (number | null)[]
  /** The event at which it was answered. */
  answeredAt = Number.POSITIVE_INFINITY

  constructor(
    model: StreamModel,
    how: { readonly start: Start; readonly name: string | null },
    fail: (message: string) => void,
  ) {
    this.model = model
    this.start = how.start
    this.#name = how.name
    this.place = how.name === null ? null : model.placeOf(how.name)
    if (this.place !== null) this.place.isTaken = true
    this.#fail = fail
    this.next = Array<null>(model.partitions).fill(null)
    this.#seenBefore = this.next.map((_, partition) => model.seen(partition))
  }

  get arguments(): Map<string, FieldValue> {
    const { start } = this
    const begin: FieldValue =
      typeof start === 'number' ? { type: 'l', value: BigInt(start) } : textField(start)
    const named: (readonly [string, FieldValue])[] =
      this.#name === null ? [] : [['x-stream-consumer-name', textField(this.#name)]]
    return new Map([['x-stream-offset', begin], ...named])
  }

  get out(): readonly Held[] {
    return this.#held.filter(({ isReturned }) => !isReturned)
  }

  deliver(id: number, message: MessageView, redelivered: boolean): void {
    this.room--
    const { headers } = message
    const partition = integerOf(headers.get('x-stream-partition')) ?? 0
    const offset = integerOf(headers.get('x-stream-offset')) ?? -1
    const key = keyOf(message)
    const where = `${this.model.name} ${partition}/${offset}`
    if (redelivered) this.#fail(`${where}: ${key} is called redelivered`)
    if (!isWhole(message)) this.#fail(`${where}: ${key} is not whole`)
    const due = this.next[partition]
    if (due === undefined || due === null) this.#checkStart(partition, offset)
    else if (offset !== due) this.#checkPassed(where, partition, due, offset)
    this.next[partition] = offset + 1
    this.model.readAt(partition, offset, key)
    this.#held.push({ id, partition, offset, isReturned: false })
    this.#moved(partition)
  }

  #checkPassed(where: string, partition: number, due: number, offset: number): void {
    const fault = offset < due ? `${due} was due` : this.model.passed(partition, due, offset)
    if (fault !== null) this.#fail(`${where} comes, and ${fault}`)
  }

  #checkStart(partition: number, offset: number): void {
    const { start, place, model } = this
    const where = `${model.name} ${partition}: a reader`
    const seen = this.#seenBefore[partition] ?? 0
    if (place !== null) {
      const [low, high] = [place.low[partition] ?? 0, place.high[partition] ?? 0]
      const isFar = offset > high && model.passed(partition, high, offset) !== null
      if (offset < low || isFar)
        this.#fail(`${where} with a name begins at ${offset}, and left off at ${low} to ${high}`)
    } else if (start === 'next') {
      if (offset < seen) this.#fail(`${where} of what comes next is given ${offset} of ${seen}`)
      model.begun.push({ partition, offset, answeredAt: this.answeredAt })
    } else if (start !== 'last') {
      const due = start === 'first' ? 0 : start
      const isFar = offset > due && model.passed(partition, due, offset) !== null
      if (offset < Math.min(due, seen) || isFar)
        this.#fail(`${where} of ${due} is given ${offset}, and ${seen} were there`)
    }
  }

  /** Where the next reader of its name begins. */
  #moved(partition: number): void {
    const { place } = this
    if (place === null) return
    const first = this.#held.find((each) => each.partition === partition)
    const at = first?.offset ?? this.next[partition] ?? 0
    place.low[partition] = at
    place.high[partition] = at
  }

  cancelled(): void {
    this.isCancelled = true
  }

  accept(index: number): void {
    const held = this.out[index]
    if (held === undefined) return
    this.#held = this.#held.filter((each) => each !== held)
    this.subscription?.queue.accept(held.id)
    this.#moved(held.partition)
  }

  giveBack(): void {
    for (const held of this.out) {
      held.isReturned = true
      this.subscription?.queue.reject(held.id, true, false)
    }
  }

  /** `isCertain`: whether what the node says it wrote can be believed to be written. */
  async end(isCertain: () => boolean): Promise<void> {
    const { place } = this
    const floor = place === null ? [] : [...place.low]
    const wasCertain = isCertain()
    const gone = this.subscription?.cancel()
    this.giveBack()
    await gone
    if (place === null) return
    if (wasCertain && isCertain()) place.floor = floor
    place.isTaken = false
  }
}
