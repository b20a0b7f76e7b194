// Messages through exchanges and queues of a node: routes, keys of the sender, dead letters.
import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { AppendOutcome } from '../../src/model/append-outcome.ts'
import { partitionId } from '../../src/model/ids.ts'
import {
  type FieldTable,
  type FieldValue,
  integerOf,
  textField,
  textOf,
} from '../../src/model/message/field.ts'
import { placeOf, propertiesFault, property } from '../../src/model/message/properties.ts'
import { plainTable } from '../../src/model/message/readable-headers.ts'
import { Published } from '../../src/queue/published.ts'
import { batchOf } from '../log/log-fixture.ts'
import {
  bindingWish,
  confirmed,
  consume,
  exchangeWish,
  messageTo,
  publish,
  queueWish,
  refusal,
  sessionOf,
  TestConsumer,
  table,
  take,
  value,
  withMessaging,
} from './messaging-fixture.ts'
import { withNodeOn } from './node-fixture.ts'

const keys = (...texts: string[]): FieldValue => ({ type: 'A', value: texts.map(textField) })
const { routed, stored, rejected } = Published

test('what became of a message is told: routed, stored, rejected, nowhere', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    const full = { 'x-max-length': 0, 'x-overflow': 'reject-publish' }
    value(await vhost.declareQueue(queueWish('full', { arguments: table(full) })))
    assert.equal(publish(vhost, '', 'q', 'a'), routed | stored)
    assert.equal(publish(vhost, '', 'q', 'a', { transient: true }), routed)
    assert.equal(publish(vhost, '', 'none', 'a'), 0)
    assert.equal(publish(vhost, '', 'full', 'a'), routed | rejected)
    for (const queue of ['q', 'full'])
      value(await vhost.bindQueue(bindingWish('amq.fanout', queue)))
    assert.equal(publish(vhost, 'amq.fanout', '', 'a'), routed | stored | rejected)
    assert.equal(value(vhost.checkQueue('q')).messages, 3)
  }))

test('a queue that several bindings match gets a message once; a deleted exchange is gone', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareExchange(exchangeWish('e', 'topic')))
    value(await vhost.declareExchange(exchangeWish('f', 'fanout')))
    value(await vhost.declareQueue(queueWish('q')))
    value(await vhost.bindQueue(bindingWish('e', 'q', 'a.#')))
    value(await vhost.bindQueue(bindingWish('e', 'q', 'a.b')))
    value(await vhost.bindExchange(bindingWish('e', 'f', '#')))
    value(await vhost.bindQueue(bindingWish('f', 'q')))
    const publisher = value(vhost.publisher('e'))
    assert.equal(publisher.publish(messageTo('e', 'a.b', '1')), routed | stored)
    assert.equal(publisher.publish(messageTo('e', 'a.b', '2')), routed | stored)
    assert.equal(value(vhost.checkQueue('q')).messages, 2)
    value(await vhost.deleteQueue('q', false, false))
    assert.equal(publisher.publish(messageTo('e', 'a.b', '3')), 0)
    value(await vhost.deleteExchange('e', false))
    assert.equal(publisher.isGone, true)
    assert.equal(publisher.publish(messageTo('e', 'a.b', '4')), 0)
  }))

test('what was routed goes there later, but for what is gone by then', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareExchange(exchangeWish('e', 'direct')))
    for (const name of ['kept', 'gone', 'late', 'copied']) {
      value(await vhost.declareQueue(queueWish(name)))
      value(await vhost.bindQueue(bindingWish('e', name, name === 'copied' ? 'copy' : 'k')))
    }
    value(await vhost.unbindQueue(bindingWish('e', 'late', 'k')))
    const publisher = value(vhost.publisher('e'))
    const message = messageTo('e', 'k', '1', { headers: new Map([['BCC', keys('copy')]]) })
    const found = publisher.route(message)
    const nowhere = publisher.route(messageTo('e', 'none', '1'))
    assert.equal(found?.targets, 3)
    value(await vhost.bindQueue(bindingWish('e', 'late', 'k')))
    value(await vhost.deleteQueue('gone', false, false))
    value(await vhost.deleteExchange('e', false))
    assert.equal(found?.place(message), routed | stored)
    assert.equal(nowhere?.place(messageTo('e', 'none', '1')), 0)
    const counts = ['kept', 'late', 'copied'].map((name) => value(vhost.checkQueue(name)).messages)
    assert.deepEqual(counts, [1, 0, 1])
    const copied = value(await vhost.get('copied', true))
    assert.equal(copied?.message.headers.has('BCC'), false)
  }))

