// Consumers whose user may no longer read: each is told, and gets nothing any more.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { Session } from '../../src/broker/messaging/api.ts'
import {
  confirmed,
  consume,
  publish,
  queueWish,
  refusal,
  sessionOf,
  TestConsumer,
  table,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const all = { configure: '.*', write: '.*', read: '.*' }
const barred = (queue: string) =>
  `accessRefused: access to queue '${queue}' in vhost '/' refused for user 'ada'`

const permit = async (node: NodeBroker, read: string) =>
  value(await node.accounts.permissions.set('ada', '/', { ...all, read }))

async function sessionOfAda(node: NodeBroker): Promise<Session> {
  value(await node.accounts.addUser('ada', { password: 'secret' }, []))
  await permit(node, '.*')
  return value(node.messaging.open({ vhost: '/', user: 'ada', name: 'ada' }))
}

const stream = { arguments: table({ 'x-queue-type': 'stream' }) }
const consumersOf = (node: NodeBroker) => node.messaging.queues.consumers.count

test('a consumer ends when it may read its queue no longer; what it has it may settle', () =>
  withMessaging(async (node) => {
    const { vhost } = await sessionOfAda(node)
    const guest = sessionOf(node).vhost
    for (const name of ['q', 'other']) value(await vhost.declareQueue(queueWish(name)))
    const [ada, other, theirs] = [new TestConsumer(), new TestConsumer(), new TestConsumer()]
    ada.room = 1
    const subscription = await consume(vhost, 'q', ada)
    await consume(vhost, 'other', other)
    publish(guest, '', 'q', 'a')
    await ada.has(1)
    await permit(node, '^other$')
    assert.deepEqual([ada.reasons, other.reasons], [['accessLost'], []])
    ada.room = 10
    subscription.resume()
    publish(guest, '', 'q', 'b')
    publish(guest, '', 'other', 'c')
    await other.has(1)
    assert.deepEqual(ada.bodies, ['a'])
    subscription.queue.accept(ada.deliveries[0]?.id ?? 0)
    await consume(guest, 'q', theirs)
    await theirs.has(1)
    assert.deepEqual(theirs.bodies, ['b'])
    const wish = { queue: 'q', tag: 't', settled: false, exclusive: false, priority: 0 }
    const again = await vhost.consume({ ...wish, arguments: new Map() }, ada)
    assert.equal(refusal(again), barred('q'))
    await permit(node, '.*')
    await consume(vhost, 'q', ada)
  }))

test('so it does without any permission, and its queue goes with it if it deletes itself', () =>
  withMessaging(async (node) => {
    const { vhost } = await sessionOfAda(node)
    const guest = sessionOf(node).vhost
    value(await vhost.declareQueue(queueWish('q', { autoDelete: true })))
    const ada = new TestConsumer()
    await consume(vhost, 'q', ada)
    value(await node.accounts.permissions.clear('ada', '/'))
    assert.deepEqual(ada.reasons, ['accessLost'])
    await node.messaging.vhosts.get('/')?.lane.idle()
    assert.equal(refusal(guest.checkQueue('q')), "queueNotFound: no queue 'q' in vhost '/'")
    assert.equal(consumersOf(node), 0)
  }))

test('so do readers of streams, of each that they read, and of what a queue keeps', () =>
  withMessaging(async (node) => {
    const { vhost } = await sessionOfAda(node)
    const guest = sessionOf(node).vhost
    for (const name of ['s-0', 's-1']) value(await vhost.declareQueue(queueWish(name, stream)))
    const kept = table({ 'x-replay-ms': 1_000_000 })
    value(await vhost.declareQueue(queueWish('kept', { arguments: kept })))
    const [one, both, past] = [new TestConsumer(), new TestConsumer(), new TestConsumer()]
    await consume(vhost, 's-0', one, { prefetch: 10 })
    const isSuper = table({ 'x-super-stream': true })
    await consume(vhost, 's', both, { prefetch: 10, arguments: isSuper })
    const first = table({ 'x-stream-offset': 'first' })
    await consume(vhost, 'kept', past, { prefetch: 10, arguments: first })
    assert.equal(consumersOf(node), 3)
    await permit(node, '^(s|s-0|kept)$')
    assert.deepEqual([one.reasons, both.reasons, past.reasons], [[], ['accessLost'], []])
    await permit(node, '^s$')
    assert.deepEqual([one.reasons, past.reasons], [['accessLost'], ['accessLost']])
    assert.equal(consumersOf(node), 0)
    for (const name of ['s-0', 's-1']) publish(guest, '', name, 'x')
    await confirmed(node)
    const seen = new TestConsumer()
    await consume(guest, 's-0', seen, { prefetch: 10, arguments: first })
    await seen.has(1)
    assert.deepEqual([...one.bodies, ...both.bodies], [])
  }))

test('a queue over a topic takes the right to read the topic too', () =>
  withMessaging(async (node) => {
    const { vhost } = await sessionOfAda(node)
    value(await vhost.declareQueue(queueWish('events', stream)))
    const over = table({ 'x-topic': 'events' })
    value(await vhost.declareQueue(queueWish('q', { arguments: over })))
    const ada = new TestConsumer()
    await consume(vhost, 'q', ada)
    await permit(node, '^q$')
    assert.deepEqual(ada.reasons, ['accessLost'])
    assert.equal(refusal(await vhost.get('q', true)), barred('events'))
    const wish = { queue: 'q', tag: 't', settled: false, exclusive: false, priority: 0 }
    const again = await vhost.consume({ ...wish, arguments: new Map() }, ada)
    assert.equal(refusal(again), barred('events'))
  }))

test('other changes, and other users, end nobody', () =>
  withMessaging(async (node) => {
    const { vhost } = await sessionOfAda(node)
    value(await vhost.declareQueue(queueWish('q')))
    const ada = new TestConsumer()
    const subscription = await consume(vhost, 'q', ada)
    await permit(node, '^q$')
    const none = { configure: '', write: '', read: '' }
    value(await node.accounts.permissions.set('guest', '/', none))
    assert.deepEqual(ada.reasons, [])
    await subscription.cancel()
    await permit(node, '')
    assert.deepEqual(ada.reasons, [])
  }))
