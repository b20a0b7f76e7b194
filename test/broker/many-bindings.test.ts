// An exchange or a queue with very many bindings goes in slices: out of sight at once, while the
// event loop turns, and from the metadata as a whole.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Published, type Vhost } from '../../src/broker/messaging/api.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import {
  bindingWish,
  exchangeWish,
  publish,
  queueWish,
  refusal,
  sessionOf,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const many = 3500
/** Bindings that go in one turn. */
const perTurn = 1000

async function bound(vhost: Vhost, autoDelete: boolean): Promise<void> {
  value(await vhost.declareExchange(exchangeWish('e', 'topic', { autoDelete })))
  value(await vhost.declareExchange(exchangeWish('other', 'fanout')))
  for (const queue of ['q', 'left']) value(await vhost.declareQueue(queueWish(queue)))
  const all = Array.from({ length: many }, (_, i) => vhost.bindQueue(bindingWish('e', 'q', `${i}`)))
  for (const each of await Promise.all(all)) value(each)
  value(await vhost.bindQueue(bindingWish('other', 'q')))
}

/** Turns of the event loop until it resolves. */
async function turnsOf(deletion: Promise<unknown>): Promise<number> {
  let turns = 0
  let isDone = false
  void deletion.finally(() => {
    isDone = true
  })
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  return turns
}

test('an exchange is out of sight at once, and its bindings go in slices', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await bound(vhost, false)
    const publisher = value(vhost.publisher('e'))
    const deletion = vhost.deleteExchange('e', false)
    assert.match(refusal(vhost.publisher('e')), /^exchangeNotFound/)
    assert.ok(publisher.isGone)
    const { routing } = node.messaging.vhosts.get('/') ?? assert.fail()
    assert.ok(routing.bindingCount > 1)
    assert.equal(routing.bindingsTo('queue', 'q').length, 1)
    // What is asked for meanwhile waits until all is gone.
    const again = vhost.declareExchange(exchangeWish('e', 'fanout'))
    assert.ok((await turnsOf(deletion)) >= Math.floor(many / perTurn))
    assert.equal(routing.bindingCount, 1)
    value(await again)
    assert.equal(publish(vhost, 'e', '1', 'x'), 0)
  }, disk)
  await withMessaging(async (node) => {
    assert.equal(node.messaging.vhosts.get('/')?.routing.bindingCount, 1)
  }, disk)
})

test('so does a queue, with the exchange that goes with its last binding', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    await bound(vhost, true)
    const deletion = vhost.deleteQueue('q', false, false)
    assert.match(refusal(vhost.checkQueue('q')), /^queueNotFound/)
    assert.equal(publish(vhost, 'other', '', 'x') & Published.routed, 0)
    assert.ok((await turnsOf(deletion)) >= Math.floor(many / perTurn))
    assert.match(refusal(vhost.checkExchange('e')), /^exchangeNotFound/)
  }, disk)
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    assert.match(refusal(vhost.checkExchange('e')), /^exchangeNotFound/)
    assert.equal(node.messaging.vhosts.get('/')?.routing.bindingCount, 0)
  }, disk)
})

test('what is settled with a queue that is gone does nothing', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    for (const body of ['one', 'two', 'three']) publish(vhost, '', 'q', body)
    const got = [1, 2, 3].map(async () => value(await vhost.get('q', false)) ?? assert.fail())
    const [first, second, third] = await Promise.all(got)
    first?.queue.accept(first.id)
    value(await vhost.deleteQueue('q', false, false))
    second?.queue.accept(second.id)
    third?.queue.reject(third.id, true, true)
    assert.equal(value(await vhost.declareQueue(queueWish('q'))).messages, 0)
  }))
