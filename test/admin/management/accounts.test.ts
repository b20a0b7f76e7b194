// Users, tags, vhosts, permissions, limits, policies and parameters through the management API, and
// who may do what with it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionView } from '../../../src/broker/messaging/listings.ts'
import { value } from '../../broker/messaging-fixture.ts'
import { type Api, withApi } from './api-fixture.ts'

const user = (api: Api, name: string, tags: string) =>
  api.call('PUT', `/users/${name}`, { password: 'pw', tags })

test('who may not be here is told why, in the same time and words', () =>
  withApi(async (api) => {
    const none = await api.call('GET', '/overview', undefined, '')
    assert.equal(none.status, 401)
    assert.match(none.headers['www-authenticate'] ?? '', /^Basic realm=/)
    for (const login of ['guest:wrong', 'nobody:guest', 'guest', ':'])
      assert.equal(await api.status('GET', '/overview', undefined, login), '401 Login failed')
    const { json } = await api.call('GET', '/overview', undefined, 'guest:wrong')
    assert.equal(json.error, 'not_authorized')
    await user(api, 'plain', '')
    const refused = await api.status('GET', '/whoami', undefined, 'plain:pw')
    assert.equal(refused, '401 Not management user')
  }))

test('tags open what they open, and no more', () =>
  withApi(async (api) => {
    for (const [name, tags] of [
      ['m', 'management'],
      ['p', 'policymaker'],
      ['w', 'monitoring'],
    ] as const)
      await user(api, name, tags)
    const status = async (login: string, method: string, path: string, body?: unknown) =>
      (await api.call(method, path, body, `${login}:pw`)).status
    const policy = { pattern: '.*', definition: { 'max-length': 5 } }
    const asks = [
      ['GET', '/overview', undefined],
      ['GET', '/nodes', undefined],
      ['GET', '/queues/%2F', undefined],
      ['GET', '/users', undefined],
      ['PUT', '/policies/%2F/p', policy],
      ['PUT', '/vhosts/v', {}],
      ['GET', '/definitions', undefined],
      ['DELETE', '/users/guest', undefined],
    ] as const
    const statuses = async (login: string) =>
      Promise.all(asks.map(([method, path, body]) => status(login, method, path, body)))
    assert.deepEqual(await statuses('m'), [200, 401, 401, 401, 401, 401, 401, 401])
    assert.deepEqual(await statuses('w'), [200, 200, 200, 401, 401, 401, 401, 401])
    assert.deepEqual(await statuses('p'), [200, 401, 401, 401, 401, 401, 401, 401])
    const own = { configure: '^own', write: '', read: '' }
    for (const name of ['m', 'p'])
      assert.equal(await api.status('PUT', `/permissions/%2F/${name}`, own), '201')
    assert.deepEqual(await statuses('m'), [200, 401, 200, 401, 401, 401, 401, 401])
    assert.deepEqual(await statuses('p'), [200, 401, 200, 401, 201, 401, 401, 401])
    assert.equal(await status('m', 'PUT', '/queues/%2F/own.q', {}), 201)
    const other = await api.status('PUT', '/queues/%2F/other', {}, 'm:pw')
    assert.match(other, /^401 access to queue 'other' in vhost '\/' refused for user 'm'/)
    const body = { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto' }
    assert.equal(await status('m', 'POST', '/queues/%2F/own.q/get', body), 401)
    assert.equal(await status('m', 'DELETE', '/queues/%2F/own.q/contents'), 401)
    const message = { routing_key: '', properties: {}, payload: '', payload_encoding: 'string' }
    assert.match(
      await api.status('POST', '/exchanges/%2F/amq.topic/publish', message, 'm:pw'),
      /^400 403 ACCESS_REFUSED - access to exchange 'amq.topic' in vhost '\/' refused for user 'm'/,
    )
    assert.equal(await status('m', 'GET', '/feature-flags'), 401)
    assert.equal(await status('m', 'GET', '/user-limits'), 200)
  }))

test('users are made, changed, and deleted with what they may do', () =>
  withApi(async (api) => {
    assert.equal(await api.status('PUT', '/users/a', { password: 'x' }), '400 tags_not_present')
    const made = { password: 'x', tags: 'monitoring, custom' }
    assert.equal(await api.status('PUT', '/users/a%2Fb', made), '201')
    assert.equal(await api.status('PUT', '/users/a%2Fb', { tags: ['management'] }), '204')
    const shown = await api.get('/users/a%2Fb')
    assert.deepEqual(shown.tags, ['management'])
    assert.equal((await api.get('/whoami', 'a/b:x')).name, 'a/b')
    const copy = { password_hash: shown.password_hash, tags: 'management' }
    assert.equal(await api.status('PUT', '/users/copy', copy), '201')
    assert.equal((await api.get('/whoami', 'copy:x')).name, 'copy')
    assert.match(await api.status('PUT', '/users/c', { password_hash: 'x', tags: '' }), /^400/)
    const both = { password: 'x', password_hash: shown.password_hash, tags: '' }
    assert.match(await api.status('PUT', '/users/c', both), /^400 Cannot specify both/)
    for (const [administrator, tags] of [
      ['true', ['administrator']],
      [false, []],
    ]) {
      const old = { password: 'x', administrator }
      assert.match(await api.status('PUT', '/users/old', old), /^20[14]/)
      assert.deepEqual((await api.get('/users/old')).tags, tags)
    }
    const downwards = await api.get('/users?sort_reverse=true')
    assert.deepEqual(downwards, (await api.get('/users')).reverse())
    assert.equal(await api.status('DELETE', '/users/old'), '204')
    assert.equal((await api.get('/users/without-permissions')).length, 2)
    const partly = { users: ['last', 'nobody', 'a/b'] }
    assert.equal(await api.status('PUT', '/users/last', { password: 'x', tags: '' }), '201')
    assert.equal(await api.status('POST', '/users/bulk-delete', partly), '400 no_such_user: nobody')
    assert.equal(await api.status('GET', '/users/last'), '404 Not Found')
    const bulk = { users: ['a/b', 'copy'] }
    assert.equal(await api.status('POST', '/users/bulk-delete', bulk), '204')
    assert.equal(await api.status('POST', '/users/bulk-delete', bulk), '400 no_such_user: a/b')
    assert.deepEqual(
      (await api.get('/users')).map(({ name }: { name: string }) => name),
      ['guest'],
    )
  }))

test('vhosts, permissions and limits', () =>
  withApi(async (api) => {
    const about = { description: 'mine', tags: 'a,b', default_queue_type: 'quorum' }
    assert.equal(await api.status('PUT', '/vhosts/v', about), '201')
    assert.equal(await api.status('PUT', '/vhosts/v', {}), '204')
    const node = Object.keys((await api.get('/vhosts/v')).cluster_state)[0]
    assert.equal(await api.status('POST', `/vhosts/v/start/${node}`), '204')
    assert.match(await api.status('POST', '/vhosts/v/start/other'), /^400/)
    assert.equal((await api.get(`/healthchecks/node/${node}`)).status, 'ok')
    assert.match(await api.status('GET', '/healthchecks/node/other'), /^404/)
    const shown = await api.get('/vhosts/v')
    assert.deepEqual([shown.description, shown.tags], ['mine', ['a', 'b']])
    assert.equal(shown.metadata.default_queue_type, 'quorum')
    await api.call('PUT', '/queues/v/q', { durable: true })
    assert.equal((await api.get('/queues/v/q')).type, 'quorum')
    assert.equal(
      await api.status('PUT', '/vhosts/x', { default_queue_type: 'z' }).then((s) => s.slice(0, 3)),
      '400',
    )
    assert.equal((await api.get('/vhosts/v/permissions'))[0].user, 'guest')
    const rights = { configure: '^a', write: '.*', read: '' }
    assert.equal(
      await api.status('PUT', '/permissions/v/none', rights),
      '400 vhost_or_user_not_found',
    )
    assert.match(await api.status('PUT', '/permissions/v/guest', { ...rights, read: '(' }), /^400/)
    assert.equal(await api.status('PUT', '/permissions/v/guest', rights), '204')
    assert.deepEqual(await api.get('/permissions/v/guest'), {
      user: 'guest',
      vhost: 'v',
      ...rights,
    })
    const topic = { exchange: 'amq.topic', write: 'a', read: 'b' }
    assert.equal(await api.status('PUT', '/topic-permissions/v/guest', topic), '201')
    const other = { ...topic, exchange: 'amq.direct' }
    assert.equal(await api.status('PUT', '/topic-permissions/v/guest', other), '204')
    assert.equal((await api.get('/users/guest/topic-permissions'))[0].write, 'a')
    assert.equal(await api.status('DELETE', '/topic-permissions/v/guest'), '204')
    const ten = { value: 10 }
    assert.equal(await api.status('PUT', '/vhost-limits/v/max-queues', ten), '204')
    assert.deepEqual(await api.get('/vhost-limits/v'), [
      { vhost: 'v', value: { 'max-queues': 10 } },
    ])
    assert.match(await api.status('PUT', '/vhost-limits/v/other', ten), /^400/)
    const unnamed = { password: null, tags: '' }
    assert.match(await api.status('PUT', '/users/guest', unnamed), /^400/)
    for (const path of ['/vhost-limits/v/max-queues', '/user-limits/guest/max-channels'])
      assert.match(await api.status('PUT', path, { value: null }), /^400/)
    assert.equal(await api.status('PUT', '/user-limits/guest/max-connections', ten), '204')
    assert.equal((await api.get('/user-limits'))[0].value['max-connections'], 10)
    assert.equal(await api.status('DELETE', '/vhosts/v'), '204')
    assert.deepEqual(await api.get('/vhost-limits'), [])
    assert.equal(await api.status('DELETE', '/vhosts/v'), '404 Not Found')
    assert.match(await api.status('DELETE', '/vhosts/%2F'), /^400/)
  }))

test('lists are in the order of RabbitMQ, whatever came first', () =>
  withApi(async (api) => {
    const rights = { configure: '.*', write: '.*', read: '.*' }
    for (const vhost of ['w', 'v']) {
      await api.call('PUT', `/vhosts/${vhost}`, {})
      for (const user of ['zed', 'Abc', 'abc']) {
        await api.call('PUT', `/users/${user}`, { password: 'x', tags: '' })
        await api.call('PUT', `/permissions/${vhost}/${user}`, rights)
        for (const exchange of ['amq.topic', ''])
          await api.call('PUT', `/topic-permissions/${vhost}/${user}`, { ...rights, exchange })
      }
      await api.call('PUT', `/vhost-limits/${vhost}/max-queues`, { value: 1 })
      await api.call('PUT', `/global-parameters/${vhost}`, { value: 1 })
    }
    type Row = Record<string, unknown>
    const shown = async (path: string, ...columns: string[]): Promise<string[]> =>
      (await api.get(path)).map((row: Row) => columns.map((column) => row[column]).join())
    assert.deepEqual(await shown('/permissions', 'vhost', 'user'), [
      ...['/,guest', 'v,Abc', 'v,abc', 'v,guest', 'v,zed', 'w,Abc', 'w,abc', 'w,guest', 'w,zed'],
    ])
    assert.deepEqual(await shown('/vhosts/w/permissions', 'user'), ['Abc', 'abc', 'guest', 'zed'])
    assert.deepEqual(await shown('/users/zed/permissions?sort_reverse=true', 'vhost'), ['w', 'v'])
    assert.deepEqual(await shown('/users/abc/topic-permissions', 'vhost', 'exchange'), [
      ...['v,', 'v,amq.topic', 'w,', 'w,amq.topic'],
    ])
    assert.deepEqual(await shown('/vhost-limits', 'vhost'), ['v', 'w'])
    assert.deepEqual(await shown('/global-parameters', 'name'), ['internal_cluster_id', 'v', 'w'])
  }))

test('policies and parameters', () =>
  withApi(async (api) => {
    const policy = {
      pattern: '^q',
      definition: { 'max-length': 5 },
      priority: 3,
      'apply-to': 'queues',
    }
    assert.equal(await api.status('PUT', '/policies/%2F/p', policy), '201')
    assert.equal(await api.status('PUT', '/policies/%2F/p', policy), '204')
    assert.deepEqual(await api.get('/policies/%2F/p'), { vhost: '/', name: 'p', ...policy })
    const cap = { pattern: '^q', definition: { 'max-length': 4 } }
    assert.equal(await api.status('PUT', '/operator-policies/%2F/o', cap), '201')
    await api.call('PUT', '/queues/%2F/q', {})
    const queue = await api.get('/queues/%2F/q')
    assert.deepEqual([queue.policy, queue.operator_policy], ['p', 'o'])
    assert.deepEqual(queue.effective_policy_definition, { 'max-length': 4 })
    for (const wrong of [
      { pattern: '(' },
      { definition: { unknown: 1 } },
      { definition: [] },
      { 'apply-to': 'none' },
      { priority: 'high' },
    ])
      assert.match(await api.status('PUT', '/policies/%2F/w', { ...policy, ...wrong }), /^400/)
    const [shown] = await api.get('/parameters/operator_policy')
    assert.equal(shown.value.definition['max-length'], 4)
    const uris = { 'src-uri': 'amqp://a', 'dest-uri': ['amqp://b'] }
    const value = { value: { 'src-queue': 'a', ...uris } }
    assert.equal(await api.status('PUT', '/parameters/shovel/%2F/s', value), '201')
    assert.equal(
      await api.status('PUT', '/parameters/bogus/%2F/s', value),
      '400 Validation failed\n\ncomponent bogus not found\n',
    )
    assert.equal(
      await api.status('PUT', '/parameters/policy/%2F/s', value),
      '400 policies may not be set using this method',
    )
    assert.equal((await api.get('/parameters/policy'))[0].name, 'p')
    assert.ok(
      (await api.get('/parameters')).every(
        (each: { component: string }) => each.component !== 'policy',
      ),
    )
    for (const path of ['/policies/nowhere/p', '/parameters/shovel/nowhere/s']) {
      const { status, json } = await api.call('PUT', path, { ...policy, ...value })
      assert.deepEqual([status, json.error], [404, 'not_found'], path)
    }
    assert.deepEqual((await api.get('/parameters/shovel/%2F/s')).value, value.value)
    assert.equal(await api.status('PUT', '/global-parameters/g', { value: [1] }), '201')
    assert.deepEqual((await api.get('/global-parameters/g')).value, [1])
    for (const path of ['/policies/%2F/p', '/parameters/shovel/%2F/s', '/global-parameters/g']) {
      assert.equal(await api.status('DELETE', path), '204')
      assert.equal(await api.status('DELETE', path), '404 Not Found')
    }
  }))

const view = (name: string, closed: string[]): SessionView => ({
  name,
  traffic: { receivedBytes: 10, receivedPieces: 1, sentBytes: 20, sentPieces: 2 },
  describe: () => ({
    givenName: 'mine',
    peer: { host: '127.0.0.1', port: 1 },
    local: { host: '127.0.0.1', port: 5672 },
    protocol: 'AMQP 0-9-1',
    mechanism: 'PLAIN',
    isBlocked: false,
    connectedAtMs: 5,
    heartbeatSeconds: 10,
    frameMax: 131_072,
    channelMax: 2047,
    unsentBytes: 0,
    isTls: false,
    clientProperties: new Map(),
  }),
  channels: () => [],
  close: (reason) => closed.push(reason),
})

test('users see and close their own connections, administrators all', () =>
  withApi(async (api) => {
    await user(api, 'm', 'management')
    const closed: string[] = []
    const { messaging } = api.node
    value(messaging.open({ vhost: '/', user: 'guest', name: 'c', view: view('a -> b', closed) }))
    const [shown] = await api.get('/connections')
    assert.equal(shown.name, 'a -> b')
    assert.deepEqual([shown.recv_oct, shown.send_oct, shown.timeout], [10, 20, 10])
    assert.deepEqual(await api.get('/connections', 'm:pw'), [])
    const path = `/connections/${encodeURIComponent('a -> b')}`
    assert.equal((await api.call('DELETE', path, undefined, 'm:pw')).status, 401)
    assert.deepEqual(closed, [])
    const reason = { 'x-reason': 'because' }
    assert.equal((await api.call('DELETE', path, undefined, 'guest:guest', reason)).status, 204)
    assert.deepEqual(closed, ['because'])
    assert.equal((await api.get('/connections/username/guest')).length, 1)
    assert.equal(await api.status('GET', '/connections/none'), '404 Not Found')
  }))

test('health checks', () =>
  withApi(async (api) => {
    assert.deepEqual(await api.get('/health/checks/alarms'), { status: 'ok' })
    assert.deepEqual(await api.get('/health/checks/port-listener/5672'), {
      status: 'ok',
      port: 5672,
    })
    assert.equal((await api.call('GET', '/health/checks/port-listener/1')).status, 503)
    assert.equal((await api.call('GET', '/health/checks/port-listener/x')).status, 400)
    assert.equal((await api.get('/health/checks/protocol-listener/amqp091')).status, 'ok')
    assert.equal((await api.call('GET', '/health/checks/protocol-listener/mqtt')).status, 503)
    for (const check of ['virtual-hosts', 'node-is-quorum-critical', 'is-in-service'])
      assert.equal((await api.get(`/health/checks/${check}`)).status, 'ok')
  }))

test('a hash for a user is made, and logins are counted', () =>
  withApi(async (api) => {
    for (const method of ['GET', 'POST']) {
      const { json } = await api.call(method, '/auth/hash_password/a%2Fb%20%C3%A4')
      const made = { password_hash: json.ok, tags: 'monitoring' }
      assert.match(await api.status('PUT', '/users/hashed', made), /^20[14]$/)
      assert.equal((await api.get('/whoami', 'hashed:a/b ä')).name, 'hashed')
    }
    await api.call('GET', '/whoami', undefined, 'hashed:wrong')
    assert.equal(await api.status('GET', '/auth/attempts/other'), '404 Not Found')
    const [http, amqp] = await api.get('/auth/attempts/polymq@test', 'hashed:a/b ä')
    assert.deepEqual(http, {
      protocol: 'http',
      auth_attempts: 9,
      auth_attempts_failed: 1,
      auth_attempts_succeeded: 8,
    })
    assert.equal(amqp.auth_attempts, 0)
  }))

test('a cluster is named, and what its name is to those who ask', () =>
  withApi(async (api) => {
    assert.equal(await api.status('PUT', '/cluster-name', { name: 'shop' }), '204')
    const names = (await api.get('/global-parameters')).map((each: { name: string }) => each.name)
    assert.deepEqual(names.sort(), ['cluster_name', 'internal_cluster_id'])
    assert.equal((await api.get('/global-parameters/cluster_name')).value, 'shop')
    const long = { name: 'x'.repeat(70_000) }
    assert.match(await api.status('PUT', '/cluster-name', long), /^400 a value has at most/)
  }))

test('upstreams are kept if they are some, and nothing is federated or shovelled', () =>
  withApi(async (api) => {
    const path = '/parameters/federation-upstream/%2F/up'
    for (const value of [{}, { uri: [] }, { uri: 'http://a' }, { uri: ['amqp://a', 5] }])
      assert.match(await api.status('PUT', path, { value }), /^400 Validation failed/)
    for (const uri of ['amqp://a/%2f', ['amqps://b:5671', 'amqp://c']])
      assert.match(await api.status('PUT', path, { value: { uri } }), /^20[14]$/)
    const shovel = '/parameters/shovel/%2F/s'
    for (const value of [{}, { 'src-uri': 'amqp://a' }, { 'src-uri': 'a', 'dest-uri': 'amqp://' }])
      assert.match(await api.status('PUT', shovel, { value }), /^400 Validation failed/)
    for (const list of ['/federation-links', '/federation-links/%2F', '/shovels', '/shovels/%2F'])
      assert.deepEqual(await api.get(list), [])
  }))

test('feature flags are all there; what RabbitMQ means to take away is listed', () =>
  withApi(async (api) => {
    assert.equal(await api.status('PUT', '/feature-flags/stream_queue/enable', {}), '204')
    assert.equal(await api.status('PUT', '/feature-flags/none/enable', {}), '400 unsupported')
    const [first] = await api.get('/deprecated-features')
    assert.deepEqual(
      [first.name, first.deprecation_phase, first.state],
      ['global_qos', 'permitted_by_default', 'permitted'],
    )
  }))
