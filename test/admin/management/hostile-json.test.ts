// Whatever JSON a client puts into a body is answered: nothing of it ends the node.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withApi } from './api-fixture.ts'

/** Stands for lists in lists, deeper than a stack. */
const deep = '<deep>'
const lists = '['.repeat(20_000) + ']'.repeat(20_000)
const textOf = (body: unknown): string => JSON.stringify(body).replaceAll(`"${deep}"`, lists)

/** What String(), Number() and a walk without end fail on, and every other type. */
const hostile: readonly unknown[] = [
  { toString: 1, valueOf: 1 },
  [{ toString: null, valueOf: null }],
  { __proto__: null, constructor: 1, toJSON: 1, length: 5 },
  deep,
  [],
  {},
  null,
  true,
  -1,
  2 ** 53,
  1.5,
  '',
  'x'.repeat(300),
  '\ud800',
]

/** Every body that the API reads. */
const bodies: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
  ['PUT', '/vhosts/v', { description: '', tags: [], default_queue_type: 'classic' }],
  ['PUT', '/users/u', { password: 'p', tags: 'management' }],
  ['PUT', '/users/u', { password_hash: 'p', hashing_algorithm: 'rabbit_x', administrator: true }],
  ['POST', '/users/bulk-delete', { users: ['nobody'] }],
  ['PUT', '/permissions/v/u', { configure: '', write: '', read: '' }],
  ['PUT', '/topic-permissions/v/u', { exchange: 'amq.topic', write: '', read: '' }],
  ['PUT', '/user-limits/u/max-connections', { value: 1 }],
  ['PUT', '/vhost-limits/v/max-queues', { value: 100 }],
  ['PUT', '/parameters/vhost-limits/v/limits', { value: { 'max-queues': 10 } }],
  ['PUT', '/parameters/shovel/v/s', { value: { 'src-uri': 'amqp://a', 'dest-uri': ['amqp://b'] } }],
  ['PUT', '/parameters/federation-upstream/v/s', { value: { uri: 'amqp://a' } }],
  [
    'PUT',
    '/parameters/operator_policy/v/s',
    { value: { pattern: '', definition: { expires: 1 } } },
  ],
  ['PUT', '/global-parameters/g', { value: 1 }],
  ['PUT', '/cluster-name', { name: 'c' }],
  ['PUT', '/policies/v/p', { pattern: '', definition: {}, priority: 0, 'apply-to': 'all' }],
  [
    'PUT',
    '/operator-policies/v/p',
    { pattern: '', definition: {}, priority: 0, 'apply-to': 'all' },
  ],
  ['PUT', '/exchanges/v/e', { type: 'direct', durable: true, internal: false, arguments: {} }],
  ['PUT', '/queues/v/q', { durable: true, auto_delete: false, arguments: {}, node: 'n' }],
  ['POST', '/bindings/v/e/amq.direct/q/q', { routing_key: 'k', arguments: {} }],
  ['POST', '/queues/v/q/actions', { action: 'sync' }],
  [
    'POST',
    '/queues/v/q/get',
    { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto', truncate: 1 },
  ],
  [
    'POST',
    '/exchanges/v/amq.default/publish',
    { routing_key: 'q', properties: {}, payload: '', payload_encoding: 'string' },
  ],
  ['POST', '/definitions', {}],
  ['POST', '/definitions/v', {}],
]

/** What stands one level deeper: of `key` of a body. */
const inner: Readonly<Record<string, readonly string[]>> = {
  properties: [
    ...['user_id', 'reply_to', 'expiration', 'priority', 'delivery_mode', 'timestamp', 'headers'],
    ...['content_type', 'type', 'app_id', 'cluster_id', 'message_id', 'correlation_id'],
  ],
  definition: [
    'max-length',
    'expires',
    'ha-mode',
    'ha-params',
    'federation-upstream-set',
    'overflow',
  ],
  arguments: ['x-max-length', 'x-queue-type', 'x-dead-letter-exchange', 'alternate-exchange', 'a'],
  value: ['uri', 'max-queues', 'pattern', 'definition', 'priority', 'apply-to'],
}

