// Where messages go: every type of exchange, bindings of queues and exchanges, alternates.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import type { Fields } from '../client/fields.ts'

interface Bound {
  readonly channel: Channel
  readonly exchange: string
  /** Which of the queues got a message published so. */
  reached(key: string, headers?: Fields): Promise<string[]>
}

/** An exchange of a type with one queue for each binding. */
async function bound(
  t: Case,
  type: string,
  bindings: Readonly<Record<string, { readonly key?: string; readonly args?: Fields }>>,
): Promise<Bound> {
  const channel = await t.confirming()
  const exchange = t.name('exchange')
  await channel.must('exchange.declare', { exchange, type })
  for (const [name, { key = '', args = {} }] of Object.entries(bindings)) {
    const queue = await channel.queue(t.name(name), { exclusive: true })
    await channel.must('queue.bind', { queue, exchange, routingKey: key, arguments: args })
  }
  const reached = async (key: string, headers?: Fields): Promise<string[]> => {
    await channel.confirmed(exchange, key, headers ? { properties: { headers } } : {})
    const found: string[] = []
    for (const name of Object.keys(bindings)) {
      const got = await channel.call('basic.get', { queue: t.name(name), noAck: true })
      if (got.is === 'basic.get-ok') found.push(name)
    }
    return found
  }
  return { channel, exchange, reached }
}

