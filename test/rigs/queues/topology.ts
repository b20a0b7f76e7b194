// What is declared in the simulation of queues: queues with drawn arguments, exchanges of all
// types, bindings between them. Small numbers, so that limits are met and names are met again.
import { queueSettings } from '../../../src/broker/declarations/queue-arguments.ts'
import type { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { type FieldTable, noFields } from '../../../src/model/message/field.ts'
import { bindingWish, exchangeWish, queueWish, table } from '../../broker/messaging-fixture.ts'
import { QueueModel } from './copies.ts'

export const exchangeTypes = ['direct', 'fanout', 'topic', 'headers', 'x-consistent-hash'] as const
export const keys = ['k0', 'k1', 'a.b', 'a.c'] as const
const bindingKeys = ['k0', 'k1', 'a.*', '#'] as const
const queueNames = 7
const exchangeNames = 4

export const queueName = (chance: SimChance): string => `q${chance.int(queueNames)}`
export const exchangeName = (chance: SimChance): string => `x${chance.int(exchangeNames)}`

type Arguments = Record<string, string | number | boolean>

export function drawQueue(chance: SimChance, name: string) {
  const isQuorum = chance.oneIn(4)
  const durable = isQuorum || chance.int(6) > 0
  const exclusive = !isQuorum && chance.oneIn(12)
  const autoDelete = !isQuorum && chance.oneIn(15)
  const args = table({ ...drawRules(chance, isQuorum), ...drawDeadLetters(chance) })
  const settings = queueSettings(args, durable && !exclusive)
  return {
    wish: queueWish(name, { durable, exclusive, autoDelete, arguments: args }),
    model: new QueueModel(name, settings, args, exclusive),
  }
}

function drawRules(chance: SimChance, isQuorum: boolean): Arguments {
  const pick = <T>(values: readonly T[]): T => values[chance.int(values.length)] as T
  const args: Arguments = {}
  if (isQuorum) args['x-queue-type'] = 'quorum'
  else if (chance.oneIn(5)) args['x-max-priority'] = 1 + chance.int(3)
  if (chance.oneIn(5)) args['x-message-ttl'] = pick([0, 1, 20, 200])
  if (chance.oneIn(30)) args['x-expires'] = pick([5, 300])
  if (chance.oneIn(4)) {
    if (chance.oneIn(3)) args['x-max-length-bytes'] = pick([100, 3000])
    else args['x-max-length'] = chance.int(10)
    const ways = ['drop-head', 'reject-publish', 'reject-publish-dlx'] as const
    args['x-overflow'] = ways[chance.int(isQuorum ? 2 : 3)] as string
  }
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

function drawDeadLetters(chance: SimChance): Arguments {
  switch (chance.int(4)) {
    case 0:
      return {}
    case 1:
      return { 'x-dead-letter-exchange': exchangeName(chance) }
    default:
      return { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queueName(chance) }
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
