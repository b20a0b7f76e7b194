// Messages that run out of time, and what happens at the limits of a queue. The broker's clock is
// waited for by asking until the state is there; what must not happen is asked for once.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import type { Fields } from '../client/fields.ts'
import type { Item } from '../client/methods.ts'

interface Made {
  readonly channel: Channel
  readonly queue: string
}

async function made(t: Case, name: string, args: Fields): Promise<Made> {
  const channel = await t.confirming()
  return { channel, queue: await channel.queue(t.name(name), { arguments: args }) }
}

/** Publishes bodies one after the other; what each was answered. */
async function fill({ channel, queue }: Made, bodies: readonly string[]): Promise<string[]> {
  const answers: string[] = []
  for (const body of bodies)
    answers.push(...(await channel.confirmed('', queue, { body })).map(({ is }) => is))
  return answers
}

const expiring = (body: string, expiration: string) => ({ body, properties: { expiration } })

export const ttl: Cases = {
  async message(t) {
    const m = await made(t, 'a', {})
    await m.channel.confirmed('', m.queue, expiring('short', '50'))
    await m.channel.confirmed('', m.queue, expiring('long', '600000'))
    await m.channel.confirmed('', m.queue, { body: 'none' })
    t.answer('gone', await t.ready(m.queue, 2))
    t.answer('left', await t.drain(m.queue))
  },

  async queue(t) {
    const m = await made(t, 'a', { 'x-message-ttl': 100 })
    await fill(m, ['1', '2'])
    t.answer('gone', await t.ready(m.queue, 0))
    t.answer('empty', await m.channel.call('basic.get', { queue: m.queue }))
  },

  async minimum(t) {
    const short = await made(t, 'a', { 'x-message-ttl': 100 })
    await short.channel.confirmed('', short.queue, expiring('x', '600000'))
    t.answer('ofQueue', await t.ready(short.queue, 0))
    const long = await made(t, 'b', { 'x-message-ttl': 600_000 })
    await long.channel.confirmed('', long.queue, expiring('x', '100'))
    t.answer('ofMessage', await t.ready(long.queue, 0))
  },

  async behindHead(t) {
    const m = await made(t, 'a', {})
    await m.channel.confirmed('', m.queue, { body: 'head' })
    await m.channel.confirmed('', m.queue, expiring('behind', '1'))
    await t.elapsed(100)
    t.answer('stillCounted', await t.state(m.queue))
    t.answer('head', (await m.channel.call('basic.get', { queue: m.queue }))['body'])
    t.answer('behind', await m.channel.call('basic.get', { queue: m.queue }))
  },

  async zero(t) {
    const m = await made(t, 'a', { 'x-message-ttl': 0 })
    t.answer('noConsumer', await fill(m, ['1']))
    t.answer('noConsumer.state', await t.state(m.queue))
    await m.channel.must('basic.consume', { queue: m.queue, consumerTag: 'c' })
    const items = await m.channel.confirmed('', m.queue, { body: '2' })
    t.answer('consumer', items.find(({ is }) => is === 'basic.deliver') ?? (await m.channel.next()))
    const plain = await made(t, 'b', {})
    await plain.channel.confirmed('', plain.queue, expiring('3', '0'))
    t.answer('ofMessage.state', await t.state(plain.queue))
    await plain.channel.must('basic.qos', { prefetchCount: 1 })
    await plain.channel.must('basic.consume', { queue: plain.queue, consumerTag: 'c' })
    await plain.channel.confirmed('', plain.queue, { body: 'takes the room' })
    await plain.channel.confirmed('', plain.queue, expiring('4', '0'))
    t.answer('noRoom.state', await t.state(plain.queue))
  },

  async requeued(t) {
    const m = await made(t, 'a', {})
    await m.channel.confirmed('', m.queue, expiring('x', '2000'))
    const got = await m.channel.call('basic.get', { queue: m.queue })
    t.answer('got', got)
    await t.elapsed(2500)
    m.channel.send('basic.reject', { deliveryTag: 1, requeue: true })
    t.answer('expiredMeanwhile', await t.ready(m.queue, 0))
    t.answer('empty', (await m.channel.call('basic.get', { queue: m.queue })).is)
  },

  async handedOver(t) {
    for (const [name, args, message] of [
      ['byQueue', { 'x-message-ttl': 2000 }, { body: 'x' }],
      ['byMessage', {}, expiring('x', '2000')],
    ] as const) {
      const dead = await made(t, `${name}.dead`, {})
      const m = await made(t, name, {
        ...args,
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': dead.queue,
      })
      await m.channel.must('basic.consume', { queue: m.queue, consumerTag: 'c' })
      const items = await m.channel.confirmed('', m.queue, message)
      if (items.every(({ is }) => is !== 'basic.deliver')) await m.channel.next()
      await m.channel.must('basic.cancel', { consumerTag: 'c' })
      m.channel.send('basic.reject', { deliveryTag: 1, requeue: true })
      t.answer(`${name}.back`, await t.ready(m.queue, 1))
      t.answer(`${name}.expired`, await t.ready(m.queue, 0))
      t.answer(`${name}.letter`, await t.ready(dead.queue, 1))
    }
  },

  async unackedStay(t) {
    const m = await made(t, 'a', { 'x-message-ttl': 2000 })
    await fill(m, ['1'])
    t.answer('got', (await m.channel.call('basic.get', { queue: m.queue })).is)
    await t.elapsed(2500)
    m.channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('ack', await m.channel.settled(m.queue))
  },
}

