// Policies over a whole node: which one holds, how it meets arguments and operators' policies, and
// that queues and exchanges follow it at once, before and after they are made, and after a restart.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { PolicyRole } from '../../src/broker/policies/policies.ts'
import {
  argumentsInForce,
  checkPolicyDefinition,
  mergedDefinition,
} from '../../src/broker/policies/policy-keys.ts'
import type { JsonObject, Policy } from '../../src/broker/policies/policy-values.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { integerOf, textOf } from '../../src/model/message/field.ts'
import {
  exchangeWish,
  publish,
  queueWish,
  refusal,
  sessionOf,
  table,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const policy = (name: string, definition: JsonObject, more: Partial<Policy> = {}): Policy => ({
  vhost: '/',
  name,
  pattern: '.*',
  applyTo: 'all',
  priority: 0,
  definition,
  ...more,
})

async function set(node: NodeBroker, wanted: Policy, role: PolicyRole = 'user'): Promise<void> {
  value(await node.policies.set(role, wanted))
  await node.messaging.policiesFollowed(wanted.vhost)
}

async function clear(node: NodeBroker, name: string): Promise<void> {
  value(await node.policies.clear('user', '/', name))
  await node.messaging.policiesFollowed('/')
}

const readyIn = (node: NodeBroker, queue: string): number =>
  value(sessionOf(node).vhost.checkQueue(queue)).messages

const settingsOf = (node: NodeBroker, queue: string) =>
  node.messaging.vhosts.get('/')?.queues.get(queue)?.queue.settings

test('a policy with a key that a type does not support leaves it to the next', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const types = ['classic', 'quorum', 'stream'] as const
    for (const type of types)
      value(
        await vhost.declareQueue(queueWish(type, { arguments: table({ 'x-queue-type': type }) })),
      )
    const held = () =>
      types.map((type) => {
        const { policy, operator } =
          node.messaging.vhosts.get('/')?.policies.ofQueue(type, type) ?? {}
        return `${policy?.name} ${operator?.name}`
      })
    await set(node, policy('all', { 'max-length-bytes': 2000 }))
    await set(
      node,
      policy('ha', { 'ha-mode': 'all', 'ha-sync-mode': 'automatic' }, { priority: 9 }),
    )
    await set(node, policy('limit', { 'delivery-limit': 3 }), 'operator')
    assert.deepEqual(held(), ['ha undefined', 'all limit', 'all undefined'])
    await set(node, policy('letters', { 'dead-letter-exchange': 'x' }, { priority: 10 }))
    assert.deepEqual(held(), ['letters undefined', 'letters limit', 'all undefined'])
    await set(node, policy('age', { 'max-age': '1h', 'max-length-bytes': 5 }, { priority: 11 }))
    assert.deepEqual(held(), ['letters undefined', 'letters limit', 'age undefined'])
    assert.equal(settingsOf(node, 'quorum')?.deliveryLimit, 3)
    assert.equal(settingsOf(node, 'classic')?.deliveryLimit, Number.POSITIVE_INFINITY)
  }))

test('the policy with the highest priority holds alone, for queues of its kind', async () => {
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('orders')))
    await set(node, policy('low', { 'max-length': 5, 'message-ttl': 1000 }, { pattern: '^ord' }))
    assert.equal(settingsOf(node, 'orders')?.maxLength, 5)
    await set(node, policy('high', { 'max-length': 3 }, { pattern: 'rs$', priority: 7 }))
    assert.equal(settingsOf(node, 'orders')?.maxLength, 3)
    assert.equal(settingsOf(node, 'orders')?.messageTtlMs, Number.POSITIVE_INFINITY)
    await set(node, policy('other', { 'max-length': 1 }, { applyTo: 'quorum_queues', priority: 9 }))
    assert.equal(settingsOf(node, 'orders')?.maxLength, 3)
    value(await vhost.declareQueue(queueWish('others')))
    assert.equal(settingsOf(node, 'others')?.maxLength, 3)
    await clear(node, 'high')
    assert.equal(settingsOf(node, 'orders')?.maxLength, 5)
    assert.equal(settingsOf(node, 'others')?.maxLength, Number.POSITIVE_INFINITY)
  })
})

