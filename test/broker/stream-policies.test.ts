// Policies on streams: they meet the arguments of the declaration and the configuration of the
// topic, follow each change at once, outlive a restart, and retention acts on them.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { PolicyRole } from '../../src/broker/policies/policies.ts'
import { checkPolicyDefinition, configInForce } from '../../src/broker/policies/policy-keys.ts'
import type { JsonObject, Policy, PolicyScope } from '../../src/broker/policies/policy-values.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { retentionStart } from '../../src/log/retention.ts'
import {
  confirmed,
  publish,
  queueWish,
  refusal,
  sessionOf,
  table,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const none = Number.POSITIVE_INFINITY
const hourMs = 3_600_000

const set = async (
  node: NodeBroker,
  definition: JsonObject,
  more: { applyTo?: PolicyScope; vhost?: string; role?: PolicyRole } = {},
): Promise<void> => {
  const { applyTo = 'all', vhost = '/', role = 'user' } = more
  const policy: Policy = { vhost, name: 'p', pattern: '.*', applyTo, priority: 0, definition }
  value(await node.policies.set(role, policy))
  await node.messaging.policiesFollowed(policy.vhost)
}

const clear = async (node: NodeBroker, role: PolicyRole = 'user', vhost = '/') => {
  value(await node.policies.clear(role, vhost, 'p'))
  await node.messaging.policiesFollowed(vhost)
}

const stream = (name: string, more: Record<string, string | number> = {}) =>
  queueWish(name, { arguments: table({ 'x-queue-type': 'stream', ...more }) })

/** Of every partition: how old, how large, and how large a segment. */
function keptIn(node: NodeBroker, name: string, vhost = '/'): number[][] {
  const topic = node.messaging.vhosts.get(vhost)?.streams.get(name)?.topic
  assert.ok(topic)
  return [...topic.partitions.keys()].map((partition) => {
    const settings = node.store.get(topic.id, partition)?.settings
    assert.ok(settings)
    return [settings.retentionMs, settings.retentionBytes, settings.segmentBytes]
  })
}

const segmentDefault = 1_073_741_824

test('a stream follows its policies as they come, change and go, and after a restart', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(stream('events')))
    value(await vhost.declareQueue(stream('short', { 'x-max-age': '1m' })))
    assert.deepEqual(keptIn(node, 'events'), [[none, none, segmentDefault]])
    const definition = { 'max-age': '1h', 'stream-max-segment-size-bytes': 2_000_000 }
    await set(node, definition)
    assert.deepEqual(keptIn(node, 'events'), [[hourMs, none, 2_000_000]])
    assert.deepEqual(keptIn(node, 'short'), [[60_000, none, 2_000_000]])
    await set(node, { 'max-length-bytes': 9000 })
    await set(node, { 'max-length-bytes': 5000 }, { role: 'operator' })
    assert.deepEqual(keptIn(node, 'events'), [[none, 5000, segmentDefault]])
    value(await vhost.declareQueue(stream('later', { 'x-max-length-bytes': 4000 })))
    assert.deepEqual(keptIn(node, 'later'), [[none, 4000, segmentDefault]])
  }, disk)
  await withMessaging(async (node) => {
    assert.deepEqual(keptIn(node, 'events'), [[none, 5000, segmentDefault]])
    await clear(node, 'operator')
    assert.deepEqual(keptIn(node, 'events'), [[none, 9000, segmentDefault]])
    await clear(node)
    assert.deepEqual(keptIn(node, 'events'), [[none, none, segmentDefault]])
  }, disk)
})

