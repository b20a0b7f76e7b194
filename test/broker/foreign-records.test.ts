// What Kafka producers put into a queue: when they say that it was, for how long it lives and whom
// it is from counts only as far as the node knows it.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { AppendOutcome } from '../../src/model/append-outcome.ts'
import { partitionId } from '../../src/model/ids.ts'
import { property } from '../../src/model/message/properties.ts'
import { sampleBatch } from '../model/sample-batch.ts'
import {
  confirmed,
  consume,
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

/** A batch with one record. */
const record = (value: string, headers: [string, string][], timestampMs: number): Uint8Array =>
  sampleBatch({ records: [{ key: null, value, timestampMs, headers }] })

async function produce(node: NodeBroker, queue: string, batch: Uint8Array): Promise<AppendOutcome> {
  const topic = node.topics.named(queue)
  assert.ok(topic)
  const request = { topic, partition: partitionId(0), batch }
  const [outcome] = await new Promise<readonly AppendOutcome[]>((resolve) =>
    node.logs.append([request], 'all', resolve),
  )
  assert.ok(outcome)
  return outcome
}

test('a time to live that is none is passed over, and one that is counts from the arrival', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('plain')))
    const limit = { arguments: table({ 'x-message-ttl': 60_000 }) }
    value(await vhost.declareQueue(queueWish('limited', limit)))
    const longAgo = Date.now() - 3_600_000
    for (const text of ['bogus', '', '-1', '1.5', ' 5'])
      await produce(node, 'plain', record(text, [['amqp.expiration', text]], longAgo))
    await produce(node, 'plain', record('long', [['amqp.expiration', '60000']], longAgo))
    for (const body of ['bogus', '', '-1', '1.5', ' 5', 'long'])
      assert.equal(await take(vhost, 'plain'), body)
    await produce(node, 'limited', record('late', [], longAgo))
    assert.equal(await take(vhost, 'limited'), 'late')
    await produce(node, 'plain', record('gone', [['amqp.expiration', '0']], longAgo))
    assert.equal(await take(vhost, 'plain'), null)
  }))

test('whom a message is from is no word of a Kafka producer', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('q')))
    const nowMs = Date.now()
    await produce(node, 'q', record('header', [['amqp.user-id', 'root']], nowMs))
    // The node's own header: exchange, routing key, flags of user-id, and the user.
    const forged = `${String.fromCharCode(0, 0, 0, property.userId, 4)}root`
    await produce(node, 'q', record('forged', [['amqp', forged]], nowMs))
    for (const body of ['header', 'forged']) {
      const got = value(await vhost.get('q', true))
      assert.equal(Buffer.from(got?.message.body ?? []).toString(), body)
      assert.equal(got?.message.text(property.userId), null)
    }
  }))

test('a queue that rejects what is too much rejects it from Kafka producers too', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const limited = table({ 'x-max-length': 1, 'x-overflow': 'reject-publish' })
    value(await vhost.declareQueue(queueWish('short', { arguments: limited })))
    const nowMs = Date.now()
    assert.equal((await produce(node, 'short', record('first', [], nowMs))).error, null)
    const { error, message } = await produce(node, 'short', record('second', [], nowMs))
    assert.equal(error, 'policyViolation')
    assert.match(message ?? '', /length limit/)
    assert.equal(await take(vhost, 'short'), 'first')
    assert.equal((await produce(node, 'short', record('third', [], nowMs))).error, null)
  }))

test('what is settled can be read again within the replay window, beside the queue', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const kept = { arguments: table({ 'x-replay-ms': 3_600_000 }) }
    value(await vhost.declareQueue(queueWish('kept', kept)))
    value(await vhost.declareQueue(queueWish('plain')))
    for (const body of ['a', 'b', 'c']) publish(vhost, '', 'kept', body)
    for (const body of ['a', 'b']) assert.equal(await take(vhost, 'kept'), body)
    await confirmed(node)
    const reader = new TestConsumer()
    const again = { arguments: table({ 'x-stream-offset': 'first' }), prefetch: 10 }
    const subscription = await consume(vhost, 'kept', reader, again)
    assert.deepEqual((await reader.has(3)).bodies, ['a', 'b', 'c'])
    assert.equal(value(vhost.checkQueue('kept')).messages, 1)
    publish(vhost, '', 'kept', 'd')
    assert.deepEqual((await reader.has(4)).bodies, ['a', 'b', 'c', 'd'])
    await subscription.cancel()
    const other = new TestConsumer()
    await consume(vhost, 'kept', other, again)
    await other.has(4)
    value(await vhost.deleteQueue('kept', false, false))
    assert.deepEqual(other.reasons, ['queueDeleted'])
    const refused = await vhost.consume(
      { queue: 'plain', tag: 't', settled: false, exclusive: false, priority: 0, ...again },
      new TestConsumer(),
    )
    assert.match(refusal(refused), /^preconditionFailed: invalid arg 'x-stream-offset'/)
  }))
