// Publishing: confirms, returns and their order; contents of every kind there and back.
import type { Case, Cases } from '../case.ts'
import type { Channel } from '../client/channel.ts'
import { frameType } from '../client/connection.ts'
import { fieldBytes, shortString, typed } from '../client/fields.ts'
import { type Arguments, headerBytes, type Item, propertyBytes } from '../client/methods.ts'

/** Publishes to a queue of its own and gets it back. */
async function thereAndBack(channel: Channel, content: Arguments): Promise<Item[]> {
  const queue = await channel.queue('', { exclusive: true })
  const items = await channel.confirmed('', queue, content)
  if (items.at(-1)?.is === 'basic.ack')
    items.push(await channel.call('basic.get', { queue, noAck: true }))
  return items.map((item) => (item.is === 'basic.get-ok' ? { ...item, routingKey: '*' } : item))
}

const isConfirm = ({ is }: Item): boolean => is === 'basic.ack' || is === 'basic.nack'

/** Confirms until every number up to `last` has one; each number with what it got, in order. */
async function confirms(channel: Channel, last: number): Promise<string[]> {
  const found = new Map<number, string>()
  while (found.size < last) {
    const item = await channel.next()
    if (!isConfirm(item)) return [...found.values(), item.is]
    const tag = item['deliveryTag'] as number
    const from = item['multiple'] ? 1 : tag
    for (let n = from; n <= tag; n += 1) if (!found.has(n)) found.set(n, item.is)
  }
  return Array.from({ length: last }, (_, i) => `${i + 1} ${found.get(i + 1)}`)
}

const property = async (t: Case, question: string, properties: Arguments): Promise<void> =>
  t.answer(question, await thereAndBack(await t.confirming(), { body: 'x', properties }))

