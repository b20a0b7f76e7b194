// Publishing to one exchange as one user: asked for once, used for many messages. The last route is
// remembered, so that a key that comes again costs a comparison; the routing table remembers
// others. A deleted exchange or other permissions end it.
import { type Refusal, type Result, refuse } from '../../model/errors.ts'
import { delayMsMax, delayMsOf } from '../../model/message/delay.ts'
import type { MessageView } from '../../model/message/message.ts'
import { MessageView as View } from '../../model/message/message.ts'
import { changeProperties, property, tableProperty } from '../../model/message/properties.ts'
import type { SeenKeys } from '../../queue/memory/seen-keys.ts'
import { delayedType } from '../../routing/exchange-types.ts'
import type { Authorizer } from '../../security/access/authorizer.ts'
import { Published, type Publisher } from './api.ts'
import { publishOnce } from './deduplication.ts'
import { type ExchangeDefinition, routesByTopic } from './definitions.ts'
import { encodable } from './encodable-table.ts'
import { noTopicAccess } from './refusals.ts'
import { senderKeys } from './sender-keys.ts'
import type { Target } from './target.ts'
import type { VhostCore } from './vhost-core.ts'

const tooLong = `invalid message: x-delay is more than ${delayMsMax} ms`
const noQueues: readonly Target[] = []

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
  readonly #seen: SeenKeys | null
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
    this.#seen = core.seenAt(exchange.name)
  }

  get isGone(): boolean {
    if (this.#authorizer.version !== this.#permissions) return true
    return this.#core.exchanges.get(this.#exchange.name) !== this.#exchange
  }

  publish(message: MessageView): number {
    const keys = senderKeys(message)
    if (!keys.ok) return this.#refuse(keys)
    if (this.#exchange.type === delayedType && delayMsOf(message) > delayMsMax)
      return this.#refuse(refuse('preconditionFailed', tooLong))
    if (this.#seen === null) return this.#publish(message, keys.value)
    const to = { publish: () => this.#publish(message, keys.value) }
    return publishOnce(this.#seen, this.#core.now(), message, to)
  }

  #publish(message: MessageView, keys: readonly string[]): number {
    if (keys.length > 0) return this.#publishTo(message, keys)
    const queues = this.#route(message)
    return queues === null ? -1 : place(message, queues)
  }

  /** Null: not permitted. */
  #route(message: MessageView): readonly Target[] | null {
    const { routing } = this.#core
    // What was permitted stays so until `isGone`.
    if (this.#version === routing.version && message.routingKey === this.#key) return this.#queues
    if (this.#isByTopic && !this.#mayUse(message.routingKey)) return null
    // Between its deletion and the next look at `isGone` it routes nowhere.
    if (!routing.hasExchange(this.#exchange.name)) return noQueues
    const { queues, isByKey } = routing.route(this.#exchange.name, message)
    this.#version = isByKey ? routing.version : 0
    this.#key = message.routingKey
    this.#queues = queues
    return queues
  }

  #publishTo(message: MessageView, keys: readonly string[]): number {
    if (this.#isByTopic)
      for (const key of [message.routingKey, ...keys]) if (!this.#mayUse(key)) return -1
    const { routing } = this.#core
    if (!routing.hasExchange(this.#exchange.name)) return 0
    const { queues } = routing.route(this.#exchange.name, message, keys)
    if (!message.headers.has('BCC')) return place(message, queues)
    const headers = new Map(message.headers)
    headers.delete('BCC')
    const properties = changeProperties(
      message.properties,
      headers.size === 0 ? [] : [tableProperty(encodable(headers))],
      property.headers,
    )
    const { exchange, routingKey, body } = message
    const shown = new View().set(exchange, routingKey, properties, body)
    const later = queues.filter((to) => to.routesOn)
    const now = queues.filter((to) => !to.routesOn)
    return place(shown, now) | place(message, later)
  }

  #mayUse(key: string): boolean {
    const { name } = this.#core
    const exchange = this.#exchange.name
    if (this.#authorizer.mayTopic(this.#user, name, 'write', exchange, key)) return true
    this.#refuse(noTopicAccess(key, exchange, name, this.#user))
    return false
  }

  #refuse({ error, message }: Refusal): number {
    this.refusal = refuse(error, message)
    return -1
  }
}

function place(message: MessageView, queues: readonly Target[]): number {
  if (queues.length === 0) return 0
  let flags: number = Published.routed
  for (let i = 0; i < queues.length; i++) flags |= (queues[i] as Target).publish(message)
  return flags
}