test('a topic follows policies for streams only, its own configuration, and the node', () =>
  withMessaging(async (node) => {
    const configs = [['retention.ms', String(2 * hourMs)]] as const
    const layout = { partitions: 1, replicationFactor: 1, assignments: null }
    value(await node.topics.create({ name: 'made', ...layout, configs }, false))
    await set(node, { 'max-age': '1h' })
    assert.deepEqual(keptIn(node, 'made'), [[2 * hourMs, none, segmentDefault]])
    await set(node, { 'max-age': '1h', 'max-length-bytes': 7000 }, { applyTo: 'streams' })
    assert.deepEqual(keptIn(node, 'made'), [[hourMs, 7000, segmentDefault]])
    const topic = node.topics.named('made')
    assert.ok(topic)
    value(await node.topics.addPartitions(topic, 2, null, false))
    assert.deepEqual(keptIn(node, 'made'), Array(2).fill([hourMs, 7000, segmentDefault]))
    const target = { kind: 'topic', topic } as const
    const own = new Map([['retention.bytes', '3000']])
    value(await node.configs.replace(target, own, false))
    assert.deepEqual(keptIn(node, 'made'), Array(2).fill([hourMs, 3000, segmentDefault]))
    const everyNode = { kind: 'node', node: null } as const
    const defaults = new Map([['log.segment.bytes', '4000000']])
    value(await node.configs.replace(everyNode, defaults, false))
    assert.deepEqual(keptIn(node, 'made'), Array(2).fill([hourMs, 3000, 4_000_000]))
    // Who declares it as a stream finds it as it is.
    value(await sessionOf(node).vhost.declareQueue(stream('made')))
    await clear(node)
    assert.deepEqual(keptIn(node, 'made'), Array(2).fill([168 * hourMs, 3000, 4_000_000]))
  }))

test('a stream of another vhost follows the policies there', () =>
  withMessaging(async (node) => {
    await node.messaging.createVhost('other')
    const all = { configure: '.*', write: '.*', read: '.*' }
    value(await node.accounts.permissions.set('guest', 'other', all))
    await set(node, { 'max-length-bytes': 1000 }, { vhost: 'other' })
    value(await sessionOf(node, 'other').vhost.declareQueue(stream('events')))
    value(await sessionOf(node).vhost.declareQueue(stream('events')))
    assert.deepEqual(keptIn(node, 'events', 'other'), [[none, 1000, segmentDefault]])
    assert.deepEqual(keptIn(node, 'events'), [[none, none, segmentDefault]])
    const everyNode = { kind: 'node', node: null } as const
    const defaults = new Map([['log.segment.bytes', '4000000']])
    value(await node.configs.replace(everyNode, defaults, false))
    assert.deepEqual(keptIn(node, 'events', 'other'), [[none, 1000, 4_000_000]])
    await clear(node, 'user', 'other')
    assert.deepEqual(keptIn(node, 'events', 'other'), [[none, none, 4_000_000]])
  }))

test('what a policy does not keep is let go while the stream lives', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(stream('events')))
    const topic = node.topics.named('events')
    assert.ok(topic)
    const log = node.store.get(topic.id, 0)
    assert.ok(log)
    for (let i = 0; i < 40; i++) {
      publish(vhost, '', 'events', 'x'.repeat(32_000))
      await confirmed(node)
    }
    assert.equal(log.highWatermark, 40)
    const now = Date.now()
    assert.equal(retentionStart(log, now), 0)
    await set(node, { 'max-length-bytes': 1, 'stream-max-segment-size-bytes': 1 })
    const start = retentionStart(log, now)
    assert.ok(start > 0 && start < log.highWatermark, `it may start at ${start}`)
    await clear(node)
    assert.equal(retentionStart(log, now), 0)
    await set(node, { 'max-age': '1s' })
    assert.equal(retentionStart(log, now + 60_000), log.highWatermark)
  }))

test('of size and age the least holds, of the size of segments what is set', () => {
  const own = new Map([
    ['retention.ms', '-1'],
    ['retention.bytes', '5'],
    ['segment.bytes', '1048576'],
  ])
  const inForce = configInForce(own, {
    'max-age': '2s',
    'max-length-bytes': 9,
    'stream-max-segment-size-bytes': 9_000_000,
  })
  assert.deepEqual(
    [...inForce],
    [
      ['retention.ms', '2000'],
      ['retention.bytes', '5'],
      ['segment.bytes', '1048576'],
    ],
  )
  assert.equal(configInForce(own, null), own)
  const fault = refusal(checkPolicyDefinition({ 'max-age': 'soon' }, false))
  assert.match(fault, /'max-age' is not digits and one of Y, M, D, h, m, s: "soon"/)
  const operators = refusal(checkPolicyDefinition({ 'max-age': '1h' }, true))
  assert.match(operators, /'max-age' is not recognised as a key of an operator policy/)
})
