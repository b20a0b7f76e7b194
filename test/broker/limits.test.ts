// What a node holds has limits, of all its vhosts together, and who meets one is told which.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import { checkRoom, type Holder } from '../../src/broker/declarations/limits.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { Result } from '../../src/model/errors.ts'
import { MessageView } from '../../src/model/message/message.ts'
import { buildProperties } from '../../src/model/message/properties.ts'
import {
  bindingWish,
  consume,
  exchangeWish,
  queueWish,
  refusal,
  sessionOf,
  TestConsumer,
  table,
  value,
  withMessaging,
} from './messaging-fixture.ts'
import { withNodeOn } from './node-fixture.ts'

const holder = (queues: number, streams: number, bindings: number): Holder => ({
  queues: { size: queues },
  streams: { size: streams },
  queueRoom: { making: 0 },
  exchanges: { size: 7 },
  routing: { bindingCount: bindings },
})
const max = { queuesMax: 5, exchangesMax: 15, bindingsMax: 4 }
const memory = 1e9

test('queues and streams, exchanges and bindings of all vhosts are counted together', () => {
  const vhosts = [holder(2, 1, 4), holder(1, 0, 0)]
  assert.equal(refusal(checkRoom(max, memory, vhosts, 'queues', 'declare q')), 'ok')
  assert.equal(refusal(checkRoom(max, memory, vhosts, 'exchanges', 'declare e')), 'ok')
  assert.equal(
    refusal(checkRoom(max, memory, vhosts, 'bindings', 'bind q')),
    'policyViolation: cannot bind q: this node holds at most 4 bindings; raise ' +
      'polymq.max.bindings',
  )
  const full = [...vhosts, holder(1, 0, 0)]
  assert.match(refusal(checkRoom(max, memory, full, 'queues', 'declare q')), /at most 5 queues/)
  const small = checkRoom(max, 80_000, vhosts, 'queues', 'declare q')
  assert.match(refusal(small), /holds at most 4 queues in the memory that it may use$/)
})

const plain = buildProperties([])

const wordy = (bytes: number) => table({ note: 'x'.repeat(bytes) })

test('what clients keep in arguments and routing keys has a size', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    value(await vhost.declareExchange(exchangeWish('e', 'headers')))
    const bind = async (args: number, key = '') =>
      refusal(await vhost.bindQueue(bindingWish('e', 'q', key, wordy(args))))
    assert.equal(await bind(8_000, 'k'.repeat(255)), 'ok')
    const words = /^preconditionFailed: cannot bind queue 'q' in vhost '\/': its /
    const long = await bind(8_192)
    assert.match(long, words)
    assert.match(long, /arguments have 8206 bytes, and at most 8192 are kept$/)
    assert.match(await bind(1, 'é'.repeat(128)), /routing key has 256 bytes, and at most 255 fit$/)
    assert.equal(node.messaging.vhosts.get('/')?.routing.bindingCount, 1)
    const kept = /its arguments have \d+ bytes, and at most 65536 are kept$/
    const declareQueue = async (name: string, args: number, more = {}) => {
      const wish = { arguments: new Map([...wordy(args), ...table(more)]) }
      return refusal(await vhost.declareQueue(queueWish(name, wish)))
    }
    assert.equal(await declareQueue('large', 65_000), 'ok')
    assert.match(await declareQueue('larger', 66_000), kept)
    assert.match(await declareQueue('stream', 66_000, { 'x-queue-type': 'stream' }), kept)
    const exchange = exchangeWish('large', 'fanout', { arguments: wordy(66_000) })
    assert.match(refusal(await vhost.declareExchange(exchange)), kept)
    const wish = { queue: 'q', tag: 't', settled: false, exclusive: false, priority: 0 }
    const consumed = vhost.consume({ ...wish, arguments: wordy(66_000) }, new TestConsumer())
    assert.match(refusal(await consumed), kept)
  }))

