// Every method that a client may send on an open channel, by class and method; and those of the
// channel itself, confirm and tx, which change its mode.

import { confirm, tx } from '../methods/basic-methods.ts'
import { channel as channelMethods } from '../methods/connection-methods.ts'
import { replies } from '../methods/reply-codes.ts'
import { basicCalls } from './basic-calls.ts'
import { type Call, on } from './calls.ts'
import type { Channel } from './channel.ts'
import { topologyCalls } from './topology-calls.ts'
import { Transaction } from './transaction.ts'

function selectConfirms(channel: Channel, nowait: boolean): void {
  if (channel.transaction !== null) {
    const text = 'cannot switch from tx to confirm mode'
    channel.fail(replies.preconditionFailed, text, confirm.select.id)
    return
  }
  channel.publishing.confirmFromNow()
  if (!nowait) channel.send(confirm.selectOk, {})
}

function selectTransactions(channel: Channel): void {
  const { publishing, home } = channel
  if (publishing.confirms !== null) {
    const text = 'cannot switch from confirm to tx mode'
    channel.fail(replies.preconditionFailed, text, tx.select.id)
    return
  }
  const { transactionMemory: memory, limits } = home.door
  const { transactionBytesMax, transactionStepsMax } = limits
  channel.transaction ??= new Transaction(memory, transactionBytesMax, transactionStepsMax)
  channel.send(tx.selectOk, {})
}

/**
 * Publishes, then settles, and answers when all of that is durable. What no queue rejects is done
 * also when one rejects something, as in RabbitMQ, and the channel closed for it.
 */
function commit(channel: Channel): void {
  const { transaction, home } = channel
  if (transaction === null) {
    channel.fail(replies.preconditionFailed, 'channel is not transactional', tx.commit.id)
    return
  }
  const { messages, settlements } = transaction.take()
  const isWhole = channel.publishing.commit(messages)
  channel.settling.commit(settlements)
  home.door.flushSoon()
  const durable = new Promise<void>((resolve) => home.door.whenDurable(resolve))
  home.wait(durable, () => {
    if (isWhole) channel.send(tx.commitOk, {})
    else channel.fail(replies.preconditionFailed, 'partial tx completion', tx.commit.id)
  })
}

function rollback(channel: Channel): void {
  if (channel.transaction === null) {
    channel.fail(replies.preconditionFailed, 'channel is not transactional', tx.rollback.id)
    return
  }
  channel.transaction.take()
  channel.send(tx.rollbackOk, {})
}

function flow(channel: Channel, active: boolean): void {
  if (active) channel.send(channelMethods.flowOk, { active: true })
  else channel.fail(replies.notImplemented, 'active=false', channelMethods.flow.id)
}

const calls: readonly Call[] = [
  ...topologyCalls,
  ...basicCalls,
  on(channelMethods.flow, (channel, { active }) => flow(channel, active)),
  on(channelMethods.close, (channel) => channel.close()),
  on(confirm.select, (channel, { nowait }) => selectConfirms(channel, nowait)),
  on(tx.select, selectTransactions),
  on(tx.commit, commit),
  on(tx.rollback, rollback),
]

const byId: ReadonlyMap<number, Call> = new Map(calls.map((call) => [call.method.id, call]))

export const callOf = (id: number): Call | undefined => byId.get(id)