export const routing: Cases = {
  async bind(t) {
    const channel = await t.fresh()
    const [queue, exchange] = [await channel.queue(t.name('a')), 'amq.direct']
    t.answer('plain', await channel.call('queue.bind', { queue, exchange, routingKey: 'k' }))
    t.answer('again', await channel.call('queue.bind', { queue, exchange, routingKey: 'k' }))
    const args = { arguments: { 'x-anything': 1 } }
    t.answer('arguments', await channel.call('queue.bind', { queue, exchange, ...args }))
    channel.send('queue.bind', { queue, exchange, routingKey: 'quiet', noWait: true })
    t.answer('noWait', await channel.fence())
    const key = { queue, exchange, routingKey: 'k' }
    t.answer('unbind', await channel.call('queue.unbind', key))
    t.answer('unbind.again', await channel.call('queue.unbind', key))
    await t.ask('noQueue', 'queue.bind', { queue: t.name('none'), exchange })
    await t.ask('noExchange', 'queue.bind', { queue, exchange: t.name('none') })
    await t.ask('neither', 'queue.bind', { queue: t.name('none'), exchange: t.name('none') })
    await t.ask('default', 'queue.bind', { queue, exchange: '', routingKey: 'k' })
    await t.ask('unbind.noQueue', 'queue.unbind', { queue: t.name('none'), exchange })
    await t.ask('unbind.noExchange', 'queue.unbind', { queue, exchange: t.name('none') })
    await t.ask('unbind.default', 'queue.unbind', { queue, exchange: '', routingKey: queue })
  },

  async default(t) {
    const channel = await t.confirming()
    const queue = await channel.queue(t.name('a'), { exclusive: true })
    await channel.confirmed('', queue, { body: 'by name' })
    t.answer('byName', await channel.call('basic.get', { queue, noAck: true }))
    channel.publish('', t.name('none'), { body: 'lost' }, { mandatory: true })
    t.answer('noSuchQueue', await channel.take(2))
    await channel.must('queue.delete', { queue })
    channel.publish('', queue, { body: 'lost' }, { mandatory: true })
    t.answer('deletedQueue', await channel.take(2))
  },

  async direct(t) {
    const { reached, channel, exchange } = await bound(t, 'direct', {
      a: { key: 'a' },
      b: { key: 'b' },
      alsoA: { key: 'a' },
      empty: { key: '' },
      star: { key: '*' },
    })
    for (const key of ['a', 'b', 'c', '', '*', 'A', 'a.b'])
      t.answer(`key.${key}`, await reached(key))
    await channel.must('queue.bind', { queue: t.name('a'), exchange, routingKey: 'b' })
    t.answer('twoKeys', await reached('b'))
    const args = { queue: t.name('a'), exchange, routingKey: 'a', arguments: { other: 1 } }
    await channel.must('queue.bind', args)
    await channel.must('queue.unbind', { ...args, arguments: {} })
    t.answer('argumentsTellApart', await reached('a'))
    await channel.must('queue.unbind', args)
    t.answer('unbound', await reached('a'))
  },

  async fanout(t) {
    const { reached, channel, exchange } = await bound(t, 'fanout', {
      a: { key: 'a' },
      b: { key: '' },
    })
    t.answer('any', await reached('whatever'))
    t.answer('empty', await reached(''))
    await channel.must('queue.bind', { queue: t.name('a'), exchange, routingKey: 'other' })
    await channel.confirmed(exchange, 'x')
    t.answer(
      'once',
      await t.state(t.name('b')).then(() => channel.call('queue.purge', { queue: t.name('a') })),
    )
    await channel.must('queue.unbind', { queue: t.name('a'), exchange, routingKey: 'a' })
    await channel.must('queue.purge', { queue: t.name('b') })
    t.answer('oneBindingLeft', await reached('x'))
  },

  async topic(t) {
    const patterns = [
      '#',
      '*',
      'a',
      'a.*',
      'a.#',
      '*.b',
      '#.b',
      'a.*.c',
      'a.#.c',
      '*.*',
      '#.*',
      '*.#',
      '#.#',
      'a.b.#',
      '#.b.#',
      '',
      'a.',
      '.a',
      'a..b',
      '*.',
      'a*',
    ]
    const { reached } = await bound(
      t,
      'topic',
      Object.fromEntries(patterns.map((key) => [`<${key}>`, { key }])),
    )
    const keys = [
      'a',
      'b',
      'a.b',
      'a.b.c',
      'a.x.c',
      'a.c',
      'a.x.y.c',
      'x.b.y',
      '',
      '.',
      'a.',
      '.a',
      'a..b',
      '*',
      '#',
      'a.*',
      'a.b.c.d.e',
      'A.B',
      'a*',
    ]
    for (const key of keys) t.answer(`key.${key}`, await reached(key))
  },

  async 'headers.all'(t) {
    const { reached } = await bound(t, 'headers', {
      none: {},
      one: { args: { a: 1 } },
      two: { args: { 'x-match': 'all', a: 1, b: 'two' } },
      present: { args: { 'x-match': 'all', a: null } },
      x: { args: { 'x-match': 'all', a: 1, 'x-y': 1 } },
      withX: { args: { 'x-match': 'all-with-x', a: 1, 'x-y': 1 } },
      text: { args: { a: '1' } },
    })
    t.answer('noHeaders', await reached(''))
    t.answer('none', await reached('', {}))
    t.answer('one', await reached('', { a: 1 }))
    t.answer('both', await reached('', { a: 1, b: 'two' }))
    t.answer('other', await reached('', { a: 2, b: 'two' }))
    t.answer('text', await reached('', { a: '1' }))
    t.answer('long', await reached('', { a: 1n }))
    t.answer('float', await reached('', { a: { letter: 'd', value: 1 } }))
    t.answer('x', await reached('', { a: 1, 'x-y': 1 }))
    t.answer('x.other', await reached('', { a: 1, 'x-y': 2 }))
    t.answer('null', await reached('', { a: null }))
    t.answer('upperCase', await reached('', { A: 1 }))
  },

  async 'headers.any'(t) {
    const { reached } = await bound(t, 'headers', {
      none: { args: { 'x-match': 'any' } },
      any: { args: { 'x-match': 'any', a: 1, b: 'two' } },
      present: { args: { 'x-match': 'any', a: null } },
      x: { args: { 'x-match': 'any', 'x-y': 1 } },
      withX: { args: { 'x-match': 'any-with-x', 'x-y': 1 } },
      table: { args: { 'x-match': 'any', t: { in: [1, 2] } } },
      entries: { args: { 'x-match': 'any', t: { a: 1, b: 2 } } },
      list: { args: { 'x-match': 'any', l: [1, 'two'] } },
      blind: { args: { 'x-match': 'any', BCC: ['k'] } },
      copies: { args: { 'x-match': 'any', CC: ['k'] } },
    })
    t.answer('noHeaders', await reached(''))
    t.answer('a', await reached('', { a: 1 }))
    t.answer('b', await reached('', { b: 'two' }))
    t.answer('neither', await reached('', { a: 2, b: 'three' }))
    t.answer('x', await reached('', { 'x-y': 1 }))
    t.answer('table', await reached('', { t: { in: [1, 2] } }))
    t.answer('table.other', await reached('', { t: { in: [1, 3] } }))
    t.answer('table.long', await reached('', { t: { in: [1n, 2] } }))
    t.answer('table.entries', await reached('', { t: { a: 1, b: 2 } }))
    t.answer('table.order', await reached('', { t: { b: 2, a: 1 } }))
    t.answer('list', await reached('', { l: [1, 'two'] }))
    t.answer('list.long', await reached('', { l: [1n, 'two'] }))
    t.answer('list.float', await reached('', { l: [{ letter: 'd', value: 1 }, 'two'] }))
    t.answer('bcc', await reached('', { BCC: ['k'] }))
    t.answer('cc', await reached('', { CC: ['k'] }))
    t.answer('list.order', await reached('', { l: ['two', 1] }))
  },

  async 'headers.match'(t) {
    const channel = await t.fresh()
    await channel.queue(t.name('a'))
    const bind = (question: string, match: unknown) =>
      t.ask(question, 'queue.bind', {
        queue: t.name('a'),
        exchange: 'amq.headers',
        arguments: { 'x-match': match, a: 1 },
      })
    for (const word of ['all', 'any', 'all-with-x', 'any-with-x']) await bind(word, word)
    await bind('unknown', 'some')
    await bind('number', 1)
    await bind('empty', '')
  },

  async exchanges(t) {
    const channel = await t.confirming()
    const [a, b, c] = [t.name('a'), t.name('b'), t.name('c')] as const
    await channel.must('exchange.declare', { exchange: a, type: 'direct' })
    await channel.must('exchange.declare', { exchange: b, type: 'topic' })
    await channel.must('exchange.declare', { exchange: c, type: 'fanout' })
    const queue = await channel.queue('', { exclusive: true })
    await channel.must('exchange.bind', { source: a, destination: b, routingKey: 'x.y' })
    await channel.must('exchange.bind', { source: b, destination: c, routingKey: 'x.*' })
    await channel.must('queue.bind', { queue, exchange: c })
    await channel.confirmed(a, 'x.y', { body: 'through three' })
    t.answer('through', await channel.call('basic.get', { queue, noAck: true }))
    await channel.must('exchange.bind', { source: c, destination: a, routingKey: 'x.y' })
    await channel.confirmed(a, 'x.y', { body: 'in a circle' })
    t.answer('circle', [
      await channel.call('basic.get', { queue, noAck: true }),
      await channel.call('basic.get', { queue, noAck: true }),
    ])
    await channel.must('queue.bind', { queue, exchange: a, routingKey: 'x.y' })
    await channel.must('queue.bind', { queue, exchange: b, routingKey: '#' })
    await channel.confirmed(a, 'x.y', { body: 'once' })
    t.answer('once', await channel.call('queue.purge', { queue }))
    await channel.must('exchange.unbind', { source: a, destination: b, routingKey: 'x.y' })
    await channel.must('queue.unbind', { queue, exchange: a, routingKey: 'x.y' })
    channel.publish(a, 'x.y', { body: 'nowhere' }, { mandatory: true })
    t.answer('unbound', await channel.take(2))
    await channel.must('exchange.bind', { source: a, destination: b, routingKey: 'x.y' })
    await channel.must('exchange.delete', { exchange: b })
    channel.publish(a, 'x.y', { body: 'nowhere' }, { mandatory: true })
    t.answer('deleted', await channel.take(2))
  },

  async alternate(t) {
    const channel = await t.confirming()
    const [first, second, third] = [t.name('a'), t.name('b'), t.name('c')] as const
    const to = (exchange: string) => ({ arguments: { 'alternate-exchange': exchange } })
    await channel.must('exchange.declare', { exchange: first, type: 'direct', ...to(second) })
    await channel.must('exchange.declare', { exchange: second, type: 'topic', ...to(third) })
    channel.publish(first, 'k', { body: '1' }, { mandatory: true })
    t.answer('thirdMissing', await channel.take(2))
    await channel.must('exchange.declare', { exchange: third, type: 'fanout', ...to(first) })
    channel.publish(first, 'k', { body: '2' }, { mandatory: true })
    t.answer('circle', await channel.take(2))
    const last = await channel.queue(t.name('last'), { exclusive: true })
    await channel.must('queue.bind', { queue: last, exchange: third })
    channel.publish(first, 'k', { body: '3' }, { mandatory: true })
    t.answer('routed', await channel.next())
    t.answer('last', await channel.call('basic.get', { queue: last, noAck: true }))
    const own = await channel.queue(t.name('own'), { exclusive: true })
    await channel.must('queue.bind', { queue: own, exchange: first, routingKey: 'k' })
    t.answer('own', await channel.confirmed(first, 'k', { body: '4' }))
    t.answer('notLast', await channel.call('basic.get', { queue: last, noAck: true }))
  },
}
