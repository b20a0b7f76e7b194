// The methods of the classes basic, confirm and tx: AMQP 0-9-1, sections 1.8 and 1.9 of its
// reference, with RabbitMQ's nack and confirm.
import { method } from './schema.ts'

const tagged = { deliveryTag: 'longlong', multiple: 'bit' } as const

export const basic = {
  qos: method(60, 10, 'basic.qos', {
    prefetchSize: 'long',
    prefetchCount: 'short',
    global: 'bit',
  }),
  qosOk: method(60, 11, 'basic.qos-ok', {}),
  consume: method(60, 20, 'basic.consume', {
    ticket: 'short',
    queue: 'shortstr',
    consumerTag: 'shortstr',
    noLocal: 'bit',
    noAck: 'bit',
    exclusive: 'bit',
    nowait: 'bit',
    arguments: 'table',
  }),
  consumeOk: method(60, 21, 'basic.consume-ok', { consumerTag: 'shortstr' }),
  cancel: method(60, 30, 'basic.cancel', { consumerTag: 'shortstr', nowait: 'bit' }),
  cancelOk: method(60, 31, 'basic.cancel-ok', { consumerTag: 'shortstr' }),
  publish: method(60, 40, 'basic.publish', {
    ticket: 'short',
    exchange: 'shortstr',
    routingKey: 'shortstr',
    mandatory: 'bit',
    immediate: 'bit',
  }),
  return: method(60, 50, 'basic.return', {
    replyCode: 'short',
    replyText: 'shortstr',
    exchange: 'shortstr',
    routingKey: 'shortstr',
  }),
  deliver: method(60, 60, 'basic.deliver', {
    consumerTag: 'shortstr',
    deliveryTag: 'longlong',
    redelivered: 'bit',
    exchange: 'shortstr',
    routingKey: 'shortstr',
  }),
  get: method(60, 70, 'basic.get', { ticket: 'short', queue: 'shortstr', noAck: 'bit' }),
  getOk: method(60, 71, 'basic.get-ok', {
    deliveryTag: 'longlong',
    redelivered: 'bit',
    exchange: 'shortstr',
    routingKey: 'shortstr',
    messageCount: 'long',
  }),
  getEmpty: method(60, 72, 'basic.get-empty', { reserved1: 'shortstr' }),
  ack: method(60, 80, 'basic.ack', tagged),
  reject: method(60, 90, 'basic.reject', { deliveryTag: 'longlong', requeue: 'bit' }),
  recoverAsync: method(60, 100, 'basic.recover-async', { requeue: 'bit' }),
  recover: method(60, 110, 'basic.recover', { requeue: 'bit' }),
  recoverOk: method(60, 111, 'basic.recover-ok', {}),
  nack: method(60, 120, 'basic.nack', { ...tagged, requeue: 'bit' }),
}

export const confirm = {
  select: method(85, 10, 'confirm.select', { nowait: 'bit' }),
  selectOk: method(85, 11, 'confirm.select-ok', {}),
}

export const tx = {
  select: method(90, 10, 'tx.select', {}),
  selectOk: method(90, 11, 'tx.select-ok', {}),
  commit: method(90, 20, 'tx.commit', {}),
  commitOk: method(90, 21, 'tx.commit-ok', {}),
  rollback: method(90, 30, 'tx.rollback', {}),
  rollbackOk: method(90, 31, 'tx.rollback-ok', {}),
}
