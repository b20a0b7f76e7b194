// The methods of the classes connection and channel: AMQP 0-9-1, sections 1.4 and 1.5 of its
// reference, with RabbitMQ's blocked, unblocked and update-secret.
import { method } from './schema.ts'

export const connection = {
  start: method(10, 10, 'connection.start', {
    versionMajor: 'octet',
    versionMinor: 'octet',
    serverProperties: 'table',
    mechanisms: 'longstr',
    locales: 'longstr',
  }),
  startOk: method(10, 11, 'connection.start-ok', {
    clientProperties: 'table',
    mechanism: 'shortstr',
    response: 'longstr',
    locale: 'shortstr',
  }),
  secure: method(10, 20, 'connection.secure', { challenge: 'longstr' }),
  secureOk: method(10, 21, 'connection.secure-ok', { response: 'longstr' }),
  tune: method(10, 30, 'connection.tune', {
    channelMax: 'short',
    frameMax: 'long',
    heartbeat: 'short',
  }),
  tuneOk: method(10, 31, 'connection.tune-ok', {
    channelMax: 'short',
    frameMax: 'long',
    heartbeat: 'short',
  }),
  open: method(10, 40, 'connection.open', {
    virtualHost: 'shortstr',
    reserved1: 'shortstr',
    reserved2: 'bit',
  }),
  openOk: method(10, 41, 'connection.open-ok', { reserved1: 'shortstr' }),
  close: method(10, 50, 'connection.close', {
    replyCode: 'short',
    replyText: 'shortstr',
    classId: 'short',
    methodId: 'short',
  }),
  closeOk: method(10, 51, 'connection.close-ok', {}),
  blocked: method(10, 60, 'connection.blocked', { reason: 'shortstr' }),
  unblocked: method(10, 61, 'connection.unblocked', {}),
  updateSecret: method(10, 70, 'connection.update-secret', {
    newSecret: 'longstr',
    reason: 'shortstr',
  }),
  updateSecretOk: method(10, 71, 'connection.update-secret-ok', {}),
}

export const channel = {
  open: method(20, 10, 'channel.open', { reserved1: 'shortstr' }),
  openOk: method(20, 11, 'channel.open-ok', { reserved1: 'longstr' }),
  flow: method(20, 20, 'channel.flow', { active: 'bit' }),
  flowOk: method(20, 21, 'channel.flow-ok', { active: 'bit' }),
  close: method(20, 40, 'channel.close', {
    replyCode: 'short',
    replyText: 'shortstr',
    classId: 'short',
    methodId: 'short',
  }),
  closeOk: method(20, 41, 'channel.close-ok', {}),
}
