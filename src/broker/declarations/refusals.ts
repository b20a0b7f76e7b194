// The words with which operations on exchanges and queues are refused: RabbitMQ's, since clients
// and people look for them.
import { type Refusal, refuse } from '../../model/errors.ts'

type Refused = { readonly ok: false } & Refusal

export const labelOf = (kind: 'queue' | 'exchange', name: string, vhost: string): string =>
  `${kind} '${name}' in vhost '${vhost}'`

export const notFound = (kind: 'queue' | 'exchange', name: string, vhost: string): Refused =>
  refuse(
    kind === 'queue' ? 'queueNotFound' : 'exchangeNotFound',
    `no ${labelOf(kind, name, vhost)}`,
  )

export const locked = (queue: string, vhost: string): Refused =>
  refuse(
    'resourceLocked',
    `cannot obtain exclusive access to locked ${labelOf('queue', queue, vhost)}. It could be ` +
      'originally declared on another connection or the exclusive property value does not match ' +
      'that of the original declaration.',
  )

export const noAccess = (
  kind: 'queue' | 'exchange',
  name: string,
  vhost: string,
  user: string,
): Refused => {
  const label = labelOf(kind, kind === 'exchange' && name === '' ? 'amq.default' : name, vhost)
  return refuse('accessRefused', `access to ${label} refused for user '${user}'`)
}

export const noTopicAccess = (
  key: string,
  exchange: string,
  vhost: string,
  user: string,
): Refused =>
  refuse(
    'accessRefused',
    `access to topic '${key}' in exchange '${exchange}' in vhost '${vhost}' refused for user ` +
      `'${user}'`,
  )

export const reservedName = (kind: 'queue' | 'exchange', name: string): Refused =>
  refuse('accessRefused', `${kind} name '${name}' contains reserved prefix 'amq.*'`)

export const defaultExchange = (): Refused =>
  refuse('accessRefused', 'operation not permitted on the default exchange')

export const inequivalent = (
  argument: string,
  label: string,
  received: string,
  current: string,
): Refused =>
  refuse(
    'preconditionFailed',
    `inequivalent arg '${argument}' for ${label}: received ${received} but current is ${current}`,
  )

export const invalidArgument = (argument: string, label: string, why: string): Refused =>
  refuse('preconditionFailed', `invalid arg '${argument}' for ${label}: ${why}`)

export const tooManyCopies = (bytes: number, queues: number, bytesMax: number): Refusal =>
  refuse(
    'preconditionFailed',
    `a message of ${bytes} bytes for ${queues} queues, each of which keeps its own, takes more ` +
      `than the ${Math.floor(bytesMax / (1 << 20))} MiB that one may`,
  )

export const tooManySteps = (key: string, exchange: string, vhost: string): Refused =>
  refuse(
    'preconditionFailed',
    `routing '${key.slice(0, 100)}' through ${labelOf('exchange', exchange, vhost)} takes too ` +
      'many steps: its binding keys have too many #',
  )
