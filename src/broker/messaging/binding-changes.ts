// Binding and unbinding in one vhost. A binding is durable when both its ends are. Who may do it
// was asked before (`session-vhost`).
import { ok, type Result, refuse } from '../../model/errors.ts'
import type { Binding } from '../../routing/binding.ts'
import { checkBinding, routingType } from '../../routing/exchange-types.ts'

import { checkBindingSize } from '../declarations/limits.ts'
import { defaultExchange, labelOf, notFound } from '../declarations/refusals.ts'

import type { VhostCore } from './vhost-core.ts'

export class BindingChanges {
  readonly #core: VhostCore

  constructor(core: VhostCore) {
    this.#core = core
  }

  bind(binding: Binding): Promise<Result<null>> {
    return this.#core.lane.run(async () => {
      const ends = this.#check(binding)
      if (!ends.ok) return ends
      const core = this.#core
      if (core.isGone) return refuse('vhostNotFound', `vhost ${core.name} not found`)
      if (core.routing.has(binding)) return ok(null)
      const wish = `bind ${labelOf(binding.kind, binding.target, core.name)}`
      const sized = checkBindingSize(binding, wish)
      if (!sized.ok) return sized
      const room = core.room('bindings', wish)
      if (!room.ok) return room
      const { isDurable } = ends.value
      const key = isDurable ? await core.writes.binding(binding, core.parts.chance.uuid()) : null
      core.addBinding(binding, key)
      return ok(null)
    })
  }

  /** What is not bound is unbound already. */
  unbind(binding: Binding): Promise<Result<null>> {
    return this.#core.lane.run(async () => {
      if (binding.source === '' || (binding.kind === 'exchange' && binding.target === ''))
        return defaultExchange()
      await this.#core.gone(await this.#core.removeBinding(binding))
      return ok(null)
    })
  }

  #check(binding: Binding): Result<{ isDurable: boolean }> {
    const { source: from, kind, target: to } = binding
    const core = this.#core
    if (from === '' || (kind === 'exchange' && to === '')) return defaultExchange()
    const source = core.exchanges.get(from)
    if (source === undefined) return notFound('exchange', from, core.name)
    const target = kind === 'queue' ? core.routing.queue(to)?.definition : core.exchanges.get(to)
    if (target === undefined || target === null) return notFound(kind, to, core.name)
    const routing = routingType(source.type, source.arguments)
    const checked = checkBinding(routing, binding.routingKey, binding.arguments)
    return checked.ok ? ok({ isDurable: source.durable && target.durable }) : checked
  }
}
