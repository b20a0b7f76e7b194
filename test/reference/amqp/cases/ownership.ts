// Who queues belong to, and when they go by themselves: exclusive, auto-delete, expiring.
import type { Case, Cases } from '../case.ts'
import type { Item } from '../client/methods.ts'

/**
 * Publishes until a message comes back: asking for the state of a queue counts as a use of it,
 * and would keep it.
 */
async function untilGone(t: Case, queue: string): Promise<Item | undefined> {
  const channel = await t.channel()
  const ask = async (): Promise<Item[]> => {
    channel.publish('', queue, {}, { mandatory: true })
    return channel.fence()
  }
  const [returned] = await t.poll(ask, (items) => items.length > 0)
  return returned
}

export const ownership: Cases = {
  async exclusive(t) {
    const owner = await t.channel()
    const queue = await owner.queue(t.name('a'), { exclusive: true })
    await t.ask('declare', 'queue.declare', { queue, exclusive: true })
    await t.ask('declare.notExclusive', 'queue.declare', { queue })
    await t.ask('declare.other', 'queue.declare', { queue, durable: true })
    await t.ask('passive', 'queue.declare', { queue, passive: true })
    await t.ask('purge', 'queue.purge', { queue })
    await t.ask('delete', 'queue.delete', { queue })
    await t.ask('bind', 'queue.bind', { queue, exchange: 'amq.direct', routingKey: 'k' })
    await t.ask('unbind', 'queue.unbind', { queue, exchange: 'amq.direct', routingKey: 'k' })
    await owner.must('queue.bind', { queue, exchange: 'amq.direct', routingKey: 'bound' })
    await t.ask('unbind.bound', 'queue.unbind', {
      queue,
      exchange: 'amq.direct',
      routingKey: 'bound',
    })
    await t.ask('consume', 'basic.consume', { queue })
    await t.ask('get', 'basic.get', { queue })
    const stranger = await t.confirming()
    t.answer('publish', await stranger.confirmed('', queue, { body: 'from others' }))
    t.answer('received', await owner.call('basic.get', { queue, noAck: true }))
    const second = await owner.connection.open(2)
    t.answer('otherChannel', await second.call('queue.declare', { queue, exclusive: true }))
    await owner.must('channel.close')
    t.answer('afterItsChannel', await second.call('queue.declare', { queue, passive: true }))
  },

  async 'exclusive.goes'(t) {
    const owner = await t.channel()
    const queue = await owner.queue(t.name('a'), { exclusive: true, durable: true })
    await owner.connection.call(0, 'connection.close', { replyCode: 200 })
    t.answer('closed', await t.state(queue))
    const next = await t.channel()
    t.answer('again', await next.call('queue.declare', { queue, exclusive: true }))
    next.connection.destroy()
    t.answer('dropped', await t.gone(queue))
    const broken = await t.channel()
    await broken.queue(queue, { exclusive: true })
    await broken.connection.call(1, 'channel.open')
    t.answer('mistake', await t.gone(queue))
  },

  async 'exclusive.mismatch'(t) {
    const owner = await t.channel()
    const queue = await owner.queue(t.name('a'))
    t.answer('becomes', await owner.call('queue.declare', { queue, exclusive: true }))
  },

  async autoDelete(t) {
    const channel = await t.channel()
    const args = { autoDelete: true }
    const never = await channel.queue(t.name('never'), args)
    const two = await channel.queue(t.name('two'), args)
    await channel.must('basic.consume', { queue: two, consumerTag: 'a' })
    await channel.must('basic.consume', { queue: two, consumerTag: 'b' })
    await channel.must('basic.cancel', { consumerTag: 'a' })
    t.answer('oneLeft', await t.state(two))
    t.answer('cancel', await channel.call('basic.cancel', { consumerTag: 'b' }))
    t.answer('noneLeft', await t.gone(two))
    t.answer('neverUsed', await t.state(never))
    await channel.call('basic.get', { queue: never })
    t.answer('onlyGot', await t.state(never))
    const user = await t.channel()
    await user.must('basic.consume', { queue: never, consumerTag: 'c' })
    await user.must('channel.close')
    t.answer('channelClosed', await t.gone(never))
    const third = await channel.queue(t.name('third'), args)
    const other = await t.channel()
    await other.must('basic.consume', { queue: third, consumerTag: 'd' })
    other.connection.destroy()
    t.answer('connectionDropped', await t.gone(third))
  },

  async 'autoDelete.full'(t) {
    const channel = await t.confirming()
    const queue = await channel.queue(t.name('a'), { autoDelete: true })
    await channel.must('basic.consume', { queue, consumerTag: 'a' })
    await channel.confirmed('', queue, { body: 'x' })
    await channel.settled(queue)
    t.answer('cancel', await channel.call('basic.cancel', { consumerTag: 'a' }))
    t.answer('goesWithMessages', await t.gone(queue))
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('ackAfterwards', await channel.fence())
  },

  async expires(t) {
    const channel = await t.channel()
    const brief = { arguments: { 'x-expires': 300 } }
    const queue = await channel.queue(t.name('a'), brief)
    t.answer('unused', await untilGone(t, queue))
    t.answer('unused.state', await t.state(queue))
    await channel.queue(queue, brief)
    await channel.must('basic.consume', { queue, consumerTag: 'a' })
    const clock = await channel.queue(t.name('b'), { arguments: { 'x-expires': 900 } })
    await untilGone(t, clock)
    t.answer('consumed', await t.state(queue))
    t.answer('cancel', await channel.call('basic.cancel', { consumerTag: 'a' }))
    t.answer('afterCancel', await untilGone(t, queue))
  },

  async 'expires.full'(t) {
    const channel = await t.confirming()
    const queue = await channel.queue(t.name('a'), {
      arguments: {
        'x-expires': 300,
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': t.name('b'),
      },
    })
    const dead = await channel.queue(t.name('b'))
    await channel.confirmed('', queue, { body: 'x' })
    t.answer('gone', await untilGone(t, queue))
    t.answer('notDeadLettered', await t.state(dead))
  },

  async consumerIsTold(t) {
    const channel = await t.channel()
    const queue = await channel.queue(t.name('a'), { autoDelete: false })
    await channel.must('basic.consume', { queue, consumerTag: 'told' })
    const other = await t.channel()
    await other.must('queue.delete', { queue })
    t.answer('cancelled', await channel.next())
    t.answer('channelLives', await channel.call('basic.qos'))
    const old = await t.channel({ clientProperties: {} })
    await old.queue(queue)
    await old.must('basic.consume', { queue, consumerTag: 'notTold' })
    await other.must('queue.delete', { queue })
    t.answer('oldClient', await old.fence())
    await channel.queue(queue)
    await channel.must('basic.consume', { queue, consumerTag: 'own' })
    channel.send('queue.delete', { queue })
    t.answer('own', await channel.take(2))
  },
}
