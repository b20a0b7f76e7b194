// What outlives the broker: each case has a half before its end and one after its next start.
import type { Case, Halves } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import type { Fields } from '../client/fields.ts'
import type { Item } from '../client/methods.ts'

const persistent = (body: string, more: Fields = {}) => ({
  body,
  properties: { deliveryMode: 2, ...more },
})

const brief = ({ body, redelivered }: Item): unknown => [body, redelivered]

/** A durable queue with persistent bodies 1 to `count`. */
async function filled(t: Case, count: number, args: Fields = {}): Promise<Channel> {
  const channel = await t.confirming()
  const queue = await channel.queue(t.name('q'), { durable: true, arguments: args })
  for (let i = 1; i <= count; i += 1) await channel.confirmed('', queue, persistent(`${i}`))
  return channel
}

export const restart: Readonly<Record<string, Halves>> = {
  exchanges: {
    async before(t) {
      const channel = await t.channel()
      for (const durable of [true, false])
        await channel.must('exchange.declare', {
          exchange: t.name(`${durable}`),
          type: 'topic',
          durable,
        })
      await channel.must('exchange.declare', {
        exchange: t.name('auto'),
        type: 'fanout',
        durable: true,
        autoDelete: true,
        arguments: { 'alternate-exchange': 'other' },
      })
    },
    async after(t) {
      const declare = (name: string) => ({ exchange: t.name(name), passive: true })
      await t.ask('durable', 'exchange.declare', declare('true'))
      await t.ask('transient', 'exchange.declare', declare('false'))
      await t.ask('autoDelete', 'exchange.declare', declare('auto'))
      await t.ask('same', 'exchange.declare', {
        exchange: t.name('auto'),
        type: 'fanout',
        durable: true,
        autoDelete: true,
      })
    },
  },

  queues: {
    async before(t) {
      const channel = await t.channel()
      await channel.queue(t.name('durable'), { durable: true })
      await channel.queue(t.name('transient'))
      await channel.queue(t.name('exclusive'), { durable: true, exclusive: true })
      await channel.queue(t.name('auto'), { durable: true, autoDelete: true })
      const args = { 'x-max-length': 5, 'x-message-ttl': 60_000 }
      await channel.queue(t.name('arguments'), { durable: true, arguments: args })
    },
    async after(t) {
      for (const name of ['durable', 'transient', 'exclusive', 'auto', 'arguments'])
        t.answer(name, await t.state(t.name(name)))
      const queue = t.name('arguments')
      await t.ask('argumentsAreKept', 'queue.declare', { queue, durable: true })
    },
  },

  bindings: {
    async before(t) {
      const channel = await t.channel()
      const [a, b, queue] = [t.name('a'), t.name('b'), t.name('q')]
      await channel.must('exchange.declare', { exchange: a, type: 'direct', durable: true })
      await channel.must('exchange.declare', { exchange: b, type: 'fanout', durable: true })
      await channel.queue(queue, { durable: true })
      await channel.must('exchange.bind', { source: a, destination: b, routingKey: 'through' })
      await channel.must('queue.bind', { queue, exchange: b })
      await channel.must('queue.bind', { queue, exchange: a, routingKey: 'direct' })
      await channel.must('queue.bind', { queue, exchange: a, routingKey: 'unbound' })
      await channel.must('queue.unbind', { queue, exchange: a, routingKey: 'unbound' })
    },
    async after(t) {
      const channel = await t.confirming()
      for (const key of ['through', 'direct', 'unbound'])
        await channel.confirmed(t.name('a'), key, { body: key })
      t.answer('reached', await t.bodies(t.name('q')))
    },
  },

  messages: {
    async before(t) {
      const channel = await filled(t, 3)
      const queue = t.name('q')
      await channel.confirmed('', queue, { body: 'transient' })
      const headers = { text: 'a', list: [1, { two: 2n }], bytes: Buffer.of(0, 255) }
      await channel.confirmed('', queue, persistent('all', { headers, messageId: 'm' }))
      await channel.confirmed('', queue, persistent('x'.repeat(500_000)))
      await channel.confirmed('', queue, persistent(''))
    },
    async after(t) {
      t.answer('count', await t.state(t.name('q')))
      t.answer('left', await t.drain(t.name('q')))
    },
  },

  settled: {
    async before(t) {
      const channel = await filled(t, 6)
      const queue = t.name('q')
      for (let i = 0; i < 5; i += 1) await channel.call('basic.get', { queue })
      channel.send('basic.ack', { deliveryTag: 2 })
      channel.send('basic.reject', { deliveryTag: 4 })
      channel.send('basic.reject', { deliveryTag: 5, requeue: true })
      await channel.settled(queue)
    },
    async after(t) {
      t.answer('left', (await t.drain(t.name('q'))).map(brief))
    },
  },

  purged: {
    async before(t) {
      const channel = await filled(t, 3)
      await channel.must('queue.purge', { queue: t.name('q') })
      await channel.confirmed('', t.name('q'), persistent('later'))
    },
    async after(t) {
      t.answer('left', await t.bodies(t.name('q')))
    },
  },

  deleted: {
    async before(t) {
      const channel = await filled(t, 3)
      await channel.must('queue.delete', { queue: t.name('q') })
      await channel.queue(t.name('q'), { durable: true })
      await channel.confirmed('', t.name('q'), persistent('of the second'))
    },
    async after(t) {
      t.answer('left', await t.bodies(t.name('q')))
    },
  },

  priorities: {
    async before(t) {
      const channel = await t.confirming()
      const args = { durable: true, arguments: { 'x-max-priority': 4 } }
      const queue = await channel.queue(t.name('q'), args)
      for (const [body, priority] of Object.entries({ low: 0, high: 4, middle: 2, second: 4 }))
        await channel.confirmed('', queue, persistent(body, { priority }))
    },
    async after(t) {
      t.answer('order', await t.bodies(t.name('q')))
    },
  },

  expired: {
    async before(t) {
      const channel = await filled(t, 0)
      await channel.confirmed('', t.name('q'), persistent('short', { expiration: '100' }))
      await channel.confirmed('', t.name('q'), persistent('long', { expiration: '600000' }))
    },
    async after(t) {
      t.answer('left', await t.ready(t.name('q'), 1))
      t.answer('which', await t.bodies(t.name('q')))
    },
  },

  deadLetters: {
    async before(t) {
      const channel = await t.confirming()
      const dead = await channel.queue(t.name('dead'), { durable: true })
      await filled(t, 1, { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead })
      await channel.call('basic.get', { queue: t.name('q') })
      channel.send('basic.reject', { deliveryTag: 1 })
      await t.ready(dead, 1)
    },
    async after(t) {
      t.answer('dead', await t.drain(t.name('dead')))
      t.answer('none', await t.state(t.name('q')))
    },
  },

  transaction: {
    async before(t) {
      const channel = await t.channel()
      const queue = await channel.queue(t.name('q'), { durable: true })
      await channel.must('tx.select')
      channel.publish('', queue, persistent('committed'))
      await channel.must('tx.commit')
      channel.publish('', queue, persistent('open'))
      await channel.fence()
    },
    async after(t) {
      t.answer('left', await t.bodies(t.name('q')))
    },
  },

  quorum: {
    async before(t) {
      const channel = await filled(t, 2, { 'x-queue-type': 'quorum' })
      const queue = t.name('q')
      await t.ready(queue, 2)
      await channel.must('basic.qos', { prefetchCount: 1 })
      await channel.must('basic.consume', { queue, consumerTag: 'c' })
      await channel.next()
      channel.send('basic.reject', { deliveryTag: 1, requeue: true })
      await channel.next()
    },
    async after(t) {
      const channel = await t.channel()
      await channel.must('basic.consume', { queue: t.name('q'), consumerTag: 'c' })
      const items = await channel.take(2)
      t.answer('bodies', items.map((item) => item['body']).sort())
    },
  },

  stream: {
    async before(t) {
      await filled(t, 3, { 'x-queue-type': 'stream' })
    },
    async after(t) {
      const args = { queue: t.name('q'), arguments: { 'x-stream-offset': 'first' } }
      // RabbitMQ listens before its streams have a leader again.
      const start = async (): Promise<{ channel: Channel; answer: Item }> => {
        const channel = await t.channel()
        await channel.must('basic.qos', { prefetchCount: 10 })
        return { channel, answer: await channel.call('basic.consume', args) }
      }
      const { channel } = await t.poll(start, ({ answer }) => answer.is === 'basic.consume-ok')
      t.answer(
        'all',
        (await channel.take(3)).map((item) => [item['body'], item['properties']]),
      )
    },
  },
}
