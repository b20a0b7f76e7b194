// What is declared in the simulation of queues: queues with drawn arguments, exchanges of all
// types, bindings between them. Small numbers, so that limits are met and names are met again.

import type { Policy } from '../../../src/broker/policies/policy-values.ts'
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { type FieldTable, noFields } from '../../../src/model/message/field.ts'
import { bindingWish, exchangeWish, queueWish, table } from '../../broker/messaging-fixture.ts'
import { QueueModel } from './copies.ts'
import type { Role } from './policy-model.ts'
import type { StreamModel } from './stream-model.ts'

export const exchangeTypes = ['direct', 'fanout', 'topic', 'headers', 'x-consistent-hash'] as const
export const keys = ['k0', 'k1', 'a.b', 'a.c'] as const
const bindingKeys = ['k0', 'k1', 'a.*', '#'] as const
const queueNames = 7
const exchangeNames = 4

/** Names are unique in a vhost: this is one that is so in the node. */
export const labelOf = (vhost: string, name: string): string =>
  vhost === mainVhost ? name : `${vhost}:${name}`

/** What the names of all messages of a vhost begin with. */
export const tagOf = (vhost: string): string => (vhost === mainVhost ? 'm' : 'n')

export const mainVhost = '/'
export const otherVhost = 'other'
/** Queues may be over the first one; dead letters and bindings lead to the second. */
export const topicName = 's0'
export const letterStream = 's1'
const topicQueueNames = 3

export const topicQueueName = (chance: SimChance): string => `t${chance.int(topicQueueNames)}`
export const queueName = (chance: SimChance): string => `q${chance.int(queueNames)}`
export const exchangeName = (chance: SimChance): string => `x${chance.int(exchangeNames)}`

type Arguments = Record<string, string | number | boolean>

export function drawQueue(chance: SimChance, vhost: string, plainName: string) {
  const isQuorum = chance.oneIn(4)
  const durable = isQuorum || chance.int(6) > 0
  const exclusive = !isQuorum && chance.oneIn(12)
  const autoDelete = !isQuorum && chance.oneIn(15)
  const args = table({
    ...drawRules(chance, isQuorum),
    ...drawLengths(chance, isQuorum),
    ...drawDeadLetters(chance),
  })
  const names = { name: labelOf(vhost, plainName), vhost, plainName }
  return {
    wish: queueWish(plainName, { durable, exclusive, autoDelete, arguments: args }),
    model: new QueueModel(names, args, exclusive, null),
  }
}

export const streamWish = (name: string) =>
  queueWish(name, { arguments: table({ 'x-queue-type': 'stream' }) })

/** `start`: of its argument. */
export function drawTopicQueue(
  chance: SimChance,
  source: StreamModel,
  plainName: string,
  start: string | number,
) {
  const isQuorum = chance.oneIn(3)
  const durable = isQuorum || chance.int(6) > 0
  const { vhost, plainName: topic } = source
  const args = table({
    ...drawRules(chance, isQuorum),
    ...drawDeadLetters(chance),
    'x-topic': topic,
    'x-stream-offset': start,
  })
  const names = { name: labelOf(vhost, plainName), vhost, plainName }
  const model = new QueueModel(names, args, false, source)
  // It has records before it is there.
  model.settings = { ...model.settings, durable }
  return { wish: queueWish(plainName, { durable, arguments: args }), model }
}

function drawRules(chance: SimChance, isQuorum: boolean): Arguments {
  const pick = <T>(values: readonly T[]): T => values[chance.int(values.length)] as T
  const args: Arguments = {}
  if (isQuorum) args['x-queue-type'] = 'quorum'
  if (chance.oneIn(5)) args['x-message-ttl'] = pick([0, 1, 20, 200])
  if (chance.oneIn(30)) args['x-expires'] = pick([5, 300])
  if (chance.oneIn(4)) args['x-delivery-limit'] = chance.int(4)
  if (chance.oneIn(6)) args['x-single-active-consumer'] = true
  if (chance.oneIn(5)) {
    args['x-delayed-retry-type'] = pick(['all', 'returned', 'failed'])
    args['x-delayed-retry-growth'] = pick(['linear', 'exponential'])
    args['x-delayed-retry-min'] = pick([1, 20, 300])
    args['x-delayed-retry-max'] = 1000
  }
  return args
}

/** What a queue over a topic cannot have. */
function drawLengths(chance: SimChance, isQuorum: boolean): Arguments {
  const pick = <T>(values: readonly T[]): T => values[chance.int(values.length)] as T
  const args: Arguments = {}
  if (!isQuorum && chance.oneIn(5)) args['x-max-priority'] = 1 + chance.int(3)
  if (chance.oneIn(4)) {
    if (chance.oneIn(3)) args['x-max-length-bytes'] = pick([100, 3000])
    else args['x-max-length'] = chance.int(10)
    const ways = ['drop-head', 'reject-publish', 'reject-publish-dlx'] as const
    args['x-overflow'] = ways[chance.int(isQuorum ? 2 : 3)] as string
  }
  return args
}

function drawDeadLetters(chance: SimChance): Arguments {
  const strategy = chance.oneIn(4) ? { 'x-dead-letter-strategy': 'at-least-once' } : {}
  switch (chance.int(4)) {
    case 0:
      return {}
    case 1:
      return { 'x-dead-letter-exchange': exchangeName(chance), ...strategy }
    default:
      return {
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': letterName(chance),
        ...strategy,
      }
  }
}

/** Where dead letters go, and bindings: never back to a topic that a queue is over. */
export const letterName = (chance: SimChance): string =>
  chance.oneIn(4) ? letterStream : queueName(chance)

const patterns = ['^q', '^q[0-3]$', '^[qt]', 'q1', '^q[2-6]$|^t'] as const

export function drawPolicy(chance: SimChance, role: Role, vhost: string, name: string): Policy {
  const pick = <T>(values: readonly T[]): T => values[chance.int(values.length)] as T
  const definition: Record<string, string | number> = {}
  if (chance.oneIn(2)) definition['max-length'] = chance.int(10)
  if (chance.oneIn(3)) definition['overflow'] = pick(['drop-head', 'reject-publish'])
  if (chance.oneIn(3)) definition['message-ttl'] = pick([0, 5, 100])
  if (chance.oneIn(4)) definition['delivery-limit'] = chance.int(4)
  if (role === 'user' && chance.oneIn(2)) {
    definition['dead-letter-exchange'] = chance.oneIn(3) ? exchangeName(chance) : ''
    definition['dead-letter-routing-key'] = letterName(chance)
  }
  if (Object.keys(definition).length === 0) definition['max-length'] = 3
  return {
    vhost,
    name,
    pattern: pick(patterns),
    applyTo: 'queues',
    priority: chance.int(3),
    definition,
  }
}

export function drawExchange(chance: SimChance, name: string) {
  const type = exchangeTypes[chance.int(exchangeTypes.length)] as string
  const args: FieldTable = chance.oneIn(4)
    ? table({ 'alternate-exchange': exchangeName(chance) })
    : noFields
  return exchangeWish(name, type, { durable: chance.int(5) > 0, arguments: args })
}

export function drawBinding(chance: SimChance, from: string, to: string, type: string) {
  const key =
    type === 'x-consistent-hash'
      ? String(1 + chance.int(3))
      : (bindingKeys[chance.int(bindingKeys.length)] as string)
  const args = type === 'headers' ? table({ h: chance.int(2), 'x-match': 'any' }) : noFields
  return bindingWish(from, to, key, args)
}