const withConsumersMax = (max: number, use: (node: NodeBroker) => Promise<void>) =>
  withNodeOn(memoryDisk(), { 'polymq.max.consumers': String(max) }, async (node) => {
    await node.accounts.makeDefaultUser()
    await use(node)
  })

test('consumers of queues and streams are counted together, until they leave', () =>
  withConsumersMax(3, async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    value(await vhost.declareQueue(queueWish('gone')))
    const ofStream = { arguments: table({ 'x-queue-type': 'stream' }) }
    for (const name of ['s', 'gone.s']) value(await vhost.declareQueue(queueWish(name, ofStream)))
    const wish = { tag: 't', settled: false, exclusive: false, priority: 0, prefetch: 10 }
    const asked = async (queue: string) =>
      refusal(await vhost.consume({ ...wish, queue, arguments: table({}) }, new TestConsumer()))
    const first = await consume(vhost, 'q', new TestConsumer())
    const second = await consume(vhost, 's', new TestConsumer(), { prefetch: 10 })
    assert.equal(await asked('gone'), 'ok')
    const full = /^policyViolation: cannot consume from .* 'q' .* at most 3 consumers; raise /
    assert.match(await asked('q'), full)
    value(await vhost.deleteQueue('gone', false, false))
    assert.equal(await asked('gone.s'), 'ok')
    assert.match(await asked('q'), full)
    value(await vhost.deleteQueue('gone.s', false, false))
    await second.cancel()
    await second.cancel()
    await first.cancel()
    assert.equal(node.messaging.queues.consumers.count, 0)
    // What is refused for another reason is not counted.
    assert.match(await asked('none'), /^queueNotFound/)
    const early = { ...wish, queue: 's', arguments: table({ 'x-stream-offset': 'soon' }) }
    assert.match(refusal(await vhost.consume(early, new TestConsumer())), /^preconditionFailed/)
    assert.equal(node.messaging.queues.consumers.count, 0)
  }))

test('what is being made counts too, by whatever door it comes', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await node.accounts.limits.setVhost('/', 'max-queues', 3))
    const layout = { partitions: 1, replicationFactor: 1, assignments: null, configs: [] }
    const topic = (name: string, validateOnly = false) =>
      node.topics.create({ name, ...layout }, validateOnly)
    const stream = { arguments: table({ 'x-queue-type': 'stream' }) }
    const made = await Promise.all([
      topic('a', true),
      topic('a'),
      topic('a'),
      vhost.declareQueue(queueWish('b')),
      vhost.declareQueue(queueWish('c', stream)),
      topic('d'),
      vhost.declareQueue(queueWish('e')),
    ])
    const full = (wish: string) =>
      `policyViolation: cannot ${wish}: queue limit in vhost '/' (3) is reached`
    assert.deepEqual(made.map(refusal), [
      'ok',
      'ok',
      "topicExists: topic 'a' exists",
      'ok',
      full("declare queue 'c'"),
      'ok',
      full("declare queue 'e'"),
    ])
    assert.equal(refusal(await topic('f', true)), full("create topic 'f'"))
    value(await vhost.deleteQueue('b', false, false))
    value(await topic('f'))
    assert.equal(node.messaging.vhosts.get('/')?.queueRoom.making, 0)
  }))

test('what a message takes in all queues that it goes to has a bound', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const name of ['a', 'b', 'c']) {
      value(await vhost.declareQueue(queueWish(name)))
      value(await vhost.bindQueue(bindingWish('amq.fanout', name)))
    }
    const publisher = value(vhost.publisher('amq.fanout'))
    // Never touched, and so never there.
    const large = new MessageView().set('amq.fanout', '', plain, new Uint8Array(2 ** 29))
    assert.equal(publisher.route(large), null)
    assert.equal(publisher.publish(large), -1)
    assert.match(
      refusal(publisher.refusal as Result<never>),
      /a message of 536870912 bytes for 3 queues, .* takes more than the 1024 MiB that one may$/,
    )
    assert.equal(value(vhost.checkQueue('a')).messages, 0)
  }))
