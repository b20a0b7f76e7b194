// Dead letters: when, where to, with which headers; over several hops and in circles.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import type { Fields } from '../client/fields.ts'
import type { Arguments, Item } from '../client/methods.ts'

/** A queue with a dead letter exchange, the default one unless said. */
async function dying(
  channel: Channel,
  queue: string,
  key: string | null,
  more: Fields = {},
): Promise<string> {
  const to = key === null ? {} : { 'x-dead-letter-routing-key': key }
  return channel.queue(queue, { arguments: { 'x-dead-letter-exchange': '', ...to, ...more } })
}

/** Publishes, gets and rejects. */
async function killed(channel: Channel, queue: string, content: Arguments): Promise<void> {
  await channel.confirmed('', queue, content)
  await rejected(channel, queue)
}

async function rejected(channel: Channel, queue: string): Promise<Item> {
  const got = await channel.call('basic.get', { queue })
  channel.send('basic.reject', { deliveryTag: got['deliveryTag'] })
  return got
}

/** The only message of a queue, when it has come. */
async function arrived(t: Case, queue: string): Promise<Item | undefined> {
  await t.ready(queue, 1)
  return (await t.drain(queue))[0]
}

export const deadLetter: Cases = {
  async rejected(t) {
    const channel = await t.confirming()
    const dead = await channel.queue(t.name('dead'))
    const queue = await dying(channel, t.name('a'), dead)
    await killed(channel, queue, { body: 'plain' })
    t.answer('plain', await arrived(t, dead))
    const properties = {
      contentType: 'text/plain',
      headers: { own: 1 },
      deliveryMode: 2,
      priority: 4,
      messageId: 'm',
      timestamp: 5,
    }
    await killed(channel, queue, { body: 'properties', properties })
    t.answer('properties', await arrived(t, dead))
    await killed(channel, queue, { body: 'x', properties: { expiration: '600000' } })
    t.answer('expirationRemoved', await arrived(t, dead))
    await killed(channel, queue, { body: '' })
    t.answer('emptyBody', await arrived(t, dead))
  },

  async nacked(t) {
    const channel = await t.confirming()
    const dead = await channel.queue(t.name('dead'))
    const queue = await dying(channel, t.name('a'), dead)
    for (const body of ['1', '2', '3']) await channel.confirmed('', queue, { body })
    for (let i = 0; i < 3; i += 1) await channel.call('basic.get', { queue })
    channel.send('basic.nack', { deliveryTag: 0, multiple: true })
    await t.ready(dead, 3)
    t.answer('multiple', await t.bodies(dead))
  },

  async expired(t) {
    const channel = await t.confirming()
    const dead = await channel.queue(t.name('dead'))
    const queue = await dying(channel, t.name('a'), dead, { 'x-message-ttl': 50 })
    await channel.confirmed('', queue, { body: 'of the queue' })
    t.answer('ofQueue', await arrived(t, dead))
    const plain = await dying(channel, t.name('b'), dead)
    await channel.confirmed('', plain, { body: 'its own', properties: { expiration: '50' } })
    t.answer('ofMessage', await arrived(t, dead))
    const zero = await dying(channel, t.name('c'), dead, { 'x-message-ttl': 0 })
    await channel.confirmed('', zero, { body: 'at once' })
    t.answer('zero', await arrived(t, dead))
  },

  async key(t) {
    const channel = await t.confirming()
    const exchange = t.name('exchange')
    await channel.must('exchange.declare', { exchange, type: 'direct' })
    const dead = await channel.queue(t.name('dead'))
    for (const routingKey of [t.name('a'), 'given', 'original'])
      await channel.must('queue.bind', { queue: dead, exchange, routingKey })
    const to = { 'x-dead-letter-exchange': exchange }
    const kept = await channel.queue(t.name('a'), { arguments: to })
    await killed(channel, kept, { body: 'key kept' })
    t.answer('kept', await arrived(t, dead))
    const args = { ...to, 'x-dead-letter-routing-key': 'given' }
    const given = await channel.queue(t.name('b'), { arguments: args })
    await channel.must('queue.bind', {
      queue: given,
      exchange: 'amq.direct',
      routingKey: 'original',
    })
    await channel.confirmed('amq.direct', 'original', { body: 'key given' })
    await rejected(channel, given)
    t.answer('given', await arrived(t, dead))
  },

  async nowhere(t) {
    const channel = await t.confirming()
    const lost = await channel.queue(t.name('a'), {
      arguments: { 'x-dead-letter-exchange': t.name('none') },
    })
    await killed(channel, lost, { body: 'x' })
    t.answer('noExchange', await channel.settled(lost))
    t.answer('noExchange.state', await t.state(lost))
    const unrouted = await dying(channel, t.name('b'), t.name('no-queue'))
    await killed(channel, unrouted, { body: 'x' })
    t.answer('noQueue', await channel.settled(unrouted))
    t.answer('noQueue.state', await t.state(unrouted))
    const exchange = t.name('late')
    const late = await channel.queue(t.name('c'), {
      arguments: { 'x-dead-letter-exchange': exchange },
    })
    await channel.must('exchange.declare', { exchange, type: 'fanout' })
    const dead = await channel.queue(t.name('dead'))
    await channel.must('queue.bind', { queue: dead, exchange })
    await killed(channel, late, { body: 'declared later' })
    t.answer('late', await arrived(t, dead))
  },

  async notThen(t) {
    const channel = await t.confirming()
    const dead = await channel.queue(t.name('dead'))
    const queue = await dying(channel, t.name('a'), dead)
    for (const body of ['1', '2', '3', '4']) await channel.confirmed('', queue, { body })
    await channel.call('basic.get', { queue, noAck: true })
    await channel.call('basic.get', { queue })
    channel.send('basic.ack', { deliveryTag: 2 })
    await channel.call('queue.purge', { queue })
    await channel.confirmed('', queue, { body: '5' })
    await channel.must('queue.delete', { queue })
    t.answer('ackPurgeDelete', await t.state(dead))
  },

  async hops(t) {
    const channel = await t.confirming()
    const third = await channel.queue(t.name('c'))
    const second = await dying(channel, t.name('b'), third)
    const first = await dying(channel, t.name('a'), second)
    await killed(channel, first, { body: 'x', properties: { headers: { own: 'kept' } } })
    await t.ready(second, 1)
    t.answer('second', await rejected(channel, second))
    t.answer('third', await arrived(t, third))
  },

  async 'hops.reasons'(t) {
    const channel = await t.confirming()
    const last = await channel.queue(t.name('last'))
    const third = await dying(channel, t.name('c'), last)
    const second = await dying(channel, t.name('b'), third, { 'x-max-length': 0 })
    const first = await dying(channel, t.name('a'), second, { 'x-message-ttl': 50 })
    await channel.confirmed('', first, { body: 'x', properties: { expiration: '40' } })
    await t.ready(third, 1)
    t.answer('third', await rejected(channel, third))
    t.answer('last', await arrived(t, last))
  },

  async again(t) {
    const channel = await t.confirming()
    const wait = await dying(channel, t.name('wait'), t.name('work'), { 'x-message-ttl': 30 })
    const work = await dying(channel, t.name('work'), wait)
    await channel.confirmed('', work, { body: 'retried' })
    for (let round = 0; round < 3; round += 1) {
      t.answer(`round${round}`, await rejected(channel, work))
      await t.ready(work, 1)
    }
    t.answer('end', await arrived(t, work))
  },

  async circle(t) {
    const channel = await t.confirming()
    const queue = await dying(channel, t.name('a'), t.name('a'), { 'x-message-ttl': 30 })
    await channel.confirmed('', queue, { body: 'expires' })
    await t.elapsed(200)
    t.answer('itself.expired', await t.state(queue))
    const other = await dying(channel, t.name('b'), t.name('b'))
    await killed(channel, other, { body: 'rejected' })
    t.answer('itself.rejected', await arrived(t, other))
    const two = await dying(channel, t.name('d'), t.name('c'), { 'x-message-ttl': 30 })
    const one = await dying(channel, t.name('c'), two, { 'x-message-ttl': 30 })
    await channel.confirmed('', one, { body: 'round' })
    await t.elapsed(300)
    t.answer('two', [await t.state(one), await t.state(two)])
  },

  async headers(t) {
    const channel = await t.confirming()
    const dead = await channel.queue(t.name('dead'))
    const queue = await dying(channel, t.name('a'), dead)
    const kill = async (question: string, headers: Fields) => {
      await killed(channel, queue, { body: 'x', properties: { headers } })
      t.answer(question, await arrived(t, dead))
    }
    await kill('forged', { 'x-death': 'not a list' })
    await kill('forged.list', { 'x-death': [{ queue: 'other', reason: 'rejected', count: 7n }] })
    await kill('forged.first', { 'x-first-death-queue': 'forged' })
    await kill('deliveryCount', { 'x-delivery-count': 4 })
  },

  async fanned(t) {
    const channel = await t.confirming()
    const exchange = t.name('exchange')
    await channel.must('exchange.declare', { exchange, type: 'fanout' })
    const [a, b] = [await channel.queue(t.name('da')), await channel.queue(t.name('db'))]
    for (const queue of [a, b]) await channel.must('queue.bind', { queue, exchange })
    const queue = await channel.queue(t.name('a'), {
      arguments: { 'x-dead-letter-exchange': exchange },
    })
    await killed(channel, queue, { body: 'x' })
    t.answer('both', [await arrived(t, a), await arrived(t, b)])
  },

  async cc(t) {
    const channel = await t.confirming()
    const dead = await channel.queue(t.name('dead'))
    const queue = await dying(channel, t.name('a'), dead)
    const headers = { CC: [t.name('other')], BCC: [t.name('hidden')] }
    await killed(channel, queue, { body: 'x', properties: { headers } })
    t.answer('withKey', await arrived(t, dead))
    const plain = await dying(channel, t.name('b'), null)
    const other = await channel.queue(t.name('other'))
    await channel.confirmed('', plain, { body: 'x', properties: { headers } })
    await channel.call('queue.purge', { queue: other })
    await rejected(channel, plain)
    t.answer('withoutKey', await arrived(t, other))
  },

  async bcc(t) {
    const channel = await t.confirming()
    const plain = await dying(channel, t.name('a'), null)
    const [seen, hidden] = [t.name('seen'), t.name('hidden')]
    for (const queue of [seen, hidden]) await channel.queue(queue)
    const headers = { CC: [seen], BCC: [hidden] }
    await channel.confirmed('', plain, { body: 'x', properties: { headers } })
    for (const queue of [seen, hidden]) await channel.call('queue.purge', { queue })
    await rejected(channel, plain)
    await t.ready(seen, 1)
    t.answer('hidden', await t.bodies(hidden))
  },

  async 'refused.besideOriginal'(t) {
    const channel = await t.confirming()
    const fanout = t.name('f')
    await channel.must('exchange.declare', { exchange: fanout, type: 'fanout' })
    const both = await channel.queue(t.name('b'))
    const none = { 'x-max-length': 0, 'x-overflow': 'reject-publish-dlx' }
    const full = await dying(channel, t.name('a'), both, none)
    for (const queue of [full, both])
      await channel.must('queue.bind', { queue, exchange: fanout, routingKey: '' })
    for (const body of ['0', '1']) {
      await channel.confirmed(fanout, '', { body })
      await t.ready(both, body === '0' ? 2 : 4)
    }
    t.answer('order', await t.drain(both))
  },
}
