// How much one node holds, of all vhosts together: what clients declare takes memory as long as
// they like. Asked by those who are about to make something.
import { ok, type Result, refuse } from '../../model/errors.ts'
import type { VhostCore } from './vhost-core.ts'

export type Held = 'queues' | 'exchanges' | 'bindings'

/** How many of it this vhost holds. */
function heldBy(core: VhostCore, what: Held): number {
  switch (what) {
    case 'queues':
      return core.queues.size + core.streams.size
    case 'exchanges':
      return core.exchanges.size
    case 'bindings':
      return core.routing.bindingCount
  }
}

/** Refused: there is no room for one more. `wish` says what for. */
export function checkRoom(core: VhostCore, what: Held, wish: string): Result<null> {
  const { queuesMax, exchangesMax, bindingsMax } = core.parts.image.settings
  const most = { queues: queuesMax, exchanges: exchangesMax, bindings: bindingsMax }[what]
  let held = 0
  for (const each of core.parts.allVhosts()) held += heldBy(each, what)
  if (held < most) return ok(null)
  return refuse(
    'preconditionFailed',
    `cannot ${wish}: this node holds at most ${most} ${what}; raise polymq.max.${what}`,
  )
}
