// What becomes of deliveries: acknowledged, refused, given back; and how many may be under way.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import type { Arguments, Item } from '../client/methods.ts'

const brief = (item: Item): string =>
  item.is === 'basic.deliver'
    ? `${item['deliveryTag']} ${item['body']}${item['redelivered'] ? ' again' : ''}`
    : item.is

interface Delivered {
  readonly channel: Channel
  readonly queue: string
}

/** A channel that has got `count` messages of a queue, tags and bodies from 1 on. */
async function delivered(t: Case, count: number, name = 'q'): Promise<Delivered> {
  const publisher = await t.confirming()
  const queue = await publisher.queue(t.name(name))
  for (let i = 1; i <= count; i += 1) await publisher.confirmed('', queue, { body: `${i}` })
  publisher.connection.destroy()
  const channel = await t.channel()
  await channel.must('basic.consume', { queue, consumerTag: 'c' })
  await channel.take(count)
  return { channel, queue }
}

/** Settles, closes the channel, and tells what is left in the queue with its redelivered flags. */
async function left(t: Case, question: string, settle: (c: Channel) => void): Promise<void> {
  const { channel, queue } = await delivered(t, 5, question)
  await channel.must('basic.cancel', { consumerTag: 'c' })
  settle(channel)
  await channel.settled(queue)
  t.answer(`${question}.ready`, await t.state(queue))
  await channel.must('channel.close')
  t.answer(
    `${question}.left`,
    (await t.drain(queue)).map(({ body, redelivered }) => [body, redelivered]),
  )
}

/** Prefetch: publishes ten, and tells what comes at once and after acks. */
async function limited(t: Case, question: string, qos: Arguments): Promise<Delivered> {
  const publisher = await t.confirming()
  const queue = await publisher.queue(t.name(question))
  for (let i = 1; i <= 10; i += 1) await publisher.confirmed('', queue, { body: `${i}` })
  const channel = await t.channel()
  t.answer(`${question}.answer`, await channel.call('basic.qos', qos))
  await channel.must('basic.consume', { queue, consumerTag: 'c' })
  t.answer(`${question}.atOnce`, (await channel.settled(queue)).map(brief))
  channel.send('basic.ack', { deliveryTag: 1 })
  t.answer(`${question}.afterOne`, (await channel.settled(queue)).map(brief))
  return { channel, queue }
}

