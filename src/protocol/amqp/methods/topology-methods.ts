// The methods of the classes access, exchange and queue: AMQP 0-9-1, sections 1.6 and 1.7 of its
// reference, access as in 0-9, with RabbitMQ's bindings between exchanges.
import { method } from './schema.ts'

export const access = {
  request: method(30, 10, 'access.request', {
    realm: 'shortstr',
    exclusive: 'bit',
    passive: 'bit',
    active: 'bit',
    write: 'bit',
    read: 'bit',
  }),
  requestOk: method(30, 11, 'access.request-ok', { ticket: 'short' }),
}

const exchangeBinding = {
  ticket: 'short',
  destination: 'shortstr',
  source: 'shortstr',
  routingKey: 'shortstr',
  nowait: 'bit',
  arguments: 'table',
} as const

export const exchange = {
  declare: method(40, 10, 'exchange.declare', {
    ticket: 'short',
    exchange: 'shortstr',
    type: 'shortstr',
    passive: 'bit',
    durable: 'bit',
    autoDelete: 'bit',
    internal: 'bit',
    nowait: 'bit',
    arguments: 'table',
  }),
  declareOk: method(40, 11, 'exchange.declare-ok', {}),
  delete: method(40, 20, 'exchange.delete', {
    ticket: 'short',
    exchange: 'shortstr',
    ifUnused: 'bit',
    nowait: 'bit',
  }),
  deleteOk: method(40, 21, 'exchange.delete-ok', {}),
  bind: method(40, 30, 'exchange.bind', exchangeBinding),
  bindOk: method(40, 31, 'exchange.bind-ok', {}),
  unbind: method(40, 40, 'exchange.unbind', exchangeBinding),
  unbindOk: method(40, 51, 'exchange.unbind-ok', {}),
}

export const queue = {
  declare: method(50, 10, 'queue.declare', {
    ticket: 'short',
    queue: 'shortstr',
    passive: 'bit',
    durable: 'bit',
    exclusive: 'bit',
    autoDelete: 'bit',
    nowait: 'bit',
    arguments: 'table',
  }),
  declareOk: method(50, 11, 'queue.declare-ok', {
    queue: 'shortstr',
    messageCount: 'long',
    consumerCount: 'long',
  }),
  bind: method(50, 20, 'queue.bind', {
    ticket: 'short',
    queue: 'shortstr',
    exchange: 'shortstr',
    routingKey: 'shortstr',
    nowait: 'bit',
    arguments: 'table',
  }),
  bindOk: method(50, 21, 'queue.bind-ok', {}),
  purge: method(50, 30, 'queue.purge', { ticket: 'short', queue: 'shortstr', nowait: 'bit' }),
  purgeOk: method(50, 31, 'queue.purge-ok', { messageCount: 'long' }),
  delete: method(50, 40, 'queue.delete', {
    ticket: 'short',
    queue: 'shortstr',
    ifUnused: 'bit',
    ifEmpty: 'bit',
    nowait: 'bit',
  }),
  deleteOk: method(50, 41, 'queue.delete-ok', { messageCount: 'long' }),
  unbind: method(50, 50, 'queue.unbind', {
    ticket: 'short',
    queue: 'shortstr',
    exchange: 'shortstr',
    routingKey: 'shortstr',
    arguments: 'table',
  }),
  unbindOk: method(50, 51, 'queue.unbind-ok', {}),
}
