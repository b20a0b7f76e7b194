// Consumers: started, cancelled, exclusive, single active, by priority; and basic.get.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import type { Arguments, Item } from '../client/methods.ts'

/** A queue with so many messages, bodies 1, 2, ... */
async function filled(t: Case, count: number, args: Arguments = {}): Promise<string> {
  const channel = await t.confirming()
  const queue = await channel.queue(t.name('q'), args)
  for (let i = 1; i <= count; i += 1) await channel.confirmed('', queue, { body: `${i}` })
  channel.connection.destroy()
  return queue
}

const again = (item: Item): string[] => (item['redelivered'] ? ['again'] : [])

const brief = (item: Item): string =>
  item.is === 'basic.deliver'
    ? [item['consumerTag'], item['deliveryTag'], item['body'], ...again(item)].join(' ')
    : item.is

/** Deliveries that a channel has when nothing more is to come. */
const waiting = async (channel: Channel, queue: string): Promise<string[]> =>
  (await channel.settled(queue)).map(brief)

/** Publishes bodies 1 to `count` one after the other; what the same channel was delivered. */
async function delivered(channel: Channel, queue: string, count: number): Promise<string[]> {
  const items: Item[] = []
  for (let i = 1; i <= count; i += 1)
    items.push(...(await channel.confirmed('', queue, { body: `${i}` })))
  items.push(...(await channel.settled(queue)))
  return items.filter(({ is }) => is === 'basic.deliver').map(brief)
}

const consume = (channel: Channel, queue: string, consumerTag: string, more: Arguments = {}) =>
  channel.call('basic.consume', { queue, consumerTag, ...more })