export const publish: Cases = {
  async plain(t) {
    const channel = await t.channel()
    const queue = await channel.queue(t.name('a'))
    channel.publish('', queue, { body: 'x' })
    t.answer('silent', await channel.fence())
    t.answer('arrived', await t.ready(queue, 1))
    channel.publish('', t.name('none'), { body: 'x' })
    t.answer('unroutable', await channel.fence())
    channel.publish('', t.name('none'), { body: 'x' }, { mandatory: true })
    t.answer('mandatory', await channel.next())
    channel.publish('', queue, { body: 'x' }, { mandatory: true })
    t.answer('mandatory.routed', await channel.fence())
    channel.publish(t.name('none'), 'k', { body: 'x' })
    t.answer('noExchange', await channel.next())
    const other = await t.channel()
    other.publish('', queue, { body: 'x' }, { immediate: true })
    t.answer('immediate', await other.next())
  },

  async confirm(t) {
    const channel = await t.confirming()
    const queue = await channel.queue(t.name('a'), { durable: true })
    t.answer('transient', await channel.confirmed('', queue, { body: 'x' }))
    const persistent = { body: 'x', properties: { deliveryMode: 2 } }
    t.answer('persistent', await channel.confirmed('', queue, persistent))
    t.answer('unroutable', await channel.confirmed('', t.name('none'), persistent))
    channel.publish('', t.name('none'), persistent, { mandatory: true })
    t.answer('returnedFirst', await channel.take(2))
    for (let i = 0; i < 10; i += 1) channel.publish('', queue, persistent)
    const first = await channel.until(isConfirm)
    t.answer('numbersGoOn', (first[0]?.['deliveryTag'] as number) >= 5)
    channel.publish(t.name('none'), 'k')
    const last = await channel.until(({ is }) => is === 'channel.close')
    t.answer('noExchange', last.at(-1))
    await channel.must('channel.open')
    await channel.must('confirm.select')
    t.answer('startsAgain', await channel.confirmed('', queue, { body: 'x' }))
  },

  async 'confirm.many'(t) {
    const channel = await t.confirming()
    const durable = await channel.queue(t.name('a'), { durable: true })
    const other = await channel.queue(t.name('b'))
    for (let i = 0; i < 300; i += 1)
      channel.publish('', [durable, other, t.name('none')][i % 3] as string, {
        properties: { deliveryMode: (i % 2) + 1 },
      })
    const each = await confirms(channel, 300)
    t.answer('each', [each.length, each.filter((one) => !one.endsWith(' basic.ack'))])
    t.answer('nothingMore', await channel.fence())
    t.answer('stored', [await t.state(durable), await t.state(other)])
  },

  async 'confirm.mixed'(t) {
    const channel = await t.confirming()
    const limited = { 'x-max-length': 1, 'x-overflow': 'reject-publish' }
    const queue = await channel.queue(t.name('a'), { arguments: limited })
    t.answer('room', await channel.confirmed('', queue, { body: '1' }))
    t.answer('noRoom', await channel.confirmed('', queue, { body: '2' }))
    const free = await channel.queue(t.name('b'))
    const exchange = t.name('both')
    await channel.must('exchange.declare', { exchange, type: 'fanout' })
    await channel.must('queue.bind', { queue, exchange })
    await channel.must('queue.bind', { queue: free, exchange })
    t.answer('oneOfTwo', await channel.confirmed(exchange, '', { body: '3' }))
    t.answer('otherKeeps', await t.bodies(free))
    t.answer('kept', await t.bodies(queue))
  },

  async 'confirm.later'(t) {
    const channel = await t.channel()
    const queue = await channel.queue(t.name('a'))
    channel.publish('', queue, { body: 'before' })
    await channel.must('confirm.select')
    t.answer('firstIsOne', await channel.confirmed('', queue, { body: 'after' }))
  },

  async 'confirm.mandatoryMany'(t) {
    const channel = await t.confirming()
    const queue = await channel.queue(t.name('a'))
    for (const key of [queue, t.name('x'), queue, t.name('y')])
      channel.publish('', key, { body: key === queue ? 'routed' : 'lost' }, { mandatory: true })
    const items: Item[] = []
    let top = 0
    while (top < 4) {
      const item = await channel.next()
      items.push(item)
      if (!isConfirm(item) && item.is !== 'basic.return') break
      if (isConfirm(item)) top = Math.max(top, item['deliveryTag'] as number)
    }
    const returned = items.filter(({ is }) => is === 'basic.return')
    t.answer('returns', returned)
  },

  async sizes(t) {
    const channel = await t.confirming()
    const sizes = [0, 1, 4087, 4088, 131_063, 131_064, 131_065, 131_072, 262_128, 1_000_000]
    for (const size of sizes)
      t.answer(`${size}`, await thereAndBack(channel, { body: 'x'.repeat(size) }))
    channel.connection.bodyFrames.length = 0
    await thereAndBack(channel, { body: 'x'.repeat(300_000) })
    t.answer('frames', channel.connection.bodyFrames)
  },

  async 'sizes.smallFrames'(t) {
    const channel = await t.channel({ frameMax: 8192 })
    await channel.must('confirm.select')
    for (const size of [8183, 8184, 8185, 20_000])
      t.answer(`${size}`, await thereAndBack(channel, { body: 'y'.repeat(size) }))
    t.answer('frames', channel.connection.bodyFrames)
  },

  async 'sizes.claimed'(t) {
    const channel = await t.channel()
    channel.send('basic.publish', { exchange: '', routingKey: 'nowhere' })
    const huge = headerBytes(2 ** 62, propertyBytes({}))
    channel.connection.frame(frameType.header, channel.id, huge)
    t.answer('otherChannel', await channel.connection.call(2, 'channel.open'))
    t.answer('channel', channel.connection.arrived(channel.id))
  },

  async 'sizes.17MiB'(t) {
    const channel = await t.confirming()
    const body = Buffer.alloc(17 * 2 ** 20, 'x')
    channel.publish('', t.name('none'), { body })
    t.answer('answer', await channel.next())
  },

  async properties(t) {
    await property(t, 'none', {})
    await property(t, 'contentType', { contentType: 'text/plain' })
    await property(t, 'contentEncoding', { contentEncoding: 'gzip' })
    await property(t, 'deliveryMode.1', { deliveryMode: 1 })
    await property(t, 'deliveryMode.2', { deliveryMode: 2 })
    await property(t, 'deliveryMode.0', { deliveryMode: 0 })
    await property(t, 'deliveryMode.9', { deliveryMode: 9 })
    await property(t, 'priority', { priority: 200 })
    await property(t, 'correlationId', { correlationId: 'ÄÖ✓' })
    await property(t, 'correlationId.bytes', { correlationId: Buffer.of(0xff, 0, 1) })
    await property(t, 'replyTo', { replyTo: 'some-queue' })
    await property(t, 'expiration', { expiration: '600000' })
    await property(t, 'messageId', { messageId: 'm'.repeat(255) })
    await property(t, 'timestamp', { timestamp: 1 })
    await property(t, 'timestamp.highest', { timestamp: 2n ** 64n - 1n })
    await property(t, 'type', { type: 'kind' })
    await property(t, 'userId', { userId: 'guest' })
    await property(t, 'userId.other', { userId: 'somebody' })
    await property(t, 'userId.empty', { userId: '' })
    await property(t, 'appId', { appId: 'app' })
    await property(t, 'clusterId', { clusterId: 'cluster' })
    await property(t, 'empty', { contentType: '', correlationId: '', headers: {} })
    await property(t, 'all', {
      contentType: 'a',
      contentEncoding: 'b',
      headers: { c: 'd' },
      deliveryMode: 2,
      priority: 3,
      correlationId: 'e',
      replyTo: 'f',
      expiration: '60000',
      messageId: 'g',
      timestamp: 4,
      type: 'h',
      userId: 'guest',
      appId: 'i',
      clusterId: 'j',
    })
  },

  async expiration(t) {
    const texts = [
      '0',
      '1',
      '-1',
      '',
      'soon',
      '1.5',
      '1000ms',
      ' 5',
      '5 ',
      '4294967295',
      '4294967296',
      '99999999999999999999',
    ]
    for (const expiration of texts) {
      const channel = await t.confirming()
      const content = { body: 'x', properties: { expiration } }
      t.answer(`<${expiration}>`, await channel.confirmed('', t.name('none'), content))
    }
  },

  async headers(t) {
    const values: Record<string, unknown> = {
      t: typed('t', true),
      'b.-128': typed('b', -128),
      'B.255': typed('B', 255),
      's.-32768': typed('s', -32_768),
      'u.65535': typed('u', 65_535),
      'I.-2147483648': typed('I', -(2 ** 31)),
      'i.4294967295': typed('i', 2 ** 32 - 1),
      'l.least': typed('l', -(2n ** 63n)),
      'l.highest': typed('l', 2n ** 63n - 1n),
      'L.5': typed('L', 5n),
      'L.-1': typed('L', -1n),
      'f.0.5': typed('f', 0.5),
      'd.0.1': typed('d', 0.1),
      'D.scale2': typed('D', [2, 314]),
      'D.negative': typed('D', [2, -314]),
      'S.text': 'ÄÖ✓',
      'S.bytes': typed('S', Buffer.of(0xff, 0, 0xfe)),
      'S.empty': '',
      'x.bytes': Buffer.of(0xff, 0, 0xfe),
      'x.empty': Buffer.alloc(0),
      'A.mixed': [1, 'two', [3], { four: 4 }, null, false],
      'A.empty': [],
      'F.nested': { a: { b: { c: [{ d: 1 }] } } },
      'F.empty': {},
      'T.1': typed('T', 1),
      V: null,
    }
    for (const [name, value] of Object.entries(values))
      await property(t, name, { headers: { h: value } })
    const [, got] = await thereAndBack(await t.confirming(), {
      properties: { headers: { z: 1, a: 2, m: 3 } },
    })
    const { headers } = (got?.['properties'] ?? {}) as { headers?: object }
    t.answer('order', Object.keys(headers ?? {}))
    await property(t, 'longName', { headers: { ['n'.repeat(255)]: 1 } })
    await property(t, 'emptyName', { headers: { '': 1 } })
    await property(t, 'many', {
      headers: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`h${i}`, i])),
    })
    await property(t, 'U', { headers: { h: typed('U', 5) } })
  },

  async 'headers.twice'(t) {
    const entry = (name: string, value: unknown) =>
      Buffer.concat([shortString(name), fieldBytes(value)])
    const entries = Buffer.concat([entry('a', 1), entry('a', 2)])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(entries.length)
    await property(t, 'same', { headers: Buffer.concat([length, entries]) })
  },

  async 'headers.deep'(t) {
    const deep = (levels: number): Record<string, unknown> =>
      levels === 0 ? { end: true } : { in: deep(levels - 1) }
    await property(t, '20', { headers: deep(20) })
  },

  async 'headers.large'(t) {
    await property(t, '64KiB', { headers: { h: 'x'.repeat(65_536) } })
    await property(t, '120KiB', { headers: { h: 'x'.repeat(122_880) } })
  },
}