test('what an exchange cannot route goes to its alternate', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'alternate-exchange': 'rest' })
    value(await vhost.declareExchange(exchangeWish('e', 'direct', { arguments: args })))
    assert.equal(publish(vhost, 'e', 'k', 'lost'), 0)
    value(await vhost.declareExchange(exchangeWish('rest', 'fanout')))
    value(await vhost.declareQueue(queueWish('q')))
    value(await vhost.bindQueue(bindingWish('rest', 'q')))
    assert.equal(publish(vhost, 'e', 'k', 'a'), routed | stored)
    assert.equal(await take(vhost, 'q'), 'a')
  }))

test('CC and BCC are keys too; BCC is not delivered', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const queue of ['to', 'cc', 'bcc']) value(await vhost.declareQueue(queueWish(queue)))
    const headers = new Map([
      ['CC', keys('cc', 'to')],
      ['BCC', keys('bcc')],
      ['other', textField('stays')],
    ])
    publish(vhost, '', 'to', 'a', { headers })
    for (const queue of ['to', 'cc', 'bcc']) {
      const got = value(await vhost.get(queue, true))
      assert.deepEqual([...(got?.message.headers.keys() ?? [])], ['CC', 'other'])
      assert.equal(got?.message.isPersistent, true)
      assert.equal(await take(vhost, queue), null)
    }
    const publisher = value(vhost.publisher(''))
    for (const wrong of [textField('cc'), { type: 'V' } as const]) {
      const sent = messageTo('', 'to', 'a', { headers: new Map([['CC', wrong]]) })
      assert.equal(publisher.publish(sent), -1)
      assert.ok(publisher.refusal !== null)
      assert.match(refusal(publisher.refusal), /^preconditionFailed: invalid message: .*"CC"/)
    }
  }))

const deathOf = (headers: FieldTable): Record<string, unknown>[] =>
  (plainTable(headers)['x-death'] ?? []) as Record<string, unknown>[]

test('of CC only texts count, and BCC leaves a table behind', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const queue of ['to', 'cc']) value(await vhost.declareQueue(queueWish(queue)))
    const mixed = { type: 'A', value: [{ type: 'I', value: 1 }, textField('cc')] } as const
    publish(vhost, '', 'to', 'a', { headers: new Map([['CC', mixed]]) })
    assert.deepEqual([await take(vhost, 'to'), await take(vhost, 'cc')], ['a', 'a'])
    publish(vhost, '', 'to', 'b', { headers: new Map([['BCC', keys('cc')]]) })
    const got = value(await vhost.get('to', true))
    assert.deepEqual(got?.message.headers, new Map())
    assert.ok(placeOf(got?.message.properties ?? new Uint8Array(2), property.headers) > 0)
  }))

test('a quorum queue counts on redeliveries, and only what failed towards its limit', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-queue-type': 'quorum', 'x-delivery-limit': 1 })
    value(await vhost.declareQueue(queueWish('q', { arguments: args })))
    publish(vhost, '', 'q', 'a')
    const told: unknown[] = []
    for (const failed of [false, true, true, true]) {
      const got = value(await vhost.get('q', false))
      if (got === null) break
      const { headers } = got.message
      told.push(['x-delivery-count', 'x-acquired-count'].map((n) => integerOf(headers.get(n))))
      got.queue.reject(got.id, true, failed)
    }
    assert.deepEqual(told, [
      [null, null],
      [0, 1],
      [1, 2],
    ])
    const consumer = new TestConsumer()
    await consume(vhost, 'q', consumer)
    publish(vhost, '', 'q', 'b')
    await consumer.has(1)
    value(await vhost.deleteQueue('q', false, false))
    assert.deepEqual(consumer.reasons, ['queueDeleted'])
  }))

test('arguments of a consumer are looked at', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    const wish = { queue: 'q', tag: 't', settled: true, exclusive: false, priority: 0 }
    for (const [args, said] of [
      [{ 'x-priority': 'high' }, /^preconditionFailed: invalid arg 'x-priority'.*got longstr/],
      [{ 'x-priority': true }, /^preconditionFailed: invalid arg 'x-priority'.*got bool/],
      [
        { 'x-stream-offset': 'first' },
        /^preconditionFailed: .* of queue type rabbit_classic_queue$/,
      ],
      [{ 'x-priority': 5, 'x-what': 'a' }, /^ok$/],
    ] as const) {
      const begun = await vhost.consume({ ...wish, arguments: table(args) }, new TestConsumer())
      assert.match(refusal(begun), said)
    }
  }))

