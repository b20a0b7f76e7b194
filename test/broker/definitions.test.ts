// Definitions as RabbitMQ exports them, taken in once and again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importDefinitions, parseDefinitions } from '../../src/broker/definitions/import.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realChance } from '../../src/io/real/chance.ts'
import { hashPassword } from '../../src/security/access/password-hash.ts'
import { confirmed, publish, queueWish, refusal, table, take, value } from './messaging-fixture.ts'
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

const over = (name: string, topic: string) => ({
  ...{ name, vhost: '/', durable: true },
  arguments: { 'x-topic': topic },
})
const stream = (name: string, vhost = '/') => ({ name, vhost, durable: true, type: 'stream' })

test('a queue over a stream is taken in wherever it stands, and over a queue never', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    const queues = [over('a', 's'), over('b', 'r'), 1, over('c', 'a'), stream('r'), stream('s')]
    const told = [
      'queues[2] is not an object',
      'queues[3]: x-topic: a is a queue; it names a topic or a stream',
    ]
    for (let times = 0; times < 2; times++)
      assert.deepEqual(await importDefinitions(node, { queues }), told)
    const core = node.messaging.vhosts.get('/')
    assert.ok(core)
    assert.deepEqual(
      [[...core.queues.keys()], [...core.streams.keys()].sort()],
      [
        ['a', 'b'],
        ['r', 's'],
      ],
    )
  })
})

test('who lacks a topic of Kafka is told so, and it is taken in when that is there', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    const rest = { vhost: '/', destination_type: 'queue', routing_key: 'k' }
    const topology = {
      queues: [over('a', 'events')],
      bindings: [
        { ...rest, source: 'amq.direct', destination: 'events' },
        { ...rest, source: 'none', destination: 'events' },
      ],
    }
    const lacking = "no queue 'events' in vhost '/' (create it first if it is a topic of Kafka)"
    const sourceless = "bindings[1]: no exchange 'none' in vhost '/'"
    assert.deepEqual(await importDefinitions(node, topology), [
      `queues[0]: ${lacking}`,
      `bindings[0]: ${lacking}`,
      sourceless,
    ])
    const layout = { partitions: 2, replicationFactor: 1, assignments: null, configs: [] }
    value(await node.topics.create({ name: 'events', ...layout }, false))
    assert.deepEqual(await importDefinitions(node, topology), [sourceless])
  })
})

test('queues and streams are held to the bounds of the node, not to those of a vhost', async () => {
  await withNodeOn(memoryDisk(), { 'polymq.max.queues': '5' }, async (node) => {
    const limited = (vhost: string) => ({
      ...{ vhost, component: 'vhost-limits', name: 'limits' },
      value: { 'max-queues': 1 },
    })
    const queue = (name: string) => ({ name, vhost: '/', durable: true })
    const held = {
      vhosts: [{ name: '/' }, { name: 'other' }],
      parameters: [limited('/'), limited('other')],
      queues: [
        ...[queue('a'), queue('b'), stream('r'), over('o', 'r')],
        ...[stream('s', 'other'), stream('t', 'other')],
      ],
    }
    const [problem, ...more] = await importDefinitions(node, held)
    assert.match(problem ?? '', /^queues\[3\]: cannot declare .* at most 5 queues; raise /)
    assert.deepEqual(more, [])
    await node.accounts.makeDefaultUser()
    const { vhost } = value(node.messaging.open({ vhost: '/', user: 'guest', name: 'test' }))
    value(await vhost.deleteQueue('a', false, false))
    assert.equal(
      refusal(await vhost.declareQueue(queueWish('more'))),
      "policyViolation: cannot declare queue 'more': queue limit in vhost '/' (1) is reached",
    )
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

test('users of an export from before 3.6 log in by the hashes of that time', () =>
  withNodeOn(memoryDisk(), {}, async (node) => {
    const { text } = hashPassword('secret', realChance, 'rabbit_password_hashing_md5')
    for (const [version, fits] of [
      ['3.5.7', true],
      ['3.6.0', false],
    ] as const) {
      const users = [{ name: 'old', password_hash: text, tags: 'management' }]
      assert.deepEqual(await importDefinitions(node, { rabbit_version: version, users }), [])
      assert.equal(node.accounts.login.checkPassword('old', 'secret', '10.0.0.1').ok, fits)
    }
  }))
