// The methods of the class basic that consume, get, settle and limit; publishing is publishing.ts.

import type { QueueHandle } from '../../../broker/messaging/api.ts'
import type { FieldTable } from '../../../model/message/field.ts'
import { writeContent } from '../frames/frame-writer.ts'
import { basic } from '../methods/basic-methods.ts'
import { replies } from '../methods/reply-codes.ts'
import type { Of } from '../methods/schema.ts'
import { type Call, on } from './calls.ts'
import type { Channel } from './channel.ts'
import { Consumer } from './consumer.ts'
import { replyQueue } from './reply-addresses.ts'
import { ReplyReceiver } from './reply-receiver.ts'
import { queueMeant } from './topology-calls.ts'
import type { Owner } from './unacked.ts'

function qos(channel: Channel, values: Of<typeof basic.qos>): void {
  if (values.prefetchSize !== 0) {
    const text = `prefetch_size!=0 (${values.prefetchSize})`
    channel.fail(replies.notImplemented, text, basic.qos.id)
    return
  }
  if (values.global) {
    channel.prefetch = values.prefetchCount
    channel.resumeStarved()
  } else channel.prefetchOfConsumers = values.prefetchCount
  channel.send(basic.qosOk, {})
}

/** Of the arguments of a consumer; other types than whole numbers count as none. */
function priorityOf(table: FieldTable): number {
  const field = table.get('x-priority')
  if (field === undefined || !('value' in field)) return 0
  const priority = typeof field.value === 'bigint' ? Number(field.value) : field.value
  return typeof priority === 'number' && Number.isInteger(priority) ? priority : 0
}

function consume(channel: Channel, values: Of<typeof basic.consume>): void {
  const { home, consumers } = channel
  const tag = values.consumerTag === '' ? home.door.newTag() : values.consumerTag
  if (consumers.has(tag) || channel.replyReceiver?.tag === tag) {
    const text = `attempt to reuse consumer tag '${tag}'`
    channel.fail(replies.notAllowed, text, basic.consume.id)
    return
  }
  if (values.queue === replyQueue) {
    consumeReplies(channel, tag, values)
    return
  }
  const queue = queueMeant(channel, values.queue, basic.consume)
  if (queue === null) return
  if (consumers.size >= home.door.limits.consumersPerChannelMax) {
    const text = `a channel may have ${home.door.limits.consumersPerChannelMax} consumers`
    channel.fail(replies.preconditionFailed, text, basic.consume.id)
    return
  }
  const consumer = new Consumer(channel, tag, channel.prefetchOfConsumers, values)
  const wish = {
    queue,
    tag,
    settled: values.noAck,
    exclusive: values.exclusive,
    priority: priorityOf(values.arguments),
    prefetch: channel.prefetchOfConsumers,
    arguments: values.arguments,
  }
  home.wait(home.session.vhost.consume(wish, consumer), (result) => {
    if (!result.ok) {
      channel.refuse(result, basic.consume)
      return
    }
    // The channel may have gone meanwhile, with its connection.
    if (!channel.isOpen) {
      void result.value.cancel()
      return
    }
    if (!values.nowait) channel.send(basic.consumeOk, { consumerTag: tag })
    consumers.set(tag, consumer)
    consumer.begin(result.value)
  })
}

function consumeReplies(channel: Channel, tag: string, values: Of<typeof basic.consume>): void {
  const problem = !values.noAck
    ? 'reply consumer cannot acknowledge'
    : channel.replyReceiver !== null
      ? 'reply consumer already set'
      : null
  if (problem !== null) {
    channel.fail(replies.preconditionFailed, problem, basic.consume.id)
    return
  }
  channel.replyReceiver = new ReplyReceiver(channel, tag)
  if (!values.nowait) channel.send(basic.consumeOk, { consumerTag: tag })
}

function cancel(channel: Channel, values: Of<typeof basic.cancel>): void {
  const { consumerTag, nowait } = values
  const answer = () => {
    if (!nowait) channel.send(basic.cancelOk, { consumerTag })
  }
  if (channel.replyReceiver?.tag === consumerTag) {
    channel.replyReceiver.end()
    channel.replyReceiver = null
  }
  const consumer = channel.consumers.get(consumerTag)
  if (consumer === undefined) {
    answer()
    return
  }
  channel.consumers.delete(consumerTag)
  channel.home.wait(consumer.cancel(), answer)
}

/** What was got is settled at its queue, and takes no room of a consumer. */
class Getter implements Owner {
  readonly queue: QueueHandle
  readonly isGone = false

  constructor(queue: QueueHandle) {
    this.queue = queue
  }

  settled(): void {
    // Nobody waits for it.
  }
}

function get(channel: Channel, values: Of<typeof basic.get>): void {
  const { home, unacked } = channel
  const name = queueMeant(channel, values.queue, basic.get)
  if (name === null) return
  if (unacked.span >= home.door.limits.unackedMax) {
    const text = `${unacked.span} deliveries of this channel are not settled`
    channel.fail(replies.preconditionFailed, text, basic.get.id)
    return
  }
  const got = home.session.vhost.get(name, values.noAck)
  home.wait(got, (result) => {
    if (!result.ok) {
      channel.refuse(result, basic.get)
      return
    }
    const found = result.value
    const { counters } = channel
    if (found === null) {
      counters.gotNothing++
      channel.send(basic.getEmpty, { reserved1: '' })
      return
    }
    if (!channel.isOpen) {
      if (!values.noAck) found.queue.reject(found.id, true, false)
      home.door.flushSoon()
      return
    }
    const { message, redelivered, remaining: messageCount } = found
    const { exchange, routingKey } = message
    const deliveryTag = values.noAck
      ? unacked.pass()
      : unacked.add(new Getter(found.queue), found.id)
    const answer = { deliveryTag, redelivered, exchange, routingKey, messageCount }
    writeContent(home.out, channel.id, basic.getOk, answer, message, home.frameMax)
    home.door.counters.delivered++
    if (values.noAck) counters.gotSettled++
    else counters.got++
    if (redelivered) counters.redelivered++
    home.sendSoon()
    home.door.flushSoon()
  })
}

function recover(channel: Channel, requeue: boolean, isAsync: boolean): void {
  if (!requeue) {
    const { id } = isAsync ? basic.recoverAsync : basic.recover
    channel.fail(replies.notImplemented, 'requeue=false', id)
    return
  }
  // What comes back may be delivered again at once, behind the answer.
  if (!isAsync) channel.send(basic.recoverOk, {})
  channel.settling.recover()
}

export const basicCalls: readonly Call[] = [
  on(basic.qos, qos),
  on(basic.consume, consume),
  on(basic.cancel, cancel),
  on(basic.get, get),
  on(basic.ack, (channel, { deliveryTag, multiple }) => {
    channel.settling.ack(deliveryTag, multiple)
  }),
  on(basic.nack, (channel, { deliveryTag, multiple, requeue }) => {
    channel.settling.nack(deliveryTag, multiple, requeue)
  }),
  on(basic.reject, (channel, { deliveryTag, requeue }) => {
    channel.settling.reject(deliveryTag, requeue)
  }),
  on(basic.recover, (channel, { requeue }) => recover(channel, requeue, false)),
  on(basic.recoverAsync, (channel, { requeue }) => recover(channel, requeue, true)),
]