test('who forges the first death is not believed, and a forged list keeps its place', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' })
    value(await vhost.declareQueue(queueWish('q', { arguments: args })))
    value(await vhost.declareQueue(queueWish('dead')))
    const first: unknown[] = []
    for (const [name, forged] of [
      ['x-first-death-queue', textField('forged')],
      ['x-death', textField('no list')],
    ] as const) {
      publish(vhost, '', 'q', 'a', { headers: new Map([[name, forged]]) })
      const got = value(await vhost.get('q', false))
      got?.queue.reject(got.id, false, true)
      await confirmed(node)
      const dead = value(await vhost.get('dead', true))
      first.push(textOf(dead?.message.headers.get('x-first-death-queue')))
    }
    assert.deepEqual(first, ['q', null])
  }))

test('a rejected message carries its death', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-dead-letter-exchange': 'dlx', 'x-dead-letter-routing-key': 'dead' })
    value(await vhost.declareQueue(queueWish('work', { arguments: args })))
    value(await vhost.declareExchange(exchangeWish('dlx', 'direct')))
    value(await vhost.declareQueue(queueWish('graves')))
    value(await vhost.bindQueue(bindingWish('dlx', 'graves', 'dead')))
    value(await vhost.bindQueue(bindingWish('dlx', 'work', 'again')))
    const headers = new Map([['CC', keys('nobody')]])
    publish(vhost, '', 'work', 'a', { headers, expiration: '60000' })
    const consumer = new TestConsumer()
    const { queue } = await consume(vhost, 'work', consumer)
    const [first] = (await consumer.has(1)).deliveries
    assert.ok(first)
    queue.reject(first.id, false, true)
    await confirmed(node)
    const got = value(await vhost.get('graves', true))
    assert.ok(got)
    assert.deepEqual([got.message.exchange, got.message.routingKey], ['dlx', 'dead'])
    assert.equal(got.message.expiration, null)
    assert.equal(got.message.isPersistent, true)
    const [death] = deathOf(got.message.headers)
    assert.ok(death)
    const { time, ...rest } = death
    assert.ok(time !== undefined)
    assert.deepEqual(rest, {
      count: 1,
      reason: 'rejected',
      queue: 'work',
      exchange: '',
      'routing-keys': ['work', 'nobody'],
      'original-expiration': '60000',
    })
    assert.equal(got.message.headers.has('CC'), false)
    for (const which of ['first', 'last'])
      for (const [name, expected] of [
        ['queue', 'work'],
        ['reason', 'rejected'],
        ['exchange', ''],
      ])
        assert.equal(textOf(got.message.headers.get(`x-${which}-death-${name}`)), expected)
    assert.equal(value(vhost.checkQueue('work')).messages, 0)
  }))

test('the second death in one queue is counted; the first stays the first', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const back = table({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'wait' })
    const again = table({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'work' })
    value(await vhost.declareQueue(queueWish('work', { arguments: back })))
    value(await vhost.declareQueue(queueWish('wait', { arguments: again })))
    publish(vhost, '', 'work', 'a')
    const work = new TestConsumer()
    const wait = new TestConsumer()
    const at = await consume(vhost, 'work', work)
    const then = await consume(vhost, 'wait', wait)
    for (let round = 1; round <= 2; round++) {
      const delivery = (await work.has(round)).deliveries[round - 1]
      assert.ok(delivery)
      at.queue.reject(delivery.id, false, true)
      await confirmed(node)
      const waiting = (await wait.has(round)).deliveries[round - 1]
      assert.ok(waiting)
      then.queue.reject(waiting.id, false, true)
      await confirmed(node)
    }
    const last = (await work.has(3)).deliveries[2]
    assert.ok(last)
    assert.deepEqual(
      deathOf(last.headers).map(({ queue, count }) => [queue, count]),
      [
        ['wait', 2],
        ['work', 2],
      ],
    )
    assert.equal(textOf(last.headers.get('x-first-death-queue')), 'work')
    assert.equal(textOf(last.headers.get('x-last-death-queue')), 'wait')
  }))

test('a circle without a rejection ends', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = (to: string) =>
      table({
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': to,
        'x-max-length': 0,
      })
    value(await vhost.declareQueue(queueWish('a', { arguments: args('b') })))
    value(await vhost.declareQueue(queueWish('b', { arguments: args('c') })))
    value(await vhost.declareQueue(queueWish('c', { arguments: args('a') })))
    publish(vhost, '', 'a', 'x')
    await confirmed(node)
    await confirmed(node)
    for (const queue of ['a', 'b', 'c']) assert.equal(value(vhost.checkQueue(queue)).messages, 0)
  }))

