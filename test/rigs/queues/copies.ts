// The model of the simulation of queues: every copy of a message that a queue took, what became of
// it and when, and what a crash may leave of it. Time is the number of the event; a confirmed flush
// makes certain all up to its own. A copy is known by its name and the deaths in its headers.
import type { FieldTable } from '../../../src/model/message/field.ts'
import { integerOf, textOf } from '../../../src/model/message/field.ts'
import type { MessageView } from '../../../src/model/message/message.ts'
import type { QueueSettings } from '../../../src/queue/queue-settings.ts'

export type Ending = 'settled' | 'moved' | 'refused'

/** `unknown`: a crash lies between, and nobody has seen it since. */
type State = 'ready' | 'inFlight' | 'leaving' | 'unknown'

/** What was known of a copy when the node died. */
export interface Past {
  readonly ending: Ending | null
  readonly children: readonly Copy[]
  /** That it was taken is durable, */
  readonly isCertain: boolean
  /** and so is its end. */
  readonly isOver: boolean
  /** What a return told, and that was durable; -1: none was. */
  readonly failures: number
  /** At the end. */
  readonly failuresMax: number
}

export class Copy {
  readonly queue: QueueModel
  readonly key: string
  /** It is durable when a flush behind it is. */
  readonly isSync: boolean
  readonly lane: number
  /** Order in its queue. */
  readonly place: number
  readonly created: number
  /** It may go by a rule that nobody is told of. */
  mayVanish: boolean
  /** It was refused, or moved on at once: never in the queue's log. */
  isVirtual = false
  state: State = 'ready'
  ended: number | null = null
  ending: Ending | null = null
  /** What its move made. */
  children: Copy[] = []
  deliveries = 0
  failures = 0
  /** By event, what a return told. */
  returns: { readonly at: number; readonly failures: number }[] = []
  /** It is durable, whatever comes. */
  isCertain = false
  parent: Copy | null = null
  /** As the last crash found it; null: it came since. */
  past: Past | null = null
  isFound = false
  /** Another has the same name: only their number is known. */
  isStrange = false

  constructor(
    queue: QueueModel,
    key: string,
    of: Pick<Copy, 'isSync' | 'lane' | 'place' | 'created' | 'mayVanish'>,
  ) {
    this.queue = queue
    this.key = key
    this.isSync = of.isSync
    this.lane = of.lane
    this.place = of.place
    this.created = of.created
    this.mayVanish = of.mayVanish
  }

  get isLive(): boolean {
    return this.ended === null && !this.isVirtual
  }

  toString(): string {
    const { queue, key, state, ending } = this
    return `${key} in ${queue.name} (${ending ?? state})`
  }
}

export class QueueModel {
  readonly name: string
  readonly settings: QueueSettings
  readonly isExclusive: boolean
  readonly type: string
  /** The queue that its dead letters go to through the default exchange; null: another way. */
  readonly letterQueue: string | null
  /** It was seen. */
  isThere = false
  /** Its deletion has begun. */
  isLeaving = false
  /** Its declaration was answered. */
  isDeclared = false
  readonly copies = new Map<string, Copy[]>()
  /** Names of what is gone for good. */
  readonly gone = new Set<string>()
  live = 0
  #places = 0

  constructor(name: string, settings: QueueSettings, table: FieldTable, isExclusive: boolean) {
    this.name = name
    this.settings = settings
    this.isExclusive = isExclusive
    this.type = textOf(table.get('x-queue-type')) ?? 'classic'
    const isDirect = textOf(table.get('x-dead-letter-exchange')) === ''
    this.letterQueue = isDirect ? textOf(table.get('x-dead-letter-routing-key')) : null
  }

  get isDurable(): boolean {
    return this.settings.durable
  }

  /** Whether messages may go by a rule that nobody is told of. */
  get isSilent(): boolean {
    const { deadLetters, messageTtlMs, maxLength, maxLengthBytes, deliveryLimit } = this.settings
    const least = Math.min(messageTtlMs, maxLength, maxLengthBytes, deliveryLimit)
    return !deadLetters && least < Number.POSITIVE_INFINITY
  }

