// Transactions: what is held back until they are committed, and what is forgotten.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'

async function transacted(t: Case): Promise<{ channel: Channel; queue: string }> {
  const channel = await t.channel()
  await channel.must('tx.select')
  return { channel, queue: await channel.queue(t.name('q')) }
}

export const tx: Cases = {
  async publish(t) {
    const { channel, queue } = await transacted(t)
    channel.publish('', queue, { body: '1' })
    channel.publish('', queue, { body: '2' })
    t.answer('before', await channel.settled(queue))
    t.answer('before.state', await t.state(queue))
    t.answer('commit', await channel.call('tx.commit'))
    t.answer('after', await t.ready(queue, 2))
    channel.publish('', queue, { body: '3' })
    t.answer('rollback', await channel.call('tx.rollback'))
    t.answer('commit.empty', await channel.call('tx.commit'))
    t.answer('bodies', await t.bodies(queue))
  },

  async ack(t) {
    const { channel, queue } = await transacted(t)
    for (const body of ['1', '2', '3']) channel.publish('', queue, { body })
    await channel.must('tx.commit')
    for (let i = 0; i < 3; i += 1) await channel.call('basic.get', { queue })
    channel.send('basic.ack', { deliveryTag: 1 })
    channel.send('basic.reject', { deliveryTag: 2, requeue: true })
    t.answer('held', await t.state(queue))
    t.answer('rollback', await channel.call('tx.rollback'))
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('ackAgain', await channel.call('tx.commit'))
    await channel.must('channel.close')
    t.answer('left', await t.bodies(queue))
  },

  async 'ack.twice'(t) {
    const { channel, queue } = await transacted(t)
    channel.publish('', queue, { body: '1' })
    await channel.must('tx.commit')
    await channel.call('basic.get', { queue })
    channel.send('basic.ack', { deliveryTag: 1 })
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('answer', await channel.call('tx.commit'))
  },

  async 'ack.unknown'(t) {
    const { channel } = await transacted(t)
    channel.send('basic.ack', { deliveryTag: 9 })
    t.answer('answer', await channel.call('basic.qos'))
  },

  async nack(t) {
    const { channel, queue } = await transacted(t)
    for (const body of ['1', '2', '3']) channel.publish('', queue, { body })
    await channel.must('tx.commit')
    for (let i = 0; i < 3; i += 1) await channel.call('basic.get', { queue })
    channel.send('basic.nack', { deliveryTag: 2, multiple: true, requeue: true })
    channel.send('basic.nack', { deliveryTag: 3 })
    t.answer('commit', await channel.call('tx.commit'))
    t.answer('back', await t.ready(queue, 2))
    t.answer('left', await t.bodies(queue))
  },

  async mandatory(t) {
    const { channel } = await transacted(t)
    channel.publish('', t.name('none'), { body: 'lost' }, { mandatory: true })
    t.answer('before', await channel.fence())
    channel.send('tx.commit')
    t.answer('commit', await channel.take(2))
  },

  async mistake(t) {
    const { channel, queue } = await transacted(t)
    channel.publish('', queue, { body: '1' })
    channel.publish(t.name('none'), 'k', { body: '2' })
    t.answer('noExchange', await channel.call('tx.commit'))
    t.answer('nothingStored', await t.state(queue))
  },

  async closed(t) {
    const { channel, queue } = await transacted(t)
    channel.publish('', queue, { body: '1' })
    await channel.must('channel.close')
    t.answer('forgotten', await t.state(queue))
  },

  async consumed(t) {
    const { channel, queue } = await transacted(t)
    for (const body of ['1', '2']) channel.publish('', queue, { body })
    await channel.must('tx.commit')
    await channel.must('basic.qos', { prefetchCount: 1 })
    await channel.must('basic.consume', { queue, consumerTag: 'c' })
    t.answer('first', (await channel.next())['body'])
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('noneBeforeCommit', await channel.settled(queue))
    channel.send('tx.commit')
    const items = await channel.take(2)
    t.answer('afterCommit', items.map((item) => item['body'] ?? item.is).sort())
  },

  async rejected(t) {
    const { channel, queue } = await transacted(t)
    const full = await channel.queue(t.name('full'), {
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    })
    for (const body of ['1', '2']) channel.publish('', full, { body })
    channel.publish('', queue, { body: '3' })
    t.answer('commit', await channel.call('tx.commit'))
    t.answer('taken', [await t.state(full), await t.state(queue)])
  },

  /** Bindings, the exchange and a queue change between the publishing and the commit. */
  async routed(t) {
    const { channel, queue } = await transacted(t)
    const exchange = t.name('e')
    const [later, gone] = [
      await channel.queue(t.name('later')),
      await channel.queue(t.name('gone')),
    ]
    await channel.must('exchange.declare', { exchange, type: 'direct' })
    const bind = { exchange, routingKey: 'k' }
    await channel.must('queue.bind', { queue, ...bind })
    await channel.must('queue.bind', { queue: gone, exchange, routingKey: 'gone' })
    channel.publish(exchange, 'k', { body: '1' })
    channel.publish(exchange, 'gone', { body: 'lost' }, { mandatory: true })
    channel.publish(exchange, 'none', { body: 'nowhere' }, { mandatory: true })
    const other = await t.channel()
    await other.must('queue.unbind', { queue, ...bind })
    await other.must('queue.bind', { queue: later, ...bind })
    await other.must('queue.delete', { queue: gone })
    channel.publish(exchange, 'k', { body: '2' })
    // What came before it has been routed.
    await channel.must('basic.qos')
    await other.must('exchange.delete', { exchange })
    channel.publish('', later, { body: '3' })
    channel.send('tx.commit')
    t.answer('commit', await channel.take(3))
    t.answer('bodies', [await t.bodies(queue), await t.bodies(later)])
  },

  async recover(t) {
    const { channel, queue } = await transacted(t)
    channel.publish('', queue, { body: '1' })
    await channel.must('tx.commit')
    await channel.call('basic.get', { queue })
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('recover', await channel.call('basic.recover', { requeue: true }))
    await channel.must('tx.rollback')
    t.answer('state', await t.state(queue))
  },
}
