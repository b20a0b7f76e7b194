// How much one node holds, of all vhosts together: what clients declare takes memory as long as
// they like. Asked by those who are about to make something.
import { ok, type Result, refuse } from '../../model/errors.ts'

export type Held = 'queues' | 'exchanges' | 'bindings'

/** A vhost, as far as it is counted. */
export interface Holder {
  readonly queues: { readonly size: number }
  readonly streams: { readonly size: number }
  readonly exchanges: { readonly size: number }
  readonly routing: { readonly bindingCount: number }
}

/** Of the settings of a node. */
export type HeldMax = Readonly<Record<`${Held}Max`, number>>

const counts: Readonly<Record<Held, (holder: Holder) => number>> = {
  queues: ({ queues, streams }) => queues.size + streams.size,
  exchanges: ({ exchanges }) => exchanges.size,
  bindings: ({ routing }) => routing.bindingCount,
}

/** Refused: there is no room for one more. `wish` says what for. */
export function checkRoom(
  max: HeldMax,
  holders: Iterable<Holder>,
  what: Held,
  wish: string,
): Result<null> {
  const { queuesMax, exchangesMax, bindingsMax } = max
  const most = { queues: queuesMax, exchanges: exchangesMax, bindings: bindingsMax }[what]
  let held = 0
  for (const holder of holders) held += counts[what](holder)
  if (held < most) return ok(null)
  return refuse(
    'preconditionFailed',
    `cannot ${wish}: this node holds at most ${most} ${what}; raise polymq.max.${what}`,
  )
}
