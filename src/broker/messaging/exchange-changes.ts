// Declaring and deleting exchanges of one vhost: RabbitMQ's checks in RabbitMQ's order, the
// metadata, and then what all can see. Who may do it was asked before (`session-vhost`).

import { ok, type Result, refuse } from '../../model/errors.ts'
import { topicId } from '../../model/ids.ts'
import { checkExchangeType, delayedType } from '../../routing/exchange-types.ts'
import { type ExchangeDefinition, reservedPrefix } from '../declarations/definitions.ts'
import { sameArguments, sameText, typeName } from '../declarations/equivalence.ts'
import { checkArgumentSize } from '../declarations/limits.ts'
import { checkDeduplication, deduplicationArguments } from '../declarations/queue-arguments.ts'
import {
  defaultExchange,
  invalidArgument,
  labelOf,
  reservedName,
} from '../declarations/refusals.ts'
import type { ExchangeWish } from './api.ts'

import type { VhostCore } from './vhost-core.ts'

/** Those that count when it is declared again. */
const comparedArguments = [
  'alternate-exchange',
  'x-delayed-type',
  'hash-header',
  'hash-property',
  ...deduplicationArguments,
]

export class ExchangeChanges {
  readonly #core: VhostCore

  constructor(core: VhostCore) {
    this.#core = core
  }

  async declare(wish: ExchangeWish): Promise<Result<null>> {
    if (wish.name === '') return defaultExchange()
    const existing = this.#core.exchanges.get(wish.name)
    if (existing !== undefined) return this.#again(existing, wish)
    return this.#core.lane.run(async () => {
      const found = this.#core.exchanges.get(wish.name)
      if (found !== undefined) return this.#again(found, wish)
      return this.#make(wish)
    })
  }

  #again(current: ExchangeDefinition, wish: ExchangeWish): Result<null> {
    const label = labelOf('exchange', wish.name, this.#core.name)
    const type = checkExchangeType(wish.type, wish.arguments)
    if (!type.ok) return type
    for (const [field, received, is] of [
      ['type', wish.type, current.type],
      ['durable', wish.durable, current.durable],
      ['auto_delete', wish.autoDelete, current.autoDelete],
      ['internal', wish.internal, current.internal],
    ] as const) {
      const same = sameText(field, label, received, is)
      if (!same.ok) return same
    }
    return sameArguments(comparedArguments, label, wish.arguments, current.arguments)
  }

  async #make(wish: ExchangeWish): Promise<Result<null>> {
    const core = this.#core
    if (wish.name.startsWith(reservedPrefix)) return reservedName('exchange', wish.name)
    const type = checkExchangeType(wish.type, wish.arguments)
    if (!type.ok) return type
    const label = labelOf('exchange', wish.name, core.name)
    const alternate = wish.arguments.get('alternate-exchange')
    if (alternate !== undefined && alternate.type !== 'S')
      return invalidArgument(
        'alternate-exchange',
        label,
        `expected a string, got ${typeName(alternate)}`,
      )
    const checked = checkDeduplication(wish.arguments, label)
    if (!checked.ok) return checked
    if (core.isGone) return refuse('vhostNotFound', `vhost ${core.name} not found`)
    const sized = checkArgumentSize(wish.arguments, `declare ${label}`)
    if (!sized.ok) return sized
    const room = core.room('exchanges', `declare ${label}`)
    if (!room.ok) return room
    const { name, durable, autoDelete, internal, arguments: table } = wish
    const topic = wish.type === delayedType ? topicId(core.parts.chance.uuid()) : undefined
    const kind = wish.type
    const definition = { name, type: kind, durable, autoDelete, internal, arguments: table, topic }
    if (durable) await core.writes.exchange(definition)
    core.makeExchange(definition)
    return ok(null)
  }

  /** What is not there is deleted already. */
  delete(name: string, ifUnused: boolean): Promise<Result<null>> {
    return this.#core.lane.run(async () => {
      if (name === '') return defaultExchange()
      const label = labelOf('exchange', name, this.#core.name)
      if (name.startsWith(reservedPrefix))
        return refuse('accessRefused', `deletion of system ${label} not allowed`)
      const exchange = this.#core.exchanges.get(name)
      if (exchange === undefined) return ok(null)
      if (ifUnused && this.#core.routing.hasBindingsFrom(name))
        return refuse('preconditionFailed', `${label} in use`)
      await this.#core.gone(await this.#core.removeExchange(exchange))
      return ok(null)
    })
  }
}