test('dead letters move once, also over a restart', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'rest',
      'x-max-length': 2,
    })
    value(await vhost.declareQueue(queueWish('short', { arguments: args })))
    value(await vhost.declareQueue(queueWish('rest')))
    for (let i = 0; i < 5; i++) publish(vhost, '', 'short', `${i}`)
    await confirmed(node)
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const all: (string | null)[] = []
    for (const queue of ['rest', 'rest', 'rest', 'rest', 'short', 'short', 'short'])
      all.push(await take(vhost, queue))
    assert.deepEqual(all, ['0', '1', '2', null, '3', '4', null])
  }, disk)
})

test('settled messages do not come back after a restart, returned ones do', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    for (let i = 0; i < 5; i++) publish(vhost, '', 'q', `${i}`)
    const consumer = new TestConsumer()
    const { queue } = await consume(vhost, 'q', consumer)
    const { deliveries } = await consumer.has(5)
    for (const { id, body } of deliveries) {
      if (body === '1' || body === '3') queue.accept(id)
      if (body === '2') queue.reject(id, true, false)
    }
    await confirmed(node)
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const left: (string | null)[] = []
    for (let i = 0; i < 4; i++) left.push(await take(vhost, 'q'))
    assert.deepEqual(left, ['0', '2', '4', null])
  }, disk)
})

test('an exclusive consumer is alone', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    const alone = await consume(vhost, 'q', new TestConsumer(), { exclusive: true })
    const wish = {
      queue: 'q',
      tag: 't',
      settled: true,
      exclusive: false,
      priority: 0,
      arguments: table({}),
    }
    assert.equal(
      refusal(await vhost.consume(wish, new TestConsumer())),
      "accessRefused: queue 'q' in vhost '/' in exclusive use",
    )
    await alone.cancel()
    value(await vhost.consume(wish, new TestConsumer()))
    const exclusive = await vhost.consume({ ...wish, exclusive: true }, new TestConsumer())
    assert.match(refusal(exclusive), /^accessRefused/)
  }))

test('what has expired is dead-lettered by the clock, and says so', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-message-ttl': 5, 'x-dead-letter-exchange': 'dlx' })
    value(await vhost.declareQueue(queueWish('wait', { arguments: args })))
    value(await vhost.declareExchange(exchangeWish('dlx', 'fanout')))
    value(await vhost.declareQueue(queueWish('due')))
    value(await vhost.bindQueue(bindingWish('dlx', 'due')))
    const consumer = new TestConsumer()
    await consume(vhost, 'due', consumer)
    publish(vhost, '', 'wait', 'a', { expiration: '60000' })
    const [delivery] = (await consumer.has(1)).deliveries
    assert.ok(delivery)
    assert.deepEqual([delivery.exchange, delivery.routingKey], ['dlx', 'wait'])
    const [death] = deathOf(delivery.headers)
    assert.deepEqual([death?.['reason'], death?.['original-expiration']], ['expired', '60000'])
    assert.equal(value(vhost.checkQueue('wait')).messages, 0)
  }))

test('a queue that nobody uses goes by the clock', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const gone = new Promise<string>((resolve) =>
      node.image.onChange((event) => event.kind === 'deleted' && resolve(event.topic.name)),
    )
    value(await vhost.declareQueue(queueWish('q', { arguments: table({ 'x-expires': 5 }) })))
    assert.equal(await gone, 'q')
    assert.match(refusal(vhost.checkQueue('q')), /^queueNotFound/)
  }))

test("what Kafka's clients append to a queue's topic is a message in it", () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('orders')))
    const topic = node.topics.named('orders')
    assert.ok(topic)
    publish(vhost, '', 'orders', 'first')
    const [outcome] = await new Promise<readonly AppendOutcome[]>((resolve) =>
      node.logs.append(
        [{ topic, partition: partitionId(0), batch: batchOf(['second', 'third']) }],
        'all',
        resolve,
      ),
    )
    assert.deepEqual([outcome?.error, outcome?.baseOffset], [null, 1])
    publish(vhost, '', 'orders', 'fourth')
    assert.equal(value(vhost.checkQueue('orders')).messages, 4)
    for (const body of ['first', 'second', 'third', 'fourth', null])
      assert.equal(await take(vhost, 'orders'), body)
    const deleted = await node.logs.deleteRecords(topic, partitionId(0), 1)
    assert.match(refusal(deleted), /^policyViolation/)
  }))