const limits = (more: Fields) => ({ 'x-max-length': 3, ...more })
const six = ['1', '2', '3', '4', '5', '6']

export const length: Cases = {
  async dropHead(t) {
    const m = await made(t, 'a', limits({}))
    t.answer('confirms', await fill(m, six))
    t.answer('left', await t.bodies(m.queue))
    const named = await made(t, 'b', limits({ 'x-overflow': 'drop-head' }))
    await fill(named, six)
    t.answer('named', await t.bodies(named.queue))
  },

  async rejectPublish(t) {
    const m = await made(t, 'a', limits({ 'x-overflow': 'reject-publish' }))
    t.answer('confirms', await fill(m, six))
    t.answer('left', await t.bodies(m.queue))
    t.answer('roomAgain', await fill(m, ['7']))
    m.channel.publish('', m.queue, { body: '8' }, { mandatory: true })
    t.answer('mandatory', await m.channel.take(1))
    const plain = await t.channel()
    const full = await made(t, 'b', { 'x-max-length': 0, 'x-overflow': 'reject-publish' })
    plain.publish('', full.queue, { body: 'x' }, { mandatory: true })
    t.answer('withoutConfirms', await plain.settled(full.queue))
  },

  async rejectPublishDlx(t) {
    const dead = await made(t, 'dead', {})
    const m = await made(
      t,
      'a',
      limits({
        'x-overflow': 'reject-publish-dlx',
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': dead.queue,
      }),
    )
    t.answer('confirms', await fill(m, six))
    t.answer('left', await t.bodies(m.queue))
    await t.ready(dead.queue, 3)
    t.answer('dead', await t.drain(dead.queue))
  },

  async bytes(t) {
    const m = await made(t, 'a', { 'x-max-length-bytes': 10 })
    t.answer('confirms', await fill(m, ['12345', '67890', 'a']))
    t.answer('left', await t.bodies(m.queue))
    t.answer('oneTooLarge', await fill(m, ['x'.repeat(20)]))
    t.answer('oneTooLarge.state', await t.state(m.queue))
    const rejecting = await made(t, 'b', {
      'x-max-length-bytes': 10,
      'x-overflow': 'reject-publish',
    })
    t.answer('reject', await fill(rejecting, ['12345', '67890', 'a', '', 'b']))
    t.answer('reject.left', await t.bodies(rejecting.queue))
    const large = await made(t, 'c', { 'x-max-length-bytes': 10, 'x-overflow': 'reject-publish' })
    t.answer('reject.large', await fill(large, ['x'.repeat(20), 'y']))
    const headers = await made(t, 'd', { 'x-max-length-bytes': 10 })
    const properties = { headers: { h: 'x'.repeat(100) } }
    await headers.channel.confirmed('', headers.queue, { body: '12345', properties })
    t.answer('bodiesOnly', await t.state(headers.queue))
  },

  async both(t) {
    const m = await made(t, 'a', { 'x-max-length': 2, 'x-max-length-bytes': 4 })
    await fill(m, ['123', '45', '6'])
    t.answer('left', await t.bodies(m.queue))
  },

  /** What comes back to a queue that has filled meanwhile. */
  async requeued(t) {
    for (const [name, more] of [
      ['plain', {}],
      ['letters', { 'x-dead-letter-exchange': t.name('none') }],
    ] as const) {
      const m = await made(t, name, { 'x-max-length': 1, ...more })
      await fill(m, ['1'])
      const { queue } = m
      const channel = await t.channel()
      t.answer(`${name}.got`, await channel.call('basic.get', { queue }))
      await fill(m, ['2'])
      channel.send('basic.nack', { deliveryTag: 1, requeue: true })
      t.answer(`${name}.next`, await channel.call('basic.get', { queue, noAck: true }))
      t.answer(`${name}.left`, await t.state(queue))
    }
  },

  async zero(t) {
    const m = await made(t, 'a', { 'x-max-length': 0 })
    t.answer('confirms', await fill(m, ['1']))
    t.answer('state', await t.state(m.queue))
    await m.channel.must('basic.consume', { queue: m.queue, consumerTag: 'c', noAck: true })
    const items = await m.channel.confirmed('', m.queue, { body: '2' })
    t.answer(
      'consumer',
      [...items, ...(await m.channel.settled(m.queue))].map(({ is }) => is).sort(),
    )
  },

  async readyOnly(t) {
    const m = await made(t, 'a', limits({}))
    await fill(m, ['1', '2'])
    await m.channel.call('basic.get', { queue: m.queue })
    await m.channel.call('basic.get', { queue: m.queue })
    await fill(m, ['3', '4', '5'])
    t.answer('unackedDoNotCount', await t.state(m.queue))
    m.channel.send('basic.nack', { deliveryTag: 0, multiple: true, requeue: true })
    await m.channel.settled(m.queue)
    t.answer('requeued', await t.bodies(m.queue))
  },

  async deadLetters(t) {
    const dead = await made(t, 'dead', {})
    const m = await made(
      t,
      'a',
      limits({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead.queue }),
    )
    await fill(m, six)
    await t.ready(dead.queue, 3)
    t.answer('dropped', await t.drain(dead.queue))
  },
}

