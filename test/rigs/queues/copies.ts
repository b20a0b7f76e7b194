// The model of the simulation of queues: every copy of a message that a queue took, what became of
// it and when, and what a crash may leave of it. Time is the number of the event; a confirmed flush
// makes certain all up to its own. A copy is known by its name and the deaths in its headers.
import type { FieldTable } from '../../../src/model/message/field.ts'
import { integerOf, textOf } from '../../../src/model/message/field.ts'
import { MessageView } from '../../../src/model/message/message.ts'
import { plainQueue, type QueueSettings } from '../../../src/queue/queue-settings.ts'
import type { StreamModel, StreamRecord } from './stream-model.ts'

export type Ending = 'settled' | 'moved' | 'refused'

/** `unknown`: a crash lies between, and nobody has seen it since. */
export type State = 'ready' | 'inFlight' | 'leaving' | 'unknown'

/** What was known of a copy when the node died. */
export interface Past {
  readonly ending: Ending | null
  readonly children: readonly Copy[]
  readonly appended: readonly StreamRecord[]
  /** That it was taken is durable, */
  readonly isCertain: boolean
  /** and so is its end, */
  readonly isOver: boolean
  /** or that it was rejected: it leaves, however long that takes. */
  readonly hasLeft: boolean
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
  /** Rejected, at that event. */
  leftAt: number | null = null
  /** What its move made, */
  children: Copy[] = []
  /** and what of it went to streams. */
  appended: StreamRecord[] = []
  /** Of a queue over a topic. */
  record: StreamRecord | null
  readonly hasTtl: boolean
  deliveries = 0
  /** Also before a crash. */
  wasDelivered = false
  failures = 0
  /** By event, what a return told. */
  returns: { readonly at: number; readonly failures: number }[] = []
  /** It is durable, whatever comes. */
  isCertain = false
  parent: Copy | null = null
  /** As the last crash found it; null: it came since. */
  past: Past | null = null
  isFound = false
  /** Its source came back: it cannot be there. */
  isUnmade = false
  /** Nobody took it when it died. */
  isTried = false
  /** Another has the same name: only their number is known. */
  isStrange = false

  constructor(
    queue: QueueModel,
    key: string,
    of: Pick<Copy, 'isSync' | 'lane' | 'place' | 'created' | 'mayVanish' | 'record' | 'hasTtl'>,
  ) {
    this.queue = queue
    this.key = key
    this.isSync = of.isSync
    this.lane = of.lane
    this.place = of.place
    this.created = of.created
    this.mayVanish = of.mayVanish
    this.record = of.record
    this.hasTtl = of.hasTtl
  }

  get isLive(): boolean {
    return this.ended === null && !this.isVirtual
  }

  toString(): string {
    const { queue, key, state, ending } = this
    return `${key} in ${queue.name} (${ending ?? state})`
  }
}

export interface QueueNames {
  /** Unique in the node. */
  readonly name: string
  readonly vhost: string
  readonly plainName: string
}

export class QueueModel {
  readonly name: string
  readonly vhost: string
  readonly plainName: string
  /** As it was declared. */
  readonly table: FieldTable
  settings: QueueSettings = plainQueue
  /** Reasons to leave that held at some time: who is kept may have had one of them. */
  readonly reasons = new Set<string>(['rejected'])
  readonly isExclusive: boolean
  readonly type: string
  /** Whose records are its messages; null: it has its own. */
  readonly source: StreamModel | null
  /** The name to which its dead letters go through the default exchange; null: another way. */
  letterQueue: string | null = null
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

  constructor(
    { name, vhost, plainName }: QueueNames,
    table: FieldTable,
    isExclusive: boolean,
    source: StreamModel | null,
  ) {
    this.name = name
    this.vhost = vhost
    this.plainName = plainName
    this.table = table
    this.isExclusive = isExclusive
    this.source = source
    this.type = textOf(table.get('x-queue-type')) ?? 'classic'
  }

  /** Its arguments and policies are this from now on. */
  follow(table: FieldTable, settings: QueueSettings): void {
    this.settings = settings
    const { messageTtlMs, maxLength, maxLengthBytes, deliveryLimit, deadLetters } = settings
    const none = Number.POSITIVE_INFINITY
    if (messageTtlMs < none) this.reasons.add('expired')
    if (Math.min(maxLength, maxLengthBytes) < none) this.reasons.add('maxlen')
    if (deliveryLimit < none) this.reasons.add('delivery_limit')
    const isDirect = textOf(table.get('x-dead-letter-exchange')) === ''
    this.letterQueue = isDirect ? textOf(table.get('x-dead-letter-routing-key')) : null
    for (const copy of this.all)
      copy.mayVanish ||= this.#mayVanish(copy.hasTtl) || (copy.state === 'leaving' && !deadLetters)
  }