test('a disk that has too little space left is an alarm, and takes no messages', async () => {
  let free = 1 << 30
  const small = Object.assign(memoryDisk(), { freeBytes: async () => free })
  const settings = { 'polymq.disk.free.bytes.min': '1000000' }
  await withNodeOn(small, settings, async (node) => {
    const told: (string | null)[] = []
    const { messaging } = node
    assert.equal(messaging.alarm, null)
    const until = (wanted: string | null) =>
      new Promise<void>((resolve) => {
        const listening = messaging.onAlarm((alarm) => {
          told.push(alarm)
          if (alarm !== wanted) return
          listening.cancel()
          resolve()
        })
      })
    free = 1000
    const low = until('disk')
    await node.store.lookAtSpace(1_000_000)
    messaging.lookedAtSpace()
    await low
    assert.equal(messaging.alarm, 'disk')
    assert.equal(messaging.isHeldUp(1), true)
    free = 1 << 30
    const enough = until(null)
    await node.store.lookAtSpace(1_000_000)
    messaging.lookedAtSpace()
    await enough
    assert.deepEqual(told, ['disk', null])
    assert.equal(messaging.isHeldUp(1), false)
  })
})

test('headers that nobody could write again do not stop a dead letter', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'graves' })
    const none = { 'x-message-ttl': 0 }
    const both = new Map([...args, ...table(none)])
    value(await vhost.declareQueue(queueWish('work', { arguments: both })))
    value(await vhost.declareQueue(queueWish('graves')))
    // No UTF-8: as text, each byte of the name has three.
    const entry = Buffer.concat([Uint8Array.of(255), Buffer.alloc(255, 0xff), Buffer.from('V')])
    const length = Buffer.alloc(4)
    const forged: FieldValue = { type: 'A', value: [textField('no table'), { type: 'V' }] }
    const sent = messageTo('', 'work', 'a', { headers: new Map([['x-death', forged]]) })
    const at = placeOf(sent.properties, property.headers)
    const known = Buffer.from(sent.properties).readUInt32BE(at)
    length.writeUInt32BE(known + entry.length)
    const properties = Buffer.concat([
      sent.properties.subarray(0, at),
      length,
      entry,
      sent.properties.subarray(at + 4),
    ])
    assert.equal(propertiesFault(properties), null)
    value(vhost.publisher('')).publish(sent.set('', 'work', properties, Buffer.from('a')))
    await confirmed(node)
    const got = value(await vhost.get('graves', true))
    assert.ok(got)
    assert.equal(propertiesFault(got.message.properties), null)
    assert.deepEqual(
      deathOf(got.message.headers).map(({ queue, reason }) => [queue, reason]),
      [['work', 'expired']],
    )
  }))

test('what is settled with a durable queue says so, so that a confirm can cover it', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const durable of [true, false]) {
      const name = `durable ${durable}`
      value(await vhost.declareQueue(queueWish(name, { durable })))
      publish(vhost, '', name, 'body')
      assert.equal(value(await vhost.get(name, false))?.queue.isDurable, durable)
      const subscription = await consume(vhost, name, new TestConsumer())
      assert.equal(subscription.queue.isDurable, durable)
    }
  }))

test('a letter that goes to all for sure is not kept out by what another brings about', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const declare = async (name: string, args: Record<string, string | number>): Promise<void> => {
      value(await vhost.declareQueue(queueWish(name, { arguments: table(args) })))
    }
    value(await vhost.declareExchange(exchangeWish('letters', 'fanout')))
    await declare('passes', {
      'x-message-ttl': 0,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'one',
    })
    await declare('one', { 'x-max-length': 1, 'x-overflow': 'reject-publish' })
    for (const name of ['passes', 'one']) value(await vhost.bindQueue(bindingWish('letters', name)))
    await declare('q', {
      'x-queue-type': 'quorum',
      'x-overflow': 'reject-publish',
      'x-dead-letter-exchange': 'letters',
      'x-dead-letter-strategy': 'at-least-once',
    })
    publish(vhost, '', 'q', 'a')
    const got = value(await vhost.get('q', false))
    got?.queue.reject(got.id, false, true)
    await confirmed(node)
    const letter = value(await vhost.get('one', true))
    const deaths = letter?.message.headers.get('x-death')
    assert.equal(deaths?.type === 'A' && deaths.value.length, 1, 'it died in q alone')
    assert.equal(value(vhost.checkQueue('q')).messages, 0)
  }))
