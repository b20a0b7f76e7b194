// Exchanges: declaring, what counts as the same, deleting, and bindings between them.
import type { Case, Cases } from '../case.ts'
import { typed } from '../client/fields.ts'

/** Declares an exchange and asks for it again with other arguments. */
async function again(
  t: Case,
  question: string,
  first: Record<string, unknown>,
  second: Record<string, unknown>,
): Promise<void> {
  const exchange = t.name(question)
  const channel = await t.fresh()
  await channel.must('exchange.declare', { exchange, type: 'direct', ...first })
  await t.ask(question, 'exchange.declare', { exchange, type: 'direct', ...second })
}

export const exchange: Cases = {
  async declare(t) {
    for (const type of ['direct', 'fanout', 'topic', 'headers'])
      await t.ask(type, 'exchange.declare', { exchange: t.name(type), type })
    const every = { durable: true, autoDelete: true, internal: true }
    await t.ask('everyFlag', 'exchange.declare', {
      exchange: t.name('every'),
      type: 'fanout',
      ...every,
      arguments: { 'alternate-exchange': 'some', 'x-anything': 1 },
    })
    await t.ask('alternate.number', 'exchange.declare', {
      exchange: t.name('alternate'),
      type: 'direct',
      arguments: { 'alternate-exchange': 5 },
    })
    const long = 'l'.repeat(255 - t.name('').length)
    await t.ask('longName', 'exchange.declare', { exchange: t.name(long), type: 'direct' })
    await t.ask('unicode', 'exchange.declare', { exchange: t.name('ÄÖ✓'), type: 'direct' })
    const channel = await t.fresh()
    channel.send('exchange.declare', { exchange: t.name('quiet'), type: 'direct', noWait: true })
    t.answer('noWait', await channel.fence())
    await t.ask('noWait.is', 'exchange.declare', { exchange: t.name('quiet'), passive: true })
  },

  async 'declare.type'(t) {
    await t.ask('unknown', 'exchange.declare', { exchange: t.name('a'), type: 'no-such-type' })
    await t.ask('empty', 'exchange.declare', { exchange: t.name('b'), type: '' })
    await t.ask('upperCase', 'exchange.declare', { exchange: t.name('c'), type: 'DIRECT' })
    await t.ask('unknown.passive', 'exchange.declare', {
      exchange: 'amq.direct',
      type: 'no-such-type',
      passive: true,
    })
  },

  async 'declare.noWait.mistake'(t) {
    const channel = await t.channel()
    const args = { exchange: 'amq.nothing', type: 'direct', noWait: true }
    t.answer('answer', await channel.call('exchange.declare', args))
  },

  async 'declare.passive'(t) {
    await t.ask('there', 'exchange.declare', { exchange: 'amq.direct', passive: true })
    await t.ask('otherType', 'exchange.declare', {
      exchange: 'amq.direct',
      type: 'fanout',
      passive: true,
    })
    await t.ask('missing', 'exchange.declare', { exchange: t.name('none'), passive: true })
    await t.ask('default', 'exchange.declare', { exchange: '', passive: true })
    await t.ask('reserved', 'exchange.declare', { exchange: 'amq.none', passive: true })
  },

  async predeclared(t) {
    const kinds = { direct: 'direct', fanout: 'fanout', topic: 'topic', headers: 'headers' }
    for (const [name, type] of Object.entries({ ...kinds, match: 'headers' })) {
      const args = { exchange: `amq.${name}`, type, durable: true }
      await t.ask(name, 'exchange.declare', args)
    }
    await t.ask('trace', 'exchange.declare', { exchange: 'amq.rabbitmq.trace', passive: true })
    await t.ask('notDurable', 'exchange.declare', { exchange: 'amq.direct', type: 'direct' })
    await t.ask('otherType', 'exchange.declare', {
      exchange: 'amq.direct',
      type: 'fanout',
      durable: true,
    })
    await t.ask('reserved', 'exchange.declare', { exchange: 'amq.mine', type: 'direct' })
    await t.ask('reserved.delete', 'exchange.delete', { exchange: 'amq.direct' })
    await t.ask('reserved.delete.missing', 'exchange.delete', { exchange: 'amq.none' })
  },

  async default(t) {
    await t.ask('declare', 'exchange.declare', { exchange: '', type: 'direct', durable: true })
    await t.ask('delete', 'exchange.delete', { exchange: '' })
    await t.ask('bind.source', 'exchange.bind', { source: '', destination: 'amq.direct' })
    await t.ask('bind.destination', 'exchange.bind', { source: 'amq.direct', destination: '' })
    await t.ask('unbind.source', 'exchange.unbind', { source: '', destination: 'amq.direct' })
  },

  async equivalence(t) {
    await again(t, 'same', {}, {})
    await again(t, 'type', {}, { type: 'fanout' })
    await again(t, 'durable', {}, { durable: true })
    await again(t, 'notDurable', { durable: true }, {})
    await again(t, 'autoDelete', {}, { autoDelete: true })
    await again(t, 'internal', {}, { internal: true })
    await again(t, 'unknownArgument', {}, { arguments: { 'x-anything': 1 } })
    const alternate = { arguments: { 'alternate-exchange': 'a' } }
    await again(t, 'alternate.same', alternate, alternate)
    await again(t, 'alternate.more', {}, alternate)
    await again(t, 'alternate.less', alternate, {})
    const other = { arguments: { 'alternate-exchange': 'b' } }
    await again(t, 'alternate.other', alternate, other)
    await again(t, 'passive', alternate, { passive: true, type: 'fanout' })
    await again(t, 'several', {}, { type: 'topic', durable: true, autoDelete: true })
  },

  async name(t) {
    const lines = t.name('a\r\nb')
    await t.ask('lineBreaks', 'exchange.declare', { exchange: lines, type: 'direct' })
    await t.ask('lineBreaks.stripped', 'exchange.declare', {
      exchange: t.name('ab'),
      passive: true,
    })
    await t.ask('spaces', 'exchange.declare', { exchange: t.name(' a b '), type: 'direct' })
    await t.ask('spaces.kept', 'exchange.declare', { exchange: t.name('a b'), passive: true })
  },

  async delete(t) {
    const channel = await t.fresh()
    const exchange = t.name('a')
    await channel.must('exchange.declare', { exchange, type: 'direct' })
    t.answer('plain', await channel.call('exchange.delete', { exchange }))
    t.answer('again', await channel.call('exchange.delete', { exchange }))
    await channel.must('exchange.declare', { exchange, type: 'direct' })
    const queue = await channel.queue('', { exclusive: true })
    await channel.must('queue.bind', { queue, exchange, routingKey: 'k' })
    await t.ask('ifUnused.used', 'exchange.delete', { exchange, ifUnused: true })
    await channel.must('queue.unbind', { queue, exchange, routingKey: 'k' })
    await t.ask('ifUnused.unused', 'exchange.delete', { exchange, ifUnused: true })
    await t.ask('ifUnused.missing', 'exchange.delete', { exchange, ifUnused: true })
    await channel.must('exchange.declare', { exchange, type: 'direct' })
    channel.send('exchange.delete', { exchange, noWait: true })
    t.answer('noWait', await channel.fence())
    await t.ask('noWait.isGone', 'exchange.declare', { exchange, passive: true })
  },

  async 'delete.bound'(t) {
    const channel = await t.confirming()
    const exchange = t.name('a')
    const queue = await channel.queue('', { exclusive: true })
    await channel.must('exchange.declare', { exchange, type: 'direct' })
    await channel.must('queue.bind', { queue, exchange, routingKey: 'k' })
    await channel.must('exchange.delete', { exchange })
    await channel.must('exchange.declare', { exchange, type: 'direct' })
    channel.publish(exchange, 'k', {}, { mandatory: true })
    t.answer('bindingIsGone', await channel.take(2))
  },

  async autoDelete(t) {
    const channel = await t.fresh()
    const make = async (exchange: string) =>
      channel.must('exchange.declare', { exchange, type: 'fanout', autoDelete: true })
    const [never, unbound, deleted, source] = ['never', 'unbound', 'deleted', 'source'].map((n) =>
      t.name(n),
    ) as [string, string, string, string]
    for (const exchange of [never, unbound, deleted, source]) await make(exchange)
    const check = (question: string, exchange: string) =>
      t.ask(question, 'exchange.declare', { exchange, passive: true })
    await check('neverBound', never)
    const queue = await channel.queue('', { exclusive: true })
    await channel.must('queue.bind', { queue, exchange: unbound })
    await channel.must('queue.bind', { queue, exchange: unbound, routingKey: 'two' })
    await channel.must('queue.unbind', { queue, exchange: unbound })
    await check('oneLeft', unbound)
    await channel.must('queue.unbind', { queue, exchange: unbound, routingKey: 'two' })
    await check('noneLeft', unbound)
    await channel.must('queue.bind', { queue, exchange: deleted })
    await channel.must('exchange.bind', { source, destination: deleted })
    await channel.must('queue.delete', { queue })
    await check('queueDeleted', deleted)
    await check('cascade', source)
  },

  async bind(t) {
    const channel = await t.fresh()
    const [a, b] = [t.name('a'), t.name('b')]
    await channel.must('exchange.declare', { exchange: a, type: 'direct' })
    await channel.must('exchange.declare', { exchange: b, type: 'direct' })
    const both = { source: a, destination: b, routingKey: 'k' }
    t.answer('plain', await channel.call('exchange.bind', both))
    t.answer('again', await channel.call('exchange.bind', both))
    t.answer('itself', await channel.call('exchange.bind', { source: a, destination: a }))
    t.answer('unbind', await channel.call('exchange.unbind', both))
    t.answer('unbind.again', await channel.call('exchange.unbind', both))
    channel.send('exchange.bind', { ...both, noWait: true })
    channel.send('exchange.unbind', { ...both, noWait: true })
    t.answer('noWait', await channel.fence())
    const none = t.name('none')
    await t.ask('noSource', 'exchange.bind', { source: none, destination: b })
    await t.ask('noDestination', 'exchange.bind', { source: a, destination: none })
    await t.ask('neither', 'exchange.bind', { source: none, destination: t.name('no') })
    await t.ask('unbind.noSource', 'exchange.unbind', { source: none, destination: b })
    await t.ask('unbind.noDestination', 'exchange.unbind', { source: a, destination: none })
    await t.ask('bind.amq', 'exchange.bind', { source: 'amq.direct', destination: b })
  },

  async internal(t) {
    const channel = await t.fresh()
    const exchange = t.name('a')
    await channel.must('exchange.declare', { exchange, type: 'fanout', internal: true })
    channel.publish(exchange, 'k', { body: 'x' })
    t.answer('publish', await channel.next())
    const confirming = await t.confirming()
    const queue = await confirming.queue('', { exclusive: true })
    const outer = t.name('b')
    await confirming.must('exchange.declare', { exchange: outer, type: 'fanout' })
    await confirming.must('exchange.bind', { source: outer, destination: exchange })
    await confirming.must('queue.bind', { queue, exchange })
    await confirming.confirmed(outer, 'k', { body: 'through' })
    t.answer('through', await confirming.call('basic.get', { queue, noAck: true }))
  },

  async argumentTypes(t) {
    const declare = (question: string, type: string, args: Record<string, unknown>) =>
      t.ask(question, 'exchange.declare', { exchange: t.name(question), type, arguments: args })
    await declare('everyType', 'direct', {
      a: typed('b', -1),
      b: typed('s', -2),
      c: typed('l', 3n),
      d: typed('d', 0.5),
      e: [1, 'two', null],
      f: { in: { in: true } },
      g: typed('T', 1000),
      h: typed('D', [2, 314]),
      i: Buffer.from('bytes'),
    })
  },
}