  /** A message may go, and nobody is told. */
  #mayVanish(hasTtl: boolean): boolean {
    return this.isSilent || (!this.settings.deadLetters && hasTtl)
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
    return this.#add(keyOf(message), {
      isSync: this.isDurable && message.isPersistent,
      lane: Math.min(Math.max(0, message.priority), this.settings.priorities),
      created,
      hasTtl: message.expiration !== null,
      record: null,
    })
  }

  /** A record of its topic; `mayVanish`: it may stand before where the queue begins. */
  addRecord(record: StreamRecord, mayVanish: boolean): Copy {
    const { key, created, hasTtl } = record
    const { isDurable: isSync } = this
    const copy = this.#add(key, { isSync, lane: 0, created, hasTtl, record })
    copy.isCertain = record.isCertain
    copy.mayVanish ||= mayVanish
    return copy
  }

  #add(key: string, of: Pick<Copy, 'isSync' | 'lane' | 'created' | 'record' | 'hasTtl'>): Copy {
    const mayVanish = this.#mayVanish(of.hasTtl)
    const copy = new Copy(this, key, { ...of, place: this.#places++, mayVanish })
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

  /**
   * In which states a message may be that dies, where dead letters are kept: of several of one name
   * those that were tried are not meant as long as one was not.
   */
  triesOf(key: string, states: readonly State[]): readonly State[] {
    const same = this.copies.get(key) ?? []
    const isOwed = ({ state, past, mayVanish }: Copy): boolean =>
      state === 'unknown' && !mayVanish && past?.isCertain === true && past.ending === null
    const left = same.filter((c) => c.isLive && states.includes(c.state))
    return left.every(({ isTried }) => isTried) && same.some(isOwed) ? [] : states
  }

  /**
   * Whether one more has to be refused; null: it cannot be told. `inFlight`: as the queue says,
   * with what was moved to it and is taken for a consumer already.
   */
  isFullFor(inFlight: number): boolean | null {
    const { overflow, maxLength, maxLengthBytes, retry, keepsDeadLetters } = this.settings
    if (overflow === 'drop-head') return false
    if (maxLengthBytes < Number.POSITIVE_INFINITY || retry !== null || keepsDeadLetters) return null
    if (maxLength === Number.POSITIVE_INFINITY) return false
    const live = this.all.filter(({ isLive }) => isLive)
    if (live.some(({ mayVanish, state }) => mayVanish || state === 'unknown')) return null
    return live.length - inFlight >= maxLength
  }

  /** Those of which another of the same name may have been seen in their place. */
  get namesakes(): Copy[] {
    const isOne = ({ isStrange, state, past }: Copy): boolean =>
      isStrange && state === 'unknown' && past?.isOver === false
    return this.all.filter(isOne)
  }

  /** It was to leave, and nobody has taken it. */
  keep(copy: Copy): void {
    copy.isTried = true
    copy.ended = null
    copy.ending = null
    copy.state = 'leaving'
    this.live++
  }

  /** Of one name one was taken for another that leaves, behind a crash: it is ready after all. */
  takenForLeaving(key: string): Copy | null {
    const same = this.copies.get(key) ?? []
    const isOne = ({ isStrange, state, past }: Copy): boolean =>
      isStrange && state === 'leaving' && past !== null
    const copy = same.find(isOne) ?? null
    if (copy !== null) copy.state = 'ready'
    return copy
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
    const made = lost.filter((c) => !c.isUnmade)
    return (
      made.find(isOwed) ?? made.find((c) => c.past?.isOver === false) ?? made[0] ?? lost[0] ?? null
    )
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
    unmake(copy)
    copy.ended = null
    copy.ending = null
    copy.children = []
    copy.appended = []
    copy.mayVanish = this.#mayVanish(copy.hasTtl)
    copy.returns = []
    copy.state = 'ready'
    copy.leftAt = null
    copy.isTried = false
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
    appended: copy.appended,
    // What a client of Kafka sends is on its way for itself.
    isCertain:
      copy.isCertain || (copy.record?.isCertain ?? (copy.isSync && isDurable(copy.created))),
    isOver: copy.ended !== null && isDurable(copy.ended),
    hasLeft: copy.isSync && copy.leftAt !== null && isDurable(copy.leftAt),
    failures: returned?.failures ?? -1,
    failuresMax: copy.failures,
  }
  copy.state = 'unknown'
  copy.isFound = false
}

/** What its move made cannot be anywhere, but for what it appended to streams. */
function unmake(copy: Copy): void {
  for (const record of copy.past?.appended ?? []) record.isUndone = true
  for (const child of copy.past?.children ?? []) {
    child.parent = null
    child.isUnmade = true
    unmake(child)
  }
}

/** Whether a body has all its filling. */
export function isWhole(message: MessageView): boolean {
  const name = nameOf(message)
  const size = Number(name.slice(name.indexOf('-') + 1))
  return message.body.length === name.length + 1 + size && message.body.at(-1) !== 0
}

/** A body is its name with the size of its filling, a blank, and filling. */
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

/** What a Kafka client wrote: no properties. */
export const foreignMessage = (name: string): MessageView =>
  new MessageView().set('', '', Uint8Array.of(0, 0), Buffer.from(name))