export const priority: Cases = {
  async order(t) {
    const m = await made(t, 'a', { 'x-max-priority': 5 })
    const at = async (body: string, value: number | null) =>
      m.channel.confirmed('', m.queue, {
        body,
        properties: value === null ? {} : { priority: value },
      })
    for (const [body, value] of Object.entries({ none: null, zero: 0, one: 1, five: 5, six: 6 }))
      await at(body, value)
    await at('five.second', 5)
    await at('highest', 255)
    await at('none.second', null)
    t.answer('order', await t.bodies(m.queue))
  },

  async requeue(t) {
    const m = await made(t, 'a', { 'x-max-priority': 5 })
    const at = (body: string, value: number) =>
      m.channel.confirmed('', m.queue, { body, properties: { priority: value } })
    for (const body of ['1', '2', '3']) await at(body, 1)
    await m.channel.call('basic.get', { queue: m.queue })
    await m.channel.call('basic.get', { queue: m.queue })
    await at('high', 4)
    m.channel.send('basic.nack', { deliveryTag: 0, multiple: true, requeue: true })
    await m.channel.settled(m.queue)
    t.answer('order', await t.bodies(m.queue))
  },

  async consumed(t) {
    const m = await made(t, 'a', { 'x-max-priority': 3 })
    const at = (body: string, value: number) =>
      m.channel.confirmed('', m.queue, { body, properties: { priority: value } })
    for (const [body, value] of Object.entries({ a: 0, b: 3, c: 1, d: 3 })) await at(body, value)
    const consumer = await t.channel()
    await consumer.must('basic.qos', { prefetchCount: 2 })
    await consumer.must('basic.consume', { queue: m.queue, consumerTag: 'c' })
    const bodies = (items: readonly Item[]) => items.map((item) => item['body'])
    t.answer('first', bodies(await consumer.settled(m.queue)))
    await at('late', 2)
    consumer.send('basic.ack', { deliveryTag: 0, multiple: true })
    t.answer('next', bodies(await consumer.settled(m.queue)))
  },

  async overflow(t) {
    const m = await made(t, 'a', { 'x-max-priority': 3, 'x-max-length': 2 })
    const at = (body: string, value: number) =>
      m.channel.confirmed('', m.queue, { body, properties: { priority: value } })
    for (const [body, value] of Object.entries({ a: 3, b: 0, c: 1, d: 0 })) await at(body, value)
    t.answer('lowestGoes', await t.bodies(m.queue))
  },

  async without(t) {
    const m = await made(t, 'a', {})
    for (const [body, value] of Object.entries({ a: 0, b: 9 }))
      await m.channel.confirmed('', m.queue, { body, properties: { priority: value } })
    t.answer('noArgument', await t.bodies(m.queue))
  },

  async expired(t) {
    const m = await made(t, 'a', { 'x-max-priority': 3 })
    const at = (body: string, properties: Record<string, unknown>) =>
      m.channel.confirmed('', m.queue, { body, properties })
    await at('high', { priority: 3 })
    await at('low', { priority: 0, expiration: '50' })
    await t.elapsed(200)
    t.answer('headOfEach', await t.state(m.queue))
    t.answer('left', await t.bodies(m.queue))
  },
}
