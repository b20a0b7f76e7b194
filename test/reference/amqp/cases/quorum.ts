// Queues of type quorum: what they share with classic ones, and the count of deliveries.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import type { Fields } from '../client/fields.ts'
import type { Item } from '../client/methods.ts'

async function made(t: Case, name: string, args: Fields = {}): Promise<Made> {
  const channel = await t.confirming()
  const queue = await channel.queue(t.name(name), {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', ...args },
  })
  return { channel, queue }
}

interface Made {
  readonly channel: Channel
  readonly queue: string
}

/** Gets until there is a message: a quorum queue counts what is ready a little later. */
const got = (t: Case, { channel, queue }: Made): Promise<Item> =>
  t.poll(
    () => channel.call('basic.get', { queue }),
    ({ is }) => is !== 'basic.get-empty',
  )

const brief = (item: Item): unknown => {
  const { headers } = (item['properties'] ?? {}) as { headers?: unknown }
  return [item['body'] ?? item.is, item['redelivered'], headers]
}

export const quorum: Cases = {
  async basics(t) {
    const m = await made(t, 'a')
    t.answer('confirm', await m.channel.confirmed('', m.queue, { body: '1' }))
    await m.channel.confirmed('', m.queue, { body: '2' })
    t.answer('ready', await t.ready(m.queue, 2))
    t.answer('get', { ...(await got(t, m)), messageCount: '*' })
    m.channel.send('basic.ack', { deliveryTag: 1 })
    await m.channel.must('basic.consume', { queue: m.queue, consumerTag: 'c' })
    t.answer('deliver', await m.channel.next())
    t.answer(
      'exclusive',
      await (await t.channel()).call('basic.consume', {
        queue: m.queue,
        consumerTag: 'd',
        exclusive: true,
      }),
    )
    await m.channel.must('basic.cancel', { consumerTag: 'c' })
    m.channel.send('basic.ack', { deliveryTag: 2 })
    t.answer('purge', (await m.channel.call('queue.purge', { queue: m.queue })).is)
    t.answer('delete', (await m.channel.call('queue.delete', { queue: m.queue })).is)
    t.answer('deleted', await t.state(m.queue))
  },

  async deliveryCount(t) {
    const m = await made(t, 'a')
    await m.channel.confirmed('', m.queue, { body: 'x' })
    t.answer('first', brief(await got(t, m)))
    m.channel.send('basic.reject', { deliveryTag: 1, requeue: true })
    t.answer('second', brief(await got(t, m)))
    m.channel.send('basic.nack', { deliveryTag: 2, requeue: true })
    t.answer('third', brief(await got(t, m)))
    m.channel.connection.destroy()
    const other = await t.channel()
    t.answer('afterDrop', brief(await got(t, { channel: other, queue: m.queue })))
  },

  async limit(t) {
    const dead = await (await t.channel()).queue(t.name('dead'))
    const m = await made(t, 'a', {
      'x-delivery-limit': 2,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': dead,
    })
    await m.channel.confirmed('', m.queue, { body: 'x' })
    for (const tag of [1, 2, 3]) {
      t.answer(`get.${tag}`, brief(await got(t, m)))
      m.channel.send('basic.reject', { deliveryTag: tag, requeue: true })
    }
    await t.ready(dead, 1)
    t.answer('dead', await t.drain(dead))
  },

  async 'limit.consumed'(t) {
    const dead = await (await t.channel()).queue(t.name('dead'))
    const m = await made(t, 'a', {
      'x-delivery-limit': 1,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': dead,
    })
    const consumer = await t.channel()
    await consumer.must('basic.consume', { queue: m.queue, consumerTag: 'c' })
    await m.channel.confirmed('', m.queue, { body: 'x' })
    t.answer('first', brief(await consumer.next()))
    consumer.send('basic.nack', { deliveryTag: 1, requeue: true })
    t.answer('second', brief(await consumer.next()))
    consumer.send('basic.nack', { deliveryTag: 2, requeue: true })
    await t.ready(dead, 1)
    t.answer('dead', (await t.drain(dead)).map(brief))
  },

  async rejected(t) {
    const dead = await (await t.channel()).queue(t.name('dead'))
    const m = await made(t, 'a', {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': dead,
    })
    await m.channel.confirmed('', m.queue, { body: 'x' })
    await got(t, m)
    m.channel.send('basic.reject', { deliveryTag: 1 })
    await t.ready(dead, 1)
    t.answer('dead', await t.drain(dead))
  },

  async overflow(t) {
    const m = await made(t, 'a', { 'x-max-length': 2 })
    for (const body of ['1', '2', '3', '4']) await m.channel.confirmed('', m.queue, { body })
    await t.ready(m.queue, 2)
    t.answer('dropHead', await t.bodies(m.queue))
  },

  async qos(t) {
    const m = await made(t, 'a')
    for (const body of ['1', '2', '3']) await m.channel.confirmed('', m.queue, { body })
    const consumer = await t.channel()
    await consumer.must('basic.qos', { prefetchCount: 1 })
    await consumer.must('basic.consume', { queue: m.queue, consumerTag: 'c' })
    t.answer('first', (await consumer.next())['body'])
    consumer.send('basic.ack', { deliveryTag: 1 })
    t.answer('second', (await consumer.next())['body'])
  },

  async globalQos(t) {
    const m = await made(t, 'a')
    const consumer = await t.channel()
    t.answer('qos', await consumer.call('basic.qos', { prefetchCount: 1, global: true }))
    t.answer('consume', await consumer.call('basic.consume', { queue: m.queue, consumerTag: 'c' }))
  },
}