test('messages that are too many for a new policy go to its dead letter exchange', async () => {
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('dead')))
    value(await vhost.declareQueue(queueWish('jobs')))
    for (const body of ['a', 'b', 'c']) publish(vhost, '', 'jobs', body)
    const definition = {
      'max-length': 1,
      'dead-letter-exchange': '',
      'dead-letter-routing-key': 'dead',
    }
    await set(node, policy('short', definition, { pattern: '^jobs$', applyTo: 'queues' }))
    node.messaging.flush(null)
    await new Promise<void>((done) => node.messaging.flush(done))
    assert.equal(readyIn(node, 'jobs'), 1)
    assert.equal(readyIn(node, 'dead'), 2)
  })
})

test('an alternate exchange by policy holds for exchanges without the argument', async () => {
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    for (const name of ['spare', 'own']) {
      value(await vhost.declareExchange(exchangeWish(name, 'fanout')))
      value(await vhost.declareQueue(queueWish(`in.${name}`)))
      const ends = { source: name, destination: `in.${name}`, routingKey: '' }
      value(await vhost.bindQueue({ ...ends, arguments: table({}) }))
    }
    value(await vhost.declareExchange(exchangeWish('ex.plain', 'direct')))
    const arguments_ = table({ 'alternate-exchange': 'own' })
    const wish = { ...exchangeWish('ex.own', 'direct'), arguments: arguments_ }
    value(await vhost.declareExchange(wish))
    const rescue = { 'alternate-exchange': 'spare' }
    await set(node, policy('rescue', rescue, { pattern: '^ex\\.', applyTo: 'exchanges' }))
    publish(vhost, 'ex.plain', 'nowhere', 'a')
    publish(vhost, 'ex.own', 'nowhere', 'b')
    assert.deepEqual([readyIn(node, 'in.spare'), readyIn(node, 'in.own')], [1, 1])
    await clear(node, 'rescue')
    publish(vhost, 'ex.plain', 'nowhere', 'c')
    assert.equal(readyIn(node, 'in.spare'), 1)
  })
})

test('policies outlive a restart, and go with their vhost', async () => {
  const disk = memoryDisk()
  await withMessaging(async (node) => {
    value(await sessionOf(node).vhost.declareQueue(queueWish('orders')))
    await node.messaging.createVhost('other')
    await set(node, policy('short', { 'max-length': 4 }, { pattern: '[a-z]+s$' }))
    await set(node, policy('short', { 'max-length': 2 }, { vhost: 'other' }))
    await set(node, policy('cap', { 'max-length': 3 }), 'operator')
    const gp = { component: 'shovel', vhost: 'other', name: 'x', value: { a: [1] } }
    value(await node.policies.setParameter(gp))
  }, disk)
  await withMessaging(async (node) => {
    assert.equal(settingsOf(node, 'orders')?.maxLength, 3)
    assert.equal(node.policies.list('user').length, 2)
    assert.deepEqual(node.policies.parameter('shovel', 'other', 'x')?.value, { a: [1] })
    value(await node.messaging.deleteVhost('other'))
    assert.deepEqual(
      node.policies.list('user').map((each) => each.vhost),
      ['/'],
    )
    assert.deepEqual(node.policies.parameters(), [])
  }, disk)
})

test('arguments win, except where the least of all holds', () => {
  const own = table({ 'x-max-length': 10, 'x-dead-letter-exchange': 'own', 'x-expires': 500 })
  const merged = mergedDefinition(
    policy('user', { 'max-length': 20, 'dead-letter-exchange': 'other', expires: 100 }),
    policy('operator', { 'max-length': 8, 'message-ttl': 7, overflow: 'reject-publish' }),
  )
  assert.deepEqual(merged, {
    'max-length': 8,
    'dead-letter-exchange': 'other',
    expires: 100,
    'message-ttl': 7,
    overflow: 'reject-publish',
  })
  const inForce = argumentsInForce(own, 'classic', merged)
  assert.equal(integerOf(inForce.get('x-max-length')), 8)
  assert.equal(integerOf(inForce.get('x-expires')), 100)
  assert.equal(integerOf(inForce.get('x-message-ttl')), 7)
  assert.equal(textOf(inForce.get('x-dead-letter-exchange')), 'own')
  assert.equal(textOf(inForce.get('x-overflow')), 'reject-publish')
  assert.equal(argumentsInForce(own, 'classic', null), own)
  const limit = argumentsInForce(table({ 'x-delivery-limit': -1 }), 'quorum', {
    'delivery-limit': 4,
    'max-age': '1h',
  })
  assert.equal(integerOf(limit.get('x-delivery-limit')), 4)
  assert.equal(limit.has('x-max-age'), false)
})