  add(message: MessageView, created: number): Copy {
    const { priorities, deadLetters } = this.settings
    const key = keyOf(message)
    const copy = new Copy(this, key, {
      isSync: this.isDurable && message.isPersistent,
      lane: Math.min(Math.max(0, message.priority), priorities),
      place: this.#places++,
      created,
      mayVanish: this.isSilent || (!deadLetters && message.expiration !== null),
    })
    const same = this.copies.get(key)
    if (same === undefined) this.copies.set(key, [copy])
    else {
      same.push(copy)
      for (const each of same) each.isStrange = true
    }
    this.live++
    return copy
  }

  end(copy: Copy, at: number, how: Ending): void {
    copy.ended = at
    copy.ending = how
    this.live--
  }

  /** The copy that was just seen: one of `states`, the surest first. Null: there should be none. */
  seen(key: string, ...states: readonly State[]): Copy | null {
    const same = this.copies.get(key) ?? []
    for (const state of states) {
      if (state === 'unknown') continue
      const found = same.find((c) => c.isLive && c.state === state)
      if (found !== undefined) return found
    }
    const lost = same.filter((c) => c.state === 'unknown' && !c.isFound && !c.isVirtual)
    const isOwed = (c: Copy): boolean => c.past?.isCertain === true && c.past.ending === null
    return lost.find(isOwed) ?? lost.find((c) => c.past?.isOver === false) ?? lost[0] ?? null
  }

  /** The node has died. */
  crashed(confirmed: number): void {
    this.live = 0
    for (const [key, same] of this.copies) {
      const left = same.filter((c) => !c.isVirtual)
      for (const copy of left) lose(copy, confirmed)
      if (left.length === 0) this.copies.delete(key)
      else this.copies.set(key, left)
    }
  }

  /** It was there after a crash. */
  found(copy: Copy): void {
    copy.isFound = true
    copy.isCertain = true
    for (const child of copy.past?.children ?? []) child.parent = null
    copy.ended = null
    copy.ending = null
    copy.children = []
    copy.returns = []
    copy.state = 'ready'
    copy.deliveries = 0
    this.live++
  }

  /** All that is there has been seen. */
  drained(): void {
    for (const [key, same] of this.copies) {
      const left = same.filter((c) => c.past === null || c.isFound)
      for (const copy of left) {
        copy.past = null
        copy.parent = null
        copy.isStrange = left.length > 1
      }
      if (left.length > 0) this.copies.set(key, left)
      else {
        this.copies.delete(key)
        this.gone.add(key)
      }
    }
  }

  get all(): Copy[] {
    return [...this.copies.values()].flat()
  }
}

function lose(copy: Copy, confirmed: number): void {
  const isDurable = (at: number): boolean => at <= confirmed
  // Nobody has seen it since the crash before this one.
  if (copy.state === 'unknown') return
  const returned = copy.returns.filter(({ at }) => isDurable(at)).at(-1)
  copy.past = {
    ending: copy.ending,
    children: copy.children,
    isCertain: copy.isCertain || (copy.isSync && isDurable(copy.created)),
    isOver: copy.ended !== null && isDurable(copy.ended),
    failures: returned?.failures ?? -1,
    failuresMax: copy.failures,
  }
  copy.state = 'unknown'
  copy.isFound = false
}

/** A body is its name, a blank, and filling. */
export function nameOf({ body }: MessageView): string {
  const end = body.indexOf(32)
  return Buffer.from(body.buffer, body.byteOffset, end < 0 ? body.length : end).toString('latin1')
}

/** The name, and where it has died. */
export function keyOf(message: MessageView): string {
  const deaths = message.headers.get('x-death')
  if (deaths?.type !== 'A') return nameOf(message)
  const told = deaths.value.map((each) => (each.type === 'F' ? tellDeath(each.value) : '?'))
  return `${nameOf(message)}<${told.join('<')}`
}

function tellDeath(death: FieldTable): string {
  const count = integerOf(death.get('count'))
  return `${textOf(death.get('queue'))}:${textOf(death.get('reason'))}:${count}`
}
