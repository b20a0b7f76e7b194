// How much one node holds, of all vhosts together, and how large each may be: what clients declare
// takes memory as long as they like. Asked by those who are about to make something.
import { ok, type Result, refuse } from '../../model/errors.ts'
import { limits } from '../../model/limits.ts'
import type { FieldTable } from '../../model/message/field.ts'
import { encodeTable } from '../../model/message/field-codec.ts'

export type Held = 'queues' | 'exchanges' | 'bindings'

/** A vhost, as far as it is counted. */
export interface Holder {
  readonly queues: { readonly size: number }
  readonly streams: { readonly size: number }
  readonly exchanges: { readonly size: number }
  /** Queues and streams that are not there yet. */
  readonly queueRoom: { readonly making: number }
  readonly routing: { readonly bindingCount: number }
}

/** Of the settings of a node. */
export type HeldMax = Readonly<Record<`${Held}Max`, number>>

type HeldOrUsed = Held | 'consumers'

const counts: Readonly<Record<Held, (holder: Holder) => number>> = {
  queues: ({ queues, streams, queueRoom }) => queues.size + streams.size + queueRoom.making,
  exchanges: ({ exchanges }) => exchanges.size,
  bindings: ({ routing }) => routing.bindingCount,
}

/** About what one takes in memory, at most a part of which goes for each kind. */
const bytesOf: Readonly<Record<Held, number>> = { queues: 2500, exchanges: 2500, bindings: 1000 }
const memoryShare = 8

/** Refused: there is no room for one more. `wish` says what for. */
export function checkRoom(
  max: HeldMax,
  memoryBytes: number,
  holders: Iterable<Holder>,
  what: Held,
  wish: string,
): Result<null> {
  const { queuesMax, exchangesMax, bindingsMax } = max
  const most = { queues: queuesMax, exchanges: exchangesMax, bindings: bindingsMax }[what]
  const fitting = Math.floor(memoryBytes / memoryShare / bytesOf[what])
  let held = 0
  for (const holder of holders) held += counts[what](holder)
  if (held >= most) return noRoom(most, what, wish)
  if (held < fitting) return ok(null)
  return refuse(
    'policyViolation',
    `cannot ${wish}: this node holds at most ${fitting} ${what} in the memory that it may use`,
  )
}

/** The same for a consumer, of all queues and streams together: there are `held` of them. */
export function checkConsumerRoom(
  { consumersMax }: { readonly consumersMax: number },
  held: number,
  wish: string,
): Result<null> {
  return held < consumersMax ? ok(null) : noRoom(consumersMax, 'consumers', wish)
}

const noRoom = (most: number, what: HeldOrUsed, wish: string) =>
  refuse(
    'policyViolation',
    `cannot ${wish}: this node holds at most ${most} ${what}; raise polymq.max.${what}`,
  )

/** Refused: the arguments are larger than any may be. */
export function checkArgumentSize(
  table: FieldTable,
  wish: string,
  most: number = limits.argumentBytes,
): Result<null> {
  if (table.size === 0) return ok(null)
  const bytes = encodeTable(table).length
  if (bytes <= most) return ok(null)
  return refuse(
    'preconditionFailed',
    `cannot ${wish}: its arguments have ${bytes} bytes, and at most ${most} are kept`,
  )
}

/** Refused: the routing key, or the arguments, are larger than any may be. */
export function checkBindingSize(
  binding: { readonly routingKey: string; readonly arguments: FieldTable },
  wish: string,
): Result<null> {
  const most = limits.routingKeyBytes
  const bytes = Buffer.byteLength(binding.routingKey)
  if (bytes > most)
    return refuse(
      'preconditionFailed',
      `cannot ${wish}: its routing key has ${bytes} bytes, and at most ${most} fit`,
    )
  return checkArgumentSize(binding.arguments, wish, limits.bindingArgumentBytes)
}