test('what is no policy is refused', async () => {
  const fault = (definition: JsonObject, isOperator = false): string =>
    refusal(checkPolicyDefinition(definition, isOperator))
  assert.match(fault({}), /no policy provided/)
  assert.match(fault({ 'max-lengthx': 5 }), /'max-lengthx' is not recognised as a key of a policy/)
  assert.match(fault({ 'max-length': 'a' }), /'max-length' is not a whole number/)
  assert.match(fault({ overflow: 'none' }), /'overflow' is none of drop-head/)
  assert.match(fault({ 'dead-letter-exchange': 'x' }, true), /a key of an operator policy/)
  assert.equal(fault({ 'max-length': 5 }, true), 'ok')
  await withMessaging(async (node) => {
    const unclosed = policy('bad', { 'max-length': 5 }, { pattern: '(' })
    assert.match(refusal(await node.policies.set('user', unclosed)), /invalidRequest/)
    const nameless = policy('', { 'max-length': 5 })
    assert.match(refusal(await node.policies.set('user', nameless)), /invalidRequest/)
    assert.deepEqual(node.policies.list('user'), [])
  })
})

test('keys for mirrors are taken with the values that RabbitMQ takes', () => {
  const isTaken = (definition: JsonObject): boolean => checkPolicyDefinition(definition, false).ok
  for (const definition of [
    { 'ha-mode': 'all', 'ha-sync-mode': 'automatic', 'ha-sync-batch-size': 5 },
    { 'ha-mode': 'exactly', 'ha-params': 2, 'ha-promote-on-shutdown': 'always' },
    { 'ha-mode': 'nodes', 'ha-params': ['a@b'], 'ha-promote-on-failure': 'when-synced' },
    { 'queue-master-locator': 'min-masters' },
    { 'queue-leader-locator': 'balanced' },
  ])
    assert.ok(isTaken(definition), JSON.stringify(definition))
  for (const definition of [
    { 'ha-mode': 'bogus' },
    { 'ha-mode': 'all', 'ha-params': 1 },
    { 'ha-mode': 'all', 'ha-sync-mode': 'x' },
    { 'ha-mode': 'all', 'ha-sync-batch-size': 0 },
    { 'ha-mode': 'all', 'ha-promote-on-shutdown': 'x' },
    { 'ha-mode': 'exactly' },
    { 'ha-mode': 'exactly', 'ha-params': 0 },
    { 'ha-mode': 'nodes', 'ha-params': [] },
    { 'ha-mode': 'nodes', 'ha-params': 'a@b' },
    { 'ha-params': 1 },
    { 'ha-sync-mode': 'manual' },
    { 'queue-master-locator': 'x' },
    { 'queue-leader-locator': 'x' },
  ])
    assert.ok(!isTaken(definition), JSON.stringify(definition))
})

test('a policy with an empty pattern holds for every name', async () => {
  await withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    value(await vhost.declareQueue(queueWish('orders')))
    await set(node, policy('all', { 'max-length': 5 }, { pattern: '' }))
    assert.equal(settingsOf(node, 'orders')?.maxLength, 5)
  })
})

test('limits hold for many who come at once', async () => {
  await withMessaging(async (node) => {
    const slow = { pattern: `${'a*'.repeat(450)}[bc]` }
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        node.policies.set('user', policy(`p${i}`, { 'max-length': 1 }, slow)),
      ),
    )
    const taken = answers.filter(({ ok }) => ok).length
    assert.ok(taken > 10 && taken < 40, `${taken}`)
    assert.equal(node.policies.list('user').length, taken)
  })
})

test('patterns that take long for each name have a limit in each vhost', async () => {
  await withMessaging(async (node) => {
    const slow = (name: string, more: Partial<Policy> = {}): Policy =>
      policy(name, { 'max-length': 1 }, { pattern: `${'a*'.repeat(450)}[bc]`, ...more })
    let count = 0
    for (; count < 100; count++) {
      const answer = await node.policies.set('user', slow(`p${count}`))
      if (answer.ok) continue
      assert.equal(answer.error, 'policyViolation')
      break
    }
    assert.ok(count > 10 && count < 40, `${count}`)
    assert.ok(!(await node.policies.set('operator', slow('o'))).ok)
    await set(node, slow('elsewhere', { vhost: 'other' }))
    await set(node, slow('p0', { priority: 3 }))
    for (let i = 0; i < 50; i++)
      await set(node, policy(`simple${i}`, { 'max-length': 1 }, { pattern: '^a|^b$' }))
    await clear(node, 'p0')
    await set(node, slow('o'), 'operator')
  })
})