const ofItems = {
  users: ['name', 'password', 'password_hash', 'hashing_algorithm', 'tags', 'limits'],
  vhosts: ['name', 'description', 'metadata', 'tags', 'default_queue_type'],
  permissions: ['user', 'vhost', 'configure', 'write', 'read'],
  topic_permissions: ['user', 'vhost', 'exchange', 'write', 'read'],
  parameters: ['component', 'vhost', 'name', 'value'],
  global_parameters: ['name', 'value'],
  policies: ['vhost', 'name', 'pattern', 'apply-to', 'definition', 'priority'],
  exchanges: ['name', 'vhost', 'type', 'durable', 'auto_delete', 'internal', 'arguments'],
  queues: ['name', 'vhost', 'type', 'durable', 'auto_delete', 'arguments'],
  bindings: ['source', 'vhost', 'destination', 'destination_type', 'routing_key', 'arguments'],
}

function* changed(body: Readonly<Record<string, unknown>>): Generator<unknown> {
  for (const value of hostile) {
    yield value
    for (const [key, own] of Object.entries(body)) {
      yield { ...body, [key]: value }
      for (const name of inner[key] ?? [])
        yield { ...body, [key]: { ...Object(own), [name]: value } }
    }
  }
}

test('no value in a body is taken for a bug', () =>
  withApi(async (api) => {
    await api.call('PUT', '/vhosts/v', {})
    await api.call('PUT', '/users/u', { password: 'p', tags: '' })
    await api.call('PUT', '/queues/v/q', {})
    for (const [method, path, body] of bodies)
      for (const each of changed(body)) {
        const { status } = await api.call(method, path, textOf(each))
        assert.ok(status >= 200 && status < 500, `${method} ${path} ${status}`)
      }
  }))

test('no value in definitions is', () =>
  withApi(async (api) => {
    for (const [kind, keys] of Object.entries(ofItems))
      for (const value of hostile) {
        const whole = Object.fromEntries(keys.map((key) => [key, key === 'vhost' ? '/' : 'x']))
        const items = keys.map((key) => ({ ...whole, [key]: value }))
        for (const list of [value, [value], items]) {
          const { status } = await api.call('POST', '/definitions', textOf({ [kind]: list }))
          assert.ok(status === 204 || status === 400, `${kind} ${status}`)
        }
      }
  }))

test('lists are sorted by whatever stands in them', () =>
  withApi(async (api) => {
    const table = { toString: 1, valueOf: [{ toString: null }], toJSON: true }
    for (const name of ['a', 'b']) {
      await api.call('PUT', `/queues/%2F/${name}`, { arguments: table })
      await api.call('PUT', `/exchanges/%2F/${name}`, { type: 'direct', arguments: table })
      await api.call('POST', `/bindings/%2F/e/${name}/q/${name}`, { arguments: table })
      await api.call('PUT', `/global-parameters/${name}`, { value: table })
      await api.call('PUT', `/parameters/shovel/%2F/${name}`, {
        value: { ...table, 'src-uri': 'amqp://a', 'dest-uri': 'amqp://b' },
      })
    }
    const lists = ['queues', 'exchanges', 'bindings', 'global-parameters', 'parameters', 'policies']
    for (const list of lists)
      for (const sort of ['arguments', 'value', 'arguments.toString', 'value.valueOf', 'name'])
        for (const page of [
          '',
          '&page=1',
          '&sort_reverse=true',
          '&columns=name,arguments.toString',
        ]) {
          const got = await api.get(`/${list}?sort=${sort}${page}`)
          assert.ok(Array.isArray(page === '&page=1' ? (got.items ?? got) : got))
        }
  }))
