// Publishing to one exchange as one user: asked for once, used for many messages. The last route is
// remembered, so that a key that comes again costs a comparison; the routing table remembers
// others. A deleted exchange or other permissions end it; what it has routed before that for a
// transaction can still be placed.
import { type Refusal, type Result, refuse } from '../../model/errors.ts'
import { delayMsMax, delayMsOf } from '../../model/message/delay.ts'
import type { MessageView } from '../../model/message/message.ts'
import { delayedType } from '../../routing/exchange-types.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import { type ExchangeDefinition, routesByTopic } from '../declarations/definitions.ts'
import { noTopicAccess, tooManyCopies, tooManySteps } from '../declarations/refusals.ts'
import { Published, type Publisher, type Routed } from './api.ts'
import type { ExchangeCounters } from './listings.ts'
import type { Once } from './once.ts'
import { senderKeys, withoutHiddenKeys } from './sender-keys.ts'
import { sendersLast, type Target } from './target.ts'
import type { VhostCore } from './vhost-core.ts'

const tooLong = `invalid message: x-delay is more than ${delayMsMax} ms`
const noQueues: readonly Target[] = []
/** Of a body in all queues that it goes to, where the node has as much twice. */
const copiedBytesMax = 1 << 30

export class VhostPublisher implements Publisher {
  refusal: Result<never> | null = null
  readonly #core: VhostCore
  readonly #exchange: ExchangeDefinition
  readonly #user: string
  readonly #authorizer: Authorizer
  readonly #permissions: number
  /** Topic permissions hold. */
  readonly #isByTopic: boolean
  /** What comes again is left out; null: it is not. */
  readonly #once: Once | null
  readonly #counters: ExchangeCounters
  #key = ''
  #queues = noQueues
  /** Of the routing table when the last route was found; 0: none is remembered. */
  #version = 0

  constructor(core: VhostCore, exchange: ExchangeDefinition, user: string, authorizer: Authorizer) {
    this.#core = core
    this.#exchange = exchange
    this.#user = user
    this.#authorizer = authorizer
    this.#permissions = authorizer.version
    this.#isByTopic = routesByTopic(exchange)
    this.#once = core.onceAt.get(exchange.name) ?? null
    this.#counters = core.exchangeCounters.get(exchange.name) ?? { in: 0, out: 0 }
  }

  get isGone(): boolean {
    if (this.#authorizer.version !== this.#permissions) return true
    return this.#core.exchanges.get(this.#exchange.name) !== this.#exchange
  }

  publish(message: MessageView): number {
    const keys = this.#keysOf(message)
    if (keys === null) return -1
    if (this.#once === null) return this.#publish(message, keys)
    const to = { publish: () => this.#publish(message, keys) }
    return this.#once.publish(message, to)
  }

  route(message: MessageView): Routed | null {
    const keys = this.#keysOf(message)
    if (keys === null) return null
    const found = this.#find(message, keys)
    if (found === null) return null
    const place = (again: MessageView): number => {
      const queues = found.filter((to) => !to.isGone)
      const to = { publish: () => this.#put(again, queues, keys) }
      return this.#once === null ? to.publish() : this.#once.publish(again, to)
    }
    return { targets: found.length, place }
  }

  /** What else its sender routes it by; null: refused. */
  #keysOf(message: MessageView): readonly string[] | null {
    const keys = senderKeys(message)
    const isTooLong = this.#exchange.type === delayedType && delayMsOf(message) > delayMsMax
    if (!keys.ok) this.#refuse(keys)
    else if (isTooLong) this.#refuse(refuse('preconditionFailed', tooLong))
    else return keys.value
    return null
  }

  #publish(message: MessageView, keys: readonly string[]): number {
    const queues = this.#find(message, keys)
    return queues === null ? -1 : this.#put(message, queues, keys)
  }

  /** Null: refused. */
  #find(message: MessageView, keys: readonly string[]): readonly Target[] | null {
    const queues = keys.length > 0 ? this.#routeAll(message, keys) : this.#route(message)
    return queues !== null && this.#mayCopy(message, queues.length) ? queues : null
  }

  #put(message: MessageView, queues: readonly Target[], keys: readonly string[]): number {
    return keys.length > 0 ? this.#placeShown(message, queues) : this.#place(message, queues)
  }

  /** Each queue keeps its own, and all of them stand in memory before the journal has them. */
  #mayCopy({ body }: MessageView, queues: number): boolean {
    const bytesMax = Math.min(copiedBytesMax, this.#core.parts.heapBytes / 2)
    if (queues < 2 || body.length * queues <= bytesMax) return true
    this.#refuse(tooManyCopies(body.length, queues, bytesMax))
    return false
  }

  /** Null: refused. */
  #route(message: MessageView): readonly Target[] | null {
    const { routing } = this.#core
    // What was permitted stays so until `isGone`.
    if (this.#version === routing.version && message.routingKey === this.#key) return this.#queues
    if (this.#isByTopic && !this.#mayUse(message.routingKey)) return null
    // Between its deletion and the next look at `isGone` it routes nowhere.
    if (!routing.hasExchange(this.#exchange.name)) return noQueues
    const { queues, isByKey, isWhole } = routing.route(this.#exchange.name, message)
    if (!isWhole) {
      this.#refuse(tooManySteps(message.routingKey, this.#exchange.name, this.#core.name))
      return null
    }
    this.#version = isByKey ? routing.version : 0
    this.#key = message.routingKey
    this.#queues = queues
    return queues
  }

  /** By all its keys; null: refused. */
  #routeAll(message: MessageView, keys: readonly string[]): readonly Target[] | null {
    if (this.#isByTopic)
      for (const key of [message.routingKey, ...keys]) if (!this.#mayUse(key)) return null
    const { routing } = this.#core
    if (!routing.hasExchange(this.#exchange.name)) return noQueues
    const { name } = this.#exchange
    const { queues, isWhole } = routing.route(name, message, keys)
    if (isWhole) return queues
    this.#refuse(tooManySteps(message.routingKey, name, this.#core.name))
    return null
  }

  /** Only what routes it on sees the keys that are hidden. */
  #placeShown(message: MessageView, queues: readonly Target[]): number {
    const shown = withoutHiddenKeys(message)
    const later = queues.filter((to) => to.routesOn)
    if (later.length === 0) return this.#place(shown, queues)
    this.#counters.out += later.length
    const now = queues.filter((to) => !to.routesOn)
    return this.#place(shown, now) | place(message, later)
  }

  #mayUse(key: string): boolean {
    const { name } = this.#core
    const exchange = this.#exchange.name
    if (this.#authorizer.mayTopic(this.#user, name, 'write', exchange, key)) return true
    this.#refuse(noTopicAccess(key, exchange, name, this.#user))
    return false
  }

  #place(message: MessageView, queues: readonly Target[]): number {
    this.#counters.in++
    this.#counters.out += queues.length
    return place(message, queues)
  }

  #refuse({ error, message }: Refusal): void {
    this.refusal = refuse(error, message)
  }
}

function place(message: MessageView, queues: readonly Target[]): number {
  if (queues.length === 0) return 0
  const inOrder = sendersLast(queues)
  let flags: number = Published.routed
  for (let i = 0; i < inOrder.length; i++) flags |= (inOrder[i] as Target).publish(message)
  return flags
}
