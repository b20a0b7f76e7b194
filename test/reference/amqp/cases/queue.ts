// Queues: declaring, what counts as the same, purging, deleting, and who may use them.
import type { Case, Cases } from '../case.ts'
import { type Fields, typed } from '../client/fields.ts'

/** Declares a queue and asks for it again with other arguments. */
async function again(
  t: Case,
  question: string,
  first: Record<string, unknown>,
  second: Record<string, unknown>,
): Promise<void> {
  const queue = t.name(question)
  const channel = await t.fresh()
  await channel.queue(queue, first)
  await t.ask(question, 'queue.declare', { queue, ...second })
}

/** Declares a queue with arguments. */
const made = (t: Case, question: string, args: Fields, flags: Record<string, unknown> = {}) =>
  t.ask(question, 'queue.declare', { queue: t.name(question), arguments: args, ...flags })

export const queue: Cases = {
  async declare(t) {
    await t.ask('plain', 'queue.declare', { queue: t.name('plain') })
    await t.ask('durable', 'queue.declare', { queue: t.name('durable'), durable: true })
    await t.ask('exclusive', 'queue.declare', { queue: t.name('exclusive'), exclusive: true })
    await t.ask('autoDelete', 'queue.declare', { queue: t.name('auto'), autoDelete: true })
    await t.ask('serverNamed', 'queue.declare', { queue: '', exclusive: true })
    await t.ask('serverNamed.passive', 'queue.declare', { queue: '', passive: true })
    await t.ask('reserved', 'queue.declare', { queue: 'amq.mine' })
    await t.ask('reserved.passive', 'queue.declare', { queue: 'amq.none', passive: true })
    await t.ask('missing.passive', 'queue.declare', { queue: t.name('none'), passive: true })
    await t.ask('lineBreaks', 'queue.declare', { queue: t.name('a\nb\r') })
    await t.ask('unicode', 'queue.declare', { queue: t.name('ÄÖ✓') })
    const long = t.name('l'.repeat(255 - t.name('').length))
    await t.ask('longName', 'queue.declare', { queue: long })
    const channel = await t.fresh()
    channel.send('queue.declare', { queue: t.name('quiet'), noWait: true })
    t.answer('noWait', await channel.fence())
    t.answer('noWait.is', await t.state(t.name('quiet')))
    await channel.queue(t.name('reserved'), {})
    const named = await channel.queue('', { exclusive: true })
    t.answer(
      'serverNamed.again',
      await channel.call('queue.declare', { queue: named, exclusive: true }),
    )
  },

  async 'declare.noWait.mistake'(t) {
    const channel = await t.channel()
    const args = { queue: 'amq.mine', noWait: true }
    t.answer('answer', await channel.call('queue.declare', args))
  },

  async equivalence(t) {
    await again(t, 'same', {}, {})
    await again(t, 'durable', {}, { durable: true })
    await again(t, 'notDurable', { durable: true }, {})
    await again(t, 'autoDelete', {}, { autoDelete: true })
    await again(t, 'notAutoDelete', { autoDelete: true }, {})
    await again(t, 'exclusive', {}, { exclusive: true })
    await again(t, 'notExclusive', { exclusive: true }, {})
    await again(t, 'exclusive.durable', { exclusive: true, durable: true }, { exclusive: true })
    const both = { exclusive: true, durable: true }
    await again(t, 'exclusive.durable.same', both, both)
    await again(t, 'unknownArgument', {}, { arguments: { 'x-anything': 1 } })
    const some = { arguments: { 'x-anything': 1 } }
    await again(t, 'unknownArgument.less', some, {})
    await again(t, 'unknownArgument.other', some, { arguments: { 'x-anything': 'two' } })
    await again(t, 'passive', { durable: true, ...some }, { passive: true, exclusive: true })
    await again(t, 'several', {}, { durable: true, autoDelete: true })
  },

  async 'equivalence.arguments'(t) {
    const values: Record<string, readonly [unknown, unknown]> = {
      'x-message-ttl': [60_000, 60_001],
      'x-expires': [600_000, 600_001],
      'x-max-length': [10, 11],
      'x-max-length-bytes': [1000, 1001],
      'x-overflow': ['drop-head', 'reject-publish'],
      'x-max-priority': [5, 6],
      'x-dead-letter-exchange': ['a', 'b'],
      'x-single-active-consumer': [true, false],
      'x-queue-mode': ['lazy', 'default'],
      'x-queue-type': ['classic', 'quorum'],
    }
    for (const [key, [one, two]] of Object.entries(values)) {
      const short = key.slice(2)
      const first = { arguments: { [key]: one }, durable: true }
      await again(t, `${short}.same`, first, first)
      await again(t, `${short}.other`, first, { arguments: { [key]: two }, durable: true })
      await again(t, `${short}.less`, first, { durable: true })
      await again(t, `${short}.more`, { durable: true }, first)
    }
    const keyed = (key: string) => ({
      arguments: { 'x-dead-letter-exchange': 'a', 'x-dead-letter-routing-key': key },
    })
    await again(t, 'dead-letter-routing-key.other', keyed('a'), keyed('b'))
  },

  async 'equivalence.types'(t) {
    const as = (letter: string, value: unknown) => ({
      arguments: { 'x-max-length': typed(letter, value) },
    })
    const whole = { b: 10, s: 10, I: 10, l: 10n, B: 10, u: 10, i: 10 }
    for (const [letter, value] of Object.entries(whole))
      await again(t, `I.${letter}`, as('I', 10), as(letter, value))
    await again(t, 'I.d', as('I', 10), as('d', 10))
    await again(t, 'I.S', as('I', 10), as('S', '10'))
    await again(
      t,
      'S.x',
      { arguments: { 'x-dead-letter-exchange': 'a' } },
      {
        arguments: { 'x-dead-letter-exchange': Buffer.from('a') },
      },
    )
  },

  async 'arguments.numbers'(t) {
    const keys = [
      'x-message-ttl',
      'x-expires',
      'x-max-length',
      'x-max-length-bytes',
      'x-max-priority',
    ]
    const values: Record<string, unknown> = {
      zero: 0,
      negative: -1,
      text: '10',
      boolean: true,
      float: 1.5,
      huge: 2n ** 62n,
      byte: typed('b', 5),
      unsigned: typed('i', 5),
      time: typed('T', 5),
      null: null,
    }
    for (const key of keys)
      for (const [name, value] of Object.entries(values))
        await made(t, `${key.slice(2)}.${name}`, { [key]: value })
    await made(t, 'max-priority.255', { 'x-max-priority': 255 })
    await made(t, 'max-priority.256', { 'x-max-priority': 256 })
    await made(t, 'message-ttl.4294967295', { 'x-message-ttl': 4_294_967_295 })
    await made(t, 'message-ttl.4294967296', { 'x-message-ttl': 4_294_967_296 })
    await made(t, 'expires.4294967296', { 'x-expires': 4_294_967_296 })
  },

  async 'arguments.words'(t) {
    await made(t, 'overflow.dropHead', { 'x-overflow': 'drop-head' })
    await made(t, 'overflow.rejectPublish', { 'x-overflow': 'reject-publish' })
    await made(t, 'overflow.rejectPublishDlx', { 'x-overflow': 'reject-publish-dlx' })
    await made(t, 'overflow.unknown', { 'x-overflow': 'no-such-thing' })
    await made(t, 'overflow.number', { 'x-overflow': 1 })
    await made(t, 'dlx.text', { 'x-dead-letter-exchange': 'no-such-exchange' })
    await made(t, 'dlx.empty', { 'x-dead-letter-exchange': '' })
    await made(t, 'dlx.number', { 'x-dead-letter-exchange': 1 })
    await made(t, 'dlk.alone', { 'x-dead-letter-routing-key': 'key' })
    await made(t, 'dlk.number', { 'x-dead-letter-exchange': 'a', 'x-dead-letter-routing-key': 1 })
    await made(t, 'sac.number', { 'x-single-active-consumer': 1 })
    await made(t, 'sac.text', { 'x-single-active-consumer': 'true' })
    await made(t, 'mode.lazy', { 'x-queue-mode': 'lazy' })
    await made(t, 'mode.default', { 'x-queue-mode': 'default' })
    await made(t, 'mode.unknown', { 'x-queue-mode': 'no-such-mode' })
    await made(t, 'version.1', { 'x-queue-version': 1 })
    await made(t, 'version.2', { 'x-queue-version': 2 })
    await made(t, 'version.3', { 'x-queue-version': 3 })
    await made(t, 'locator', { 'x-queue-master-locator': 'client-local' })
    await made(t, 'unknown', { 'x-no-such-argument': 'x', other: 5 })
    await made(t, 'everyType', {
      a: typed('b', -1),
      b: typed('s', -2),
      c: 3n,
      d: 0.5,
      e: [1, 'two', null],
      f: { in: { in: true } },
      g: typed('T', 1000),
      h: typed('D', [2, 314]),
    })
  },

  async 'arguments.type'(t) {
    const durable = { durable: true }
    const typeOf = (type: unknown, more: Fields = {}) => ({ 'x-queue-type': type, ...more })
    await made(t, 'classic', typeOf('classic'))
    await made(t, 'quorum', typeOf('quorum'), durable)
    await made(t, 'stream', typeOf('stream'), durable)
    await made(t, 'unknown', typeOf('no-such-type'), durable)
    await made(t, 'number', typeOf(1), durable)
    await made(t, 'quorum.transient', typeOf('quorum'))
    await made(t, 'quorum.exclusive', typeOf('quorum'), { ...durable, exclusive: true })
    await made(t, 'quorum.autoDelete', typeOf('quorum'), { ...durable, autoDelete: true })
    await made(t, 'quorum.serverNamed', typeOf('quorum'), { queue: '', ...durable })
    await made(t, 'quorum.priority', typeOf('quorum', { 'x-max-priority': 5 }), durable)
    await made(t, 'quorum.lazy', typeOf('quorum', { 'x-queue-mode': 'lazy' }), durable)
    await made(t, 'quorum.ttl', typeOf('quorum', { 'x-message-ttl': 1000 }), durable)
    const overflow = (word: string) => typeOf('quorum', { 'x-overflow': word })
    await made(t, 'quorum.rejectPublish', overflow('reject-publish'), durable)
    await made(t, 'quorum.rejectPublishDlx', overflow('reject-publish-dlx'), durable)
    await made(t, 'quorum.limit', typeOf('quorum', { 'x-delivery-limit': 5 }), durable)
    await made(t, 'quorum.limit.negative', typeOf('quorum', { 'x-delivery-limit': -5 }), durable)
    await made(t, 'quorum.limit.text', typeOf('quorum', { 'x-delivery-limit': '5' }), durable)
    await made(t, 'classic.limit', typeOf('classic', { 'x-delivery-limit': 5 }))
    const strategy = { 'x-dead-letter-strategy': 'at-least-once' }
    await made(t, 'quorum.strategy', typeOf('quorum', strategy), durable)
    await made(t, 'classic.strategy', typeOf('classic', strategy))
    await made(t, 'stream.transient', typeOf('stream'))
    await made(t, 'stream.exclusive', typeOf('stream'), { ...durable, exclusive: true })
    await made(t, 'stream.ttl', typeOf('stream', { 'x-message-ttl': 1000 }), durable)
    await made(t, 'stream.maxAge', typeOf('stream', { 'x-max-age': '1h' }), durable)
    await made(t, 'stream.maxAge.wrong', typeOf('stream', { 'x-max-age': 'long' }), durable)
    await made(t, 'classic.maxAge', typeOf('classic', { 'x-max-age': '1h' }))
    await made(t, 'stream.maxLength', typeOf('stream', { 'x-max-length': 10 }), durable)
    await made(t, 'stream.dlx', typeOf('stream', { 'x-dead-letter-exchange': 'a' }), durable)
  },

  async last(t) {
    await t.ask('purge.none', 'queue.purge', { queue: '' })
    await t.ask('delete.none', 'queue.delete', { queue: '' })
    await t.ask('bind.none', 'queue.bind', { queue: '', exchange: 'amq.direct' })
    await t.ask('consume.none', 'basic.consume', { queue: '' })
    await t.ask('get.none', 'basic.get', { queue: '' })
    await t.ask('unbind.none', 'queue.unbind', { queue: '', exchange: 'amq.direct' })
    const channel = await t.confirming()
    const last = await channel.queue('', { exclusive: true })
    t.answer('bind', await channel.call('queue.bind', { queue: '', exchange: 'amq.direct' }))
    await channel.confirmed('amq.direct', last, { body: 'by its name' })
    t.answer('bind.key', await channel.call('basic.get', { queue: '', noAck: true }))
    t.answer('purge', await channel.call('queue.purge', { queue: '' }))
    t.answer('consume', await channel.call('basic.consume', { queue: '', consumerTag: 'tag' }))
    t.answer('passive', await channel.call('queue.declare', { queue: '', passive: true }))
    t.answer('delete', await channel.call('queue.delete', { queue: '' }))
  },

  async purge(t) {
    const channel = await t.confirming()
    const name = await channel.queue(t.name('a'))
    t.answer('empty', await channel.call('queue.purge', { queue: name }))
    for (let i = 0; i < 5; i += 1) await channel.confirmed('', name, { body: `${i}` })
    await channel.call('basic.get', { queue: name })
    t.answer('ready', await channel.call('queue.purge', { queue: name }))
    channel.send('basic.nack', { deliveryTag: 1, requeue: true })
    t.answer('unackedStays', await t.ready(name, 1))
    channel.send('queue.purge', { queue: name, noWait: true })
    t.answer('noWait', await channel.settled(name))
    t.answer('noWait.state', await t.state(name))
    await t.ask('missing', 'queue.purge', { queue: t.name('none') })
  },

  async delete(t) {
    const channel = await t.confirming()
    const name = t.name('a')
    await channel.queue(name)
    for (let i = 0; i < 3; i += 1) await channel.confirmed('', name)
    await t.ask('ifEmpty.full', 'queue.delete', { queue: name, ifEmpty: true })
    t.answer('plain', await channel.call('queue.delete', { queue: name }))
    t.answer('again', await channel.call('queue.delete', { queue: name }))
    t.answer('missing.ifEmpty', await channel.call('queue.delete', { queue: name, ifEmpty: true }))
    await channel.queue(name)
    t.answer('ifEmpty.empty', await channel.call('queue.delete', { queue: name, ifEmpty: true }))
    await channel.queue(name)
    await channel.must('basic.consume', { queue: name, consumerTag: 'tag' })
    await t.ask('ifUnused.used', 'queue.delete', { queue: name, ifUnused: true })
    await channel.must('basic.cancel', { consumerTag: 'tag' })
    await t.ask('ifUnused.unused', 'queue.delete', { queue: name, ifUnused: true })
    await channel.queue(name)
    channel.send('queue.delete', { queue: name, noWait: true })
    t.answer('noWait', await channel.fence())
    t.answer('noWait.state', await t.state(name))
    await t.ask('reserved', 'queue.delete', { queue: 'amq.none' })
  },

  async 'delete.unacked'(t) {
    const channel = await t.confirming()
    const name = await channel.queue(t.name('a'))
    for (let i = 0; i < 3; i += 1) await channel.confirmed('', name)
    await channel.call('basic.get', { queue: name })
    await t.ask('ifEmpty', 'queue.delete', { queue: name, ifEmpty: true })
    t.answer('count', await channel.call('queue.delete', { queue: name }))
    channel.send('basic.ack', { deliveryTag: 1 })
    t.answer('ackAfterwards', await channel.fence())
  },

  async counts(t) {
    const channel = await t.confirming()
    const name = await channel.queue(t.name('a'))
    for (let i = 0; i < 3; i += 1) await channel.confirmed('', name)
    await channel.call('basic.get', { queue: name })
    t.answer('readyOnly', await t.state(name))
    const other = await t.channel()
    await other.must('basic.qos', { prefetchCount: 1 })
    await other.must('basic.consume', { queue: name, consumerTag: 'a' })
    await other.next()
    t.answer('consumers', await t.state(name))
    t.answer('declare', await channel.call('queue.declare', { queue: name }))
  },
}