export const settle: Cases = {
  async ack(t) {
    await left(t, 'one', (c) => c.send('basic.ack', { deliveryTag: 2 }))
    await left(t, 'upTo', (c) => c.send('basic.ack', { deliveryTag: 3, multiple: true }))
    await left(t, 'all', (c) => c.send('basic.ack', { deliveryTag: 0, multiple: true }))
  },

  async reject(t) {
    await left(t, 'drop', (c) => c.send('basic.reject', { deliveryTag: 2 }))
    await left(t, 'requeue', (c) => c.send('basic.reject', { deliveryTag: 2, requeue: true }))
    await left(t, 'nack.drop', (c) => c.send('basic.nack', { deliveryTag: 2 }))
    const nack = (args: Arguments) => (c: Channel) => c.send('basic.nack', args)
    await left(t, 'nack.requeue', nack({ deliveryTag: 2, requeue: true }))
    await left(t, 'nack.upTo', nack({ deliveryTag: 3, multiple: true, requeue: true }))
    await left(t, 'nack.upTo.drop', nack({ deliveryTag: 3, multiple: true }))
    await left(t, 'nack.all', nack({ deliveryTag: 0, multiple: true, requeue: true }))
    await left(t, 'nack.all.drop', nack({ deliveryTag: 0, multiple: true }))
    await left(t, 'none', (c) => c.send('channel.flow', { active: true }))
  },

  async requeueOrder(t) {
    await left(t, 'backwards', (c) => {
      for (const deliveryTag of [5, 3, 1, 4, 2])
        c.send('basic.reject', { deliveryTag, requeue: true })
    })
    const { channel, queue } = await delivered(t, 3)
    channel.send('basic.reject', { deliveryTag: 2, requeue: true })
    t.answer('toItself', (await channel.take(1)).map(brief))
    channel.send('basic.nack', { deliveryTag: 0, multiple: true, requeue: true })
    t.answer('allToItself', (await channel.take(3)).map(brief))
    const publisher = await t.confirming()
    await channel.must('basic.cancel', { consumerTag: 'c' })
    await publisher.confirmed('', queue, { body: 'later' })
    await channel.must('channel.close')
    t.answer('beforeLater', await t.bodies(queue))
  },

  async unknown(t) {
    const ask = async (question: string, name: string, args: Arguments) => {
      const { channel } = await delivered(t, 2, question)
      channel.send(name, args)
      channel.send('basic.qos')
      // What is requeued may come back before the answer or after it.
      t.answer(question, (await channel.until(({ is }) => is !== 'basic.deliver')).at(-1))
    }
    await ask('ack', 'basic.ack', { deliveryTag: 3 })
    await ask('ack.multiple', 'basic.ack', { deliveryTag: 3, multiple: true })
    await ask('ack.0', 'basic.ack', { deliveryTag: 0 })
    await ask('ack.0.multiple', 'basic.ack', { deliveryTag: 0, multiple: true })
    await ask('reject', 'basic.reject', { deliveryTag: 3 })
    await ask('reject.0', 'basic.reject', { deliveryTag: 0, requeue: true })
    await ask('nack', 'basic.nack', { deliveryTag: 3 })
    await ask('nack.multiple', 'basic.nack', { deliveryTag: 3, multiple: true })
    await ask('nack.0.multiple', 'basic.nack', { deliveryTag: 0, multiple: true, requeue: true })
    await ask('highest', 'basic.ack', { deliveryTag: 2n ** 64n - 1n })
  },

  async twice(t) {
    const { channel } = await delivered(t, 3, 'ack')
    channel.send('basic.ack', { deliveryTag: 1 })
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('ack', await channel.call('basic.qos'))
    const covered = await delivered(t, 3, 'covered')
    covered.channel.send('basic.ack', { deliveryTag: 2, multiple: true })
    covered.channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('covered', await covered.channel.call('basic.qos'))
    const below = await delivered(t, 3, 'below')
    below.channel.send('basic.ack', { deliveryTag: 2, multiple: true })
    below.channel.send('basic.ack', { deliveryTag: 1, multiple: true })
    t.answer('below.multiple', await below.channel.call('basic.qos'))
    const same = await delivered(t, 3, 'same')
    same.channel.send('basic.ack', { deliveryTag: 2 })
    same.channel.send('basic.ack', { deliveryTag: 2, multiple: true })
    t.answer('same.multiple', await same.channel.call('basic.qos'))
    const empty = await t.channel()
    empty.send('basic.ack', { deliveryTag: 0, multiple: true })
    t.answer('nothing.all', await empty.call('basic.qos'))
    empty.send('basic.nack', { deliveryTag: 0, multiple: true, requeue: true })
    t.answer('nothing.nackAll', await empty.call('basic.qos'))
    empty.send('basic.ack', { deliveryTag: 1 })
    t.answer('nothing', await empty.next())
  },

  async otherChannel(t) {
    const { channel, queue } = await delivered(t, 2)
    const other = await channel.connection.open(2)
    other.send('basic.ack', { deliveryTag: 1 })
    t.answer('refused', await other.next())
    t.answer('stillThere', await channel.settled(queue))
    channel.connection.destroy()
    t.answer('back', await t.ready(queue, 2))
  },

  async recover(t) {
    const { channel, queue } = await delivered(t, 3)
    channel.send('basic.ack', { deliveryTag: 2 })
    channel.send('basic.recover', { requeue: true })
    t.answer('requeue', await channel.take(3))
    t.answer('noMore', await channel.settled(queue))
    channel.send('basic.recover-async', { requeue: true })
    t.answer('async', (await channel.take(2)).map(brief))
    await channel.must('basic.cancel', { consumerTag: 'c' })
    t.answer('noConsumer', await channel.call('basic.recover', { requeue: true }))
    t.answer('ready', await t.ready(queue, 2))
    t.answer('nothing', await channel.call('basic.recover', { requeue: true }))
    channel.send('basic.recover', { requeue: false })
    t.answer('notRequeue', await channel.connection.rest())
    const async = await t.channel()
    async.send('basic.recover-async', { requeue: false })
    t.answer('async.notRequeue', await async.connection.rest())
  },

  async qos(t) {
    await limited(t, 'none', { prefetchCount: 0 })
    await limited(t, 'three', { prefetchCount: 3 })
    await limited(t, 'global', { prefetchCount: 3, global: true })
    await t.ask('size', 'basic.qos', { prefetchSize: 1 })
    await t.ask('size.zero', 'basic.qos', { prefetchSize: 0, prefetchCount: 65_535 })
  },

  async 'qos.consumers'(t) {
    const { channel, queue } = await limited(t, 'first', { prefetchCount: 2 })
    await channel.must('basic.qos', { prefetchCount: 1 })
    await channel.must('basic.consume', { queue, consumerTag: 'd' })
    t.answer('second', (await channel.settled(queue)).map(brief))
    channel.send('basic.ack', { deliveryTag: 3, multiple: true })
    t.answer('firstKeepsItsOwn', (await channel.settled(queue)).map(brief))
  },

  async 'qos.later'(t) {
    const { channel, queue } = await limited(t, 'first', { prefetchCount: 1 })
    t.answer('raise', await channel.call('basic.qos', { prefetchCount: 5 }))
    t.answer('raised.notForIt', (await channel.settled(queue)).map(brief))
    const global = await limited(t, 'global', { prefetchCount: 1, global: true })
    await global.channel.must('basic.qos', { prefetchCount: 3, global: true })
    t.answer('global.raised', (await global.channel.settled(global.queue)).map(brief))
    await global.channel.must('basic.qos', { prefetchCount: 0, global: true })
    t.answer('global.lifted', (await global.channel.settled(global.queue)).map(brief))
  },

  async 'qos.both'(t) {
    const publisher = await t.confirming()
    const queue = await publisher.queue(t.name('q'))
    for (let i = 1; i <= 10; i += 1) await publisher.confirmed('', queue, { body: `${i}` })
    const channel = await t.channel()
    await channel.must('basic.qos', { prefetchCount: 3, global: true })
    await channel.must('basic.qos', { prefetchCount: 2 })
    await channel.must('basic.consume', { queue, consumerTag: 'a' })
    t.answer('perConsumer', (await channel.settled(queue)).map(brief))
    await channel.must('basic.consume', { queue, consumerTag: 'b' })
    t.answer('shared', (await channel.settled(queue)).map(brief))
    t.answer('getIgnoresIt', await channel.call('basic.get', { queue }))
  },

  async redelivered(t) {
    const { channel, queue } = await delivered(t, 1)
    await channel.must('basic.cancel', { consumerTag: 'c' })
    channel.send('basic.reject', { deliveryTag: 1, requeue: true })
    t.answer('get', await channel.call('basic.get', { queue }))
    channel.connection.destroy()
    await t.ready(queue, 1)
    const next = await t.channel()
    t.answer('afterDrop', await next.call('basic.get', { queue }))
    await next.must('channel.close')
    const third = await t.channel()
    await third.must('basic.consume', { queue, consumerTag: 'c' })
    t.answer('consumed', await third.next())
  },

  async closeOrder(t) {
    const { channel, queue } = await delivered(t, 6)
    for (const deliveryTag of [2, 4]) channel.send('basic.ack', { deliveryTag })
    await channel.connection.call(0, 'connection.close', { replyCode: 200 })
    await t.ready(queue, 4)
    t.answer('order', await t.bodies(queue))
  },
}
