// The types that exchanges can have, what each asks of its arguments and bindings, and its matcher.
// Refusals are RabbitMQ's; called when an exchange or a binding is declared.
import { ok, type Result, refuse } from '../model/errors.ts'
import type { FieldTable } from '../model/message/field.ts'
import { textOf } from '../model/message/field.ts'
import { ConsistentHashMatcher, hashProperties, weightOf } from './consistent-hash.ts'
import { DirectMatcher } from './direct.ts'
import { FanoutMatcher } from './fanout.ts'
import { HeadersMatcher, matchKinds } from './headers.ts'
import type { End, Matcher } from './matcher.ts'
import { TopicMatcher } from './topic.ts'

const plainTypes: readonly string[] = ['direct', 'fanout', 'topic', 'headers', 'x-consistent-hash']
/** Routes like the type in its argument `x-delayed-type`, after the message's `x-delay`. */
export const delayedType = 'x-delayed-message'

export const exchangeTypes: readonly string[] = [...plainTypes, delayedType]

/** The type that routes. */
export function routingType(type: string, table: FieldTable): string {
  return type === delayedType ? (textOf(table.get('x-delayed-type')) ?? '') : type
}

/** Refused with `preconditionFailed`. */
export function checkExchangeType(type: string, table: FieldTable): Result<null> {
  const routing = routingType(type, table)
  if (!exchangeTypes.includes(type))
    return refuse('preconditionFailed', `invalid exchange type '${type}'`)
  if (!plainTypes.includes(routing))
    return refuse(
      'preconditionFailed',
      `invalid argument 'x-delayed-type', '${routing}' is not the type of an exchange that can ` +
        'be delayed',
    )
  if (routing !== 'x-consistent-hash') return ok(null)
  const header = table.get('hash-header')
  const property = table.get('hash-property')
  if (header !== undefined && property !== undefined)
    return refuse('preconditionFailed', 'hash-header and hash-property are mutually exclusive')
  if (header !== undefined && textOf(header) === null)
    return refuse('preconditionFailed', "invalid argument 'hash-header': it must be a string")
  if (property !== undefined && !hashProperties.includes(textOf(property) ?? ''))
    return refuse('preconditionFailed', `Unsupported property: ${textOf(property) ?? ''}`)
  return ok(null)
}

/** Whether an exchange of `type` takes such a binding. Refused with `preconditionFailed`. */
export function checkBinding(routing: string, key: string, table: FieldTable): Result<null> {
  if (routing === 'x-consistent-hash' && weightOf(key) === null)
    return refuse(
      'preconditionFailed',
      `The binding key must be an integer that is greater than 0: '${key}' is none`,
    )
  const match = table.get('x-match')
  if (routing !== 'headers' || match === undefined) return ok(null)
  const kind = textOf(match)
  if (kind !== null && matchKinds.includes(kind)) return ok(null)
  return refuse(
    'preconditionFailed',
    `Invalid x-match field ${kind === null ? 'type' : 'value'} '${kind ?? match.type}'; ` +
      `expected ${matchKinds.join(', ')}`,
  )
}

/** `routing` is what `routingType` has given. */
export function matcherOf<T extends End>(routing: string, table: FieldTable): Matcher<T> {
  switch (routing) {
    case 'fanout':
      return new FanoutMatcher()
    case 'topic':
      return new TopicMatcher()
    case 'headers':
      return new HeadersMatcher()
    case 'x-consistent-hash':
      return new ConsistentHashMatcher(table)
    default:
      return new DirectMatcher()
  }
}
