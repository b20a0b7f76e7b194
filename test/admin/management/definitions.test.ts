// Definitions as RabbitMQ exports them: in, in again, out, and into another node.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Api, withApi } from './api-fixture.ts'

/** As `rabbitmqadmin export` of RabbitMQ 3.10.8 writes it; alice's password is `pw`. */
const exported = {
  rabbit_version: '3.10.8',
  rabbitmq_version: '3.10.8',
  product_name: 'RabbitMQ',
  product_version: '3.10.8',
  users: [
    {
      name: 'alice',
      password_hash: 'xotUDsIiZsu/xpYgxBWhiqp5+HM71WybZmm2kGQccwvMG7tZ',
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: ['monitoring'],
      limits: { 'max-connections': 10 },
    },
    {
      name: 'guest',
      password_hash: 'c2FsdDRwMuw4kgNZhm0cEYx1m4NAR6BCdplxDdFbnDjbRIKq',
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: ['administrator'],
      limits: {},
    },
  ],
  vhosts: [{ name: '/' }, { name: 'v2', metadata: { description: 'second', tags: [] } }],
  permissions: [
    { user: 'guest', vhost: '/', configure: '.*', write: '.*', read: '.*' },
    { user: 'guest', vhost: 'v2', configure: '.*', write: '.*', read: '.*' },
    { user: 'alice', vhost: '/', configure: '^a', write: '.*', read: '' },
  ],
  topic_permissions: [{ user: 'alice', vhost: '/', exchange: 'amq.topic', write: 'a', read: 'b' }],
  parameters: [
    { value: { 'max-connections': 900 }, vhost: '/', component: 'vhost-limits', name: 'limits' },
    {
      value: { pattern: '^q', definition: { 'max-length': 40 }, priority: 1, 'apply-to': 'queues' },
      vhost: '/',
      component: 'operator_policy',
      name: 'o1',
    },
  ],
  global_parameters: [{ name: 'internal_cluster_id', value: 'rabbitmq-cluster-id-x' }],
  policies: [
    {
      vhost: '/',
      name: 'p1',
      pattern: '^q',
      'apply-to': 'queues',
      definition: { 'message-ttl': 100000, 'ha-mode': 'all' },
      priority: 3,
    },
  ],
  queues: [
    {
      name: 'q1',
      vhost: '/',
      durable: true,
      auto_delete: false,
      arguments: { 'x-max-length': 100, 'x-dead-letter-exchange': 'dlx' },
    },
    {
      name: 'qq',
      vhost: 'v2',
      durable: true,
      auto_delete: false,
      arguments: { 'x-queue-type': 'quorum' },
    },
    {
      name: 'log',
      vhost: '/',
      durable: true,
      auto_delete: false,
      arguments: { 'x-queue-type': 'stream' },
    },
    { name: 'amq.gen-abc', vhost: '/', durable: true, auto_delete: false, arguments: {} },
  ],
  exchanges: [
    {
      name: 'dlx',
      vhost: '/',
      type: 'topic',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: {},
    },
  ],
  bindings: [
    {
      source: 'dlx',
      vhost: '/',
      destination: 'q1',
      destination_type: 'queue',
      routing_key: 'a.#',
      arguments: {},
    },
    {
      source: 'amq.headers',
      vhost: '/',
      destination: 'dlx',
      destination_type: 'exchange',
      routing_key: '',
      arguments: { 'x-match': 'all', n: 1 },
    },
  ],
}

test('what RabbitMQ has exported is imported, as often as one likes', async () => {
  let first: unknown = null
  await withApi(async (api) => {
    for (let times = 0; times < 2; times++) {
      assert.equal(await api.status('POST', '/definitions', exported), '204')
      assert.equal((await api.get('/whoami', 'alice:pw')).name, 'alice')
      assert.equal((await api.get('/queues')).length, 4)
    }
    const queue = await api.get('/queues/%2F/q1')
    assert.deepEqual([queue.policy, queue.operator_policy], ['p1', 'o1'])
    const out = await api.get('/definitions')
    first = out
    for (const part of [
      'users',
      'permissions',
      'topic_permissions',
      'parameters',
      'policies',
    ] as const)
      assert.deepEqual(sorted(out[part]), sorted(exported[part]), part)
    for (const part of ['queues', 'exchanges', 'bindings'] as const)
      assert.deepEqual(sorted(out[part]), sorted(exported[part]), part)
    assert.equal(out.vhosts[1].description, 'second')
    assert.equal(out.global_parameters[0].value, 'rabbitmq-cluster-id-x')
  })
  await withApi(async (api) => {
    assert.equal(await api.status('POST', '/definitions', first), '204')
    assert.deepEqual(await api.get('/definitions'), first)
  })
})

const sorted = (rows: readonly object[]): string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort()

