// Queues of type stream as AMQP 0-9-1 sees them: read from an offset, by many, nothing taken away.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import type { Fields } from '../client/fields.ts'
import type { Item } from '../client/methods.ts'

/** A stream with bodies 0 to `count` - 1. */
async function made(t: Case, name: string, count: number, args: Fields = {}): Promise<string> {
  const channel = await t.confirming()
  const queue = await channel.queue(t.name(name), {
    durable: true,
    arguments: { 'x-queue-type': 'stream', ...args },
  })
  for (let i = 0; i < count; i += 1) await channel.confirmed('', queue, { body: `${i}` })
  return queue
}

async function reader(t: Case, prefetchCount = 10): Promise<Channel> {
  const channel = await t.channel()
  await channel.must('basic.qos', { prefetchCount })
  return channel
}

const from = (queue: string, offset: unknown, more: Fields = {}) => ({
  queue,
  consumerTag: 'c',
  arguments: { 'x-stream-offset': offset, ...more },
})

const brief = (item: Item): unknown => {
  const { headers } = (item['properties'] ?? {}) as { headers?: unknown }
  return [item['body'] ?? item.is, item['redelivered'], headers]
}

/** The next deliveries; each is acknowledged, as a reader with a window must. */
async function read(channel: Channel, count: number): Promise<unknown[]> {
  const items = await channel.take(count)
  for (const item of items)
    if (item.is === 'basic.deliver') channel.send('basic.ack', { deliveryTag: item['deliveryTag'] })
  return items.map(brief)
}

export const streams: Cases = {
  async offsets(t) {
    const queue = await made(t, 'a', 5)
    const start = async (question: string, offset: unknown, count: number) => {
      const channel = await reader(t)
      t.answer(`${question}.answer`, await channel.call('basic.consume', from(queue, offset)))
      if (count > 0) t.answer(`${question}.read`, await read(channel, count))
    }
    await start('first', 'first', 5)
    await start('number', 3n, 2)
    await start('number.int', 4, 1)
    await start('next', 'next', 0)
    await start('timestamp', { letter: 'T', value: 1000 }, 5)
    await start('interval', '1h', 5)
  },

  async wrongOffsets(t) {
    const queue = await made(t, 'a', 1)
    const start = async (question: string, offset: unknown) => {
      const channel = await reader(t)
      t.answer(question, await channel.call('basic.consume', from(queue, offset)))
    }
    await start('word', 'soon')
    await start('boolean', true)
  },

  async next(t) {
    const queue = await made(t, 'a', 3)
    const channel = await reader(t)
    await channel.must('basic.consume', from(queue, 'next'))
    const publisher = await t.confirming()
    await publisher.confirmed('', queue, { body: 'new' })
    t.answer('onlyNew', await read(channel, 1))
  },

  async many(t) {
    const queue = await made(t, 'a', 3)
    const [one, two] = [await reader(t), await reader(t)]
    await one.must('basic.consume', from(queue, 'first'))
    await two.must('basic.consume', from(queue, 'first'))
    t.answer('one', await read(one, 3))
    t.answer('two', await read(two, 3))
    const again = await reader(t)
    await again.must('basic.consume', from(queue, 'first'))
    t.answer('again', await read(again, 3))
  },

  async prefetch(t) {
    const queue = await made(t, 'a', 5)
    const channel = await t.channel()
    t.answer('none', await channel.call('basic.consume', from(queue, 'first')))
    const two = await reader(t, 2)
    await two.must('basic.consume', from(queue, 'first'))
    t.answer('window', (await two.take(2)).map(brief))
    two.send('basic.ack', { deliveryTag: 2, multiple: true })
    t.answer('moves', (await two.take(2)).map(brief))
  },

  async refused(t) {
    const queue = await made(t, 'a', 2)
    await t.ask('get', 'basic.get', { queue })
    const automatic = await reader(t)
    const noAck = { ...from(queue, 'first'), noAck: true }
    t.answer('noAck', await automatic.call('basic.consume', noAck))
    const exclusive = await reader(t)
    const alone = { ...from(queue, 'first'), exclusive: true }
    t.answer('exclusive', await exclusive.call('basic.consume', alone))
    const global = await t.channel()
    await global.must('basic.qos', { prefetchCount: 5, global: true })
    t.answer('globalQos', await global.call('basic.consume', from(queue, 'first')))
    await t.ask('purge', 'queue.purge', { queue })
    const rejecting = await reader(t)
    await rejecting.must('basic.consume', from(queue, 'first'))
    await rejecting.take(2)
    rejecting.send('basic.nack', { deliveryTag: 1, requeue: true })
    t.answer('nackIsAck', await rejecting.call('basic.qos', { prefetchCount: 1 }))
    await t.ask('delete', 'queue.delete', { queue })
  },

  async properties(t) {
    const queue = await made(t, 'a', 0)
    const publisher = await t.confirming()
    const properties = {
      contentType: 'text/plain',
      headers: { text: 'a', number: 1, list: [1, 'b'] },
      deliveryMode: 2,
      priority: 3,
      correlationId: 'c',
      messageId: 'm',
      timestamp: 5,
      type: 't',
      appId: 'app',
    }
    await publisher.confirmed('', queue, { body: 'x', properties })
    const channel = await reader(t)
    await channel.must('basic.consume', from(queue, 'first'))
    t.answer('kept', await channel.next())
  },
}
