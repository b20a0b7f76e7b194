// Definitions as RabbitMQ exports them, taken in once and again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importDefinitions, parseDefinitions } from '../../src/broker/definitions/import.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realChance } from '../../src/io/real/chance.ts'
import { hashPassword } from '../../src/security/access/password-hash.ts'
import { confirmed, publish, queueWish, table, take, value } from './messaging-fixture.ts'
import { withNodeOn } from './node-fixture.ts'

const hash = hashPassword('secret', realChance)

const definitions = {
  users: [
    {
      name: 'maker',
      password_hash: hash.text,
      hashing_algorithm: hash.algorithm,
      tags: ['management'],
      limits: { 'max-connections': 7 },
    },
  ],
  vhosts: [{ name: '/' }, { name: 'shop' }],
  permissions: [{ user: 'maker', vhost: 'shop', configure: '.*', write: '.*', read: '.*' }],
  topic_permissions: [
    { user: 'maker', vhost: 'shop', exchange: 'amq.topic', write: '^a', read: '.*' },
  ],
  parameters: [
    { vhost: 'shop', component: 'vhost-limits', name: 'limits', value: { 'max-queues': 5 } },
    {
      vhost: 'shop',
      component: 'operator_policy',
      name: 'least',
      value: { pattern: '.*', 'apply-to': 'queues', priority: 0, definition: { expires: 60_000 } },
    },
  ],
  global_parameters: [{ name: 'cluster_name', value: 'mine' }],
  policies: [
    {
      vhost: 'shop',
      name: 'short',
      pattern: '^o',
      'apply-to': 'queues',
      definition: { 'max-length': 100 },
      priority: 1,
    },
  ],
  exchanges: [
    {
      name: 'in',
      vhost: 'shop',
      type: 'direct',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: { 'alternate-exchange': 'amq.fanout' },
    },
  ],
  queues: [
    {
      name: 'orders',
      vhost: 'shop',
      type: 'classic',
      durable: true,
      auto_delete: false,
      arguments: { 'x-max-length': 10, 'x-single-active-consumer': true },
    },
  ],
  bindings: [
    {
      source: 'in',
      vhost: 'shop',
      destination: 'orders',
      destination_type: 'queue',
      routing_key: 'k',
      arguments: { note: [1, 'two', null, 0.5] },
    },
  ],
}

test('what is taken in can be used', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    assert.deepEqual(await importDefinitions(node, definitions), [])
    const { accounts, messaging, policies } = node
    assert.ok(accounts.login.checkPassword('maker', 'secret', '10.0.0.1').ok)
    assert.equal(accounts.limits.ofUser('maker', 'max-connections'), 7)
    assert.equal(accounts.limits.ofVhost('shop', 'max-queues'), 5)
    assert.equal(accounts.permissions.listTopic()[0]?.exchange, 'amq.topic')
    assert.equal(policies.ofQueue('user', 'shop', 'orders', 'classic')?.name, 'short')
    assert.equal(policies.ofQueue('operator', 'shop', 'orders', 'classic')?.name, 'least')
    assert.deepEqual(policies.globalParameters(), [{ name: 'cluster_name', value: 'mine' }])
    const { vhost } = value(messaging.open({ vhost: 'shop', user: 'maker', name: 'test' }))
    publish(vhost, 'in', 'k', 'one')
    await confirmed(node)
    assert.equal(await take(vhost, 'orders'), 'one')
    const same = table({ 'x-max-length': 10, 'x-single-active-consumer': true })
    value(await vhost.declareQueue(queueWish('orders', { arguments: same })))
    const core = messaging.vhosts.get('shop')
    assert.equal(core?.exchanges.get('in')?.arguments.size, 1)
    assert.equal(core?.routing.bindingsFrom('in')[0]?.arguments.get('note')?.type, 'A')
  })
})

test('taken in again it changes nothing of what is there', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    await importDefinitions(node, definitions)
    const { vhost } = value(node.messaging.open({ vhost: 'shop', user: 'maker', name: 'test' }))
    publish(vhost, 'in', 'k', 'one')
    const [queue] = definitions.queues
    const longer = { ...definitions, queues: [{ ...queue, arguments: { 'x-max-length': 11 } }] }
    assert.deepEqual(await importDefinitions(node, longer), [])
    const same = table({ 'x-max-length': 10, 'x-single-active-consumer': true })
    value(await vhost.declareQueue(queueWish('orders', { arguments: same })))
    assert.equal(await take(vhost, 'orders'), 'one')
  })
})

test('a node that has users gets no guest', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    await importDefinitions(node, definitions)
    await node.accounts.makeDefaultUser()
    assert.equal(node.accounts.user('guest'), null)
    value(await node.accounts.deleteUser('maker'))
    await node.accounts.makeDefaultUser()
    assert.equal(node.accounts.user('guest'), null)
  })
})

test('an export of one vhost can be taken into another one', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    await importDefinitions(node, { vhosts: [{ name: 'copy' }] })
    const one = { users: [{ name: 'nobody' }], queues: [{ name: 'q', durable: true }] }
    assert.deepEqual(await importDefinitions(node, one, 'copy'), [])
    assert.ok(node.messaging.vhosts.get('copy')?.queues.has('q'))
    assert.equal(node.accounts.user('nobody'), null)
  })
})

test('what cannot be taken in is named, and does not stop the rest', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    const wrong = {
      users: [
        1,
        { name: 'a', password_hash: 'x', tags: '' },
        { name: 'a', password_hash: 5, tags: [] },
        { name: 'a' },
        { name: 'a', tags: 5 },
      ],
      parameters: [{ vhost: '/', component: 'foo', name: 'n', value: {} }],
      bindings: [
        { vhost: '/', source: 's', destination: 'd', routing_key: '', destination_type: 'none' },
      ],
      permissions: {},
      exchanges: [{ name: 'e', vhost: '/', type: 'none' }],
      queues: [{ name: 'q', vhost: 'none' }, { name: 'q' }, { name: 'good', vhost: '/' }],
    }
    assert.deepEqual(await importDefinitions(node, wrong), [
      'users[0] is not an object',
      'users[1]: the password hash is not one of rabbit_password_hashing_sha256',
      "users[2]: 'password_hash' is not there or not a text",
      'users[3]: tags are neither a list of texts nor a text',
      'users[4]: tags are neither a list of texts nor a text',
      'permissions is not a list',
      'parameters[0]: component foo not found',
      "exchanges[0]: invalid exchange type 'none'",
      'queues[0]: vhost none not found',
      "queues[1]: 'vhost' is not there or not a text",
      'bindings[0]: destination_type is one of queue, exchange',
    ])
    assert.ok(node.messaging.vhosts.get('/')?.queues.has('good'))
    const many = { queues: Array.from({ length: 200_000 }, () => 1) }
    assert.deepEqual((await importDefinitions(node, many)).slice(19), [
      'queues[19] is not an object',
      '199980 more',
    ])
  })
})

test('what is no JSON object is no definitions', () => {
  assert.equal(parseDefinitions('[]'), null)
  assert.equal(parseDefinitions('{'), null)
  assert.deepEqual(parseDefinitions('\ufeff{"users":[]}'), { users: [] })
})