test('one vhost goes out and in alone', () =>
  withApi(async (api) => {
    assert.equal(await api.status('POST', '/definitions', exported), '204')
    const out = await api.get('/definitions/%2F')
    assert.deepEqual(out.queues[0], {
      name: 'q1',
      durable: true,
      auto_delete: false,
      arguments: { 'x-max-length': 100, 'x-dead-letter-exchange': 'dlx' },
    })
    await api.call('PUT', '/vhosts/copy', {})
    assert.equal(await api.status('POST', '/definitions/copy', out), '204')
    assert.equal((await api.get('/queues/copy')).length, 3)
    assert.equal((await api.get('/bindings/copy/e/dlx/q/q1')).length, 1)
    assert.equal((await api.get('/policies/copy')).length, 1)
  }))

test('queues over streams and topics go out and in again, and bindings to topics do', async () => {
  const topic = (api: Api) =>
    api.node.topics.create(
      { name: 'k', partitions: 3, replicationFactor: 1, assignments: null, configs: [] },
      false,
    )
  const made = { durable: true, auto_delete: false }
  const put = (api: Api, name: string, table: Record<string, string>): Promise<string> =>
    api.status('PUT', `/queues/%2F/${name}`, { ...made, arguments: table })
  let out: unknown = null
  await withApi(async (api) => {
    assert.ok((await topic(api)).ok)
    assert.equal(await put(api, 'zz', { 'x-queue-type': 'stream' }), '201')
    assert.equal(await put(api, 'aa', { 'x-topic': 'zz', 'x-stream-offset': 'first' }), '201')
    assert.equal(await put(api, 'bb', { 'x-topic': 'k' }), '201')
    const to = (name: string) => api.status('POST', `/bindings/%2F/e/amq.direct/q/${name}`, {})
    assert.deepEqual(await Promise.all(['zz', 'aa', 'bb', 'k'].map(to)), Array(4).fill('201'))
    out = await api.get('/definitions')
    assert.equal(await api.status('POST', '/definitions', out), '204')
  })
  await withApi(async (api) => {
    const told = await api.status('POST', '/definitions', out)
    assert.equal(told.split("no queue 'k' in vhost '/' (create it first if").length, 3, told)
    assert.equal((await api.get('/bindings/%2F/e/amq.direct/q/aa')).length, 1)
    assert.ok((await topic(api)).ok)
    assert.equal(await api.status('POST', '/definitions', out), '204')
    const sets = ['queues', 'bindings'].map((part) => sorted((out as Exported)[part] ?? []))
    const again: Exported = await api.get('/definitions')
    assert.deepEqual(
      ['queues', 'bindings'].map((part) => sorted(again[part] ?? [])),
      sets,
    )
  })
})

type Exported = Readonly<Record<string, readonly object[]>>

test('a value that nests as deep as one may comes out and goes in again', () =>
  withApi(async (api) => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    const set = (levels: number): Promise<string> =>
      api.status('PUT', '/global-parameters/deep', { name: 'deep', value: nested(levels) })
    assert.equal(await set(64), '400 not_json')
    assert.equal(await set(63), '201')
    const out = await api.get('/definitions')
    assert.equal(await api.status('DELETE', '/global-parameters/deep'), '204')
    assert.equal(await api.status('POST', '/definitions', out), '204')
    assert.deepEqual((await api.get('/global-parameters/deep')).value, nested(63))
  }))

test('what cannot be made does not stop the rest, and is told', () =>
  withApi(async (api) => {
    const body = {
      queues: [
        { name: 'a', vhost: 'nowhere', durable: true },
        { name: 'b', vhost: '/', durable: true, arguments: { 'x-max-length': 'many' } },
        'c',
        { name: 'd', vhost: '/', durable: true },
      ],
      exchanges: [{ name: 'e', vhost: '/', type: 'x-jms-topic' }],
    }
    const told = await api.status('POST', '/definitions', body)
    assert.match(
      told,
      /^400 imported, except: exchanges\[0\]: invalid exchange type 'x-jms-topic'; /,
    )
    assert.match(told, /; queues\[0\]: vhost nowhere not found; queues\[1\]: invalid arg 'x-max-l/)
    assert.match(told, /; queues\[2\] is not an object$/)
    const [only, ...others] = await api.get('/queues')
    assert.equal(only.name, 'd')
    assert.deepEqual(others, [])
    const odd = [{ name: 'a\0', vhost: '/', durable: true }]
    assert.match(await api.status('POST', '/definitions', { queues: odd }), /^400 .*is not text/)
    const half = [{ ...odd[0], name: '\ud800' }]
    assert.equal(await api.status('POST', '/definitions', { queues: half }), '400 not_json')
    assert.match(await api.status('POST', '/definitions', { users: {} }), /users is not a list$/)
  }))
