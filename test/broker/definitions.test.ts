// Definitions as text: taken in on a node, given out, and taken in again elsewhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportDefinitions } from '../../src/broker/definitions/export.ts'
import { importDefinitions } from '../../src/broker/definitions/import.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { realChance } from '../../src/io/real/chance.ts'
import { hashPassword } from '../../src/security/access/password-hash.ts'
import { confirmed, publish, queueWish, refusal, take, value } from './messaging-fixture.ts'
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
  operator_policies: [],
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

test('what is taken in can be used, and is given out as it came', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    value(await importDefinitions(node, JSON.stringify(definitions)))
    assert.ok(node.accounts.login.checkPassword('maker', 'secret', '10.0.0.1').ok)
    const opened = node.messaging.open({ vhost: 'shop', user: 'maker', name: 'test' })
    const { vhost } = value(opened)
    publish(vhost, 'in', 'k', 'one')
    await confirmed(node)
    assert.equal(await take(vhost, 'orders'), 'one')
    assert.deepEqual(exportDefinitions(node, null), definitions)
    assert.deepEqual(Object.keys(exportDefinitions(node, 'shop')), [
      'parameters',
      'policies',
      'operator_policies',
      'exchanges',
      'queues',
      'bindings',
    ])
  })
})

test('taken in again it changes nothing of what is there', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    const text = JSON.stringify(definitions)
    value(await importDefinitions(node, text))
    const { vhost } = value(node.messaging.open({ vhost: 'shop', user: 'maker', name: 'test' }))
    publish(vhost, 'in', 'k', 'one')
    const longer = text.replace('"x-max-length":10', '"x-max-length":11')
    value(await importDefinitions(node, longer))
    assert.deepEqual(exportDefinitions(node, null), definitions)
    assert.equal(await take(vhost, 'orders'), 'one')
    assert.equal(value(await vhost.declareQueue(queueWish('mine'))).messages, 0)
  })
})

test('a node that has users gets no guest', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    value(await importDefinitions(node, JSON.stringify(definitions)))
    await node.accounts.makeDefaultUser()
    assert.equal(node.accounts.user('guest'), null)
    value(await node.accounts.deleteUser('maker'))
    await node.accounts.makeDefaultUser()
    assert.equal(node.accounts.user('guest'), null)
  })
})

test('an export of one vhost can be taken into another one', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    value(await importDefinitions(node, '{"vhosts":[{"name":"copy"}]}'))
    const queues = '{"queues":[{"name":"q","durable":true}]}'
    value(await importDefinitions(node, queues, 'copy'))
    assert.ok(node.messaging.vhosts.get('copy')?.queues.has('q'))
    assert.equal(
      refusal(await importDefinitions(node, queues)),
      "invalidRequest: queues[0]: 'vhost' is not there or not a text",
    )
  })
})

test('what cannot be taken in is named', async () => {
  await withNodeOn(memoryDisk(), {}, async (node) => {
    const cases = [
      ['[]', 'invalidRequest: the definitions are not a JSON object'],
      ['{', 'invalidRequest: the definitions are not a JSON object'],
      ['{"users":{}}', 'invalidRequest: users is not a list'],
      ['{"users":[1]}', 'invalidRequest: users[0] is not an object'],
      [
        '{"users":[{"name":"a","password_hash":"x"}]}',
        'invalidRequest: users[0]: the password hash is not one of rabbit_password_hashing_sha256',
      ],
      [
        '{"queues":[{"name":"q","vhost":"none"}]}',
        'vhostNotFound: queues[0]: vhost none not found',
      ],
      [
        '{"exchanges":[{"name":"e","vhost":"/","type":"none"}]}',
        "preconditionFailed: exchanges[0]: invalid exchange type 'none'",
      ],
    ] as const
    for (const [text, refused] of cases)
      assert.equal(refusal(await importDefinitions(node, text)), refused, text)
  })
})