export const consumers: Cases = {
  async start(t) {
    const queue = await filled(t, 2)
    const channel = await t.channel()
    t.answer('tag', await consume(channel, queue, 'my tag'))
    t.answer('deliveries', await channel.take(2))
    const other = await t.channel()
    t.answer('noTag', await consume(other, queue, ''))
    await t.ask('missing', 'basic.consume', { queue: t.name('none'), consumerTag: 'a' })
    const silent = await t.channel()
    silent.send('basic.consume', { queue, consumerTag: 'quiet', noWait: true })
    t.answer('noWait', await silent.settled(queue))
    t.answer('counted', await t.state(queue))
    t.answer('anotherTag', await consume(silent, queue, 'second'))
    t.answer('sameTag.otherChannel', await consume(other, queue, 'my tag'))
    channel.send('basic.consume', { queue, consumerTag: 'my tag' })
    t.answer('sameTag', await channel.connection.rest())
  },

  /** What all consumers of a channel share holds up those who do not settle, too. */
  async 'noAck.shared'(t) {
    const [held, free] = [await filled(t, 1), await filled(t, 1)]
    const channel = await t.channel()
    await channel.must('basic.qos', { prefetchCount: 1, global: true })
    await channel.must('basic.consume', { queue: held, consumerTag: 'held' })
    t.answer('first', brief(await channel.next()))
    await channel.must('basic.consume', { queue: free, consumerTag: 'free', noAck: true })
    t.answer('nothing', await waiting(channel, free))
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('then', brief(await channel.next()))
  },

  async noAck(t) {
    const queue = await filled(t, 3)
    const channel = await t.channel()
    await channel.must('basic.qos', { prefetchCount: 1 })
    await consume(channel, queue, 'a', { noAck: true })
    t.answer('all', (await channel.take(3)).map(brief))
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('ack', await channel.next())
    t.answer('empty', await t.state(queue))
  },

  async noLocal(t) {
    const channel = await t.confirming()
    const queue = await channel.queue('', { exclusive: true })
    await consume(channel, queue, 'a', { noLocal: true })
    t.answer('ignored', await delivered(channel, queue, 1))
  },

  async cancel(t) {
    const queue = await filled(t, 3)
    const channel = await t.channel()
    await channel.must('basic.qos', { prefetchCount: 2 })
    await consume(channel, queue, 'a')
    t.answer('first', await waiting(channel, queue))
    t.answer('cancel', await channel.call('basic.cancel', { consumerTag: 'a' }))
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('noMore', await waiting(channel, queue))
    t.answer('unackedStay', await t.state(queue))
    t.answer('again', await channel.call('basic.cancel', { consumerTag: 'a' }))
    t.answer('unknown', await channel.call('basic.cancel', { consumerTag: 'never' }))
    t.answer('empty', await channel.call('basic.cancel', { consumerTag: '' }))
    channel.send('basic.cancel', { consumerTag: 'a', noWait: true })
    t.answer('noWait', await channel.fence())
    t.answer('sameTagAgain', await consume(channel, queue, 'a'))
    t.answer('next', await waiting(channel, queue))
    await channel.must('channel.close')
    t.answer('requeued', await t.bodies(queue))
  },

  async exclusive(t) {
    const queue = await filled(t, 0)
    const [one, two] = [await t.channel(), await t.channel()]
    await consume(one, queue, 'a')
    t.answer('others', await consume(two, queue, 'b', { exclusive: true }))
    await one.must('basic.cancel', { consumerTag: 'a' })
    t.answer('first', await consume(one, queue, 'c', { exclusive: true }))
    await two.must('channel.open')
    t.answer('second', await consume(two, queue, 'd'))
    await two.must('channel.open')
    t.answer('get', await two.call('basic.get', { queue }))
    t.answer('sameChannel', await consume(one, queue, 'e'))
    const three = await t.channel()
    t.answer('free', await consume(three, queue, 'f', { exclusive: true }))
    t.answer('bothExclusive', await consume(two, queue, 'g', { exclusive: true }))
  },

  async roundRobin(t) {
    const channel = await t.confirming()
    const queue = await channel.queue(t.name('q'))
    for (const tag of ['a', 'b', 'c']) await consume(channel, queue, tag, { noAck: true })
    const got = await delivered(channel, queue, 6)
    t.answer(
      'bodies',
      got.map((text) => text.split(' ')[2]),
    )
    t.answer(
      'tags',
      got.map((text) => text.split(' ')[0]),
    )
  },

  async priority(t) {
    const channel = await t.confirming()
    const queue = await channel.queue(t.name('q'))
    await channel.must('basic.qos', { prefetchCount: 1 })
    const at = (value: unknown) => ({ arguments: { 'x-priority': value } })
    await consume(channel, queue, 'low', at(-5))
    await consume(channel, queue, 'none')
    await consume(channel, queue, 'high', at(10))
    t.answer('blockedFallsThrough', await delivered(channel, queue, 4))
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('thenHighAgain', await waiting(channel, queue))
    for (const [name, value] of Object.entries({ text: '1', float: 1.5, boolean: true, long: 5n }))
      await t.ask(name, 'basic.consume', { queue, consumerTag: name, ...at(value) })
  },

  async 'priority.givenBack'(t) {
    const [high, low] = [await t.confirming(), await t.channel()]
    const queue = await high.queue(t.name('q'))
    await high.must('basic.qos', { prefetchCount: 1 })
    await consume(high, queue, 'high', { arguments: { 'x-priority': 10 } })
    await consume(low, queue, 'low')
    for (let i = 1; i <= 2; i += 1) await high.confirmed('', queue, { body: `${i}` })
    t.answer('first', await waiting(high, queue))
    t.answer('first.low', await waiting(low, queue))
    high.send('basic.nack', { deliveryTag: 1, requeue: true })
    t.answer('goesBack', await waiting(high, queue))
    high.send('basic.reject', { deliveryTag: 2, requeue: true })
    t.answer('goesBackAgain', await waiting(high, queue))
    high.send('basic.ack', { deliveryTag: 3 })
    await high.confirmed('', queue, { body: '3' })
    t.answer('settledBeforeTheNext', await waiting(high, queue))
    t.answer('low', await waiting(low, queue))
  },

  async singleActive(t) {
    const channel = await t.confirming()
    const args = { 'x-single-active-consumer': true }
    const queue = await channel.queue(t.name('q'), { arguments: args })
    const [one, two] = [await t.channel(), await t.channel()]
    await one.must('basic.qos', { prefetchCount: 2 })
    await consume(one, queue, 'a')
    await consume(two, queue, 'b')
    for (let i = 1; i <= 3; i += 1) await channel.confirmed('', queue, { body: `${i}` })
    t.answer('first', await waiting(one, queue))
    t.answer('second', await waiting(two, queue))
    one.send('basic.ack', { deliveryTag: 1 })
    t.answer('first.more', await waiting(one, queue))
    await one.must('basic.cancel', { consumerTag: 'a' })
    t.answer('second.takesOver', await waiting(two, queue))
    await channel.confirmed('', queue, { body: '4' })
    t.answer('second.more', await waiting(two, queue))
    t.answer('exclusive', await consume(await t.channel(), queue, 'c', { exclusive: true }))
    await one.must('channel.close')
    t.answer('requeuedToSecond', await waiting(two, queue))
  },

  async 'singleActive.exclusive'(t) {
    const channel = await t.channel()
    const args = { 'x-single-active-consumer': true }
    const queue = await channel.queue(t.name('q'), { arguments: args })
    t.answer('first', await consume(channel, queue, 'a', { exclusive: true }))
  },

  async arguments(t) {
    const queue = await filled(t, 0)
    await t.ask('unknown', 'basic.consume', { queue, consumerTag: 'a', arguments: { other: 1 } })
    await t.ask('offset', 'basic.consume', {
      queue,
      consumerTag: 'b',
      arguments: { 'x-stream-offset': 'first' },
    })
    await t.ask('cancelOnFailover', 'basic.consume', {
      queue,
      consumerTag: 'c',
      arguments: { 'x-cancel-on-ha-failover': true },
    })
  },

  async get(t) {
    const queue = await filled(t, 3)
    const channel = await t.channel()
    t.answer('first', await channel.call('basic.get', { queue }))
    t.answer('second', await channel.call('basic.get', { queue, noAck: true }))
    t.answer('third', await channel.call('basic.get', { queue }))
    t.answer('empty', await channel.call('basic.get', { queue }))
    channel.send('basic.reject', { deliveryTag: 1, requeue: true })
    t.answer('requeued', await channel.call('basic.get', { queue }))
    channel.send('basic.ack', { deliveryTag: 2 })
    t.answer('ack.ofNoAck', await channel.next())
    t.answer('backAgain', await t.drain(queue))
    await t.ask('missing', 'basic.get', { queue: t.name('none') })
  },
}
