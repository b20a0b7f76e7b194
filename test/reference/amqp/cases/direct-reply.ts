// Answers without a queue, messages to several keys, and who a message says it is from.
import type { Cases } from '../case.ts'
import type { Fields } from '../client/fields.ts'
import type { Item } from '../client/methods.ts'

const pseudo = 'amq.rabbitmq.reply-to'
const reply = { queue: pseudo, consumerTag: 'reply', noAck: true }

const replyTo = (item: Item): string =>
  String((item['properties'] as Record<string, unknown>)['replyTo'])

export const directReply: Cases = {
  async whole(t) {
    const client = await t.channel()
    const server = await t.confirming()
    const requests = await server.queue(t.name('requests'))
    t.answer('consume', await client.call('basic.consume', reply))
    client.publish('', requests, { body: 'ask', properties: { replyTo: pseudo } })
    await t.ready(requests, 1)
    const request = await server.call('basic.get', { queue: requests, noAck: true })
    t.answer('request', request)
    const address = replyTo(request)
    t.answer('address.isOwn', address.startsWith(`${pseudo}.`))
    t.answer('exists', await server.call('queue.declare', { queue: address, passive: true }))
    await server.confirmed('', address, { body: 'answer', properties: { correlationId: 'c' } })
    t.answer('answer', { ...(await client.next()), routingKey: '*' })
    server.publish('', address, { body: 'second' }, { mandatory: true })
    t.answer('mandatory', await server.until(({ is }) => is === 'basic.ack'))
    t.answer('second', (await client.next())['body'])
    await client.must('basic.cancel', { consumerTag: 'reply' })
    server.publish('', address, { body: 'late' }, { mandatory: true })
    t.answer('cancelled', await server.until(({ is }) => is === 'basic.ack'))
    t.answer(
      'cancelled.exists',
      await server.call('queue.declare', { queue: address, passive: true }),
    )
  },

  async gone(t) {
    const client = await t.channel()
    const server = await t.confirming()
    const requests = await server.queue(t.name('requests'))
    await client.must('basic.consume', reply)
    client.publish('', requests, { body: 'ask', properties: { replyTo: pseudo } })
    await t.ready(requests, 1)
    const request = await server.call('basic.get', { queue: requests, noAck: true })
    await client.must('channel.close')
    server.publish('', replyTo(request), { body: 'late' }, { mandatory: true })
    t.answer('mandatory', await server.take(2))
  },

  async mistakes(t) {
    const queue = pseudo
    await t.ask('withAck', 'basic.consume', { ...reply, noAck: false })
    await t.ask('passive', 'queue.declare', { queue, passive: true })
    await t.ask('declare', 'queue.declare', { queue })
    await t.ask('delete', 'queue.delete', { queue })
    await t.ask('get', 'basic.get', { queue })
    await t.ask('bind', 'queue.bind', { queue, exchange: 'amq.direct' })
    await t.ask('unknownAddress', 'queue.declare', { queue: `${pseudo}.nobody`, passive: true })
    const twice = await t.channel()
    await twice.must('basic.consume', reply)
    t.answer('second', await twice.call('basic.consume', { ...reply, consumerTag: 'second' }))
    const none = await t.channel()
    none.publish('', 'somewhere', { properties: { replyTo: pseudo } })
    t.answer('noConsumer', await none.next())
    const stranger = await t.confirming()
    stranger.publish('', `${pseudo}.nobody`, { body: 'x' }, { mandatory: true })
    t.answer('unknownAddress.publish', await stranger.take(2))
    const exclusive = await t.channel()
    t.answer('exclusive', await exclusive.call('basic.consume', { ...reply, exclusive: true }))
    const cancelled = await t.channel()
    await cancelled.must('basic.consume', reply)
    t.answer('cancel', await cancelled.call('basic.cancel', { consumerTag: 'reply' }))
    t.answer('again', await cancelled.call('basic.consume', reply))
  },
}

export const copies: Cases = {
  async cc(t) {
    const channel = await t.channel()
    const [a, b, c] = [t.name('a'), t.name('b'), t.name('c')] as const
    for (const queue of [a, b, c]) await channel.queue(queue)
    const publish = async (question: string, headers: Fields) => {
      const publisher = await t.confirming()
      await publisher.confirmed('', a, { body: 'x', properties: { headers } })
      const found: Record<string, Item[]> = {}
      for (const [name, queue] of Object.entries({ a, b, c })) found[name] = await t.drain(queue)
      t.answer(question, found)
    }
    await publish('cc', { CC: [b, c] })
    await publish('bcc', { BCC: [b] })
    await publish('both', { CC: [b], BCC: [c] })
    await publish('same', { CC: [a, b, b] })
    await publish('empty', { CC: [] })
    await publish('numbers', { CC: [1, b] })
    await publish('lowerCase', { cc: [b] })
  },

  async mistakes(t) {
    const publish = async (question: string, headers: Fields) => {
      const channel = await t.confirming()
      t.answer(question, await channel.confirmed('', t.name('none'), { properties: { headers } }))
    }
    await publish('cc.text', { CC: 'key' })
    await publish('cc.number', { CC: 1 })
    await publish('bcc.text', { BCC: 'key' })
    await publish('cc.table', { CC: { a: 'b' } })
  },

  async returned(t) {
    const channel = await t.confirming()
    const headers = { CC: [t.name('x')], BCC: [t.name('y')] }
    channel.publish('', t.name('none'), { properties: { headers } }, { mandatory: true })
    t.answer('withHeaders', await channel.take(2))
  },

  async topic(t) {
    const channel = await t.confirming()
    const queue = await channel.queue(t.name('q'))
    await channel.must('queue.bind', { queue, exchange: 'amq.topic', routingKey: `${queue}.#` })
    const headers = { CC: [`${queue}.two`, `${queue}.three`] }
    await channel.confirmed('amq.topic', `${queue}.one`, { body: 'x', properties: { headers } })
    t.answer('once', await t.drain(queue))
    await channel.confirmed('amq.topic', 'other', { body: 'y', properties: { headers } })
    t.answer('onlyByCc', await t.drain(queue))
  },
}
